// Part of store_contract.hpp: the channel guard's memory, quarantine, findings, settings.
#pragma once

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

inline ports::RemoteItem remote_item(const std::string& remote_id, Time at) {
  ports::RemoteItem item;
  item.service = ServiceIdentifier("DPO");
  item.inbox = "0192:987464291";
  item.remote_id = remote_id;
  item.created = item.published = item.first_seen = item.last_seen = item.look_again = at;
  return item;
}

TEST_P(StoreContract, RemoteItemRoundTripsAndIsReplaced) {
  auto item = remote_item("r1", now());
  item.verdict = domain::Verdict::ours;
  item.state = ports::RemoteItem::State::taking;
  item.channel_seen = "";
  item.sender = "0192:910076787";
  item.published += seconds(1);
  item.first_seen += seconds(2);
  item.last_seen += seconds(3);
  item.look_again += seconds(4);
  item.attempts = 5;
  item.fetches = 6;
  item.refers_to = MessageId("m1");
  item.detail = "{\"size\":1}";
  item.reason = "because";
  const auto same = [&](const ports::RemoteItem& a) {
    const auto found = read([&](ports::View& view) { return view.remote_item(a.service, a.remote_id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->service, a.service);
    EXPECT_EQ(found->inbox, a.inbox);
    EXPECT_EQ(found->remote_id, a.remote_id);
    EXPECT_EQ(found->verdict, a.verdict);
    EXPECT_EQ(found->state, a.state);
    EXPECT_EQ(found->channel_seen, a.channel_seen);
    EXPECT_EQ(found->sender, a.sender);
    EXPECT_EQ(found->created, a.created);
    EXPECT_EQ(found->published, a.published);
    EXPECT_EQ(found->first_seen, a.first_seen);
    EXPECT_EQ(found->last_seen, a.last_seen);
    EXPECT_EQ(found->look_again, a.look_again);
    EXPECT_EQ(found->attempts, a.attempts);
    EXPECT_EQ(found->fetches, a.fetches);
    EXPECT_EQ(found->refers_to, a.refers_to);
    EXPECT_EQ(found->detail, a.detail);
    EXPECT_EQ(found->reason, a.reason);
  };
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put(item)); });
  same(item);
  auto changed = remote_item("r1", now() + hours(1));
  changed.inbox = "0192:910076787";
  changed.verdict = domain::Verdict::other_channel;
  changed.state = ports::RemoteItem::State::gone;
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put(changed)); });
  same(changed);
  EXPECT_FALSE(read([&](ports::View& view) { return view.remote_item(ServiceIdentifier("DPE"), "r1"); }));
  EXPECT_FALSE(read([&](ports::View& view) { return view.remote_item(item.service, "R1"); }));
}

TEST_P(StoreContract, RemoteItemsByServiceInboxAndStateOldestFirst) {
  using State = ports::RemoteItem::State;
  const auto put = [&](const std::string& id, int at, State state, auto change) {
    auto item = remote_item(id, now() + seconds(at));
    item.state = state;
    change(item);
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put(item)); });
  };
  const auto as_it_is = [](ports::RemoteItem&) {};
  put("b", 2, State::stored, as_it_is);
  put("a", 1, State::stored, as_it_is);
  put("c", 3, State::stored, as_it_is);
  put("d", 0, State::acknowledged, as_it_is);
  put("e", 0, State::stored, [](auto& item) { item.inbox = "other"; });
  put("f", 0, State::stored, [](auto& item) { item.service = ServiceIdentifier("DPE"); });
  const auto ids = [&](int limit) {
    return read([&](ports::View& view) {
      std::string found;
      for (const auto& item : view.remote_items(ServiceIdentifier("DPO"), "0192:987464291", State::stored, limit)) {
        found += item.remote_id;
      }
      return found;
    });
  };
  EXPECT_EQ(ids(10), "abc");
  EXPECT_EQ(ids(2), "ab");
}

TEST_P(StoreContract, DeparturesAreKnownUntilForgotten) {
  const ServiceIdentifier dpo("DPO");
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.note_departure(dpo, "old", now()));
    ASSERT_TRUE(txn.note_departure(dpo, "new", now() + hours(1)));
    ASSERT_TRUE(txn.note_departure(dpo, "old", now() + hours(2)));
  });
  const auto known = [&](const ServiceIdentifier& service, std::string_view id) {
    return read([&](ports::View& view) { return view.knows_departure(service, id); });
  };
  EXPECT_TRUE(known(dpo, "old") && known(dpo, "new"));
  EXPECT_FALSE(known(dpo, "OLD") || known(ServiceIdentifier("DPE"), "old"));
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.forget_departures(now() + hours(1))); });
  EXPECT_FALSE(known(dpo, "old")) << "the first time counts";
  EXPECT_TRUE(known(dpo, "new"));
}

TEST_P(StoreContract, OrphansNewestFirst) {
  ports::Orphan orphan;
  orphan.service = ServiceIdentifier("DPO");
  orphan.remote_id = "r1";
  orphan.message_id = MessageId("m1");
  orphan.conversation_id = ConversationId("c1");
  orphan.counterpart = "0192:910076787";
  orphan.kind = "status";
  orphan.cause = "set difi.move.dpo.message-channel";
  orphan.sbd = "{\"orphan\":true}";
  orphan.at = now();
  auto second = orphan;
  second.remote_id = "r2";
  auto foreign = orphan;
  foreign.service = ServiceIdentifier("DPE");
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.insert(orphan));
    ASSERT_TRUE(txn.insert(second));
    ASSERT_TRUE(txn.insert(foreign));
  });
  const auto found = read([&](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 10); });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].remote_id, "r2");
  EXPECT_EQ(found[1].id, orphan.id);
  EXPECT_EQ(found[1].message_id, orphan.message_id);
  EXPECT_EQ(found[1].conversation_id, orphan.conversation_id);
  EXPECT_EQ(found[1].counterpart, orphan.counterpart);
  EXPECT_EQ(found[1].kind, orphan.kind);
  EXPECT_EQ(found[1].cause, orphan.cause);
  EXPECT_EQ(found[1].sbd, orphan.sbd);
  EXPECT_EQ(found[1].at, orphan.at);
  EXPECT_EQ(read([&](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 1); }).size(), 1U);
}

TEST_P(StoreContract, QuarantineKeepsTheBytesUntilReleased) {
  ports::Quarantined q;
  q.service = ServiceIdentifier("DPO");
  q.remote_id = "r1";
  q.sender = "0192:910076787";
  q.message_id = MessageId("m1");
  q.code = "cms.tag";
  q.reason = "damaged";
  q.package = blob();
  q.at = now();
  ports::Quarantined bare;
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.insert(q));
    ASSERT_TRUE(txn.insert(bare));
  });
  const auto found = read([&](ports::View& view) { return view.quarantined(10); });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, bare.id);
  EXPECT_FALSE(found[0].package);
  EXPECT_EQ(found[1].id, q.id);
  EXPECT_EQ(found[1].service, q.service);
  EXPECT_EQ(found[1].remote_id, q.remote_id);
  EXPECT_EQ(found[1].sender, q.sender);
  EXPECT_EQ(found[1].message_id, q.message_id);
  EXPECT_EQ(found[1].code, q.code);
  EXPECT_EQ(found[1].reason, q.reason);
  EXPECT_EQ(found[1].at, q.at);
  expect_same(*found[1].package, *q.package);
  EXPECT_EQ(read([&](ports::View& view) { return view.quarantined(1); }).size(), 1U);
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.remove_quarantined(q.id).value_or(false), true);
    EXPECT_EQ(txn.remove_quarantined(q.id).value_or(true), false);
  });
  reopen();
  EXPECT_FALSE(blob_exists(*q.package));
}

TEST_P(StoreContract, FindingsAreCounted) {
  const auto report = [&](const std::string& detection, const std::string& subject, const std::string& text) {
    write([&](ports::Txn& txn) {
      ASSERT_TRUE(txn.report({ServiceIdentifier("DPO"), detection, subject, text, now(), now(), 1}));
    });
  };
  const Time first = now();
  report("D1", "m1", "first text");
  clock_.advance(minutes(1));
  report("D1", "m1", "newer text");
  report("D1", "m2", "another");
  report("D5", "m1", "another");
  const auto all = read([&](ports::View& view) { return view.findings(); });
  ASSERT_EQ(all.size(), 3U);
  const auto one = std::ranges::find_if(all, [](const auto& f) { return f.detection == "D1" && f.subject == "m1"; });
  ASSERT_NE(one, all.end());
  EXPECT_EQ(one->service, ServiceIdentifier("DPO"));
  EXPECT_EQ(one->count, 2);
  EXPECT_EQ(one->text, "newer text");
  EXPECT_EQ(one->first, first);
  EXPECT_EQ(one->last, now());
}

TEST_P(StoreContract, ChannelUseRemembersItsFirstTime) {
  const ServiceIdentifier dpo("DPO");
  const Time first = now();
  const auto put = [&](const std::string& channel, std::optional<Time> retired) {
    write([&](ports::Txn& txn) {
      ASSERT_TRUE(txn.put(ports::ChannelUse{dpo, "inbox", channel, now(), now(), retired}));
    });
  };
  put("post", {});
  clock_.advance(hours(1));
  put("post", now());
  put("", {});
  auto uses = read([&](ports::View& view) { return view.channel_uses(dpo); });
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].channel, "");
  EXPECT_EQ(uses[1].channel, "post");
  EXPECT_EQ(uses[1].inbox, "inbox");
  EXPECT_EQ(uses[1].first_used, first);
  EXPECT_EQ(uses[1].last_used, now());
  EXPECT_EQ(uses[1].retired, now());
  put("post", {});
  EXPECT_FALSE(read([&](ports::View& view) { return view.channel_uses(dpo)[1].retired; }));
  EXPECT_TRUE(read([&](ports::View& view) { return view.channel_uses(ServiceIdentifier("DPE")); }).empty());
}

TEST_P(StoreContract, WhoSendsAMessageIsKnownByItsIdAndThenByItsConversation) {
  const ServiceIdentifier dpe("DPE");
  const auto put = [&](const std::string& id, const std::string& conversation, const std::string& installation) {
    Result<void> done;
    write([&](ports::Txn& txn) {
      done = txn.put(ports::SentElsewhere{dpe, MessageId(id), ConversationId(conversation), installation, now()});
    });
    return done;
  };
  const auto sender = [&](const std::string& id, const std::string& conversation, const std::string& service = "DPE") {
    return read([&](ports::View& view) {
      return view.sent_elsewhere(ServiceIdentifier(service), MessageId(id), ConversationId(conversation));
    });
  };
  ASSERT_TRUE(put("m1", "c1", "archive"));
  ASSERT_TRUE(put("M1", "c1", "archive")) << "once more";
  clock_.advance(hours(1));
  ASSERT_TRUE(put("m2", "c1", "meetings"));
  const auto refused = put("m1", "c1", "meetings");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.exists");
  EXPECT_EQ(sender("M1", "c1"), "archive");
  EXPECT_EQ(sender("m2", ""), "meetings");
  EXPECT_EQ(sender("m3", "C1"), "meetings") << "the one that sent last in the conversation";
  EXPECT_EQ(sender("m3", "c2"), std::nullopt);
  EXPECT_EQ(sender("m3", ""), std::nullopt);
  EXPECT_EQ(sender("m1", "c1", "DPO"), std::nullopt);
  int removed = -1;
  write([&](ports::Txn& txn) {
    removed = txn.remove_leftovers(ports::Leftover::sent_elsewhere, now(), 10).value_or(-1);
  });
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(sender("m1", ""), std::nullopt);
  EXPECT_EQ(sender("m2", ""), "meetings");
}

TEST_P(StoreContract, SettingsAreReplaced) {
  EXPECT_FALSE(read([&](ports::View& view) { return view.setting("cursor"); }));
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.put_setting("cursor", "1"));
    ASSERT_TRUE(txn.put_setting("empty", ""));
  });
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("cursor", "2")); });
  EXPECT_EQ(read([&](ports::View& view) { return view.setting("cursor"); }), "2");
  EXPECT_EQ(read([&](ports::View& view) { return view.setting("empty"); }), "");
}

}  // namespace kanal::store::contract

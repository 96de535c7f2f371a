// Part of store_contract.hpp: conversations and their statuses.
#pragma once

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

inline void expect_same_conversation(const ports::Conversation& a, const ports::Conversation& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.conversation_id, b.conversation_id);
  EXPECT_EQ(a.message_id, b.message_id);
  EXPECT_EQ(a.direction, b.direction);
  EXPECT_EQ(a.service, b.service);
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.sender_identifier, b.sender_identifier);
  EXPECT_EQ(a.receiver, b.receiver);
  EXPECT_EQ(a.receiver_identifier, b.receiver_identifier);
  EXPECT_EQ(a.process, b.process);
  EXPECT_EQ(a.document_type, b.document_type);
  EXPECT_EQ(a.message_type, b.message_type);
  EXPECT_EQ(a.message_reference, b.message_reference);
  EXPECT_EQ(a.message_title, b.message_title);
  EXPECT_EQ(a.last_update, b.last_update);
  EXPECT_EQ(a.expiry, b.expiry);
  EXPECT_EQ(a.finished, b.finished);
  EXPECT_EQ(a.pollable, b.pollable);
  EXPECT_EQ(a.external_system_reference, b.external_system_reference);
  EXPECT_EQ(a.message_channel, b.message_channel);
}

inline std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

/// Every column different from its default.
inline void fill(ports::Conversation& c) {
  c.conversation_id = ConversationId(new_uuid());
  c.message_id = MessageId(new_uuid());
  c.direction = Direction::incoming;
  c.service = ServiceIdentifier("DPI");
  c.sender = "0192:111111111:222222222";
  c.sender_identifier = "222222222";
  c.receiver = "01010112345";
  c.receiver_identifier = "01010112346";
  c.process = "urn:process";
  c.document_type = "urn:document";
  c.message_type = "digital";
  c.message_reference = "ref/1";
  c.message_title = "Tittel med æøå og 'fnutter'";
  c.last_update += seconds(5);
  c.expiry += hours(1);
  c.finished = true;
  c.pollable = true;
  c.external_system_reference = "ext-1";
  c.message_channel = "";
}

TEST_P(StoreContract, ConversationRoundTripsEveryField) {
  auto plain = conversation();
  auto full = conversation();
  fill(full);
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.insert(plain));
    ASSERT_TRUE(txn.insert(full));
  });
  EXPECT_NE(plain.id, full.id);
  for (const auto* wanted : {&plain, &full}) {
    const auto by_id = read([&](ports::View& view) { return view.conversation(wanted->id); });
    const auto by_message =
        read([&](ports::View& view) { return view.conversation(wanted->message_id, wanted->direction); });
    ASSERT_TRUE(by_id && by_message);
    expect_same_conversation(*by_id, *wanted);
    expect_same_conversation(*by_message, *wanted);
    EXPECT_TRUE(by_id->statuses.empty());
  }
  EXPECT_FALSE(read([&](ports::View& view) { return view.conversation(full.id + 100); }));
  EXPECT_FALSE(read([&](ports::View& view) { return view.conversation(full.message_id, Direction::outgoing); }));
}

TEST_P(StoreContract, IdsAreComparedCaseInsensitivelyAndKeptAsGiven) {
  const auto c = stored(conversation());
  const MessageId shouted(upper(c.message_id.str()));
  const auto found = read([&](ports::View& view) { return view.conversation(shouted, Direction::outgoing); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message_id, c.message_id);
  EXPECT_TRUE(read([&](ports::View& view) { return view.conversation_exists(shouted); }));
  EXPECT_FALSE(read([&](ports::View& view) { return view.conversation_exists(MessageId(new_uuid())); }));
}

TEST_P(StoreContract, ConversationIsUniqueByMessageIdAndDirection) {
  const auto c = stored(conversation());
  auto twin = conversation();
  twin.message_id = MessageId(upper(c.message_id.str()));
  auto other_direction = conversation(Direction::incoming);
  other_direction.message_id = c.message_id;
  write([&](ports::Txn& txn) {
    const auto refused = txn.insert(twin);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store.exists");
    EXPECT_EQ(refused.error().disposition, Disposition::reject);
    EXPECT_TRUE(txn.insert(other_direction)) << "a refused row does not spoil the transaction";
  });
  EXPECT_TRUE(read([&](ports::View& view) { return view.conversation(c.message_id, Direction::incoming); }));
}

TEST_P(StoreContract, UpdateWritesEveryColumn) {
  auto c = stored(conversation());
  const auto bystander = stored(conversation());
  fill(c);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.update(c)); });
  expect_same_conversation(*read([&](ports::View& view) { return view.conversation(c.id); }), c);
  c.external_system_reference.reset();
  c.message_channel.reset();
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.update(c));
    ASSERT_TRUE(txn.update(c)) << "nothing changed is fine";
  });
  expect_same_conversation(*read([&](ports::View& view) { return view.conversation(c.id); }), c);
  expect_same_conversation(*read([&](ports::View& view) { return view.conversation(bystander.id); }), bystander);
  auto missing = conversation();
  missing.id = c.id + 100;
  const auto refused = store_->write([&](ports::Txn& txn) { return txn.update(missing); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.not_found");
}

TEST_P(StoreContract, RemovedConversationTakesItsStatusesAndFreesItsId) {
  const auto c = stored(conversation());
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now())); });
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.remove_conversation(c.id).value_or(false), true);
    EXPECT_EQ(txn.remove_conversation(c.id).value_or(true), false);
  });
  EXPECT_FALSE(read([&](ports::View& view) { return view.conversation_exists(c.message_id); }));
  EXPECT_EQ(read([&](ports::View& view) { return view.statuses({}, {})->total; }), 0);
  auto again = conversation();
  again.message_id = c.message_id;
  again = stored(again);
  EXPECT_GT(again.id, c.id);
  EXPECT_TRUE(read([&](ports::View& view) { return view.conversation(again.id)->statuses.empty(); }));
}

TEST_P(StoreContract, StatusesAreAppendedOnceInOrder) {
  const auto c = stored(conversation());
  clock_.advance(minutes(1));
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::opprettet, now()).value_or(false), true);
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::sendt, now() + seconds(1), "sendt til æ").value_or(false), true);
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::sendt, now() + seconds(9), "again").value_or(true), false);
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::mottatt, now() + seconds(2), {}, "<kvittering/>").value_or(false),
              true);
  });
  const auto found = read([&](ports::View& view) { return view.conversation(c.id); });
  ASSERT_EQ(found->statuses.size(), 3U);
  const auto& statuses = found->statuses;
  EXPECT_EQ(statuses[0].status, ReceiptStatus::opprettet);
  EXPECT_EQ(statuses[1].status, ReceiptStatus::sendt);
  EXPECT_EQ(statuses[1].description, "sendt til æ");
  EXPECT_EQ(statuses[1].at, now() + seconds(1));
  EXPECT_FALSE(statuses[1].raw_receipt);
  EXPECT_EQ(statuses[2].raw_receipt, "<kvittering/>");
  EXPECT_FALSE(statuses[2].description);
  for (const auto& status : statuses) {
    EXPECT_EQ(status.conversation, c.id);
    EXPECT_EQ(status.message_id, c.message_id);
    EXPECT_EQ(status.conversation_id, c.conversation_id);
  }
  EXPECT_EQ(found->last_update, now() + seconds(2)) << "an ignored repeat changes nothing";
  EXPECT_FALSE(found->finished);
}

TEST_P(StoreContract, StatusIdsGrowOverAllConversationsAndAreNeverUsedAgain) {
  const auto a = stored(conversation());
  const auto b = stored(conversation());
  std::int64_t highest = 0;
  const auto add = [&](const ports::Conversation& c, ReceiptStatus status) {
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, status, now())); });
    const auto id = read([&](ports::View& view) { return view.conversation(c.id)->statuses.back().id; });
    EXPECT_GT(id, highest);
    highest = id;
  };
  add(a, ReceiptStatus::opprettet);
  add(b, ReceiptStatus::opprettet);
  add(a, ReceiptStatus::sendt);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_conversation(a.id)); });
  reopen();
  add(b, ReceiptStatus::sendt);
}

TEST_P(StoreContract, AFinishingStatusFinishesForGood) {
  const auto c = stored(conversation());
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::levert, now() + seconds(3))); });
  EXPECT_TRUE(read([&](ports::View& view) { return view.conversation(c.id)->finished; }));
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::mottatt, now() + seconds(1)).value_or(false), true);
    EXPECT_EQ(txn.add_status(c.id, ReceiptStatus::lest, now() + seconds(5)).value_or(false), true);
  });
  const auto found = read([&](ports::View& view) { return view.conversation(c.id); });
  EXPECT_TRUE(found->finished);
  EXPECT_EQ(found->statuses.size(), 3U);
  EXPECT_EQ(found->last_update, now() + seconds(5)) << "and never goes back";
}

TEST_P(StoreContract, AStatusNeedsItsConversation) {
  const auto refused = store_->write([&](ports::Txn& txn) -> Result<void> {
    auto added = txn.add_status(4711, ReceiptStatus::sendt, now());
    if (!added) return failed(added);
    return {};
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.not_found");
}

TEST_P(StoreContract, ExpiredAreOpenAndOldestFirst) {
  std::vector<std::int64_t> ids;
  for (const int hour : {3, 1, 2, 30}) {
    auto c = conversation();
    c.expiry = now() + hours(hour);
    ids.push_back(stored(c).id);
  }
  auto finished = conversation();
  finished.expiry = now();
  finished.finished = true;
  stored(finished);
  const auto expired = [&](Time at, int limit) {
    return read([&](ports::View& view) {
      std::vector<std::int64_t> found;
      for (const auto& c : view.expired(at, limit)) found.push_back(c.id);
      return found;
    });
  };
  EXPECT_EQ(expired(now() + hours(24), 10), (std::vector{ids[1], ids[2], ids[0]}));
  EXPECT_EQ(expired(now() + hours(24), 2), (std::vector{ids[1], ids[2]}));
  EXPECT_TRUE(expired(now() + hours(1), 10).empty()) << "before, not at";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(ids[1], ReceiptStatus::levetid_utlopt, now())); });
  EXPECT_EQ(expired(now() + hours(24), 10), (std::vector{ids[2], ids[0]}));
}

TEST_P(StoreContract, SentWithoutAnswer) {
  const auto with = [&](ports::Conversation c, std::initializer_list<std::pair<ReceiptStatus, int>> statuses) {
    c = stored(c);
    write([&](ports::Txn& txn) {
      for (const auto& [status, at] : statuses) ASSERT_TRUE(txn.add_status(c.id, status, now() + minutes(at)));
    });
    return c.id;
  };
  using enum ReceiptStatus;
  const auto late = with(conversation(), {{opprettet, 0}, {sendt, 3}});
  const auto early = with(conversation(), {{opprettet, 0}, {sendt, 1}});
  with(conversation(), {{opprettet, 0}});
  with(conversation(), {{opprettet, 0}, {sendt, 1}, {mottatt, 2}});
  with(conversation(), {{sendt, 1}, {annet, 2}});
  with(conversation(), {{mottatt, 1}, {sendt, 2}});
  with(conversation(), {{sendt, 1}, {feil, 2}});
  with(conversation(Direction::incoming), {{sendt, 1}});
  auto other_service = conversation();
  other_service.service = ServiceIdentifier("DPE");
  with(other_service, {{sendt, 1}});
  auto ended = conversation();
  const auto ended_id = with(ended, {{sendt, 1}});
  write([&](ports::Txn& txn) {
    auto c = *txn.conversation(ended_id);
    c.finished = true;
    ASSERT_TRUE(txn.update(c));
  });
  const auto waiting = [&](Time before, int limit) {
    return read([&](ports::View& view) {
      std::vector<std::int64_t> found;
      for (const auto& c : view.sent_without_answer(ServiceIdentifier("DPO"), before, limit)) found.push_back(c.id);
      return found;
    });
  };
  EXPECT_EQ(waiting(now() + hours(1), 10), (std::vector{early, late}));
  EXPECT_EQ(waiting(now() + hours(1), 1), std::vector{early});
  EXPECT_EQ(waiting(now() + minutes(3), 10), std::vector{early});
  EXPECT_TRUE(waiting(now() + minutes(1), 10).empty());
}

TEST_P(StoreContract, OpenChannelsWithTheirLatestExpiry) {
  const auto with = [&](std::optional<std::string> channel, int hour, auto change) {
    auto c = conversation();
    c.message_channel = std::move(channel);
    c.expiry = now() + hours(hour);
    change(c);
    stored(c);
  };
  const auto as_it_is = [](ports::Conversation&) {};
  with("post", 2, as_it_is);
  with("post", 5, as_it_is);
  with("post", 3, as_it_is);
  with("Post", 1, as_it_is);
  with({}, 4, as_it_is);
  with("", 6, as_it_is);
  with("finished", 9, [](ports::Conversation& c) { c.finished = true; });
  with("incoming", 9, [](ports::Conversation& c) { c.direction = Direction::incoming; });
  with("dpe", 9, [](ports::Conversation& c) { c.service = ServiceIdentifier("DPE"); });
  auto open = read([&](ports::View& view) { return view.open_channels(ServiceIdentifier("DPO")); });
  std::ranges::sort(open);
  const std::vector<std::pair<std::string, Time>> expected = {
      {"", now() + hours(6)}, {"Post", now() + hours(1)}, {"post", now() + hours(5)}};
  EXPECT_EQ(open, expected);
  EXPECT_TRUE(read([&](ports::View& view) { return view.open_channels(ServiceIdentifier("DPV")); }).empty());
}

}  // namespace kanal::store::contract

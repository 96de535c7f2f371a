// Part of store_contract.hpp: the paged lists. The rows are few, their combinations many; every answer is compared with
// what a plain search through all rows gives.
#pragma once

#include <algorithm>
#include <random>

#include "store/contract/conversations.hpp"
#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

/// Ids of a page's rows.
template <class Record>
std::vector<std::int64_t> ids_of(const ports::Page<Record>& page) {
  std::vector<std::int64_t> ids;
  for (const auto& record : page.content) ids.push_back(record.id);
  return ids;
}

inline bool matches(const ports::ConversationQuery& q, const ports::Conversation& c) {
  const auto same = [](const auto& wanted, const std::string& is) { return !wanted || *wanted == is; };
  return (!q.conversation_id || upper(*q.conversation_id) == upper(c.conversation_id.str())) &&
         (!q.message_id || upper(*q.message_id) == upper(c.message_id.str())) && same(q.receiver, c.receiver) &&
         same(q.receiver_identifier, c.receiver_identifier) && same(q.sender, c.sender) &&
         same(q.sender_identifier, c.sender_identifier) && same(q.service, c.service.str()) &&
         same(q.message_reference, c.message_reference) && same(q.message_title, c.message_title) &&
         same(q.external_system_reference, c.external_system_reference.value_or("")) &&
         (!q.pollable || *q.pollable == c.pollable) && (!q.finished || *q.finished == c.finished) &&
         (!q.direction || *q.direction == c.direction) &&
         (!q.last_update_from || c.last_update >= *q.last_update_from) &&
         (!q.last_update_before || c.last_update < *q.last_update_before);
}

/// Rows with few different values in every column, some of them rare.
inline std::vector<ports::Conversation> varied_conversations(const ports::Conversation& like, int count,
                                                             std::mt19937& random) {
  const auto pick = [&](std::vector<std::string> values) {
    const auto rare = random() % 40 == 0;
    return rare ? values.back() : values[random() % (values.size() - 1)];
  };
  std::vector<ports::Conversation> all;
  for (int i = 0; i < count; ++i) {
    auto c = like;
    c.message_id = MessageId(new_uuid());
    if (i % 3 != 0) c.conversation_id = ConversationId(new_uuid());
    c.direction = random() % 4 == 0 ? Direction::incoming : Direction::outgoing;
    c.service = ServiceIdentifier(pick({"DPO", "DPE", "DPI"}));
    c.sender = pick({"0192:1", "0192:2", "0192:3"});
    c.sender_identifier = pick({"1", "2", "3"});
    c.receiver = pick({"0192:4", "0192:5", "0192:6"});
    c.receiver_identifier = pick({"4", "5", "6"});
    c.process = pick({"p1", "p2", "p3"});
    c.document_type = pick({"d1", "d2", "d3"});
    c.message_reference = pick({"r1", "r2", "r3"});
    c.message_title = pick({"", "t1", "t2"});
    c.last_update += seconds(static_cast<int>(random() % 50));
    c.expiry += seconds(static_cast<int>(random() % 50));
    c.finished = random() % 5 != 0;
    c.pollable = random() % 20 == 0;
    if (random() % 2 == 0) c.external_system_reference = pick({"e1", "e2", "e3"});
    all.push_back(c);
  }
  return all;
}

TEST_P(StoreContract, ConversationListsAgreeWithASearchThroughAllRows) {
  std::mt19937 random(20260901);
  auto all = varied_conversations(conversation(), 400, random);
  write([&](ports::Txn& txn) {
    for (auto& c : all) ASSERT_TRUE(txn.insert(c));
  });
  const auto maybe = [&] { return random() % 5 == 0; };
  const std::vector<std::string> sorts = {"",
                                          "id",
                                          "lastUpdate",
                                          "finished",
                                          "direction",
                                          "expiry",
                                          "messageId",
                                          "serviceIdentifier",
                                          "senderIdentifier",
                                          "pollable",
                                          "messageTitle"};
  for (int round = 0; round < 300; ++round) {
    const auto& like = all[random() % all.size()];
    ports::ConversationQuery query;
    if (random() % 20 == 0) query.conversation_id = upper(like.conversation_id.str());
    if (random() % 20 == 0) query.message_id = upper(like.message_id.str());
    if (maybe()) query.receiver = like.receiver;
    if (maybe()) query.receiver_identifier = like.receiver_identifier;
    if (maybe()) query.sender = like.sender;
    if (maybe()) query.sender_identifier = like.sender_identifier;
    if (maybe()) query.service = like.service.str();
    if (maybe()) query.message_reference = like.message_reference;
    if (maybe()) query.message_title = like.message_title;
    if (random() % 20 == 0) query.external_system_reference = like.external_system_reference;
    if (maybe()) query.pollable = like.pollable;
    if (maybe()) query.finished = like.finished;
    if (maybe()) query.direction = like.direction;
    if (maybe()) query.last_update_from = like.last_update;
    if (maybe()) query.last_update_before = like.last_update + seconds(20);
    ports::PageRequest page;
    page.page = static_cast<std::int64_t>(random() % 4);
    page.size = static_cast<std::int64_t>(random() % 12 + 1);
    const auto& sort = sorts[random() % sorts.size()];
    const bool descending = random() % 2 == 0;
    if (!sort.empty()) page.sort = {{sort, descending}};

    std::vector<ports::Conversation> expected;
    std::ranges::copy_if(all, std::back_inserter(expected), [&](const auto& c) { return matches(query, c); });
    const auto found = read([&](ports::View& view) { return *view.conversations(query, page); });
    ASSERT_EQ(found.total, static_cast<std::int64_t>(expected.size()));
    const auto skipped = std::min<std::int64_t>(found.total, page.page * page.size);
    ASSERT_EQ(found.content.size(), static_cast<std::size_t>(std::min(page.size, found.total - skipped)));
    for (const auto& c : found.content) ASSERT_TRUE(matches(query, c));
    if (sort.empty() || sort == "id" || sort == "lastUpdate") {
      const auto less = [&](const auto& a, const auto& b) {
        const auto x = std::pair(sort == "lastUpdate" ? a.last_update : Time{}, a.id);
        const auto y = std::pair(sort == "lastUpdate" ? b.last_update : Time{}, b.id);
        return descending && !sort.empty() ? y < x : x < y;
      };
      std::ranges::sort(expected, less);
      ports::Page<ports::Conversation> part;
      part.content.assign(expected.begin() + skipped,
                          expected.begin() + skipped + static_cast<std::ptrdiff_t>(found.content.size()));
      ASSERT_EQ(ids_of(found), ids_of(part));
    }
  }
}

TEST_P(StoreContract, EveryConversationPropertySortsBothWays) {
  std::mt19937 random(7);
  auto all = varied_conversations(conversation(), 60, random);
  write([&](ports::Txn& txn) {
    for (auto& c : all) ASSERT_TRUE(txn.insert(c));
  });
  using Key = std::function<std::string(const ports::Conversation&)>;
  const auto padded = [](std::int64_t number) {
    auto text = std::to_string(number);
    return std::string(20 - text.size(), '0') + text;
  };
  const std::vector<std::pair<std::string, Key>> properties = {
      {"id", [&](const auto& c) { return padded(c.id); }},
      {"conversationId", [](const auto& c) { return c.conversation_id.str(); }},
      {"messageId", [](const auto& c) { return c.message_id.str(); }},
      {"sender", [](const auto& c) { return c.sender; }},
      {"senderIdentifier", [](const auto& c) { return c.sender_identifier; }},
      {"receiver", [](const auto& c) { return c.receiver; }},
      {"receiverIdentifier", [](const auto& c) { return c.receiver_identifier; }},
      {"processIdentifier", [](const auto& c) { return c.process; }},
      {"documentIdentifier", [](const auto& c) { return c.document_type; }},
      {"messageReference", [](const auto& c) { return c.message_reference; }},
      {"messageTitle", [](const auto& c) { return c.message_title; }},
      {"lastUpdate", [&](const auto& c) { return padded(to_micros(c.last_update)); }},
      {"finished", [](const auto& c) { return std::string(c.finished ? "1" : "0"); }},
      {"expiry", [&](const auto& c) { return padded(to_micros(c.expiry)); }},
      {"direction", [](const auto& c) { return std::string(c.direction == Direction::outgoing ? "0" : "1"); }},
      {"serviceIdentifier", [](const auto& c) { return c.service.str(); }},
      {"externalSystemReference", [](const auto& c) { return c.external_system_reference.value_or(""); }},
      {"pollable", [](const auto& c) { return std::string(c.pollable ? "1" : "0"); }}};
  for (const auto& [property, key] : properties) {
    for (const bool descending : {false, true}) {
      std::vector<std::int64_t> seen;
      std::string last;
      for (std::int64_t page = 0; page < 6; ++page) {
        const auto found = read([&](ports::View& view) {
          return *view.conversations({}, {page, 10, {{property, descending}}});
        });
        ASSERT_EQ(found.content.size(), 10U) << property;
        for (const auto& c : found.content) {
          ASSERT_TRUE(seen.empty() || (descending ? key(c) <= last : last <= key(c))) << property << " " << descending;
          last = key(c);
          seen.push_back(c.id);
        }
      }
      std::ranges::sort(seen);
      EXPECT_EQ(std::ranges::unique(seen).begin(), seen.end()) << property << ": a row on two pages";
    }
  }
  const auto two_keys = read([&](ports::View& view) {
    return *view.conversations(
        {}, {0, 60, {{"serviceIdentifier", false}, {"lastUpdate", true}, {"serviceIdentifier", true}}});
  });
  for (std::size_t i = 1; i < two_keys.content.size(); ++i) {
    const auto& a = two_keys.content[i - 1];
    const auto& b = two_keys.content[i];
    EXPECT_TRUE(a.service < b.service || (a.service == b.service && a.last_update >= b.last_update));
  }
}

TEST_P(StoreContract, UnknownSortPropertiesAreRefused) {
  stored(conversation());
  for (const std::string property :
       {"", "nonsense", "last_update", "messageStatuses", "id; DROP TABLE conversation", "ID"}) {
    const ports::PageRequest page{0, 10, {{property, false}}};
    const auto codes = read([&](ports::View& view) {
      const auto code = [](const auto& result) { return result ? std::string("fine") : result.error().code; };
      return std::array{code(view.conversations({}, page)), code(view.statuses({}, page)),
                        code(view.messages({}, page))};
    });
    for (const auto& code : codes) EXPECT_EQ(code, "query.sort") << property;
  }
  EXPECT_EQ(read([](ports::View& view) { return view.conversations({}, {})->total; }), 1);
}

TEST_P(StoreContract, PagesOutsideAreEmptyWithTrueTotals) {
  for (int i = 0; i < 3; ++i) stored(conversation());
  for (const auto& page : {ports::PageRequest{1, 3, {}}, ports::PageRequest{1'000'000'000'000, 1'000'000'000'000, {}},
                           ports::PageRequest{0, 0, {}}, ports::PageRequest{-1, 10, {}}}) {
    const auto found = read([&](ports::View& view) { return *view.conversations({}, page); });
    EXPECT_TRUE(found.content.empty());
    EXPECT_EQ(found.total, 3);
  }
  EXPECT_EQ(read([](ports::View& view) { return view.conversations({}, {1, 2, {}})->content.size(); }), 1U);
}

TEST_P(StoreContract, TotalsFollowEveryChange) {
  const auto total = [&](auto change) {
    ports::ConversationQuery query;
    change(query);
    return read([&](ports::View& view) { return view.conversations(query, {})->total; });
  };
  const auto everything = [](auto&) {};
  const auto open = [](auto& q) { q.finished = false; };
  const auto dpe = [](auto& q) { q.service = "DPE"; };
  auto a = stored(conversation());
  const auto b = stored(conversation());
  EXPECT_EQ(total(everything), 2);
  EXPECT_EQ(total(open), 2);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(b.id, ReceiptStatus::feil, now())); });
  EXPECT_EQ(total(open), 1);
  a.service = ServiceIdentifier("DPE");
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.update(a)); });
  EXPECT_EQ(total(dpe), 1);
  EXPECT_FALSE(store_->write([&](ports::Txn& txn) -> Result<void> {
    EXPECT_TRUE(txn.remove_conversation(a.id));
    return reject("test.no", "rolled back");
  }));
  EXPECT_EQ(total(dpe), 1);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_conversation(a.id)); });
  EXPECT_EQ(total(dpe), 0);
  EXPECT_EQ(total(everything), 1);
}

TEST_P(StoreContract, ListedConversationsCarryTheirStatuses) {
  const auto c = stored(conversation());
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now()));
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::sendt, now()));
  });
  const auto found = read([&](ports::View& view) { return *view.conversations({}, {}); });
  ASSERT_EQ(found.content.size(), 1U);
  ASSERT_EQ(found.content[0].statuses.size(), 2U);
  EXPECT_EQ(found.content[0].statuses[1].status, ReceiptStatus::sendt);
}

TEST_P(StoreContract, StatusListsFilterAndSort) {
  auto a = stored(conversation());
  auto b = stored(conversation(Direction::incoming));
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(a.id, ReceiptStatus::sendt, now() + minutes(3), "b"));
    ASSERT_TRUE(txn.add_status(b.id, ReceiptStatus::innkommende_mottatt, now() + minutes(2), "a", "raw"));
    ASSERT_TRUE(txn.add_status(a.id, ReceiptStatus::mottatt, now() + minutes(1)));
  });
  const auto find = [&](auto change, std::vector<ports::SortKey> sort = {}) {
    ports::StatusQuery query;
    change(query);
    return read([&](ports::View& view) { return *view.statuses(query, {0, 10, sort}); });
  };
  const auto all = find([](auto&) {});
  ASSERT_EQ(all.content.size(), 3U);
  EXPECT_EQ(all.total, 3);
  const auto id = ids_of(all);
  EXPECT_TRUE(id[0] < id[1] && id[1] < id[2]) << "by id";
  EXPECT_EQ(all.content[1].raw_receipt, "raw");
  EXPECT_EQ(all.content[1].message_id, b.message_id);
  EXPECT_EQ(all.content[1].conversation_id, b.conversation_id);
  EXPECT_EQ(all.content[1].conversation, b.id);
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(ids_of(find([&](auto& q) { q.id = id[1]; })), Ids{id[1]});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.message_id = upper(a.message_id.str()); })), (Ids{id[0], id[2]}));
  EXPECT_EQ(ids_of(find([&](auto& q) { q.conversation_id = upper(b.conversation_id.str()); })), Ids{id[1]});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.status = ReceiptStatus::mottatt; })), Ids{id[2]});
  EXPECT_EQ(find([&](auto& q) { q.status = ReceiptStatus::lest; }).total, 0);
  EXPECT_EQ(ids_of(find([&](auto& q) {
              q.from = now() + minutes(2);
              q.to = now() + minutes(3);
            })),
            (Ids{id[0], id[1]}))
      << "both ends inclusive";
  EXPECT_EQ(ids_of(find([&](auto& q) {
              q.message_id = a.message_id.str();
              q.status = ReceiptStatus::sendt;
            })),
            Ids{id[0]});
  EXPECT_EQ(find([&](auto& q) {
              q.message_id = a.message_id.str();
              q.id = id[1];
            }).total,
            0);
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"lastUpdate", false}})), (Ids{id[2], id[1], id[0]}));
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"status", true}})), (Ids{id[0], id[2], id[1]}));
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"description", true}})), (Ids{id[0], id[1], id[2]}));
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"id", true}})), (Ids{id[2], id[1], id[0]}));
  EXPECT_EQ(find([](auto& q) { q.message_id = new_uuid(); }).total, 0);
}

TEST_P(StoreContract, MessageListsFilterAndSort) {
  auto a = message();
  a.service = ServiceIdentifier("DPE");
  a.process = "p-a";
  a.sender_identifier = "1";
  a.receiver_identifier = "2";
  a.lock_until = now() + minutes(9);
  a.last_updated += minutes(2);
  auto b = message();
  b.last_updated += minutes(1);
  a = stored(a);
  b = stored(b);
  const auto out = stored(message(Direction::outgoing));
  const auto find = [&](auto change, std::vector<ports::SortKey> sort = {}) {
    ports::MessageQuery query;
    query.direction = Direction::incoming;
    change(query);
    return read([&](ports::View& view) { return *view.messages(query, {0, 10, sort}); });
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(ids_of(find([](auto&) {})), (Ids{a.id, b.id}));
  EXPECT_EQ(find([](auto&) {}).total, 2);
  EXPECT_EQ(find([](auto&) {}).content[0].sbd, a.sbd);
  EXPECT_EQ(ids_of(find([](auto& q) { q.direction = Direction::outgoing; })), Ids{out.id});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.message_id = upper(a.message_id.str()); })), Ids{a.id});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.conversation_id = upper(a.conversation_id.str()); })), Ids{a.id});
  EXPECT_EQ(ids_of(find([](auto& q) { q.process = "p-a"; })), Ids{a.id});
  EXPECT_EQ(ids_of(find([](auto& q) { q.sender_identifier = "1"; })), Ids{a.id});
  EXPECT_EQ(ids_of(find([](auto& q) { q.receiver_identifier = "2"; })), Ids{a.id});
  EXPECT_EQ(ids_of(find([](auto& q) { q.service = "DPE"; })), Ids{a.id});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.last_updated_from = a.last_updated; })), Ids{a.id});
  EXPECT_EQ(ids_of(find([&](auto& q) { q.last_updated_before = a.last_updated; })), Ids{b.id});
  EXPECT_EQ(find([](auto& q) {
              q.service = "DPO";
              q.process = "p-a";
            }).total,
            0)
      << "two filters, both count";
  for (const std::string property : {"id", "conversationId", "messageId", "processIdentifier", "receiverIdentifier",
                                     "senderIdentifier", "serviceIdentifier", "lastUpdated", "lockTimeout"}) {
    auto up = ids_of(find([](auto&) {}, {{property, false}}));
    const auto down = ids_of(find([](auto&) {}, {{property, true}}));
    std::ranges::reverse(up);
    EXPECT_EQ(up, down) << property;
  }
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"lastUpdated", false}})), (Ids{b.id, a.id}));
  EXPECT_EQ(ids_of(find([](auto&) {}, {{"lockTimeout", false}})), (Ids{b.id, a.id})) << "no lock comes first";
}

}  // namespace kanal::store::contract

// Part of store_contract.hpp: counts, and the removal of what is only history.
#pragma once

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

TEST_P(StoreContract, CountsWhatThereIs) {
  auto polled = conversation();
  polled.pollable = true;
  polled = stored(polled);
  const auto c = stored(conversation());
  (void)stored(message(Direction::incoming));
  (void)stored(message(Direction::incoming));
  (void)stored(message(Direction::outgoing));
  queue(job("a", "send"));
  queue(job("b", "send"));
  queue(job("c", "answer"));
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now()));
    ASSERT_TRUE(txn.add_status(polled.id, ReceiptStatus::opprettet, now()));
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::sendt, now()));
  });
  const auto counts = read([](ports::View& view) { return view.counts(); });
  EXPECT_EQ(counts.conversations, 2);
  EXPECT_EQ(counts.pollable, 1);
  EXPECT_EQ(counts.outgoing, 1);
  EXPECT_EQ(counts.incoming, 2);
  using Named = std::vector<std::pair<std::string, std::int64_t>>;
  EXPECT_EQ(counts.jobs, (Named{{"answer", 1}, {"send", 2}}));
  EXPECT_EQ(counts.statuses, (Named{{"OPPRETTET", 2}, {"SENDT", 1}}));
}

TEST_P(StoreContract, FinishedConversationsAreRemovedOldestFirst) {
  const auto finished = [&](Time at, Direction direction = Direction::outgoing) {
    auto c = conversation(direction);
    c.last_update = at;
    c = stored(c);
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::feil, at)); });
    return c;
  };
  const auto oldest = finished(now() - hours(50));
  const auto older = finished(now() - hours(40));
  const auto young = finished(now() - hours(1));
  auto open = conversation();
  open.last_update = now() - hours(60);
  open = stored(open);
  // Its client has not fetched it, its answer is not sent: both keep their history.
  const auto waiting = finished(now() - hours(60), Direction::incoming);
  auto held = message(Direction::incoming);
  held.message_id = waiting.message_id;
  (void)stored(held);
  const auto answering = finished(now() - hours(60));
  queue(job(answering.message_id.str(), "answer"));

  const auto remove = [&](int limit) {
    int removed = -1;
    write([&](ports::Txn& txn) {
      removed = txn.remove_leftovers(ports::Leftover::conversation, now() - hours(24), limit).value_or(-1);
    });
    return removed;
  };
  const auto there = [&](const ports::Conversation& c) {
    return read([&](ports::View& view) { return view.conversation(c.id).has_value(); });
  };
  EXPECT_EQ(remove(1), 1);
  EXPECT_FALSE(there(oldest));
  EXPECT_TRUE(there(older));
  EXPECT_EQ(remove(10), 1);
  EXPECT_EQ(remove(10), 0);
  EXPECT_FALSE(there(older));
  for (const auto& kept : {young, open, waiting, answering}) EXPECT_TRUE(there(kept));
  EXPECT_EQ(read([](ports::View& view) { return view.counts(); }).conversations, 4);
}

TEST_P(StoreContract, OldOrphansFindingsAndQuarantineAreRemoved) {
  auto package = blob();
  write([&](ports::Txn& txn) {
    for (const auto age : {hours(48), hours(1)}) {
      ports::Orphan orphan;
      orphan.service = ServiceIdentifier("DPO");
      orphan.remote_id = std::to_string(age.count());
      orphan.sbd = "{}";
      orphan.at = now() - age;
      ASSERT_TRUE(txn.insert(orphan));
      ASSERT_TRUE(
          txn.report({ServiceIdentifier("DPO"), "D1", orphan.remote_id, "text", now() - hours(99), now() - age, 1}));
      ports::Quarantined bad;
      bad.service = ServiceIdentifier("DPO");
      bad.remote_id = orphan.remote_id;
      bad.at = now() - age;
      if (age == hours(48)) bad.package = package;
      ASSERT_TRUE(txn.insert(bad));
    }
  });
  const auto before = now() - hours(24);
  write([&](ports::Txn& txn) {
    for (const auto kind : {ports::Leftover::orphan, ports::Leftover::finding, ports::Leftover::quarantined}) {
      EXPECT_EQ(txn.remove_leftovers(kind, before, 10).value_or(-1), 1);
      EXPECT_EQ(txn.remove_leftovers(kind, before, 10).value_or(-1), 0);
    }
  });
  const auto orphans = read([](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 10); });
  ASSERT_EQ(orphans.size(), 1U);
  EXPECT_EQ(orphans[0].remote_id, "1");
  EXPECT_EQ(read([](ports::View& view) { return view.findings(); }).size(), 1U);
  EXPECT_EQ(read([](ports::View& view) { return view.quarantined(10); }).size(), 1U);
  reopen();
  EXPECT_FALSE(blob_exists(package));
}

TEST_P(StoreContract, RemoteItemsThatAreOverAreRemoved) {
  using State = ports::RemoteItem::State;
  write([&](ports::Txn& txn) {
    for (const auto state : {State::seen, State::taking, State::stored, State::acknowledged, State::quarantined,
                             State::gone, State::refused}) {
      auto item = remote_item(std::string(name_of(state)), now() - hours(48));
      item.state = state;
      ASSERT_TRUE(txn.put(item));
    }
    auto young = remote_item("young", now());
    young.state = State::acknowledged;
    ASSERT_TRUE(txn.put(young));
    EXPECT_EQ(txn.remove_leftovers(ports::Leftover::remote_item, now() - hours(24), 1).value_or(-1), 1);
    EXPECT_EQ(txn.remove_leftovers(ports::Leftover::remote_item, now() - hours(24), 10).value_or(-1), 1);
    EXPECT_EQ(txn.remove_leftovers(ports::Leftover::remote_item, now() - hours(24), 10).value_or(-1), 0);
  });
  for (const auto* kept : {"seen", "taking", "stored", "quarantined", "refused", "young"}) {
    EXPECT_TRUE(read([&](ports::View& view) { return view.remote_item(ServiceIdentifier("DPO"), kept); })) << kept;
  }
}

}  // namespace kanal::store::contract

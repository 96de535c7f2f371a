// Part of store_contract.hpp: web-hook subscriptions, the status feed, the status queue, hints about commits.
#pragma once

#include <atomic>
#include <thread>

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

inline ports::Subscription subscription(const std::string& name, Time at) {
  ports::Subscription s;
  s.name = name;
  s.push_endpoint = "http://127.0.0.1:8000/hook";
  s.resource = "all";
  s.event = "status";
  s.created = at;
  return s;
}

TEST_P(StoreContract, SubscriptionRoundTrips) {
  auto s = subscription("a", now());
  s.filter = "status=LEVERT";
  s.position = 7;
  s.failures = 3;
  s.failing_since = now() + seconds(1);
  s.not_before = now() + seconds(2);
  s.disabled = now() + seconds(3);
  s.last_error = "refused";
  const auto same = [&] {
    const auto found = read([&](ports::View& view) { return view.subscription(s.id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, s.name);
    EXPECT_EQ(found->push_endpoint, s.push_endpoint);
    EXPECT_EQ(found->resource, s.resource);
    EXPECT_EQ(found->event, s.event);
    EXPECT_EQ(found->filter, s.filter);
    EXPECT_EQ(found->position, s.position);
    EXPECT_EQ(found->failures, s.failures);
    EXPECT_EQ(found->failing_since, s.failing_since);
    EXPECT_EQ(found->not_before, s.not_before);
    EXPECT_EQ(found->disabled, s.disabled);
    EXPECT_EQ(found->last_error, s.last_error);
    EXPECT_EQ(found->created, s.created);
  };
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(s)); });
  EXPECT_GT(s.id, 0);
  same();
  s.name = "b";
  s.push_endpoint = "https://example.no/";
  s.filter.reset();
  s.failing_since.reset();
  s.not_before.reset();
  s.disabled.reset();
  s.position = 8;
  s.failures = 0;
  s.last_error.clear();
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.update(s)); });
  same();
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.remove_subscription(s.id).value_or(false), true);
    EXPECT_EQ(txn.remove_subscription(s.id).value_or(true), false);
    const auto gone = txn.update(s);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, "store.not_found");
  });
  EXPECT_FALSE(read([&](ports::View& view) { return view.subscription(s.id); }));
}

TEST_P(StoreContract, SubscriptionsAreUniqueByNameAndEndpoint) {
  auto a = subscription("a", now());
  auto b = subscription("b", now());
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.insert(a));
    ASSERT_TRUE(txn.insert(b));
  });
  auto again = subscription("a", now());
  const auto doubled = store_->write([&](ports::Txn& txn) { return txn.insert(again); });
  ASSERT_FALSE(doubled);
  EXPECT_EQ(doubled.error().code, "store.exists");
  b.name = "a";
  const auto renamed = store_->write([&](ports::Txn& txn) { return txn.update(b); });
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code, "store.exists");
  b.push_endpoint = "http://127.0.0.1:8001/hook";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.update(b)); });
  const auto all = read([](ports::View& view) { return view.subscriptions(); });
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, a.id);
  EXPECT_EQ(all[1].id, b.id);
}

TEST_P(StoreContract, FeedTellsStatusesInOrder) {
  const auto feed = [&](std::int64_t after, int limit) {
    std::vector<ports::FeedEntry> entries;
    write([&](ports::Txn& txn) {
      auto got = txn.feed(after, limit);
      ASSERT_TRUE(got);
      entries = std::move(*got);
    });
    return entries;
  };
  const auto end = [&] {
    std::int64_t found = -1;
    write([&](ports::Txn& txn) { found = txn.feed_end().value_or(-1); });
    return found;
  };
  EXPECT_TRUE(feed(0, 10).empty());
  EXPECT_EQ(end(), 0);
  const auto out = stored(conversation());
  auto in = conversation(Direction::incoming);
  in.service = ServiceIdentifier("DPE");
  in = stored(in);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(out.id, ReceiptStatus::opprettet, now())); });
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(in.id, ReceiptStatus::opprettet, now() + seconds(1)));
    ASSERT_TRUE(txn.add_status(out.id, ReceiptStatus::feil, now() + seconds(2), "why", "raw"));
  });
  const auto all = feed(0, 10);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_LT(all[0].position, all[1].position);
  EXPECT_LT(all[1].position, all[2].position);
  EXPECT_EQ(end(), all[2].position);
  EXPECT_EQ(all[0].status.message_id, out.message_id);
  EXPECT_EQ(all[0].direction, Direction::outgoing);
  EXPECT_EQ(all[0].sender, out.sender);
  EXPECT_EQ(all[0].receiver, out.receiver);
  EXPECT_EQ(all[0].process, out.process);
  EXPECT_EQ(all[0].document_type, out.document_type);
  EXPECT_EQ(all[1].status.conversation_id, in.conversation_id);
  EXPECT_EQ(all[1].direction, Direction::incoming);
  EXPECT_EQ(all[1].service, ServiceIdentifier("DPE"));
  EXPECT_EQ(all[2].status.status, ReceiptStatus::feil);
  EXPECT_EQ(all[2].status.at, now() + seconds(2));
  EXPECT_EQ(all[2].status.description, "why");
  EXPECT_EQ(all[2].status.raw_receipt, "raw");
  const auto first = feed(0, 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].position, all[0].position);
  EXPECT_EQ(feed(all[0].position, 10).size(), 2U);
  EXPECT_TRUE(feed(all[2].position, 10).empty());

  // A status is found again by its id.
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.feed_position(0).value_or(-1), 0);
    EXPECT_EQ(txn.feed_position(all[1].status.id).value_or(-1), all[0].position);
    EXPECT_EQ(txn.feed_position(all[2].status.id + 1).value_or(-1), all[2].position);
    EXPECT_EQ(txn.feed_position(all[2].status.id + 1000).value_or(-1), all[2].position);
  });

  // Removed conversations are not told, and their positions never come back.
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_conversation(out.id)); });
  EXPECT_EQ(feed(0, 10).size(), 1U);
  reopen();
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(in.id, ReceiptStatus::innkommende_mottatt, now())); });
  const auto later = feed(all[2].position, 10);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_GT(later[0].position, all[2].position);
}

TEST_P(StoreContract, FeedPassesNothingOverWhileManyWrite) {
  constexpr int writers = 4;
  constexpr int each = 25;
  std::vector<ports::Conversation> conversations;
  for (int i = 0; i < writers * each; ++i) conversations.push_back(stored(conversation()));
  std::vector<std::jthread> threads;
  for (int w = 0; w < writers; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < each; ++i) {
        const auto id = conversations[static_cast<std::size_t>(w * each + i)].id;
        (void)store_
            ->write([&](ports::Txn& txn) -> Result<void> {
              auto added = txn.add_status(id, ReceiptStatus::opprettet, now());
              return added ? Result<void>{} : Result<void>(failed(added));
            })
            .has_value();
      }
    });
  }
  std::int64_t position = 0;
  std::vector<std::int64_t> told;
  for (int rounds = 0; rounds < 10'000 && told.size() < conversations.size(); ++rounds) {
    write([&](ports::Txn& txn) {
      auto entries = txn.feed(position, 7);
      ASSERT_TRUE(entries);
      for (const auto& entry : *entries) {
        EXPECT_GT(entry.position, position);
        position = entry.position;
        told.push_back(entry.status.conversation);
      }
    });
  }
  threads.clear();
  ASSERT_EQ(told.size(), conversations.size());
  std::ranges::sort(told);
  EXPECT_EQ(std::ranges::adjacent_find(told), told.end());
}

TEST_P(StoreContract, OfferedStatusesAreAQueue) {
  const auto c = stored(conversation());
  const auto other = stored(conversation());
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now()));
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::sendt, now()));
    ASSERT_TRUE(txn.add_status(other.id, ReceiptStatus::opprettet, now()));
  });
  const auto statuses = read([&](ports::View& view) { return view.conversation(c.id); })->statuses;
  const auto others = read([&](ports::View& view) { return view.conversation(other.id); })->statuses;
  const auto offered = [&] { return read([](ports::View& view) { return view.offered_status(); }); };
  EXPECT_FALSE(offered());
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.offer_status(others[0].id));
    ASSERT_TRUE(txn.offer_status(statuses[0].id));
    ASSERT_TRUE(txn.offer_status(statuses[1].id));
    ASSERT_TRUE(txn.offer_status(others[0].id));
  });
  ASSERT_TRUE(offered());
  EXPECT_EQ(offered()->id, others[0].id);
  EXPECT_EQ(offered()->message_id, other.message_id);
  // What goes with its conversation does not block the rest.
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_conversation(other.id)); });
  EXPECT_EQ(offered()->id, statuses[0].id);
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.withdraw_status(statuses[1].id).value_or(false), true);
    EXPECT_EQ(txn.withdraw_status(statuses[1].id).value_or(true), false);
    EXPECT_EQ(txn.withdraw_status(statuses[0].id).value_or(false), true);
  });
  EXPECT_FALSE(offered());
}

TEST_P(StoreContract, ListenerHearsOfStatusesAndJobs) {
  std::atomic<int> statuses = 0;
  std::atomic<int> jobs = 0;
  store_->listen([&](ports::Change change) { ++(change == ports::Change::status ? statuses : jobs); });
  const auto eventually = [](const std::atomic<int>& count, int wanted) {
    for (int i = 0; i < 500 && count < wanted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return count.load() >= wanted;
  };
  const auto c = stored(conversation());
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now())); });
  EXPECT_TRUE(eventually(statuses, 1));
  queue(job("a"));
  EXPECT_TRUE(eventually(jobs, 1));
  store_->listen({});
  const int before = jobs;
  queue(job("b"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(jobs, before);
}

}  // namespace kanal::store::contract

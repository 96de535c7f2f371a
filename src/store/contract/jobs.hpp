// Part of store_contract.hpp: jobs, leases and fences.
#pragma once

#include <map>
#include <thread>

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

inline std::vector<std::string> keys_of(const std::vector<ports::Job>& jobs) {
  std::vector<std::string> keys;
  for (const auto& job : jobs) keys.push_back(job.key);
  return keys;
}

TEST_P(StoreContract, JobRoundTripsEveryField) {
  auto j = job("a");
  j.payload = "{\"state\":\"æ\"}";
  j.package = blob();
  j.attempt = 3;
  j.not_before += minutes(1);
  j.last_error = "timeout";
  queue(j);
  const auto found = read([&](ports::View& view) { return view.job("send", "a"); });
  ASSERT_TRUE(found);
  EXPECT_GT(found->id, 0);
  EXPECT_EQ(found->kind, "send");
  EXPECT_EQ(found->key, "a");
  EXPECT_EQ(found->service, j.service);
  EXPECT_EQ(found->payload, j.payload);
  EXPECT_EQ(found->attempt, 3);
  EXPECT_EQ(found->not_before, j.not_before);
  EXPECT_EQ(found->created, j.created);
  EXPECT_EQ(found->fence, 0);
  EXPECT_EQ(found->last_error, "timeout");
  ASSERT_TRUE(found->package);
  expect_same(*found->package, *j.package);
  EXPECT_FALSE(read([&](ports::View& view) { return view.job("answer", "a"); }));
  EXPECT_FALSE(read([&](ports::View& view) { return view.job("send", "b"); }));
}

TEST_P(StoreContract, EnqueueingAgainIsNoOp) {
  queue(job("a"));
  auto again = job("a");
  again.payload = "other";
  write([&](ports::Txn& txn) { EXPECT_EQ(txn.enqueue(again).value_or(true), false); });
  EXPECT_EQ(read([&](ports::View& view) { return view.job("send", "a")->payload; }), "{}");
  queue(job("a", "answer"));
  EXPECT_EQ(read([&](ports::View& view) { return view.job_count("send"); }), 1);
  EXPECT_EQ(read([&](ports::View& view) { return view.job_count("answer"); }), 1);
  EXPECT_EQ(read([&](ports::View& view) { return view.job_count("follow"); }), 0);
}

TEST_P(StoreContract, JobsOfAKindAreListedInTheirOrder) {
  auto later = job("first");
  later.not_before = now() + hours(1);
  queue(later);
  queue(job("second"));
  queue(job("other", "answer"));
  write([&](ports::Txn& txn) { EXPECT_EQ(txn.lease("send", now(), now() + minutes(1), 10)->size(), 1U); });
  const auto list = [&](int limit) {
    return keys_of(read([&](ports::View& view) { return view.jobs("send", limit); }));
  };
  EXPECT_EQ(list(10), (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(list(1), (std::vector<std::string>{"first"}));
}

TEST_P(StoreContract, LeaseTakesDueJobsOldestFirst) {
  for (const auto& [key, offset] :
       {std::pair{"later", 1}, std::pair{"now", 0}, std::pair{"old", -60}, std::pair{"older", -90}}) {
    auto j = job(key);
    j.not_before = now() + seconds(offset);
    queue(j);
  }
  queue(job("other", "answer"));
  const auto two = lease(now() + minutes(2), 2);
  EXPECT_EQ(keys_of(two), (std::vector<std::string>{"older", "old"}));
  EXPECT_EQ(two[0].fence, 1);
  EXPECT_EQ(keys_of(lease(now() + minutes(2))), std::vector<std::string>{"now"});
  EXPECT_TRUE(lease(now() + minutes(2)).empty());
  clock_.advance(seconds(1));
  EXPECT_EQ(keys_of(lease(now() + minutes(2))), std::vector<std::string>{"later"});
}

TEST_P(StoreContract, NextJobTimeIgnoresLeasedJobs) {
  const auto next = [&] { return read([&](ports::View& view) { return view.next_job_time("send"); }); };
  EXPECT_FALSE(next());
  const Time first = now();
  queue(job("a"));
  auto later = job("b");
  later.not_before = now() + hours(1);
  queue(later);
  queue(job("c", "answer"));
  EXPECT_EQ(next(), first);
  lease(now() + minutes(2));
  EXPECT_EQ(next(), later.not_before);
  clock_.advance(minutes(2));
  EXPECT_EQ(next(), first) << "its lease has run out";
}

TEST_P(StoreContract, ALostLeaseIsLostForEveryCall) {
  queue(job("a"));
  const auto stale = lease(now() + minutes(2)).at(0);
  clock_.advance(minutes(2));
  const auto fresh = lease(now() + minutes(2)).at(0);
  EXPECT_EQ(fresh.id, stale.id);
  EXPECT_GT(fresh.fence, stale.fence);
  const auto code = [&](auto call) {
    const auto done = store_->write(call);
    return done ? std::string("done") : done.error().code;
  };
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.complete(stale); }), "store.lease_lost");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.postpone(stale, now(), "x", true); }), "store.lease_lost");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.renew(stale, now() + hours(1)); }), "store.lease_lost");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.save_progress(stale); }), "store.lease_lost");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.save_progress(fresh); }), "done");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.renew(fresh, now() + hours(1)); }), "done");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.complete(fresh); }), "done");
  EXPECT_EQ(code([&](ports::Txn& txn) { return txn.complete(fresh); }), "store.lease_lost");
  EXPECT_EQ(read([&](ports::View& view) { return view.job_count("send"); }), 0);
}

TEST_P(StoreContract, ALeaseThatRanOutStillHoldsWhileNobodyElseTookIt) {
  queue(job("a"));
  const auto held = lease(now() + minutes(2)).at(0);
  clock_.advance(hours(1));
  write([&](ports::Txn& txn) {
    EXPECT_TRUE(txn.renew(held, now() + minutes(2)));
    EXPECT_TRUE(txn.complete(held));
  });
}

TEST_P(StoreContract, AStaleHolderCannotTouchALaterJobOfTheSameKey) {
  queue(job("a"));
  const auto old = lease(now() + minutes(2)).at(0);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.complete(old)); });
  queue(job("a"));
  const auto fresh = lease(now() + minutes(2)).at(0);
  EXPECT_NE(std::pair(fresh.id, fresh.fence), std::pair(old.id, old.fence));
  EXPECT_EQ(store_->write([&](ports::Txn& txn) { return txn.complete(old); }).error().code, "store.lease_lost");
  EXPECT_TRUE(read([&](ports::View& view) { return view.job("send", "a"); }));
}

TEST_P(StoreContract, RenewKeepsOthersAway) {
  queue(job("a"));
  const auto held = lease(now() + minutes(2)).at(0);
  clock_.advance(minutes(1));
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.renew(held, now() + minutes(2))); });
  clock_.advance(minutes(1));
  EXPECT_TRUE(lease(now() + minutes(2)).empty());
  clock_.advance(minutes(1));
  EXPECT_EQ(lease(now() + minutes(2)).size(), 1U);
}

TEST_P(StoreContract, PostponedJobsComeBackLater) {
  queue(job("a"));
  auto held = lease(now() + minutes(2)).at(0);
  held.payload = "{\"state\":\"uploaded\"}";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.postpone(held, now() + seconds(20), "no answer", true)); });
  const auto waiting = read([&](ports::View& view) { return view.job("send", "a"); });
  EXPECT_EQ(waiting->attempt, 1);
  EXPECT_EQ(waiting->last_error, "no answer");
  EXPECT_EQ(waiting->payload, held.payload);
  EXPECT_EQ(waiting->not_before, now() + seconds(20));
  EXPECT_EQ(store_->write([&](ports::Txn& txn) { return txn.renew(held, now() + hours(1)); }).error().code,
            "store.lease_lost")
      << "a late renewal must not lock up a job that was put back";
  EXPECT_TRUE(lease(now() + minutes(2)).empty());
  clock_.advance(seconds(20));
  auto again = lease(now() + minutes(2)).at(0);
  EXPECT_GT(again.fence, held.fence);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.postpone(again, now(), "busy", false)); });
  EXPECT_EQ(lease(now() + minutes(2)).at(0).attempt, 1) << "an attempt that does not count";
}

TEST_P(StoreContract, ProgressSurvivesAndReplacesThePackage) {
  auto j = job("a");
  j.package = blob();
  queue(j);
  auto held = lease(now() + minutes(2)).at(0);
  held.payload = "{\"state\":\"1\"}";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.save_progress(held)); });
  EXPECT_TRUE(lease(now() + minutes(2)).empty()) << "the lease is kept";
  reopen();
  EXPECT_TRUE(blob_exists(*j.package)) << "the same package stays";
  held.package = blob();
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.save_progress(held)); });
  reopen();
  EXPECT_FALSE(blob_exists(*j.package)) << "a replaced one goes";
  auto found = read([&](ports::View& view) { return view.job("send", "a"); });
  EXPECT_EQ(found->payload, held.payload);
  EXPECT_EQ(found->fence, held.fence);
  expect_same(*found->package, *held.package);
  const auto last = *held.package;
  held.package.reset();
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.save_progress(held)); });
  reopen();
  EXPECT_FALSE(blob_exists(last));
  EXPECT_FALSE(read([&](ports::View& view) { return view.job("send", "a"); })->package);
}

TEST_P(StoreContract, AnEndedJobTakesItsPackage) {
  for (const bool cancelled : {false, true}) {
    auto j = job("a");
    j.package = blob();
    queue(j);
    if (cancelled) {
      write([&](ports::Txn& txn) { ASSERT_EQ(txn.cancel_job("send", "a").value_or(false), true); });
    } else {
      const auto held = lease(now() + minutes(2)).at(0);
      write([&](ports::Txn& txn) { ASSERT_TRUE(txn.complete(held)); });
    }
    reopen();
    EXPECT_FALSE(blob_exists(*j.package));
  }
}

TEST_P(StoreContract, AJobUnderWayIsNotCancelled) {
  const auto cancel = [&] {
    bool cancelled = false;
    write([&](ports::Txn& txn) { cancelled = txn.cancel_job("send", "a").value(); });
    return cancelled;
  };
  EXPECT_FALSE(cancel()) << "there is none";
  queue(job("a"));
  lease(now() + minutes(2));
  EXPECT_FALSE(cancel());
  clock_.advance(minutes(2));
  EXPECT_TRUE(cancel()) << "its lease has run out";
  EXPECT_FALSE(cancel());
}

TEST_P(StoreContract, ATurnIsKeptByWhoeverHasIt) {
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.take_turn("poll", now(), now() + minutes(3)).value_or(false), true);
    EXPECT_EQ(txn.take_turn("other", now(), now() + minutes(3)).value_or(false), true);
  });
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.take_turn("poll", now() + minutes(1), now() + minutes(4)).value_or(false), true);
  });
}

TEST_P(StoreContract, EightWorkersLeaseEveryJobOnce) {
  constexpr int jobs = 100;
  write([&](ports::Txn& txn) {
    for (int i = 0; i < jobs; ++i) ASSERT_TRUE(txn.enqueue(job("job " + std::to_string(i))));
  });
  std::mutex mutex;
  std::map<std::string, int> taken;
  {
    std::vector<std::jthread> workers;
    for (int w = 0; w < 8; ++w) {
      workers.emplace_back([&] {
        for (;;) {
          std::vector<ports::Job> mine;
          const auto done = store_->write([&](ports::Txn& txn) -> Result<void> {
            auto leased = txn.lease("send", now(), now() + minutes(2), 3);
            if (!leased) return failed(leased);
            mine = std::move(*leased);
            return {};
          });
          ASSERT_TRUE(done);
          if (mine.empty()) return;
          const std::scoped_lock lock(mutex);
          for (const auto& job : mine) ++taken[job.key];
        }
      });
    }
  }
  EXPECT_EQ(taken.size(), static_cast<std::size_t>(jobs));
  for (const auto& [key, times] : taken) EXPECT_EQ(times, 1) << key;
}

}  // namespace kanal::store::contract

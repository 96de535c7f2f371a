// Part of store_contract.hpp: what a transaction is worth.
#pragma once

#include <atomic>
#include <stdexcept>
#include <thread>

#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

TEST_P(StoreContract, AnErrorUndoesItsOwnTransaction) {
  const auto c = conversation();
  const auto refused = store_->write([&](ports::Txn& txn) -> Result<void> {
    auto copy = c;
    EXPECT_TRUE(txn.insert(copy));
    EXPECT_TRUE(txn.add_status(copy.id, ReceiptStatus::opprettet, now()));
    EXPECT_TRUE(txn.conversation_exists(c.message_id)) << "a transaction sees what it wrote";
    return reject("test.refused", "no");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "test.refused");
  EXPECT_FALSE(read([&](ports::View& view) { return view.conversation_exists(c.message_id); }));
  EXPECT_EQ(read([&](ports::View& view) { return view.conversations({}, {})->total; }), 0);
  EXPECT_EQ(read([&](ports::View& view) { return view.statuses({}, {})->total; }), 0);
}

TEST_P(StoreContract, AnExceptionUndoesItsTransactionAndComesOut) {
  const auto throwing = [&](ports::Txn& txn) -> Result<void> {
    EXPECT_TRUE(txn.put_setting("half", "done"));
    throw std::runtime_error("broken");
  };
  EXPECT_THROW((void)store_->write(throwing).has_value(), std::runtime_error);
  EXPECT_FALSE(read([&](ports::View& view) { return view.setting("half"); }));
  EXPECT_THROW((void)store_->read([](ports::View&) -> Result<void> { throw std::runtime_error("broken"); }).has_value(),
               std::runtime_error);
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("after", "fine")); });
  EXPECT_EQ(read([&](ports::View& view) { return view.setting("after"); }), "fine");
}

TEST_P(StoreContract, FailingWritersRollBackAlone) {
  constexpr int writers = 16;
  constexpr int rounds = 20;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back([&, w] {
        for (int r = 0; r < rounds; ++r) {
          const auto name = std::to_string(w) + "/" + std::to_string(r);
          const bool fails = (w + r) % 3 == 0;
          const auto done = store_->write([&](ports::Txn& txn) -> Result<void> {
            if (auto put = txn.put_setting(name, "x"); !put) return put;
            if (fails) return reject("test.refused", "no");
            return {};
          });
          if (done.has_value() == fails) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  for (int w = 0; w < writers; ++w) {
    for (int r = 0; r < rounds; ++r) {
      const auto name = std::to_string(w) + "/" + std::to_string(r);
      EXPECT_EQ(read([&](ports::View& view) { return view.setting(name).has_value(); }), (w + r) % 3 != 0) << name;
    }
  }
}

TEST_P(StoreContract, AReadSeesOneSnapshot) {
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("value", "before")); });
  const auto done = store_->read([&](ports::View& view) -> Result<void> {
    EXPECT_EQ(view.setting("value"), "before");
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("value", "after")); });
    EXPECT_EQ(view.setting("value"), "before");
    return {};
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(read([&](ports::View& view) { return view.setting("value"); }), "after");
}

TEST_P(StoreContract, AnErrorOfAReadComesBack) {
  const auto refused = store_->read([](ports::View&) -> Result<void> { return reject("test.refused", "no"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "test.refused");
}

TEST_P(StoreContract, MoreReadersThanConnectionsTakeTurns) {
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("value", "there")); });
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i)
          good += read([](ports::View& view) { return view.setting("value") == "there" ? 1 : 0; });
      });
    }
  }
  EXPECT_EQ(good, 16 * 20);
}

TEST_P(StoreContract, EverythingSurvivesReopening) {
  auto c = stored(conversation());
  const auto m = stored(message());
  queue(job("a"));
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::opprettet, now()));
    ASSERT_TRUE(txn.put_setting("cursor", "42"));
  });
  reopen();
  EXPECT_EQ(read([&](ports::View& view) { return view.conversation(c.id)->statuses.size(); }), 1U);
  EXPECT_TRUE(read([&](ports::View& view) { return view.message(m.message_id, m.direction); }));
  EXPECT_TRUE(read([&](ports::View& view) { return view.job("send", "a"); }));
  EXPECT_EQ(read([&](ports::View& view) { return view.setting("cursor"); }), "42");
  EXPECT_TRUE(store_->check());
}

TEST_P(StoreContract, ContentIsSealedAtRest) {
  const std::string marker = "PLAINTEXT-MARKER-4711";
  auto m = message();
  m.sbd = "{\"a\":\"" + marker + "\"}";
  m = stored(m);
  m.sbd += " ";
  auto j = job("a");
  j.payload = marker;
  queue(j);
  auto held = lease(now() + minutes(2)).at(0);
  held.payload += " again";
  const auto c = stored(conversation());
  ports::Orphan orphan;
  orphan.service = ServiceIdentifier("DPO");
  orphan.sbd = marker;
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.update(m));
    ASSERT_TRUE(txn.save_progress(held));
    ASSERT_TRUE(txn.postpone(held, now(), "", true));
    ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::feil, now(), "visible", marker));
    ASSERT_TRUE(txn.insert(orphan));
    ASSERT_TRUE(txn.put_setting("control", "MARKER-IN-CLEAR"));
  });
  EXPECT_EQ(harness_->everything_stored().find(marker), std::string::npos);
  store_.reset();
  const auto everything = harness_->everything_stored();
  EXPECT_EQ(everything.find(marker), std::string::npos);
  EXPECT_NE(everything.find("MARKER-IN-CLEAR"), std::string::npos) << "the search itself works";
  reopen();
  EXPECT_EQ(read([&](ports::View& view) { return view.message(m.message_id, m.direction)->sbd; }), m.sbd);
  EXPECT_EQ(read([&](ports::View& view) { return view.job("send", "a")->payload; }), held.payload);
  EXPECT_EQ(read([&](ports::View& view) { return view.conversation(c.id)->statuses.at(0).raw_receipt; }), marker);
  EXPECT_EQ(read([&](ports::View& view) { return view.orphans(ServiceIdentifier("DPO"), 1).at(0).sbd; }), marker);
}

TEST_P(StoreContract, WhatCannotBeUnsealedIsAnErrorNotAnEmptyAnswer) {
  const auto m = stored(message());
  store_.reset();
  crypto::Key256 other_key{};
  other_key.fill(std::byte{0x11});
  const testing::TemporaryFolder folder;
  auto other_spool = open_spool({folder.path() / "spool", other_key, 16});
  ASSERT_TRUE(other_spool);
  store_ = harness_->open(**other_spool, clock_, log_);
  const auto looked = store_->read([&](ports::View& view) -> Result<void> {
    (void)view.message(m.message_id, m.direction);
    return {};
  });
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code, "spool.sealed");
  const auto written = store_->write([&](ports::Txn& txn) -> Result<void> {
    if (auto put = txn.put_setting("must", "not stay"); !put) return put;
    (void)txn.message(m.message_id, m.direction);
    return {};
  });
  ASSERT_FALSE(written);
  EXPECT_FALSE(read([&](ports::View& view) { return view.setting("must"); }));
  store_.reset();
}

TEST_P(StoreContract, ATransactionMayNotCallItsStore) {
  const auto nested =
      store_->write([&](ports::Txn&) { return store_->write([](ports::Txn&) { return Result<void>{}; }); });
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().code, "store.nested");
  EXPECT_EQ(nested.error().disposition, Disposition::bug);
}

}  // namespace kanal::store::contract

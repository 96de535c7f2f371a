// Part of store_contract.hpp: messages in hand, their files, and the client's lock.
#pragma once

#include <set>
#include <thread>

#include "store/contract/conversations.hpp"
#include "store/contract/store_contract.hpp"

namespace kanal::store::contract {

TEST_P(StoreContract, MessageRoundTripsEveryField) {
  auto m = message(Direction::incoming);
  m.queued = true;
  m.lock_until = now() + minutes(5);
  m.last_updated += seconds(1);
  m.package = blob();
  m.sbd = "{\"tekst\":\"æøå\"}";
  auto bare = message(Direction::outgoing);
  m = stored(m);
  bare = stored(bare);
  const auto found =
      read([&](ports::View& view) { return view.message(MessageId(upper(m.message_id.str())), Direction::incoming); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, m.id);
  EXPECT_EQ(found->direction, m.direction);
  EXPECT_EQ(found->message_id, m.message_id);
  EXPECT_EQ(found->conversation_id, m.conversation_id);
  EXPECT_EQ(found->service, m.service);
  EXPECT_EQ(found->process, m.process);
  EXPECT_EQ(found->sender_identifier, m.sender_identifier);
  EXPECT_EQ(found->receiver_identifier, m.receiver_identifier);
  EXPECT_EQ(found->sbd, m.sbd);
  EXPECT_EQ(found->created, m.created);
  EXPECT_EQ(found->last_updated, m.last_updated);
  EXPECT_TRUE(found->queued);
  EXPECT_EQ(found->lock_until, m.lock_until);
  ASSERT_TRUE(found->package);
  expect_same(*found->package, *m.package);
  const auto plain = read([&](ports::View& view) { return view.message(bare.message_id, Direction::outgoing); });
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->queued || plain->lock_until || plain->package);
  EXPECT_FALSE(read([&](ports::View& view) { return view.message(bare.message_id, Direction::incoming); }));
}

TEST_P(StoreContract, MessageIsUniqueByIdAndDirection) {
  const auto m = stored(message());
  auto twin = message();
  twin.message_id = MessageId(upper(m.message_id.str()));
  twin.package = blob();
  const auto refused = store_->write([&](ports::Txn& txn) { return txn.insert(twin); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.exists");
  reopen();
  EXPECT_TRUE(blob_exists(*twin.package)) << "a refused message's blob is its owner's to drop";
  twin.direction = Direction::outgoing;
  stored(twin);
}

TEST_P(StoreContract, MessageUpdateWritesWhatMayChange) {
  auto m = stored(message());
  const auto before = m;
  m.sbd = "{\"changed\":true}";
  m.queued = true;
  m.lock_until = now() + minutes(1);
  m.last_updated += seconds(7);
  m.process = "ignored";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.update(m)); });
  const auto found = read([&](ports::View& view) { return view.message(m.message_id, m.direction); });
  EXPECT_EQ(found->sbd, m.sbd);
  EXPECT_TRUE(found->queued);
  EXPECT_EQ(found->lock_until, m.lock_until);
  EXPECT_EQ(found->last_updated, m.last_updated);
  EXPECT_EQ(found->process, before.process);
  m.id += 100;
  const auto refused = store_->write([&](ports::Txn& txn) { return txn.update(m); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.not_found");
}

TEST_P(StoreContract, AttachmentsComeInOrderOfTheirNumber) {
  const auto m = stored(message(Direction::outgoing));
  const auto other = stored(message(Direction::outgoing));
  std::vector<ports::Attachment> files;
  for (const int number : {2, 1, 3}) {
    ports::Attachment a;
    a.message = m.id;
    a.number = number;
    a.filename = "vedlegg " + std::to_string(number) + ".pdf";
    a.mimetype = "application/pdf";
    if (number == 1) a.title = "Tittel";
    a.primary = number == 1;
    a.blob = number == 3 ? blob("tiny") : blob();
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(a)); });
    files.push_back(a);
  }
  const auto found = read([&](ports::View& view) { return view.attachments(m.id); });
  ASSERT_EQ(found.size(), 3U);
  for (const auto& [at, wanted] : {std::pair{0U, files[1]}, std::pair{1U, files[0]}, std::pair{2U, files[2]}}) {
    EXPECT_EQ(found[at].id, wanted.id);
    EXPECT_EQ(found[at].message, m.id);
    EXPECT_EQ(found[at].number, wanted.number);
    EXPECT_EQ(found[at].filename, wanted.filename);
    EXPECT_EQ(found[at].mimetype, wanted.mimetype);
    EXPECT_EQ(found[at].title, wanted.title);
    EXPECT_EQ(found[at].primary, wanted.primary);
    expect_same(found[at].blob, wanted.blob);
    EXPECT_TRUE(blob_exists(found[at].blob));
  }
  EXPECT_TRUE(read([&](ports::View& view) { return view.attachments(other.id); }).empty());
  auto same_number = files[0];
  EXPECT_EQ(store_->write([&](ports::Txn& txn) { return txn.insert(same_number); }).error().code, "store.exists");
  same_number.message = other.id + 100;
  EXPECT_EQ(store_->write([&](ports::Txn& txn) { return txn.insert(same_number); }).error().code, "store.not_found");
}

TEST_P(StoreContract, RemovedMessageTakesItsBlobs) {
  auto m = message(Direction::outgoing);
  m.package = blob();
  m = stored(m);
  ports::Attachment a;
  a.message = m.id;
  a.number = 1;
  a.blob = blob();
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(a)); });
  write([&](ports::Txn& txn) {
    EXPECT_EQ(txn.remove_message(m.id).value_or(false), true);
    EXPECT_EQ(txn.remove_message(m.id).value_or(true), false);
    EXPECT_FALSE(txn.message(m.message_id, m.direction));
    EXPECT_TRUE(txn.attachments(m.id).empty());
  });
  reopen();
  EXPECT_FALSE(blob_exists(*m.package));
  EXPECT_FALSE(blob_exists(a.blob));
}

TEST_P(StoreContract, ABlobLivesAsLongAsItsLastRow) {
  auto m = message();
  m.package = blob();
  m = stored(m);
  ports::Quarantined q;
  q.package = m.package;
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(q)); });
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_message(m.id)); });
  reopen();
  EXPECT_TRUE(blob_exists(*m.package));
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.discard(*m.package)); });
  reopen();
  EXPECT_TRUE(blob_exists(*m.package)) << "discarding does not take it from a row that has it";
  write([&](ports::Txn& txn) { ASSERT_TRUE(txn.remove_quarantined(q.id)); });
  reopen();
  EXPECT_FALSE(blob_exists(*m.package));
}

TEST_P(StoreContract, DiscardedBlobsGoAfterTheCommitOnly) {
  const auto a = blob();
  const auto kept = blob();
  const auto taken_again = blob();
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.discard(a));
    EXPECT_TRUE(blob_exists(a)) << "not before the commit";
  });
  EXPECT_FALSE(store_->write([&](ports::Txn& txn) -> Result<void> {
    EXPECT_TRUE(txn.discard(kept));
    return reject("test.no", "rolled back");
  }));
  write([&](ports::Txn& txn) {
    ASSERT_TRUE(txn.discard(taken_again));
    auto m = message();
    m.package = taken_again;
    ASSERT_TRUE(txn.insert(m));
  });
  reopen();
  EXPECT_FALSE(blob_exists(a));
  EXPECT_TRUE(blob_exists(kept));
  EXPECT_TRUE(blob_exists(taken_again));
}

TEST_P(StoreContract, LockNextTakesTheOldestUnlocked) {
  auto second = message();
  second.created += seconds(1);
  second = stored(second);
  const auto first = stored(message());
  auto outgoing = message(Direction::outgoing);
  outgoing.created -= hours(1);
  stored(outgoing);
  const auto next = [&](const ports::MessageQuery& query = {}) {
    std::optional<ports::Message> locked;
    write([&](ports::Txn& txn) {
      auto found = txn.lock_next(query, now(), now() + minutes(5));
      ASSERT_TRUE(found);
      locked = std::move(*found);
    });
    return locked;
  };
  const auto one = next();
  ASSERT_TRUE(one);
  EXPECT_EQ(one->message_id, first.message_id);
  EXPECT_EQ(one->lock_until, now() + minutes(5));
  EXPECT_EQ(one->sbd, first.sbd);
  EXPECT_EQ(read([&](ports::View& view) { return view.message(first.message_id, first.direction)->lock_until; }),
            now() + minutes(5));
  EXPECT_EQ(next()->message_id, second.message_id);
  EXPECT_FALSE(next()) << "all are locked";
  clock_.advance(minutes(5));
  EXPECT_EQ(next()->message_id, first.message_id) << "a lock that has run out; the order of arrival stays";
}

TEST_P(StoreContract, LockNextHonoursEveryFilterAndAllOfThem) {
  const auto put = [&](auto change) {
    auto m = message();
    change(m);
    return stored(m);
  };
  for (int i = 0; i < 5; ++i) put([](auto&) {});
  const auto by_process = put([](auto& m) { m.process = "urn:other"; });
  const auto by_sender = put([](auto& m) { m.sender_identifier = "111111111"; });
  const auto by_receiver = put([](auto& m) { m.receiver_identifier = "222222222"; });
  const auto by_service = put([](auto& m) { m.service = ServiceIdentifier("DPE"); });
  const auto by_both = put([](auto& m) {
    m.service = ServiceIdentifier("DPF");
    m.process = "urn:both";
  });
  const auto expect_next = [&](const ports::MessageQuery& query, const std::optional<ports::Message>& wanted) {
    write([&](ports::Txn& txn) {
      const auto found = txn.lock_next(query, now(), now());
      ASSERT_TRUE(found);
      ASSERT_EQ(found->has_value(), wanted.has_value());
      EXPECT_TRUE(!wanted || (*found)->message_id == wanted->message_id);
    });
  };
  ports::MessageQuery query;
  query.process = "urn:other";
  expect_next(query, by_process);
  query = {};
  query.sender_identifier = "111111111";
  expect_next(query, by_sender);
  query = {};
  query.receiver_identifier = "222222222";
  expect_next(query, by_receiver);
  query = {};
  query.service = "DPE";
  expect_next(query, by_service);
  query = {};
  query.message_id = upper(by_both.message_id.str());
  expect_next(query, by_both);
  query = {};
  query.conversation_id = upper(by_both.conversation_id.str());
  expect_next(query, by_both);
  query = {};
  query.service = "DPF";
  query.process = "urn:both";
  expect_next(query, by_both);
  query.service = "DPO";
  expect_next(query, {});
}

TEST_P(StoreContract, EightClientsNeverLockTheSameMessage) {
  constexpr int messages = 64;
  write([&](ports::Txn& txn) {
    for (int i = 0; i < messages; ++i) {
      auto m = message();
      m.created += seconds(i);
      ASSERT_TRUE(txn.insert(m));
    }
  });
  std::mutex mutex;
  std::multiset<std::int64_t> locked;
  {
    std::vector<std::jthread> clients;
    for (int c = 0; c < 8; ++c) {
      clients.emplace_back([&] {
        for (;;) {
          std::optional<ports::Message> next;
          const auto done = store_->write([&](ports::Txn& txn) -> Result<void> {
            auto found = txn.lock_next({}, now(), now() + minutes(5));
            if (!found) return failed(found);
            next = std::move(*found);
            return {};
          });
          ASSERT_TRUE(done);
          if (!next) return;
          const std::scoped_lock lock(mutex);
          locked.insert(next->id);
        }
      });
    }
  }
  EXPECT_EQ(locked.size(), static_cast<std::size_t>(messages));
  EXPECT_EQ(std::set<std::int64_t>(locked.begin(), locked.end()).size(), static_cast<std::size_t>(messages));
}

}  // namespace kanal::store::contract

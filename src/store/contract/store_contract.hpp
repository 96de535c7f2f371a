// What every store must do, whatever it is built on (ports/store.hpp). A store's test instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(StoreFactory{"sqlite", make_sqlite_harness}),
//   store_name);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/testing.hpp"
#include "ports/store.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store::contract {

using domain::ReceiptStatus;
using ports::Direction;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// One database, empty at first.
class StoreHarness {
 public:
  StoreHarness() = default;
  StoreHarness(const StoreHarness&) = delete;
  StoreHarness& operator=(const StoreHarness&) = delete;
  virtual ~StoreHarness() = default;
  /// Opens it; the one opened before is closed. Leases may be gone after that (a store of one process), fences never.
  virtual std::unique_ptr<ports::Store> open(ports::BlobStore& blobs, Clock& clock, Log& log) = 0;
  /// Every byte the store keeps, to look for what must not be there in clear.
  virtual std::string everything_stored() = 0;
};

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>()> make;
  friend void PrintTo(const StoreFactory& factory, std::ostream* out) { *out << factory.name; }
};

inline std::string store_name(const ::testing::TestParamInfo<StoreFactory>& info) { return info.param.name; }

class StoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TemporaryFolder>();
    crypto::Key256 key{};
    key.fill(std::byte{0x5a});
    // Small enough that every blob of a test can have a file or none.
    spool_ = std::move(*open_spool({folder_->path() / "spool", key, 16}));
  }
  static void TearDownTestSuite() {
    spool_.reset();
    folder_.reset();
  }
  void SetUp() override {
    harness_ = GetParam().make();
    reopen();
  }

  /// Closes and opens again; work after the commit is done then.
  void reopen() {
    store_.reset();
    store_ = harness_->open(*spool_, clock_, log_);
    ASSERT_NE(store_, nullptr);
  }

  /// A transaction that must succeed.
  template <class Work>
  void write(Work work) {
    const auto done = store_->write([&](ports::Txn& txn) -> Result<void> {
      work(txn);
      return {};
    });
    ASSERT_TRUE(done) << done.error().text();
  }
  /// What `work` finds in a snapshot.
  template <class Work>
  auto read(Work work) {
    decltype(work(std::declval<ports::View&>())) found{};
    const auto done = store_->read([&](ports::View& view) -> Result<void> {
      found = work(view);
      return {};
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().text());
    return found;
  }

  [[nodiscard]] Time now() const { return clock_.now(); }

  /// A conversation like those of the specification, with an id of its own.
  [[nodiscard]] ports::Conversation conversation(Direction direction = Direction::outgoing) const {
    ports::Conversation c;
    c.conversation_id = ConversationId(new_uuid());
    c.message_id = MessageId(new_uuid());
    c.direction = direction;
    c.service = ServiceIdentifier("DPO");
    c.sender = "0192:987464291";
    c.sender_identifier = "987464291";
    c.receiver = "0192:910076787";
    c.receiver_identifier = "910076787";
    c.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
    c.document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
    c.message_type = "arkivmelding";
    c.message_reference = c.conversation_id.str();
    c.last_update = now();
    c.expiry = now() + hours(24);
    return c;
  }
  ports::Conversation stored(ports::Conversation c) {
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(c)); });
    return c;
  }
  [[nodiscard]] ports::Message message(Direction direction = Direction::incoming) const {
    ports::Message m;
    m.direction = direction;
    m.message_id = MessageId(new_uuid());
    m.conversation_id = ConversationId(new_uuid());
    m.service = ServiceIdentifier("DPO");
    m.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
    m.sender_identifier = "987464291";
    m.receiver_identifier = "910076787";
    m.sbd = R"({"standardBusinessDocumentHeader":{}})";
    m.created = m.last_updated = now();
    return m;
  }
  ports::Message stored(ports::Message m) {
    write([&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(m)); });
    return m;
  }
  [[nodiscard]] ports::Job job(const std::string& key, const std::string& kind = "send") const {
    ports::Job j;
    j.kind = kind;
    j.key = key;
    j.service = ServiceIdentifier("DPO");
    j.payload = "{}";
    j.not_before = j.created = now();
    return j;
  }
  void queue(const ports::Job& job) {
    write([&](ports::Txn& txn) { ASSERT_EQ(txn.enqueue(job).value_or(false), true); });
  }
  std::vector<ports::Job> lease(Time until, int limit = 10, const std::string& kind = "send") {
    std::vector<ports::Job> jobs;
    write([&](ports::Txn& txn) {
      auto leased = txn.lease(kind, now(), until, limit);
      ASSERT_TRUE(leased);
      jobs = std::move(*leased);
    });
    return jobs;
  }

  /// Content longer than 16 bytes has a file.
  static ports::BlobRef blob(std::string_view content = "longer than sixteen bytes") {
    auto writer = spool_->create({.md5 = true});
    EXPECT_TRUE((*writer)->write(bytes_of(content)));
    EXPECT_TRUE((*writer)->finish());
    return (*writer)->ref();
  }
  static bool blob_exists(const ports::BlobRef& ref) { return spool_->open(ref).has_value(); }
  static void expect_same(const ports::BlobRef& a, const ports::BlobRef& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.size, b.size);
    EXPECT_EQ(a.wrapped_key, b.wrapped_key);
    EXPECT_EQ(a.inline_frames, b.inline_frames);
    EXPECT_EQ(a.sha256, b.sha256);
    EXPECT_EQ(a.md5, b.md5);
    EXPECT_EQ(a.crc32, b.crc32);
  }

  static std::unique_ptr<testing::TemporaryFolder> folder_;
  static std::unique_ptr<Spool> spool_;
  testing::ManualClock clock_;
  SilentLog log_;
  std::unique_ptr<StoreHarness> harness_;
  std::unique_ptr<ports::Store> store_;
};

inline std::unique_ptr<testing::TemporaryFolder> StoreContract::folder_;
inline std::unique_ptr<Spool> StoreContract::spool_;

}  // namespace kanal::store::contract

#include "store/contract/conversations.hpp"
#include "store/contract/guard.hpp"
#include "store/contract/jobs.hpp"
#include "store/contract/lists.hpp"
#include "store/contract/messages.hpp"
#include "store/contract/retention.hpp"
#include "store/contract/telling.hpp"
#include "store/contract/transactions.hpp"

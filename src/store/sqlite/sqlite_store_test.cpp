#include "store/sqlite/sqlite_store.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

#include "store/contract/store_contract.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite.hpp"

namespace kanal::store {
namespace contract {
namespace {

class SqliteHarness final : public StoreHarness {
 public:
  std::unique_ptr<ports::Store> open(ports::BlobStore& blobs, Clock& clock, Log& log) override {
    auto store = open_sqlite_store({folder_.path() / "kanal.db", 4}, blobs, clock, log);
    EXPECT_TRUE(store) << store.error().text();
    return store ? std::move(*store) : nullptr;
  }
  std::string everything_stored() override {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      all += testing::read_file(entry.path());
    return all;
  }

 private:
  testing::TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(StoreFactory{"sqlite", [] { return std::make_unique<SqliteHarness>(); }}),
                         store_name);

}  // namespace
}  // namespace contract

namespace {

namespace fs = std::filesystem;

class SqliteStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    spool_folder_ = std::make_unique<testing::TemporaryFolder>();
    crypto::Key256 key{};
    key.fill(std::byte{0x5a});
    spool_ = std::move(*open_spool({spool_folder_->path() / "spool", key, 16}));
  }
  static void TearDownTestSuite() {
    spool_.reset();
    spool_folder_.reset();
  }

  Result<std::unique_ptr<SqlStore>> try_open() { return open_sqlite_store({file(), 2}, *spool_, clock_, log_); }
  std::unique_ptr<SqlStore> open() {
    auto store = try_open();
    EXPECT_TRUE(store) << store.error().text();
    return std::move(*store);
  }
  [[nodiscard]] fs::path file() const { return folder_.path() / "store" / "kanal.db"; }

  static Result<void> put(ports::Store& store, const std::string& name) {
    return store.write([&](ports::Txn& txn) { return txn.put_setting(name, "x"); });
  }
  static bool has(ports::Store& store, const std::string& name) {
    bool found = false;
    EXPECT_TRUE(store.read([&](ports::View& view) -> Result<void> {
      found = view.setting(name).has_value();
      return {};
    }));
    return found;
  }
  std::int64_t number(const std::string& sql) {
    auto database = Database::open(file(), Database::Access::read_only);
    auto query = (*database)->query_once(sql, {});
    EXPECT_TRUE(query.step().value_or(false)) << sql;
    return query.integer(0);
  }

  /// The exit code of a child that runs `work`; it ends without any clean-up.
  template <class Work>
  static int in_child(Work work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  testing::TemporaryFolder folder_;
  testing::ManualClock clock_;
  SilentLog log_;
  static std::unique_ptr<testing::TemporaryFolder> spool_folder_;
  static std::unique_ptr<Spool> spool_;
};

std::unique_ptr<testing::TemporaryFolder> SqliteStoreTest::spool_folder_;
std::unique_ptr<Spool> SqliteStoreTest::spool_;

TEST_F(SqliteStoreTest, SurvivesAProcessThatEndsWithoutClosing) {
  EXPECT_EQ(in_child([&] {
              auto store = try_open();
              for (int i = 0; i < 20; ++i) {
                if (!store || !put(**store, "row " + std::to_string(i))) return 1;
              }
              return 0;
            }),
            0);
  const auto store = open();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(has(*store, "row " + std::to_string(i)));
}

TEST_F(SqliteStoreTest, SecondProcessIsRefusedUntilTheFirstIsGone) {
  auto first = open();
  const auto attempt = [&] {
    const auto second = try_open();
    return second                                                                                       ? 0
           : second.error().code == "store.locked" && second.error().disposition == Disposition::reject ? 2
                                                                                                        : 1;
  };
  EXPECT_EQ(in_child(attempt), 2);
  EXPECT_EQ(attempt(), 2) << "nor twice in one process";
  EXPECT_TRUE(put(*first, "still works"));
  first.reset();
  EXPECT_EQ(in_child(attempt), 0);
  EXPECT_TRUE(try_open()) << "the kernel frees the lock of a process that just ended";
}

TEST_F(SqliteStoreTest, LeasesOfAProcessThatEndedAreFreeAtOnce) {
  const auto lease = [&](ports::Store& store) {
    std::vector<ports::Job> jobs;
    EXPECT_TRUE(store.write([&](ports::Txn& txn) -> Result<void> {
      auto leased = txn.lease("send", clock_.now(), clock_.now() + std::chrono::minutes(2), 1);
      if (!leased) return failed(leased);
      jobs = std::move(*leased);
      return {};
    }));
    return jobs;
  };
  auto store = open();
  ASSERT_TRUE(store->write([&](ports::Txn& txn) -> Result<void> {
    ports::Job job;
    job.kind = "send";
    auto queued = txn.enqueue(job);
    if (!queued) return failed(queued);
    return {};
  }));
  const auto before = lease(*store);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_TRUE(lease(*store).empty());
  store.reset();
  store = open();
  const auto after = lease(*store);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_GT(after[0].fence, before[0].fence);
}

TEST_F(SqliteStoreTest, FilesAreForTheOwnerOnly) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "a"));
  for (const auto& entry : fs::directory_iterator(file().parent_path())) {
    EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write) << entry.path();
  }
}

TEST_F(SqliteStoreTest, WaitingWritersShareACommit) {
  const auto store = open();
  constexpr int writers = 8;
  constexpr int most_rounds = 200;
  // How many come to wait behind one commit is up to the scheduler; in one of the rounds two will.
  bool shared = false;
  int rounds = 0;
  for (; rounds < most_rounds && !shared; ++rounds) {
    const auto before = store->commits();
    std::latch start(writers);
    {
      std::vector<std::jthread> threads;
      for (int w = 0; w < writers; ++w) {
        threads.emplace_back([&, w] {
          start.arrive_and_wait();
          EXPECT_TRUE(put(*store, std::to_string(w) + "/" + std::to_string(rounds)));
        });
      }
    }
    shared = store->commits() - before < writers;
  }
  EXPECT_TRUE(shared);
  for (int w = 0; w < writers; ++w) EXPECT_TRUE(has(*store, std::to_string(w) + "/" + std::to_string(rounds - 1)));
  const auto alone = store->commits();
  ASSERT_TRUE(put(*store, "alone"));
  EXPECT_EQ(store->commits(), alone + 1);
}

TEST_F(SqliteStoreTest, KnowsTheBlobsOfItsRows) {
  const auto store = open();
  const auto blob = [&](std::string_view content) {
    auto writer = spool_->create({});
    EXPECT_TRUE((*writer)->write(bytes_of(content)));
    EXPECT_TRUE((*writer)->finish());
    return (*writer)->ref();
  };
  const auto known = blob("longer than sixteen bytes");
  const auto unknown = blob("longer than sixteen bytes");
  ASSERT_TRUE(store->write([&](ports::Txn& txn) -> Result<void> {
    ports::Job job;
    job.kind = "send";
    job.package = known;
    auto queued = txn.enqueue(job);
    if (!queued) return failed(queued);
    return {};
  }));
  EXPECT_TRUE(store->knows_blob(known.id));
  EXPECT_FALSE(store->knows_blob(unknown.id));
  ASSERT_TRUE(store->write([&](ports::Txn& txn) -> Result<void> {
    auto cancelled = txn.cancel_job("send", "");
    if (!cancelled) return failed(cancelled);
    return {};
  }));
  EXPECT_FALSE(store->knows_blob(known.id));
}

TEST_F(SqliteStoreTest, CountsAgreeWithTheRows) {
  {
    const auto store = open();
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(store->write([&](ports::Txn& txn) -> Result<void> {
        ports::Conversation c;
        c.message_id = MessageId(new_uuid());
        c.service = ServiceIdentifier(i % 2 == 0 ? "DPO" : "DPE");
        if (auto done = txn.insert(c); !done) return done;
        if (auto done = txn.add_status(c.id, domain::ReceiptStatus::sendt, clock_.now()); !done) return failed(done);
        if (i % 3 == 0) {
          if (auto done = txn.add_status(c.id, domain::ReceiptStatus::feil, clock_.now()); !done) return failed(done);
        }
        c.pollable = true;
        if (i % 5 == 0) {
          if (auto done = txn.update(c); !done) return done;
        }
        if (i % 7 == 0) {
          if (auto done = txn.remove_conversation(c.id); !done) return failed(done);
        }
        ports::Message m;
        m.message_id = c.message_id;
        if (auto done = txn.insert(m); !done) return done;
        if (i % 4 == 0) {
          if (auto done = txn.remove_message(m.id); !done) return failed(done);
        }
        ports::Job job;
        job.kind = i % 2 == 0 ? "send" : "answer";
        job.key = c.message_id.str();
        if (auto done = txn.enqueue(job); !done) return failed(done);
        return {};
      }));
    }
  }
  for (const std::string table : {"conversation", "message_status", "message", "job"}) {
    EXPECT_EQ(number("SELECT sum(n) FROM " + table + "_count"), number("SELECT count(*) FROM " + table)) << table;
  }
  EXPECT_EQ(
      number(
          "SELECT count(*) FROM (SELECT direction, service, finished, pollable, n FROM conversation_count WHERE n <> 0 "
          "EXCEPT SELECT direction, service, finished, pollable, count(*) FROM conversation GROUP BY 1, 2, 3, 4)"),
      0);
}

TEST_F(SqliteStoreTest, MigratesARunningInstallation) {
  fs::create_directories(file().parent_path());
  {
    auto database = Database::open(file(), Database::Access::read_write);
    ASSERT_TRUE(migrate(**database, migrations().first(1), clock_.now()));
    ASSERT_TRUE((*database)->script(
        "INSERT INTO conversation (conversation_id, message_id, direction, service, sender, sender_identifier, "
        "receiver, "
        "receiver_identifier, process, document_type, message_type, message_reference, message_title, last_update, "
        "expiry, "
        "finished, pollable) VALUES ('c', 'm', 0, 'DPO', '', '', '', '', '', '', '', '', 'kept', 1, 2, 0, 0);"
        "INSERT INTO message_status (conversation, at, status) VALUES (1, 1, 'SENDT');"
        "INSERT INTO message (direction, message_id, conversation_id, service, process, sender_identifier, "
        "receiver_identifier, "
        "created, last_updated, queued, sealed_sbd) VALUES (1, 'm', 'c', 'DPO', '', '', '', 1, 1, 0, x'');"
        "INSERT INTO job (kind, key, service, attempt, not_before, created, fence, last_error, sealed_payload) "
        "VALUES ('send', 'm', 'DPO', 0, 1, 1, 0, '', x'')"));
  }
  EXPECT_EQ(number("SELECT max(version) FROM schema_version"), 1);
  {
    const auto store = open();
    ASSERT_TRUE(store->read([&](ports::View& view) -> Result<void> {
      const auto found = view.conversations({}, {});
      EXPECT_EQ(found->total, 1);
      EXPECT_EQ(found->content.at(0).message_title, "kept");
      EXPECT_EQ(view.statuses({}, {})->total, 1);
      EXPECT_EQ(view.job_count("send"), 1);
      return {};
    }));
  }
  EXPECT_EQ(number("SELECT max(version) FROM schema_version"), migrations().back().version);
  EXPECT_EQ(number("SELECT count(*) FROM schema_version"), migrations().back().version);
  EXPECT_EQ(number("SELECT sum(n) FROM message_count"), 1);
}

TEST_F(SqliteStoreTest, RefusesANewerSchema) {
  open();
  {
    auto database = Database::open(file(), Database::Access::read_write);
    ASSERT_TRUE((*database)->script("INSERT INTO schema_version (version, name, applied) VALUES (1000, 'future', 0)"));
  }
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "store.newer");
  EXPECT_EQ(opened.error().disposition, Disposition::reject);
}

TEST_F(SqliteStoreTest, AFailedMigrationLeavesTheVersionBefore) {
  open();
  auto database = Database::open(file(), Database::Access::read_write);
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  const auto last = steps.back().version;
  steps.push_back({last + 1, "fine", "CREATE TABLE three (a)"});
  steps.push_back({last + 2, "broken", "CREATE TABLE four (a); CREATE TABLE four (a)"});
  const auto migrated = migrate(**database, steps, clock_.now());
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, "store.sql");
  EXPECT_EQ(number("SELECT max(version) FROM schema_version"), last + 1);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_master WHERE name IN ('three', 'four')"), 1);
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  fs::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(8192, 'x');
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "store.damaged");
  EXPECT_EQ(opened.error().disposition, Disposition::bug);
}

TEST_F(SqliteStoreTest, AFolderThatCannotBeSaysWhy) {
  folder_.write("store", "a file where the folder should be");
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "store.io");
  EXPECT_EQ(opened.error().disposition, Disposition::retry);
}

}  // namespace
}  // namespace kanal::store

#include "store/sqlite/writer.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/testing.hpp"

namespace kanal::store {
namespace {

class WriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*Database::open(folder_.path() / "test.db", Database::Access::read_write));
    ASSERT_TRUE(
        database_->script("PRAGMA foreign_keys = ON; CREATE TABLE parent (id INTEGER PRIMARY KEY);"
                          "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);"
                          "CREATE TABLE blobs (content BLOB)"));
  }

  /// Runs all pieces of work in one group, and gives their outcomes.
  std::vector<Result<void>> run_together(const std::vector<Writer::Work>& works) {
    std::vector<Result<void>> outcomes(works.size());
    std::latch holding(1);
    std::latch release(1);
    Writer writer(*database_,
                  [this](std::vector<BlobId> ids) { released_.insert(released_.end(), ids.begin(), ids.end()); });
    {
      std::jthread holder([&] {
        EXPECT_TRUE(writer.run([&](auto&) -> Result<void> {
          holding.count_down();
          release.wait();
          return {};
        }));
      });
      holding.wait();
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < works.size(); ++i) {
        threads.emplace_back([&, i] { outcomes[i] = writer.run(works[i]); });
        // One after the other into the queue, so that the order is known.
        while (writer.waiting() <= i) std::this_thread::yield();
      }
      release.count_down();
    }
    commits_ = writer.commits();
    return outcomes;
  }
  std::int64_t number(std::string_view sql) {
    auto query = database_->query(sql);
    EXPECT_TRUE(query.step().value_or(false));
    return query.integer(0);
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
  std::vector<BlobId> released_;
  std::uint64_t commits_ = 0;
};

TEST_F(WriterTest, OneCommitForAGroupAndEachFailsAlone) {
  const auto outcomes = run_together({
      [&](auto& released) {
        released.emplace_back("a");
        return database_->run("INSERT INTO parent VALUES (1)");
      },
      [&](auto& released) -> Result<void> {
        released.emplace_back("b");
        if (auto done = database_->run("INSERT INTO parent VALUES (2)"); !done) return done;
        return reject("test.no", "no");
      },
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (1)"); },
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (3)"); },
  });
  EXPECT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[1].error().code, "test.no");
  EXPECT_EQ(outcomes[2].error().code, "store.exists");
  EXPECT_TRUE(outcomes[3]);
  EXPECT_EQ(number("SELECT sum(id) FROM parent"), 4);
  EXPECT_EQ(commits_, 2U) << "the holder's and the group's";
  EXPECT_EQ(released_, std::vector{BlobId("a")});
}

TEST_F(WriterTest, AFailedCommitIsARetryForEverybody) {
  const auto outcomes = run_together({
      [&](auto& released) {
        released.emplace_back("a");
        return database_->run("INSERT INTO parent VALUES (1)");
      },
      [&](auto&) { return database_->run("INSERT INTO child VALUES (99)"); },
      [&](auto&) -> Result<void> { return reject("test.no", "no"); },
  });
  for (const auto i : {0U, 1U}) {
    ASSERT_FALSE(outcomes[i]);
    EXPECT_EQ(outcomes[i].error().code, "store.rolled_back");
    EXPECT_EQ(outcomes[i].error().disposition, Disposition::retry);
    EXPECT_EQ(outcomes[i].error().cause->code, "store.not_found");
  }
  EXPECT_EQ(outcomes[2].error().code, "test.no");
  EXPECT_EQ(number("SELECT count(*) FROM parent"), 0);
  EXPECT_FALSE(database_->in_transaction());
  EXPECT_TRUE(released_.empty());
  EXPECT_EQ(commits_, 1U);
}

TEST_F(WriterTest, AFullDiskIsARetryAndTheNextGroupWorks) {
  ASSERT_TRUE(database_->script("PRAGMA max_page_count = 20"));
  const auto fill = [&](auto&) { return database_->run("INSERT INTO blobs VALUES (zeroblob(500000))"); };
  const auto outcomes = run_together({
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (1)"); },
      fill,
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (2)"); },
  });
  ASSERT_FALSE(outcomes[1]);
  EXPECT_EQ(outcomes[1].error().code, "store.full");
  EXPECT_EQ(outcomes[1].error().disposition, Disposition::retry);
  // Whether the others were saved is SQLite's choice; they must have been told the truth.
  const std::int64_t told = (outcomes[0] ? 1 : 0) + (outcomes[2] ? 1 : 0);
  EXPECT_EQ(number("SELECT count(*) FROM parent"), told);
  EXPECT_TRUE(run_together({[&](auto&) { return database_->run("INSERT INTO parent VALUES (3)"); }})[0]);
}

TEST_F(WriterTest, ALostTransactionIsLostForAll) {
  // As SQLite does by itself after some I/O errors.
  const auto outcomes = run_together({
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (1)"); },
      [&](auto&) -> Result<void> {
        EXPECT_TRUE(database_->run("ROLLBACK"));
        return retry("store.io", "the disk failed");
      },
      [&](auto&) { return database_->run("INSERT INTO parent VALUES (2)"); },
  });
  EXPECT_EQ(outcomes[0].error().code, "store.rolled_back");
  EXPECT_EQ(outcomes[1].error().code, "store.io");
  EXPECT_EQ(outcomes[2].error().code, "store.rolled_back");
  EXPECT_EQ(number("SELECT count(*) FROM parent"), 0);
}

TEST_F(WriterTest, AGroupHasAtMostSixtyFour) {
  std::vector<Writer::Work> works(100, [&](auto&) { return database_->run("INSERT INTO parent VALUES (NULL)"); });
  for (const auto& outcome : run_together(works)) EXPECT_TRUE(outcome);
  EXPECT_EQ(number("SELECT count(*) FROM parent"), 100);
  EXPECT_EQ(commits_, 3U);
}

TEST_F(WriterTest, WaitingWorkIsFinishedAtTheEnd) {
  std::vector<std::jthread> threads;
  std::latch holding(1);
  auto writer = std::make_unique<Writer>(*database_, [](auto) {});
  std::latch release(1);
  threads.emplace_back([&, own = writer.get()] {
    EXPECT_TRUE(own->run([&](auto&) -> Result<void> {
      holding.count_down();
      release.wait();
      return {};
    }));
  });
  holding.wait();
  threads.emplace_back([&, own = writer.get()] {
    EXPECT_TRUE(own->run([&](auto&) { return database_->run("INSERT INTO parent VALUES (1)"); }));
  });
  while (writer->waiting() < 1) std::this_thread::yield();
  std::jthread closer([&] { writer.reset(); });
  release.count_down();
  closer.join();
  threads.clear();
  EXPECT_EQ(number("SELECT count(*) FROM parent"), 1);
}

TEST_F(WriterTest, StatementsSayWhatIsWrong) {
  const auto code = [&](std::string_view sql) { return database_->run(sql).error().code; };
  EXPECT_EQ(code("SELECT nonsense FROM nowhere"), "store.sql");
  EXPECT_EQ(code("this is no SQL"), "store.sql");
  ASSERT_TRUE(database_->run("CREATE TABLE strict_one (a INTEGER NOT NULL UNIQUE) STRICT"));
  EXPECT_EQ(code("INSERT INTO strict_one VALUES ('text')"), "store.sql");
  EXPECT_EQ(code("INSERT INTO strict_one VALUES (NULL)"), "store.sql");
  ASSERT_TRUE(database_->run("INSERT INTO strict_one VALUES (?)", 7));
  EXPECT_EQ(database_->run("INSERT INTO strict_one VALUES (?)", 7).error().code, "store.exists");
  const auto reader = std::move(*Database::open(folder_.path() / "test.db", Database::Access::read_only));
  EXPECT_EQ(reader->run("INSERT INTO parent VALUES (1)").error().code, "store.io");
}

TEST_F(WriterTest, AStatementMayRunInsideItself) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(database_->run("INSERT INTO parent VALUES (?)", i));
  int pairs = 0;
  auto outer = database_->query("SELECT id FROM parent");
  while (outer.step().value_or(false)) {
    auto inner = database_->query("SELECT id FROM parent");
    while (inner.step().value_or(false)) ++pairs;
  }
  EXPECT_EQ(pairs, 9);
}

}  // namespace
}  // namespace kanal::store

// What only a shared store has to do: several nodes at once, connections that break, schemas that change under others.
#include "store/postgres/postgres_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/testing.hpp"
#include "store/postgres/migrations.hpp"
#include "store/postgres/testing_cluster.hpp"
#include "store/postgres/testing_proxy.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store::postgres {
namespace {

using domain::ReceiptStatus;
using ports::Direction;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqlStore> open(const std::string& node = {}) {
    PostgresOptions options{cluster_.settings(database_), 8, node};
    options.fold_every = std::chrono::milliseconds(50);
    return open(options);
  }
  std::unique_ptr<SqlStore> open(const PostgresOptions& options) {
    auto store = open_postgres_store(options, *spool_, clock_, log_);
    EXPECT_TRUE(store) << store.error().text();
    return store ? std::move(*store) : nullptr;
  }
  template <class Work>
  static void write(ports::Store& store, Work work) {
    const auto done = store.write([&](ports::Txn& txn) -> Result<void> {
      work(txn);
      return {};
    });
    ASSERT_TRUE(done) << done.error().text();
  }
  static std::optional<std::string> setting(ports::Store& store, const std::string& name) {
    std::optional<std::string> found;
    const auto done = store.read([&](ports::View& view) -> Result<void> {
      found = view.setting(name);
      return {};
    });
    EXPECT_TRUE(done) << done.error().text();
    return found;
  }
  [[nodiscard]] ports::Conversation conversation() const {
    ports::Conversation c;
    c.conversation_id = ConversationId(new_uuid());
    c.message_id = MessageId(new_uuid());
    c.service = ServiceIdentifier("DPO");
    c.last_update = clock_.now();
    c.expiry = clock_.now() + minutes(60);
    return c;
  }
  ports::Conversation stored(ports::Store& store) {
    auto c = conversation();
    write(store, [&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(c)); });
    return c;
  }
  static std::vector<std::int64_t> feed(ports::Store& store, std::int64_t after, std::int64_t* position) {
    std::vector<std::int64_t> told;
    const auto done = store.write([&](ports::Txn& txn) -> Result<void> {
      told.clear();
      const auto entries = txn.feed(after, 100);
      if (!entries) return failed(entries);
      for (const auto& entry : *entries) {
        told.push_back(entry.status.conversation);
        *position = entry.position;
      }
      return {};
    });
    EXPECT_TRUE(done) << done.error().text();
    return told;
  }
  std::unique_ptr<Connection> connect() {
    auto connection = Connection::open(cluster_.settings(database_));
    EXPECT_TRUE(connection);
    return std::move(*connection);
  }

  static std::unique_ptr<Spool> make_spool(const std::filesystem::path& folder) {
    crypto::Key256 key{};
    key.fill(std::byte{0x5a});
    return std::move(*open_spool({folder, key}));
  }

  TestCluster& cluster_ = TestCluster::get();
  std::string database_ = cluster_.new_database();
  testing::TemporaryFolder folder_;
  testing::ManualClock clock_;
  SilentLog log_;
  std::unique_ptr<Spool> spool_ = make_spool(folder_.path() / "spool");
};

TEST_F(PostgresStoreTest, TheFeedFollowsCommitsNotIds) {
  const auto one = open();
  const auto two = open();
  const auto early = stored(*one);
  const auto late = stored(*two);
  // A status gets its id now, and is committed only after another one.
  auto slow = connect();
  ASSERT_TRUE(slow->script("BEGIN"));
  ASSERT_TRUE(slow->run("INSERT INTO message_status (conversation, at, status) VALUES (?, 0, 'SENDT')", early.id));
  write(*two, [&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(late.id, ReceiptStatus::sendt, clock_.now())); });
  std::int64_t position = 0;
  EXPECT_THAT(feed(*one, 0, &position), ElementsAre(late.id));
  ASSERT_TRUE(slow->script("COMMIT"));
  EXPECT_THAT(feed(*two, position, &position), ElementsAre(early.id));
  EXPECT_THAT(feed(*one, 0, &position), ElementsAre(late.id, early.id));
}

TEST_F(PostgresStoreTest, NodesThatReadTheFeedAtOnceAgree) {
  const auto one = open();
  const auto two = open();
  constexpr int many = 40;
  std::vector<ports::Conversation> all;
  for (int i = 0; i < many; ++i) all.push_back(stored(*one));
  std::vector<std::int64_t> told_one;
  std::vector<std::int64_t> told_two;
  {
    const auto follow = [this](ports::Store& store, std::vector<std::int64_t>& told) {
      std::int64_t position = 0;
      for (int round = 0; round < 5000 && told.size() < many; ++round) {
        for (const auto id : feed(store, position, &position)) told.push_back(id);
      }
    };
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { follow(*one, told_one); });
    threads.emplace_back([&] { follow(*two, told_two); });
    for (auto* store : {one.get(), two.get()}) {
      threads.emplace_back([&, store] {
        for (std::size_t i = store == one.get() ? 0 : 1; i < all.size(); i += 2) {
          write(*store, [&](ports::Txn& txn) {
            (void)txn.add_status(all[i].id, ReceiptStatus::sendt, clock_.now()).has_value();
          });
        }
      });
    }
  }
  EXPECT_EQ(told_one.size(), static_cast<std::size_t>(many));
  EXPECT_EQ(told_one, told_two);
}

TEST_F(PostgresStoreTest, ClientsOfSeveralNodesNeverSeeAFalseEnd) {
  const auto one = open();
  const auto two = open();
  constexpr int many = 24;
  for (int i = 0; i < many; ++i) {
    ports::Message m;
    m.direction = Direction::incoming;
    m.message_id = MessageId(new_uuid());
    m.service = ServiceIdentifier("DPO");
    m.created = clock_.now();
    write(*one, [&](ports::Txn& txn) { ASSERT_TRUE(txn.insert(m)); });
  }
  std::mutex mutex;
  std::vector<std::string> locked;
  {
    std::vector<std::jthread> clients;
    for (int c = 0; c < many; ++c) {
      clients.emplace_back([&, store = c % 2 == 0 ? one.get() : two.get()] {
        std::string found = "none";
        const auto done = store->write([&](ports::Txn& txn) -> Result<void> {
          found = "none";
          ports::MessageQuery query;
          query.direction = Direction::incoming;
          auto next = txn.lock_next(query, clock_.now(), clock_.now() + minutes(5));
          if (!next) return failed(next);
          if (*next) found = (*next)->message_id.str();
          return {};
        });
        EXPECT_TRUE(done) << done.error().text();
        const std::scoped_lock lock(mutex);
        locked.push_back(found);
      });
    }
  }
  EXPECT_EQ(std::ranges::count(locked, "none"), 0);
  std::ranges::sort(locked);
  EXPECT_EQ(std::ranges::adjacent_find(locked), locked.end());
  EXPECT_EQ(locked.size(), static_cast<std::size_t>(many));
}

TEST_F(PostgresStoreTest, ANodeThatStartsAgainFreesItsOwnLeasesOnly) {
  auto one = open("node one");
  const auto two = open("node two");
  for (const auto* key : {"a", "b"}) {
    ports::Job job;
    job.kind = "send";
    job.key = key;
    job.service = ServiceIdentifier("DPO");
    job.not_before = job.created = clock_.now();
    write(*one, [&](ports::Txn& txn) { ASSERT_TRUE(txn.enqueue(job)); });
  }
  const auto lease = [&](ports::Store& store, int limit) {
    std::vector<std::string> keys;
    write(store, [&](ports::Txn& txn) {
      keys.clear();
      const auto jobs = txn.lease("send", clock_.now(), clock_.now() + minutes(2), limit);
      ASSERT_TRUE(jobs);
      for (const auto& job : *jobs) keys.push_back(job.key);
    });
    return keys;
  };
  EXPECT_THAT(lease(*one, 1), ElementsAre("a"));
  EXPECT_THAT(lease(*two, 1), ElementsAre("b"));
  EXPECT_TRUE(lease(*two, 10).empty());
  one.reset();
  EXPECT_TRUE(lease(*two, 10).empty()) << "it may only be slow";
  one = open("node one");
  EXPECT_THAT(lease(*one, 10), ElementsAre("a"));
}

TEST_F(PostgresStoreTest, OneNodeAtATimeHasATurn) {
  auto one = open("node one");
  const auto two = open("node two");
  const auto take = [&](ports::Store& store) {
    bool taken = false;
    write(store, [&](ports::Txn& txn) {
      taken = txn.take_turn("poll", clock_.now(), clock_.now() + minutes(3)).value_or(false);
    });
    return taken;
  };
  EXPECT_TRUE(take(*one));
  EXPECT_FALSE(take(*two));
  clock_.advance(minutes(2));
  EXPECT_TRUE(take(*one)) << "kept, for three more minutes";
  clock_.advance(minutes(2));
  EXPECT_FALSE(take(*two));
  clock_.advance(minutes(1));
  EXPECT_TRUE(take(*two));
  EXPECT_FALSE(take(*one));
  // Its own turns are free when it starts again.
  clock_.advance(minutes(4));
  EXPECT_TRUE(take(*one));
  one.reset();
  EXPECT_FALSE(take(*two));
  one = open("node one");
  EXPECT_TRUE(take(*two));
}

TEST_F(PostgresStoreTest, ManyNodesWantATurnAndOneGetsIt) {
  const auto one = open("node one");
  const auto two = open("node two");
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> taken = 0;
    {
      std::vector<std::jthread> threads;
      for (auto* store : {one.get(), two.get()}) {
        threads.emplace_back([&, store] {
          bool mine = false;
          write(*store, [&](ports::Txn& txn) {
            mine = txn.take_turn("race", clock_.now(), clock_.now() + seconds(30)).value_or(false);
          });
          taken += mine ? 1 : 0;
        });
      }
    }
    EXPECT_EQ(taken, 1);
    clock_.advance(seconds(31));
  }
}

TEST_F(PostgresStoreTest, NoChangeIsLostBetweenNodes) {
  const auto one = open();
  const auto two = open();
  write(*one, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("sum", "0")); });
  {
    std::vector<std::jthread> threads;
    for (auto* store : {one.get(), two.get()}) {
      threads.emplace_back([&, store] {
        for (int i = 0; i < 50; ++i) {
          const auto done = store->write([](ports::Txn& txn) -> Result<void> {
            return txn.put_setting("sum", std::to_string(std::stoi(txn.setting("sum").value_or("0")) + 1));
          });
          EXPECT_TRUE(done) << done.error().text();
        }
      });
    }
  }
  EXPECT_EQ(setting(*one, "sum"), "100");
}

TEST_F(PostgresStoreTest, CountersAreFoldedAndStayRight) {
  const auto store = open();
  for (int i = 0; i < 30; ++i) (void)stored(*store);
  for (int i = 0; i < 200 && cluster_.value(database_, "SELECT count(*)::text FROM conversation_count") != "1"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(cluster_.value(database_, "SELECT count(*) || ' ' || sum(n) FROM conversation_count"), "1 30");
}

TEST_F(PostgresStoreTest, NodesHearOfEachOther) {
  const auto one = open();
  const auto two = open();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  std::atomic<int> heard = 0;
  two->listen([&](ports::Change change) { heard += change == ports::Change::status ? 1 : 0; });
  const auto c = stored(*one);
  // Its connection may just have been opened, and then it hears of nothing in particular.
  const int before = heard;
  write(*one, [&](ports::Txn& txn) { ASSERT_TRUE(txn.add_status(c.id, ReceiptStatus::sendt, clock_.now())); });
  for (int i = 0; i < 300 && heard == before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(heard, before);
  two->listen({});
}

TEST_F(PostgresStoreTest, WorkWhoseConnectionBreaksIsDoneAgain) {
  const auto store = open();
  int runs = 0;
  write(*store, [&](ports::Txn& txn) {
    ASSERT_TRUE(txn.put_setting("kept", std::to_string(++runs)) || runs == 1);
    if (runs == 1) {
      cluster_.script(database_,
                      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                      "AND state = 'idle in transaction'");
    }
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(setting(*store, "kept"), "2");
}

TEST_F(PostgresStoreTest, ServerThatCrashesAndComesBackIsFoundAgain) {
  const auto store = open();
  write(*store, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("before", "there")); });
  cluster_.restart(true);
  EXPECT_EQ(setting(*store, "before"), "there");
  write(*store, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("after", "there")); });
  EXPECT_EQ(setting(*store, "after"), "there");
  EXPECT_TRUE(store->check());
}

TEST_F(PostgresStoreTest, ACommitWhoseAnswerIsLostCountsOnce) {
  Proxy proxy(cluster_.port());
  PostgresOptions options{cluster_.settings(database_), 8, "node"};
  options.connect.parameters[1].second = std::to_string(proxy.port());
  const auto store = open(options);
  write(*store, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("sum", "0")); });
  int runs = 0;
  proxy.lose_answer_to_next_commit();
  const auto done = store->write([&](ports::Txn& txn) -> Result<void> {
    ++runs;
    return txn.put_setting("sum", std::to_string(std::stoi(txn.setting("sum").value_or("0")) + 1));
  });
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(proxy.lost_one());
  EXPECT_EQ(runs, 1) << "it was committed";
  EXPECT_EQ(setting(*store, "sum"), "1");
}

TEST_F(PostgresStoreTest, ACommitThatNeverArrivedIsDoneAgain) {
  Proxy proxy(cluster_.port());
  PostgresOptions options{cluster_.settings(database_), 8, "node"};
  options.connect.parameters[1].second = std::to_string(proxy.port());
  const auto store = open(options);
  write(*store, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting("sum", "0")); });
  int runs = 0;
  proxy.lose_next_commit();
  const auto done = store->write([&](ports::Txn& txn) -> Result<void> {
    ++runs;
    return txn.put_setting("sum", std::to_string(std::stoi(txn.setting("sum").value_or("0")) + 1));
  });
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(proxy.lost_one());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(setting(*store, "sum"), "1");
}

TEST_F(PostgresStoreTest, AnIgnoredFailureDoesNotPassForACommit) {
  const auto store = open();
  const auto done = store->write([&](ports::Txn& txn) -> Result<void> {
    if (auto put = txn.put_setting("half", "done"); !put) return put;
    ports::Job broken;
    broken.kind = "send";
    ports::Conversation c = conversation();
    c.last_update = Time::max();
    (void)txn.add_status(-1, ReceiptStatus::sendt, clock_.now()).has_value();
    return {};
  });
  // A missing row is no failure of the database.
  ASSERT_TRUE(done);
  EXPECT_EQ(setting(*store, "half"), "done");
  cluster_.script(database_, "ALTER TABLE setting ADD CHECK (name <> 'refused')");
  const auto refused = store->write([&](ports::Txn& txn) -> Result<void> {
    if (auto put = txn.put_setting("other", "done"); !put) return put;
    (void)txn.put_setting("refused", "SECRET-VALUE").has_value();
    return {};
  });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), Not(HasSubstr("SECRET-VALUE")));
  EXPECT_FALSE(setting(*store, "other"));
}

TEST_F(PostgresStoreTest, TextThatPostgresCannotKeepIsMended) {
  const auto store = open();
  write(*store, [](ports::Txn& txn) { ASSERT_TRUE(txn.put_setting(std::string("n\0", 2), "a\xff")); });
  EXPECT_EQ(setting(*store, std::string("n\0", 2)), "a\xEF\xBF\xBD");
}

TEST_F(PostgresStoreTest, NodesMigrateOneAfterTheOther) {
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto connection = connect();
      good += migrate(*connection, migrations(), clock_.now()) ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(cluster_.value(database_, "SELECT count(*)::text FROM schema_version"),
            std::to_string(migrations().size()));
}

TEST_F(PostgresStoreTest, AKilledMigrationLeavesNothingAndBlocksNobody) {
  {
    auto killed = connect();
    ASSERT_TRUE(
        killed->script("BEGIN; SELECT pg_advisory_xact_lock(7310200901); CREATE TABLE conversation (id BIGINT)"));
    auto settings = cluster_.settings(database_);
    settings.lock_timeout = std::chrono::milliseconds(200);
    auto impatient = Connection::open(settings);
    const auto refused = migrate(**impatient, migrations(), clock_.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store.busy");
    EXPECT_THAT(refused.error().text(), HasSubstr("process"));
  }
  EXPECT_NE(open(), nullptr);
}

TEST_F(PostgresStoreTest, NewerSchemaIsLeftAlone) {
  (void)open();
  cluster_.script(database_, "INSERT INTO schema_version VALUES (999, 'later', 0)");
  const auto refused = open_postgres_store({cluster_.settings(database_), 8}, *spool_, clock_, log_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.newer");
}

TEST_F(PostgresStoreTest, WhoIsNotLetInIsToldWhatToCheck) {
  auto wrong = cluster_.settings(database_);
  wrong.parameters.back().second = "wrong";
  auto refused = open_postgres_store({wrong, 8}, *spool_, clock_, log_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.access");
  EXPECT_EQ(refused.error().disposition, Disposition::reject);
  refused = open_postgres_store({cluster_.settings("nowhere"), 8}, *spool_, clock_, log_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.access");
  auto away = cluster_.settings(database_);
  away.parameters[1].second = "1";
  refused = open_postgres_store({away, 8}, *spool_, clock_, log_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.io");
  EXPECT_EQ(refused.error().disposition, Disposition::retry);
}

}  // namespace
}  // namespace kanal::store::postgres

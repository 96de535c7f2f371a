#include "store/postgres/postgres_store.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_set>

#include "store/common/remover.hpp"
#include "store/postgres/background.hpp"
#include "store/postgres/migrations.hpp"
#include "store/postgres/pool.hpp"
#include "store/postgres/postgres_txn.hpp"

namespace kanal::store::postgres {
namespace {

using std::chrono::milliseconds;

constexpr int most_attempts = 12;
constexpr milliseconds longest_pause{400};
/// How long a transaction whose answer was lost is asked for.
constexpr int most_questions = 50;
constexpr milliseconds between_questions{200};

/// Pauses grow and differ, so that two who met once do not meet again.
milliseconds pause_before(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto most = std::min<std::int64_t>(longest_pause.count(), std::int64_t{2} << attempt);
  return milliseconds(std::uniform_int_distribution<std::int64_t>(1, most)(random));
}

/// Rolled back unless committed, also when an exception passes.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!ended_) connection_.rollback();
  }
  Committed commit() {
    ended_ = true;
    return connection_.commit();
  }

 private:
  Connection& connection_;
  bool ended_ = false;
};

class PostgresStore final : public SqlStore {
 public:
  PostgresStore(const PostgresOptions& options, ports::BlobStore& blobs, Clock& clock, Log& log)
      : node_(options.node),
        blobs_(blobs),
        clock_(clock),
        writers_(options.connect, std::max(1, (options.connections - 1) / 2)),
        readers_(options.connect, std::max(1, options.connections - 1 - std::max(1, (options.connections - 1) / 2))),
        remover_(blobs, log),
        background_(
            options.connect, [this](ports::Change change) { tell(change); }, options.fold_every, log) {}

  Result<void> write(const std::function<Result<void>(ports::Txn&)>& work) override;
  Result<void> read(const std::function<Result<void>(ports::View&)>& work) override;

  void listen(std::function<void(ports::Change)> told) override {
    const std::scoped_lock lock(listener_mutex_);
    listener_ = std::move(told);
  }

  Result<void> check() override {
    auto connection = readers_.take();
    if (!connection) return failed(connection);
    return (*connection)->run("SELECT max(version) FROM schema_version");
  }

  [[nodiscard]] bool knows_blob(const BlobId& id) override {
    bool known = true;
    auto looked = read_as_txn([&](PostgresTxn& view) -> Result<void> {
      known = view.knows(id);
      return {};
    });
    return known || !looked;
  }

  [[nodiscard]] std::uint64_t commits() const override { return commits_; }

 private:
  /// What came of one try.
  struct Attempt {
    Result<void> outcome{};
    bool again = false;
    std::vector<BlobId> released{};
    bool status = false;
    bool job = false;
  };
  Attempt try_write(const std::function<Result<void>(ports::Txn&)>& work);
  Attempt finish(Committed committed, Attempt attempt);
  /// What became of a transaction whose answer was lost: true when it is committed.
  Result<bool> became(const std::string& transaction);
  Result<void> read_as_txn(const std::function<Result<void>(PostgresTxn&)>& work);
  Result<void> try_read(const std::function<Result<void>(PostgresTxn&)>& work, bool& again);

  void tell(ports::Change change) {
    const std::scoped_lock lock(listener_mutex_);
    if (listener_) listener_(change);
  }

  /// Marks the thread that runs a transaction's work, which must not call the store.
  class Inside {
   public:
    explicit Inside(PostgresStore& store) : store_(store) {
      const std::scoped_lock lock(store_.inside_mutex_);
      entered_ = store_.inside_.insert(std::this_thread::get_id()).second;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
      if (!entered_) return;
      const std::scoped_lock lock(store_.inside_mutex_);
      store_.inside_.erase(std::this_thread::get_id());
    }
    [[nodiscard]] bool entered() const { return entered_; }

   private:
    PostgresStore& store_;
    bool entered_ = false;
  };
  [[nodiscard]] bool is_inside() {
    const std::scoped_lock lock(inside_mutex_);
    return inside_.contains(std::this_thread::get_id());
  }

  std::mutex listener_mutex_;
  std::function<void(ports::Change)> listener_;
  std::mutex inside_mutex_;
  std::unordered_set<std::thread::id> inside_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::string node_;
  ports::BlobStore& blobs_;
  Clock& clock_;
  Pool writers_;
  Pool readers_;
  Remover remover_;
  Background background_;
};

Result<bool> PostgresStore::became(const std::string& transaction) {
  for (int question = 0; question < most_questions; ++question) {
    std::this_thread::sleep_for(between_questions);
    auto connection = writers_.take();
    if (!connection) continue;
    auto row = (*connection)->query("SELECT pg_xact_status(?::text::xid8)", transaction);
    auto there = row.step();
    // A transaction that this server has not reached yet: it took over without it.
    if (!there && (*connection)->usable()) return false;
    if (!there || !*there) continue;
    const auto status = row.optional_text(0);
    if (status == "committed") return true;
    if (status == "aborted") return false;
  }
  return retry("store.io",
               "the connection to the database was lost during a commit, and whether that happened is not known");
}

PostgresStore::Attempt PostgresStore::finish(Committed committed, Attempt attempt) {
  attempt.outcome = std::move(committed.result);
  if (attempt.outcome || !committed.unknown) return attempt;
  auto done = became(*committed.unknown);
  if (!done) {
    attempt.outcome = failed(done);
  } else if (*done) {
    attempt.outcome = {};
  } else {
    attempt.again = true;
  }
  return attempt;
}

PostgresStore::Attempt PostgresStore::try_write(const std::function<Result<void>(ports::Txn&)>& work) {
  Attempt attempt;
  std::optional<std::string> unknown;
  Committed committed;
  {
    auto connection = writers_.take();
    if (!connection) {
      attempt.outcome = failed(connection);
      return attempt;
    }
    attempt.outcome = (*connection)->begin(Connection::Mode::write);
    if (!attempt.outcome) {
      attempt.again = !(*connection)->usable();
      return attempt;
    }
    Transaction transaction(**connection);
    PostgresTxn txn(**connection, blobs_, clock_, node_);
    attempt.outcome = txn.conclude(work(txn), &attempt.released);
    attempt.again = (*connection)->conflicted() || !(*connection)->usable();
    if (!attempt.outcome || attempt.again) return attempt;
    attempt.status = txn.added_status();
    attempt.job = txn.added_job();
    committed = transaction.commit();
    attempt.again =
        !committed.result && !committed.unknown && ((*connection)->conflicted() || !(*connection)->usable());
  }
  return finish(std::move(committed), std::move(attempt));
}

Result<void> PostgresStore::write(const std::function<Result<void>(ports::Txn&)>& work) {
  const Inside inside(*this);
  if (!inside.entered()) return bug("store.nested", "a transaction called the store it is part of");
  for (int number = 1;; ++number) {
    auto attempt = try_write(work);
    if (attempt.again && number < most_attempts) {
      std::this_thread::sleep_for(pause_before(number));
      continue;
    }
    if (attempt.again) {
      return retry("store.busy",
                   "the database is too busy: this was tried many times, and always met other work or a "
                   "broken connection");
    }
    if (!attempt.outcome) return attempt.outcome;
    ++commits_;
    if (!attempt.released.empty()) remover_.remove(std::move(attempt.released));
    background_.committed(attempt.status, attempt.job);
    if (attempt.status) tell(ports::Change::status);
    if (attempt.job) tell(ports::Change::job);
    return {};
  }
}

Result<void> PostgresStore::try_read(const std::function<Result<void>(PostgresTxn&)>& work, bool& again) {
  auto connection = readers_.take();
  if (!connection) return failed(connection);
  auto begun = (*connection)->begin(Connection::Mode::read);
  again = !begun && !(*connection)->usable();
  if (!begun) return begun;
  const Transaction transaction(**connection);
  PostgresTxn view(**connection, blobs_, clock_, node_);
  auto outcome = view.conclude(work(view), nullptr);
  again = !(*connection)->usable();
  return outcome;
}

Result<void> PostgresStore::read_as_txn(const std::function<Result<void>(PostgresTxn&)>& work) {
  if (is_inside()) return bug("store.nested", "a transaction called the store it is part of");
  for (int number = 1;; ++number) {
    bool again = false;
    auto outcome = try_read(work, again);
    if (outcome || !again || number == most_attempts) return outcome;
    std::this_thread::sleep_for(pause_before(number));
  }
}

Result<void> PostgresStore::read(const std::function<Result<void>(ports::View&)>& work) {
  return read_as_txn([&](PostgresTxn& view) { return work(view); });
}

/// What this node held when it ended is nobody's now.
Result<void> free_own(Connection& connection, const std::string& node) {
  if (node.empty()) return {};
  auto freed =
      connection.run("UPDATE job SET leased_until = NULL WHERE leased_by = ? AND leased_until IS NOT NULL", node);
  return freed ? connection.run("DELETE FROM turn WHERE holder = ?", node) : freed;
}

}  // namespace

Result<std::unique_ptr<SqlStore>> open_postgres_store(const PostgresOptions& options, ports::BlobStore& blobs,
                                                      Clock& clock, Log& log) {
  {
    auto connection = Connection::open(options.connect);
    if (!connection) return failed(connection);
    if (auto migrated = migrate(**connection, migrations(), clock.now()); !migrated) return failed(migrated);
    if (auto freed = free_own(**connection, options.node); !freed) return failed(freed);
  }
  auto named = options;
  if (named.node.empty()) named.node = new_uuid();
  return std::make_unique<PostgresStore>(named, blobs, clock, log);
}

}  // namespace kanal::store::postgres

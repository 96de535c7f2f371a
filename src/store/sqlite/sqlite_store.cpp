#include "store/sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/sqlite/migrations.hpp"
#include "store/sqlite/remover.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/sqlite/sqlite_txn.hpp"
#include "store/sqlite/writer.hpp"

namespace kanal::store {
namespace {

/// An advisory lock on `<file>.lock`; the kernel frees it however the process ends.
class ProcessLock {
 public:
  static Result<ProcessLock> take(const std::filesystem::path& file) {
    const std::string path = file.string() + ".lock";
    const int handle = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (handle < 0) return retry("store.io", fmt::format("{}: {}", path, std::strerror(errno)));
    if (::flock(handle, LOCK_EX | LOCK_NB) != 0) {
      ::close(handle);
      return reject("store.locked", fmt::format("{} is in use by another process: is this installation running already?", file.string()));
    }
    return ProcessLock(handle);
  }
  ProcessLock(ProcessLock&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  ProcessLock& operator=(ProcessLock&&) = delete;
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;
  ~ProcessLock() {
    if (handle_ >= 0) ::close(handle_);
  }

 private:
  explicit ProcessLock(int handle) : handle_(handle) {}
  int handle_;
};

/// Read connections, lent one at a time.
class Readers {
 public:
  explicit Readers(std::vector<std::unique_ptr<Database>> connections) : idle_(std::move(connections)) {}
  std::unique_ptr<Database> take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void give_back(std::unique_ptr<Database> connection) {
    {
      const std::scoped_lock lock(mutex_);
      idle_.push_back(std::move(connection));
    }
    returned_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Database>> idle_;
};

class OpenStore final : public SqliteStore {
 public:
  OpenStore(ProcessLock lock, std::unique_ptr<Database> database, std::vector<std::unique_ptr<Database>> readers,
            ports::BlobStore& blobs, Clock& clock, Log& log)
      : lock_(std::move(lock)),
        database_(std::move(database)),
        readers_(std::move(readers)),
        blobs_(blobs),
        clock_(clock),
        remover_(blobs, log),
        writer_(*database_, [this](std::vector<BlobId> released) { remover_.remove(std::move(released)); }) {}

  Result<void> write(const std::function<Result<void>(ports::Txn&)>& work) override {
    return writer_.run([&](std::vector<BlobId>& released) -> Result<void> {
      SqliteTxn txn(*database_, blobs_, clock_);
      auto outcome = work(txn);
      return txn.conclude(std::move(outcome), &released);
    });
  }

  Result<void> read(const std::function<Result<void>(ports::View&)>& work) override {
    return on_reader([&](Database& connection) -> Result<void> {
      if (auto begun = connection.run("BEGIN"); !begun) return begun;
      SqliteTxn view(connection, blobs_, clock_);
      auto outcome = view.conclude(work(view), nullptr);
      auto ended = connection.run("COMMIT");
      return outcome ? ended : outcome;
    });
  }

  Result<void> check() override {
    return on_reader([](Database& connection) -> Result<void> {
      auto statement = connection.query("SELECT 1 FROM schema_version LIMIT 1");
      auto row = statement.step();
      if (!row) return failed(row);
      return {};
    });
  }

  bool knows_blob(const BlobId& id) override {
    bool known = true;  // when in doubt a blob stays
    (void)on_reader([&](Database& connection) -> Result<void> {
      SqliteTxn view(connection, blobs_, clock_);
      const bool found = view.knows(id);
      if (auto readable = view.conclude({}, nullptr); readable) known = found;
      return {};
    }).has_value();
    return known;
  }

 private:
  Result<void> on_reader(const std::function<Result<void>(Database&)>& use) {
    /// Gives the connection back however the work ends.
    struct Lent {
      Readers& readers;
      std::unique_ptr<Database> connection;
      ~Lent() {
        if (connection->in_transaction()) (void)connection->run("ROLLBACK").has_value();
        readers.give_back(std::move(connection));
      }
    } lent{readers_, readers_.take()};
    return use(*lent.connection);
  }

  ProcessLock lock_;
  std::unique_ptr<Database> database_;
  Readers readers_;
  ports::BlobStore& blobs_;
  Clock& clock_;
  Remover remover_;
  Writer writer_;
};

}  // namespace

Result<std::unique_ptr<SqliteStore>> open_sqlite_store(const SqliteOptions& options, ports::BlobStore& blobs, Clock& clock,
                                                       Log& log) {
  std::error_code error;
  std::filesystem::create_directories(options.file.parent_path(), error);
  auto lock = ProcessLock::take(options.file);
  if (!lock) return failed(lock);
  auto database = Database::open(options.file, Database::Access::read_write);
  if (!database) return failed(database);
  if (auto migrated = migrate(**database, migrations(), clock.now()); !migrated) return failed(migrated);
  // The lock proves that no other process works on these jobs: what a crash left leased is free at once.
  if (auto freed = (*database)->run("UPDATE job SET leased_until = NULL WHERE leased_until IS NOT NULL"); !freed) {
    return failed(freed);
  }
  std::vector<std::unique_ptr<Database>> readers;
  for (int i = 0; i < options.read_connections; ++i) {
    auto reader = Database::open(options.file, Database::Access::read_only);
    if (!reader) return failed(reader);
    readers.push_back(std::move(*reader));
  }
  return std::make_unique<OpenStore>(std::move(*lock), std::move(*database), std::move(readers), blobs, clock, log);
}

}  // namespace kanal::store

#include "store/sqlite/sqlite_store.hpp"

#include <fcntl.h>

#include <mutex>

#include <fmt/format.h>

#include "store/common/remover.hpp"
#include "store/spool/files.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/sqlite_txn.hpp"
#include "store/sqlite/writer.hpp"

namespace kanal::store {
namespace {

namespace fs = std::filesystem;

// What a sealed column holds is worthless without its key, so freed pages are not overwritten (secure_delete costs
// writes). The log is folded back at 16 MiB and never stays larger than 64 MiB.
constexpr std::string_view writer_settings = R"sql(
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 4096;
PRAGMA journal_size_limit = 67108864;
)sql";

Result<void> use_wal(Database& database) {
  auto mode = database.query("PRAGMA journal_mode = WAL");
  auto row = mode.step();
  if (!row) return failed(row);
  if (*row && mode.text(0) == "wal") return {};
  return retry("store.io", "the database cannot keep a write-ahead log there: put it on a local disk");
}

tl::unexpected<Error> cannot_open(const Error& cause) {
  return failed(Error{"store.io", cause.message, Disposition::retry, {}, {}},
                "the database cannot be opened: check its folder and the rights there");
}

/// The process lock, and the database file with rights for its owner only; SQLite gives its other files the same.
Result<File> lock_file(const fs::path& file) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  auto lock = File::open(fs::path(file).concat(".lock"), O_RDWR | O_CREAT);
  if (!lock) return cannot_open(lock.error());
  if (!lock->try_lock()) {
    return reject("store.locked",
                  fmt::format("another process has the database {} open: stop it first", file.string()));
  }
  // Only now: closing a file that SQLite has open in this process would drop SQLite's own locks.
  if (auto database = File::open(file, O_RDWR | O_CREAT); !database) return cannot_open(database.error());
  return lock;
}

class EmbeddedStore final : public SqlStore {
 public:
  EmbeddedStore(File lock, std::unique_ptr<Database> database, std::unique_ptr<Readers> readers,
                ports::BlobStore& blobs, Clock& clock, Log& log)
      : lock_(std::move(lock)),
        blobs_(blobs),
        clock_(clock),
        database_(std::move(database)),
        readers_(std::move(readers)),
        remover_(blobs, log),
        writer_(*database_, [this](std::vector<BlobId> ids) { remover_.remove(std::move(ids)); }) {}

  Result<void> write(const std::function<Result<void>(ports::Txn&)>& work) override {
    bool status = false;
    bool job = false;
    auto written = writer_.run([&](std::vector<BlobId>& released) {
      SqliteTxn txn(*database_, blobs_, clock_);
      auto outcome = txn.conclude(work(txn), &released);
      status = txn.added_status();
      job = txn.added_job();
      return outcome;
    });
    if (written && (status || job)) tell(status, job);
    return written;
  }

  void listen(std::function<void(ports::Change)> told) override {
    const std::scoped_lock lock(listener_mutex_);
    listener_ = std::move(told);
  }

  Result<void> read(const std::function<Result<void>(ports::View&)>& work) override {
    if (writer_.is_own_thread()) return bug("store.nested", "a transaction called the store it is part of");
    return readers_->run([&](Database& database) {
      SqliteTxn view(database, blobs_, clock_);
      return view.conclude(work(view), nullptr);
    });
  }

  Result<void> check() override {
    return readers_->run([](Database& database) { return database.run("SELECT max(version) FROM schema_version"); });
  }

  [[nodiscard]] bool knows_blob(const BlobId& id) override {
    bool known = true;
    auto looked = readers_->run([&](Database& database) {
      SqliteTxn view(database, blobs_, clock_);
      known = view.knows(id);
      return view.conclude({}, nullptr);
    });
    return known || !looked;
  }

  [[nodiscard]] std::uint64_t commits() const override { return writer_.commits(); }

 private:
  void tell(bool status, bool job) {
    const std::scoped_lock lock(listener_mutex_);
    if (!listener_) return;
    if (status) listener_(ports::Change::status);
    if (job) listener_(ports::Change::job);
  }

  std::mutex listener_mutex_;
  std::function<void(ports::Change)> listener_;
  // In this order: the writer ends first, then what it hands blobs to, then the connections, and last the lock.
  File lock_;
  ports::BlobStore& blobs_;
  Clock& clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Readers> readers_;
  Remover remover_;
  Writer writer_;
};

}  // namespace

Result<std::unique_ptr<SqlStore>> open_sqlite_store(const SqliteOptions& options, ports::BlobStore& blobs, Clock& clock,
                                                    Log& log) {
  auto lock = lock_file(options.file);
  if (!lock) return failed(lock);
  auto database = Database::open(options.file, Database::Access::read_write);
  if (!database) return failed(database);
  if (auto wal = use_wal(**database); !wal) return failed(wal);
  if (auto set = (*database)->script(std::string(writer_settings)); !set) return failed(set);
  if (auto migrated = migrate(**database, migrations(), clock.now()); !migrated) return failed(migrated);
  // The lock proves that no other process works on these jobs: what a crash left leased is free at once.
  if (auto freed = (*database)->run("UPDATE job SET leased_until = NULL WHERE leased_until IS NOT NULL"); !freed) {
    return failed(freed);
  }
  auto readers = Readers::open(options.file, options.read_connections);
  if (!readers) return failed(readers);
  return std::make_unique<EmbeddedStore>(std::move(*lock), std::move(*database), std::move(*readers), blobs, clock,
                                         log);
}

}  // namespace kanal::store

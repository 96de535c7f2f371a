#include "store/sqlite/readers.hpp"

#include <algorithm>

namespace kanal::store {
namespace {

/// Ends the snapshot whatever happens: one that stays open would keep the log from being folded back into the database.
class Snapshot {
 public:
  explicit Snapshot(Database& database) : database_(database) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    if (database_.in_transaction()) (void)database_.run("ROLLBACK").has_value();
  }
  Result<void> begin() { return database_.run("BEGIN DEFERRED"); }

 private:
  Database& database_;
};

}  // namespace

Result<std::unique_ptr<Readers>> Readers::open(const std::filesystem::path& file, int connections) {
  std::unique_ptr<Readers> readers(new Readers);
  for (int i = 0; i < std::max(1, connections); ++i) {
    auto database = Database::open(file, Database::Access::read_only);
    if (!database) return failed(database);
    readers->idle_.push_back(database->get());
    readers->connections_.push_back(std::move(*database));
  }
  return readers;
}

Result<void> Readers::run(const std::function<Result<void>(Database&)>& work) {
  Database* database = nullptr;
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    database = idle_.back();
    idle_.pop_back();
  }
  const auto give_back = [this](Database* lent) {
    {
      const std::scoped_lock lock(mutex_);
      idle_.push_back(lent);
    }
    returned_.notify_one();
  };
  const std::unique_ptr<Database, decltype(give_back)> lent(database, give_back);
  Snapshot snapshot(*lent);
  if (auto begun = snapshot.begin(); !begun) return begun;
  return work(*lent);
}

}  // namespace kanal::store

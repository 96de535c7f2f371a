#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kanal::store {
namespace {

constexpr std::size_t largest_group = 64;

/// What everybody in a lost group hears: whatever the cause, their own work was not at fault.
Error lost(const Error& cause) {
  Error error{
      "store.rolled_back", "the transaction could not be made durable and was undone", Disposition::retry, {}, {}};
  error.cause = std::make_shared<const Error>(cause);
  return error;
}

}  // namespace

Writer::Writer(Database& database, Committed committed)
    : database_(database),
      committed_(std::move(committed)),
      thread_([this](const std::stop_token& stop) { serve(stop); }) {}

Writer::~Writer() {
  thread_.request_stop();
  thread_.join();
}

Result<void> Writer::run(const Work& work) {
  if (is_own_thread()) return bug("store.nested", "a transaction called the store it is part of");
  Item item{work};
  auto done = item.done.get_future();
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(&item);
  }
  available_.notify_one();
  done.wait();
  if (item.exception) std::rethrow_exception(item.exception);
  return std::move(item.outcome);
}

std::size_t Writer::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

void Writer::serve(const std::stop_token& stop) {
  for (;;) {
    std::vector<Item*> group;
    {
      std::unique_lock lock(mutex_);
      available_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), largest_group));
      group.assign(waiting_.begin(), waiting_.begin() + count);
      waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    }
    commit(group);
  }
}

void Writer::commit(const std::vector<Item*>& group) {
  auto committed = run_group(group);
  if (committed) committed = database_.run("COMMIT");
  if (!committed) {
    if (database_.in_transaction()) (void)database_.run("ROLLBACK").has_value();
    for (auto* item : group) {
      item->released.clear();
      if (item->outcome) item->outcome = tl::unexpected<Error>(lost(committed.error()));
    }
  } else {
    ++commits_;
  }
  std::vector<BlobId> released;
  for (auto* item : group) std::ranges::move(item->released, std::back_inserter(released));
  if (!released.empty()) committed_(std::move(released));
  for (auto* item : group) {
    // The item may be gone as soon as its owner hears of it; the promise must not.
    auto done = std::move(item->done);
    done.set_value();
  }
}

Result<void> Writer::run_group(const std::vector<Item*>& group) {
  if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return begun;
  for (auto* item : group) {
    if (auto done = run_item(*item); !done) return done;
  }
  return {};
}

Result<void> Writer::run_item(Item& item) {
  if (auto marked = database_.run("SAVEPOINT item"); !marked) return marked;
  try {
    item.outcome = item.work(item.released);
  } catch (...) {
    item.exception = std::current_exception();
    item.outcome = bug("store.exception", "a transaction threw an exception");
  }
  if (!item.outcome) {
    item.released.clear();
    // A full disk or a read error may have ended the whole transaction.
    if (!database_.in_transaction()) return tl::unexpected<Error>(item.outcome.error());
    if (auto undone = database_.run("ROLLBACK TO item"); !undone) return undone;
  }
  return database_.run("RELEASE item");
}

}  // namespace kanal::store

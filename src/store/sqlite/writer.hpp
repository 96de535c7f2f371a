// Group commit: one thread takes what is waiting (at most 64 pieces of work), runs each inside a savepoint of one
// transaction, commits once, and only then answers. While a commit is on its way to the disk the next group gathers by
// itself, so nobody ever waits for company.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/sqlite/sqlite.hpp"

namespace kanal::store {

class Writer {
 public:
  /// Runs on the writer's thread, inside a transaction. Blobs it adds to the list are given to `committed` after the
  /// commit.
  using Work = std::function<Result<void>(std::vector<BlobId>&)>;
  using Committed = std::function<void(std::vector<BlobId>)>;

  Writer(Database& database, Committed committed);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// Finishes what is waiting.
  ~Writer();

  /// Returns after the durable commit, or with the error of `work`, whose changes are then undone. An exception in
  /// `work` undoes them too and comes out here. Any thread but the writer's own (`store.nested`).
  Result<void> run(const Work& work);

  [[nodiscard]] bool is_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// Commits made; less than the pieces of work when they shared.
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  /// Pieces of work whose turn has not come.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Item {
    const Work& work;
    std::vector<BlobId> released{};
    Result<void> outcome{};
    std::exception_ptr exception{};
    std::promise<void> done{};
  };

  void serve(const std::stop_token& stop);
  void commit(const std::vector<Item*>& group);
  /// Runs everything up to the COMMIT; an Error means that the transaction as a whole is lost.
  Result<void> run_group(const std::vector<Item*>& group);
  Result<void> run_item(Item& item);

  Database& database_;
  Committed committed_;
  std::atomic<std::uint64_t> commits_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable_any available_;
  std::deque<Item*> waiting_;
  std::jthread thread_;  ///< last: ends before the rest goes
};

}  // namespace kanal::store

// Follows the feed of new statuses for what the gateway itself does with each: a line in the log (operations.md section
// 9), a place in the queue of GET /api/statuses/peek, a word to whoever wants to know of failures. The position is kept
// in the store, so a crash repeats a few but skips none. One thread; hint() from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class StatusFeed {
 public:
  /// Told of every FEIL, in the transaction that moves the position past it.
  using FailureHandler = std::function<Result<void>(ports::Txn&, const ports::FeedEntry&)>;

  /// `queued_services`: difi.move.feature.statusQueueIncludes. `on_failure` may be empty.
  StatusFeed(ports::Store& store, std::vector<std::string> queued_services, FailureHandler on_failure, Clock& clock,
             Log& log);
  ~StatusFeed();
  StatusFeed(const StatusFeed&) = delete;
  StatusFeed& operator=(const StatusFeed&) = delete;

  /// Finds where to begin: a store that has never been followed is followed from its end. Before the first status of
  /// this run is written.
  Result<void> begin();
  void start();
  void stop();
  /// There may be new statuses.
  void hint();

  /// Handles what is new; gives the number of statuses.
  Result<int> follow();

 private:
  void run(const std::stop_token& stop);
  void tell(const ports::FeedEntry& entry);
  [[nodiscard]] bool is_queued(const ports::FeedEntry& entry) const;

  ports::Store& store_;
  const std::vector<std::string> queued_services_;
  const FailureHandler on_failure_;
  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  bool hinted_ = false;
  std::jthread thread_;
};

}  // namespace kanal::flow

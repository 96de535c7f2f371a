// Polls the inboxes of one message service and owns an item from "seen" to "acknowledged" (style.md "Who owns one
// inbound message"; dpo.md section 7). A thread per inbox: each has its own schedule, back-off and health, and a
// failing item never stops the others. start()/stop() by the owner.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "flow/channel_guard.hpp"
#include "flow/intake.hpp"
#include "flow/settings.hpp"
#include "flow/status_board.hpp"
#include "flow/submit.hpp"
#include "ports/crash_points.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

class Reception {
 public:
  Reception(ports::Transport& transport, ports::Store& store, ports::BlobStore& blobs, ChannelGuard& guard,
            Intake& intake, WorkerPool& pool, StatusBoard& board, const Settings& settings, ports::CrashPoints& points,
            Clock& clock, Log& log, Hint work_available);
  ~Reception();
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  void start();
  void stop();

  /// What one round did.
  struct Polled {
    int became_ours = 0;
    bool more = false;  ///< the list was as long as it can be, and this round made room in it
  };
  /// One round of one inbox, on the caller's thread.
  Result<Polled> poll_once(ports::Inbox inbox, const std::stop_token& stop);

 private:
  struct Taken;
  struct Round;
  /// Another node may poll this inbox.
  Result<bool> has_turn(const ports::Inbox& inbox);
  Result<void> keep_turn(ports::Txn& txn, const Round& round);
  [[nodiscard]] std::string turn_name(const ports::Inbox& inbox) const;
  void run(const ports::Inbox& inbox, const std::stop_token& stop);
  Result<void> recall(Round& round, const std::vector<ports::Listed>& listed);
  void describe_new(Round& round, const std::vector<ports::Listed>& listed);
  Result<bool> look_first(const Round& round);
  Result<void> decide(Round& round);
  static bool all_set_aside(const Round& round, const std::vector<ports::Listed>& listed);
  static void acknowledge_again(Round& round, ports::RemoteItem item, Time now);
  /// Foreign channel (empty: no channel) to how many items wait for it, and since when.
  using WaitingElsewhere = std::map<std::string, std::pair<int, Time>>;
  Result<void> report_dead_channels(ports::Txn& txn, const WaitingElsewhere& waiting);
  Result<void> take(Round& round, std::vector<ports::RemoteItem> items, const std::stop_token& stop);
  Taken fetch(const ports::RemoteItem& item, const std::stop_token& stop);
  Result<void> commit(Round& round, std::vector<Taken>& taken);
  Result<void> store_slice(const Round& round, std::vector<Taken>& taken);
  Result<void> apply_all(const Round& round, std::span<Taken> taken);
  Result<void> apply(ports::Txn& txn, const Round& round, Taken& taken);
  Result<void> keep_poison(Taken& taken);
  Result<std::optional<ports::BlobRef>> keep_raw(const ports::BlobRef& scratch);
  Result<void> find_vanished(Round& round, const std::vector<ports::Listed>& listed);

  ports::Transport& transport_;
  ports::Store& store_;
  ports::BlobStore& blobs_;
  ChannelGuard& guard_;
  Intake& intake_;
  WorkerPool& pool_;
  StatusBoard& board_;
  const Settings& settings_;
  ports::CrashPoints& points_;
  Clock& clock_;
  Log& log_;
  Hint work_available_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::set<std::string> looked_;  ///< inboxes that may be taken from; under the mutex
  std::vector<std::jthread> threads_;
};

}  // namespace kanal::flow

// Periodic work: expiry of what was not delivered in time, messages whose answers stay away (D3), channels that are no
// longer configured (D10), and history that has been kept long enough. One thread; every step is an ordinary
// transaction.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/retention.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "flow/status_board.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class Housekeeping {
 public:
  Housekeeping(ports::Store& store, const Services& services, const StatusBoard& board, const Settings& settings,
               Clock& clock, Log& log);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;
  void start();
  void stop();

  /// Conversations past their time get LEVETID_UTLOPT; what of them is still in hand is removed, unless a client is
  /// fetching it or a worker is sending it (rest-api.md 6.5, 12 no. 5 and 11). What was sent ends only after its inbox
  /// was read past that time: the answer may have come while this installation was down. Gives the number.
  Result<int> expire();
  /// Detection D3: sent, confirmed by the receiver, and still no MOTTATT.
  Result<void> find_unanswered();
  /// Detection D10: open conversations on channels that are not configured any more. Once, at start.
  Result<void> find_left_channels();

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool answer_may_wait(const ports::Conversation& conversation) const;
  Result<bool> expire(ports::Txn& txn, const ports::Conversation& conversation);
  /// Detection D3 where the service sends receipts: it took the message over, and told nothing of it since.
  Result<void> note_missing_receipt(ports::Txn& txn, const ports::Conversation& conversation) const;

  ports::Store& store_;
  const Services& services_;
  const StatusBoard& board_;
  const Settings& settings_;
  Clock& clock_;
  Log& log_;
  Retention retention_;
  const Time started_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::jthread thread_;
};

}  // namespace kanal::flow

// Asks what became of documents whose service tells only when asked (ports/transport.hpp, FollowPlan): due questions
// are leased, asked and written together, so that many open conversations cost few transactions and, where the service
// takes several ids at once, few requests. start()/stop() by the owner.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "flow/follow.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class Follower {
 public:
  Follower(ports::Store& store, const Services& services, const Settings& settings, Clock& clock, Log& log);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  void start();
  void stop();

 private:
  struct Asked;
  void run(const std::stop_token& stop);
  Result<std::vector<Asked>> lease_due();
  void ask(std::vector<Asked>& asked);
  Result<void> write_down(ports::Txn& txn, const Asked& asked) const;
  Result<void> write_report(ports::Txn& txn, const Asked& asked, const ports::StatusReport& report) const;
  static Duration gathering(const std::vector<Asked>& asked);
  Duration time_to_next() const;

  ports::Store& store_;
  const Services& services_;
  const Settings& settings_;
  Clock& clock_;
  Log& log_;
  WorkerPool pool_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::jthread thread_;
};

}  // namespace kanal::flow

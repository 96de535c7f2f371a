// Leases due jobs of one kind and hands them to worker threads. The row owns the work; what is here is only memory of
// what this process has leased. Leases of running jobs are renewed; whatever a crash leaves is leased again later.
// start()/stop() by the owner; hint() from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

class JobRunner {
 public:
  /// `handle` ends every job it is given: complete, or postpone. It may block.
  using Handle = std::function<void(ports::Job job, std::stop_token stop)>;

  JobRunner(std::string kind, int workers, ports::Store& store, Clock& clock, Log& log, Handle handle);
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  void start();
  /// Lets running jobs end; leases nothing more.
  void stop();
  /// There may be work now.
  void hint();

 private:
  void pump(const std::stop_token& stop);
  void work(const std::stop_token& stop);
  bool lease_some();
  void renew_leases();

  const std::string kind_;
  const int workers_;
  ports::Store& store_;
  Clock& clock_;
  Log& log_;
  Handle handle_;

  std::mutex mutex_;
  std::condition_variable_any pump_wakes_;
  std::condition_variable_any work_there_;
  bool hinted_ = true;
  std::deque<ports::Job> ready_;
  std::map<std::int64_t, ports::Job> held_;  ///< ready or running
  std::vector<std::jthread> threads_;
};

}  // namespace kanal::flow

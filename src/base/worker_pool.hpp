// A few threads that run a batch of tasks together. run_all() returns when all are done; it may be called from several
// threads at once. Tasks must not throw and must not call run_all() themselves.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace kanal {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void run_all(std::vector<std::function<void()>> tasks);

 private:
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any available_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::jthread> threads_;
};

}  // namespace kanal

// All owners of messages together, started and stopped in the right order (style.md "Concurrency" 5).
#pragma once

#include <memory>
#include <vector>

#include "base/worker_pool.hpp"
#include "flow/channel_guard.hpp"
#include "flow/client_inbox.hpp"
#include "flow/dispatcher.hpp"
#include "flow/housekeeping.hpp"
#include "flow/intake.hpp"
#include "flow/lookout.hpp"
#include "flow/reception.hpp"
#include "flow/status_board.hpp"
#include "flow/submit.hpp"

namespace kanal::flow {

class Engine {
 public:
  explicit Engine(SubmitParts parts);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start();
  /// Stops polling, lets running jobs end, stops the workers. Idempotent.
  void stop();

  Submit& submit() { return submit_; }
  ClientInbox& inbox() { return inbox_; }
  StatusBoard& board() { return board_; }

 private:
  SubmitParts parts_;
  StatusBoard board_;
  WorkerPool pool_;
  Dispatcher dispatcher_;
  ChannelGuard guard_;
  Intake intake_;
  Submit submit_;
  ClientInbox inbox_;
  Housekeeping housekeeping_;
  Lookout lookout_;
  std::vector<std::unique_ptr<Reception>> receptions_;
};

}  // namespace kanal::flow

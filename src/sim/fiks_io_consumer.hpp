// Consumes one queue of the simulator's own on a thread of its own, for as long as it lives, on a new connection
// whenever one is lost.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "sim/fiks_io_queues.hpp"

namespace kanal::sim {

class FiksIoConsumer {
 public:
  /// Called on the consumer's thread. What succeeds is acknowledged, so a message comes at least once.
  using Handle = std::function<Result<void>(const net::AmqpDelivery&)>;

  /// `queues` and `log` must outlive this.
  FiksIoConsumer(FiksIoQueues& queues, std::string queue, Handle handle, Log& log);
  /// Stops; waits for what is being handled.
  ~FiksIoConsumer() = default;
  FiksIoConsumer(const FiksIoConsumer&) = delete;
  FiksIoConsumer& operator=(const FiksIoConsumer&) = delete;

 private:
  void run(const std::stop_token& stop);
  Result<void> consume(const std::stop_token& stop);

  FiksIoQueues& queues_;
  std::string queue_;
  Handle handle_;
  Log& log_;
  std::jthread thread_;  ///< last: it uses the rest
};

}  // namespace kanal::sim

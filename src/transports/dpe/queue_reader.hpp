// How a queue is read: by REST or by AMQP 1.0 (dpe.md sections 5 and 7). Thread-safe; calls block.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "transports/dpe/bus_client.hpp"

namespace kanal::transports::dpe {

/// What a call about a lock has come to.
enum class AtLock {
  done,
  lost,            ///< it has ended, or somebody else has it
  lost_with_link,  ///< the connection that brought the message is gone, and the lock with it: nobody else's doing
};

/// Errors are those of BusClient, and of net::Amqp10Connection by AMQP.
class QueueReader {
 public:
  QueueReader() = default;
  QueueReader(const QueueReader&) = delete;
  QueueReader& operator=(const QueueReader&) = delete;
  virtual ~QueueReader() = default;

  /// Locks up to `most` messages, in the order of the queue, and gets them; waits as long as `wait` for one to come.
  virtual Result<std::vector<Locked>> receive(std::size_t most, std::chrono::seconds wait,
                                              const std::stop_token& stop) = 0;
  virtual Result<AtLock> complete(const Locked& message) = 0;
  virtual Result<AtLock> unlock(const Locked& message) = 0;
  virtual Result<AtLock> renew(const Locked& message) = 0;
};

/// One message a call.
class RestReader final : public QueueReader {
 public:
  /// `bus` outlives it.
  RestReader(std::string queue, BusClient& bus) : queue_(std::move(queue)), bus_(bus) {}
  Result<std::vector<Locked>> receive(std::size_t most, std::chrono::seconds wait,
                                      const std::stop_token& stop) override;
  Result<AtLock> complete(const Locked& message) override;
  Result<AtLock> unlock(const Locked& message) override;
  Result<AtLock> renew(const Locked& message) override;

 private:
  const std::string queue_;
  BusClient& bus_;
};

}  // namespace kanal::transports::dpe

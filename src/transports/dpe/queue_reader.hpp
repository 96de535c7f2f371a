// How a queue is read: by REST or by AMQP 1.0 (dpe.md sections 5 and 7). Thread-safe; calls block.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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

/// A message that was looked at, and left where it is.
struct Glimpse {
  std::uint64_t sequence = 0;
  std::string message_id;
  Time enqueued{};
  std::string reason;  ///< of a dead letter: why the broker has put it away
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

  /// The first message that has this number or a later one, whoever has locked it. Nothing when there is none, or when
  /// it cannot be looked at without being taken (REST).
  virtual Result<std::optional<Glimpse>> look(std::uint64_t from, const std::stop_token& stop) = 0;
  /// What the broker has put away of the queue, up to `most`, oldest first.
  virtual Result<std::vector<Glimpse>> dead_letters(std::size_t most, const std::stop_token& stop) = 0;
};

/// Of `<queue>/$deadletterqueue`, which is read like a queue (dpe.md section 5).
[[nodiscard]] std::string dead_letters_of(const std::string& queue);

/// One message a call. Dead letters are locked while they are looked at.
class RestReader final : public QueueReader {
 public:
  /// `bus` outlives it.
  RestReader(std::string queue, BusClient& bus) : queue_(std::move(queue)), bus_(bus) {}
  Result<std::vector<Locked>> receive(std::size_t most, std::chrono::seconds wait,
                                      const std::stop_token& stop) override;
  Result<AtLock> complete(const Locked& message) override;
  Result<AtLock> unlock(const Locked& message) override;
  Result<AtLock> renew(const Locked& message) override;
  Result<std::optional<Glimpse>> look(std::uint64_t from, const std::stop_token& stop) override;
  Result<std::vector<Glimpse>> dead_letters(std::size_t most, const std::stop_token& stop) override;

 private:
  const std::string queue_;
  BusClient& bus_;
};

}  // namespace kanal::transports::dpe

// The broker of Fiks IO as the simulator itself uses it (dpfio.md 7 and 12): one durable quorum queue for each account,
// whose dead letters all go to one queue that nobody but the simulator reads. Thread-safe, but for start() and stop().
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/amqp_connection.hpp"
#include "sim/fiks_io_types.hpp"
#include "sim/rabbitmq.hpp"

namespace kanal::sim {

/// The name of an account's queue.
[[nodiscard]] std::string fiks_io_queue(const std::string& konto_id);
/// The account that a queue's name is of; empty when it is none.
[[nodiscard]] std::string fiks_io_konto(std::string_view queue);
/// Where dead letters are.
constexpr std::string_view fiks_io_dead_queue = "fiksio.sim.dead";

class FiksIoQueues {
 public:
  using Count = net::AmqpConnection::QueueCount;

  FiksIoQueues() = default;
  FiksIoQueues(const FiksIoQueues&) = delete;
  FiksIoQueues& operator=(const FiksIoQueues&) = delete;

  /// Starts the broker, unless it runs, and makes the queue of dead letters. `sim.rabbitmq` and the errors of an
  /// AmqpConnection.
  Result<void> start(std::shared_ptr<RabbitMq> broker);
  void stop();
  /// Instead of stop(), when others use the broker after this: what was made here is no more.
  void remove_all();
  /// Null before start().
  [[nodiscard]] RabbitMq* broker() { return broker_.get(); }

  // Each gives the errors of an AmqpConnection.
  /// Makes an account's queue; one that is there must have been made by the same rules.
  Result<void> declare(const std::string& konto_id, const FiksIoRules& rules);
  /// Makes it anew, so that each of its consumers gets basic.cancel; what is in it is lost.
  Result<void> renew(const std::string& konto_id, const FiksIoRules& rules);
  /// When it returns, the broker has the message.
  Result<void> publish(const std::string& konto_id, const net::AmqpProperties& properties, ByteView body);
  Result<Count> count(const std::string& konto_id);
  /// A new connection, for one who consumes.
  Result<std::unique_ptr<net::AmqpConnection>> connect();

 private:
  using Use = std::function<Result<void>(net::AmqpConnection&)>;
  /// With a connection that is alive as far as anybody can tell. One that had an error is never used again.
  Result<void> with_connection(const Use& use);
  std::unique_ptr<net::AmqpConnection> idle_connection();

  std::shared_ptr<RabbitMq> broker_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<net::AmqpConnection>> idle_;
  std::set<std::string> accounts_;  ///< konto ids that have a queue
};

}  // namespace kanal::sim

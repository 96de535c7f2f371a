// One connection to an AMQP 1.0 broker (Azure Service Bus), on proton's engine (stack.md), with a thread of its own
// that serves heartbeats and all that comes. Thread-safe; calls block, with time limits, and end early on their stop
// token. Nothing here ever reconnects: when to is the caller's to decide.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "net/amqp10_message.hpp"
#include "net/amqp10_options.hpp"

namespace kanal::net {

/// What is said of a delivery (amqp-core-messaging 3.4).
enum class Amqp10Outcome { accepted, rejected, released, modified };

struct Amqp10Delivery {
  std::uint64_t number = 0;  ///< of this connection; given to settle()
  Bytes tag;
  Amqp10Message message;
  bool too_large = false;          ///< over Amqp10Options::max_message: `message` ends early
  std::optional<Error> problem{};  ///< it cannot be read: then there is a tag only
};

/// Errors of every call: `amqp10.connect`, `amqp10.tls` (certificate or host name not accepted), `amqp10.unauthorized`
/// (no token, or not a good one), `amqp10.refused`, `amqp10.not_found` (no such queue, or it is disabled),
/// `amqp10.busy` (the broker asks for less), `amqp10.lock_lost`, `amqp10.timeout`, `amqp10.closed` (the broker or the
/// network ended the connection or the link), `amqp10.too_large` (an answer), `amqp10.stopped` (by the caller),
/// `amqp10.protocol`; all retry. The message tells the broker's condition and its words, without tokens.
class Amqp10Connection {
 public:
  /// Connects and opens; SASL is ANONYMOUS, so who we are has to be told to `$cbs` next.
  static Result<std::unique_ptr<Amqp10Connection>> open(const Amqp10Options& options, const std::stop_token& stop);
  ~Amqp10Connection();  ///< closes politely when it can within half a second
  Amqp10Connection(const Amqp10Connection&) = delete;
  Amqp10Connection& operator=(const Amqp10Connection&) = delete;

  /// Sends a request to a node such as `$cbs` and gives its answer. `message_id` and `reply_to` are filled in here. The
  /// pair of links is kept for the next one.
  Result<Amqp10Message> request(const std::string& node, Amqp10Message message, const std::stop_token& stop);

  /// Opens the one receiving link, from `source`; messages are locked until they are settled.
  Result<void> attach(const std::string& source, const std::stop_token& stop);
  /// Up to `most` deliveries, one at least unless none came within `wait`: gives so much credit, and takes back what of
  /// it is not used, so that nothing is locked for us afterwards that was not given out here. After an error of the
  /// link every further call gives it.
  Result<std::vector<Amqp10Delivery>> receive(std::size_t most, std::chrono::milliseconds wait,
                                              const std::stop_token& stop);
  /// Tells the outcome and waits until the broker has confirmed it, or has not: `amqp10.lock_lost`, for example.
  Result<void> settle(std::uint64_t number, Amqp10Outcome outcome);

  /// Why nothing can be received or asked any more; nothing while all is well.
  [[nodiscard]] std::optional<Error> ended() const;

 private:
  class Impl;
  explicit Amqp10Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::net

// One connection to an AMQP 0-9-1 broker (RabbitMQ), over TLS or plain, on librabbitmq (stack.md). Blocking; used by
// one thread at a time. Queues are only ever declared by simulators: clients of Fiks IO have no right to (dpfio.md 7).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace kanal::net {

struct AmqpOptions {
  std::string host;
  std::uint16_t port = 5671;
  bool tls = true;
  std::string ca_pem{};  ///< trusted besides the system's store; chain and host name are always verified
  std::string vhost = "/";
  std::string user;
  Secret password;              ///< SASL PLAIN
  std::string connection_name;  ///< what the broker's operators see
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds rpc_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};  ///< from the first frame of a delivery to its last
  std::chrono::seconds heartbeat{60};              ///< 0: none; the broker may ask for less
  std::uint64_t max_body = 8ULL * 1024 * 1024;     ///< a larger one is drained and comes as `too_large`
};

/// A header value: texts, whole numbers, booleans. Others are left out, as are texts over 8 KiB and what comes after 64
/// headers. (A shortstr cannot be a value at RabbitMQ: its `s` is a 16-bit number.)
using AmqpValue = std::variant<std::string, std::int64_t, bool>;
using AmqpTable = std::map<std::string, AmqpValue, std::less<>>;

struct AmqpProperties {
  std::string expiration{};  ///< decimal ms; empty: none
  std::string content_type{};
  bool persistent = true;
  AmqpTable headers{};
};

struct AmqpDelivery {
  std::uint64_t tag = 0;  ///< valid on the connection it came by only
  bool redelivered = false;
  std::string exchange;
  std::string routing_key;
  AmqpProperties properties;
  Bytes body;
  bool too_large = false;  ///< over AmqpOptions::max_body; `body` is empty then
  /// Of a dead-lettered message, from `x-death`: `expired`, `rejected`, `delivery_limit`, `maxlen`; else empty.
  std::string death_reason{};
};

/// Errors of every call: `amqp.connect`, `amqp.tls` (certificate or host name not accepted), `amqp.refused` (403: who
/// we are or what we may), `amqp.not_found` (404), `amqp.closed` (the broker or the network ended it), `amqp.timeout`,
/// `amqp.protocol`; all retry. The message tells the broker's reply code and text. After any error but `amqp.timeout`
/// of receive() the connection is dead: make a new one. Nothing here ever reconnects. (A name over 255 bytes is
/// `amqp.protocol` as a bug, and harms nothing.) No error shows the password, even when the broker repeats it.
class AmqpConnection {
 public:
  /// Connects, logs in and opens the one channel.
  static Result<std::unique_ptr<AmqpConnection>> open(const AmqpOptions& options);
  ~AmqpConnection();  ///< closes politely when it can within a second
  AmqpConnection(const AmqpConnection&) = delete;
  AmqpConnection& operator=(const AmqpConnection&) = delete;

  // Receiving.
  Result<void> set_prefetch(std::uint16_t count);  ///< per consumer, `global` false
  Result<void> consume(const std::string& queue);  ///< no_ack false, not exclusive, tag by the server
  /// No more deliveries after this; those already here can still be received and acknowledged.
  Result<void> cancel();
  /// The next delivery; none when nothing came in `wait` (0: only what is here). Serves heartbeats, so it is to be
  /// called at least every `heartbeat / 4`. The server's basic.cancel is `amqp.closed`. A delivery that is half here
  /// when `wait` is over comes by a later call; one that takes longer than `body_timeout` is `amqp.timeout`.
  Result<std::optional<AmqpDelivery>> receive(std::chrono::milliseconds wait);
  Result<void> acknowledge(std::uint64_t tag);
  Result<void> reject(std::uint64_t tag, bool requeue);  ///< basic.nack
  /// The socket, to wait on with others; deliveries may be here already although it is not readable, so receive(0)
  /// until it gives nothing before waiting.
  [[nodiscard]] int socket() const;
  /// The broker has told that it takes nothing more for now (connection.blocked).
  [[nodiscard]] bool blocked() const;

  // Sending, with publisher confirms.
  Result<void> confirm_mode();
  /// `mandatory`: a message that no queue takes fails wait_for_confirms() with `amqp.not_found`.
  Result<void> publish(std::string_view exchange, std::string_view routing_key, const AmqpProperties& properties,
                       ByteView body, bool mandatory = true);
  /// Until everything published since is confirmed. What the broker refuses to keep (basic.nack) is `amqp.refused`.
  Result<void> wait_for_confirms(std::chrono::milliseconds wait);

  // For simulators, which own the broker.
  Result<void> declare_queue(const std::string& queue, const AmqpTable& arguments);  ///< durable
  Result<void> declare_exchange(const std::string& exchange, const std::string& type);
  Result<void> bind(const std::string& queue, const std::string& exchange, const std::string& routing_key);
  Result<void> delete_queue(const std::string& queue);
  struct QueueCount {
    std::uint32_t messages = 0;  ///< ready ones
    std::uint32_t consumers = 0;
  };
  Result<QueueCount> count(const std::string& queue);  ///< passive declare

 private:
  struct Impl;
  explicit AmqpConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::net

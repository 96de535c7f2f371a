// The broker's side of AMQP 1.0, for simulators: accepts connections, and hands what comes over each to a host of its
// own. start() and stop() from the owner's thread; a host and its guest belong to the thread of their connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/amqp10_connection.hpp"
#include "net/http_server.hpp"

namespace kanal::net {

struct Amqp10Condition {
  std::string name;
  std::string description;
};

/// A link that a client has opened.
struct Amqp10Link {
  std::uint64_t id = 0;
  bool receives = false;  ///< the client does
  std::string address;    ///< of the node at the broker
  std::string own;        ///< what the client calls its own end: where answers go
};

/// What a host can do with its client.
class Amqp10Guest {
 public:
  Amqp10Guest() = default;
  Amqp10Guest(const Amqp10Guest&) = delete;
  Amqp10Guest& operator=(const Amqp10Guest&) = delete;
  virtual ~Amqp10Guest() = default;
  /// Whom the client asked for.
  [[nodiscard]] virtual std::string host() const = 0;
  // Of a link that receives. One that is gone has no credit, and takes nothing.
  [[nodiscard]] virtual int credit(std::uint64_t link) const = 0;
  /// The client wants its credit back, when there is nothing left to send.
  [[nodiscard]] virtual bool draining(std::uint64_t link) const = 0;
  virtual void drained(std::uint64_t link) = 0;
  virtual void send(std::uint64_t link, ByteView tag, const Amqp10Message& message) = 0;
  /// Settles a delivery with the outcome that the client told, or refuses it.
  virtual void confirm(ByteView tag, const std::optional<Amqp10Condition>& refusal) = 0;
  virtual void detach(std::uint64_t link, const Amqp10Condition& why) = 0;
  virtual void close(const Amqp10Condition& why) = 0;
  /// Ends the connection without a word.
  virtual void cut() = 0;
};

/// What a simulator makes of one connection.
class Amqp10Host {
 public:
  Amqp10Host() = default;
  Amqp10Host(const Amqp10Host&) = delete;
  Amqp10Host& operator=(const Amqp10Host&) = delete;
  virtual ~Amqp10Host() = default;
  /// A reason to refuse the link, or nothing.
  virtual std::optional<Amqp10Condition> attach(const Amqp10Link& link) = 0;
  virtual void detached(std::uint64_t link) = 0;
  virtual void message(const Amqp10Link& link, const Amqp10Message& message) = 0;
  virtual void outcome(const Amqp10Link& link, ByteView tag, Amqp10Outcome outcome) = 0;
  /// Called every few milliseconds: the time to send.
  virtual void turn() = 0;
};

struct Amqp10ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;          ///< 0: any free one
  std::optional<ServerTls> tls{};  ///< absent: plain
  std::string container_id = "broker";
  std::chrono::milliseconds idle_timeout{240'000};
};

class Amqp10Listener {
 public:
  using MakeHost = std::function<std::unique_ptr<Amqp10Host>(Amqp10Guest&)>;
  Amqp10Listener(Amqp10ListenerOptions options, MakeHost make_host);
  ~Amqp10Listener();
  Amqp10Listener(const Amqp10Listener&) = delete;
  Amqp10Listener& operator=(const Amqp10Listener&) = delete;

  /// `server.bind`, `server.tls`.
  Result<void> start();
  /// Ends all connections. Idempotent.
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::net

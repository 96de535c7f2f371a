// A real RabbitMQ of Debian, run in a folder of its own: the broker behind the simulator of Fiks IO (dpfio.md 12).
// Listens on one address with TLS (or plain), asks `auth_url` who may log in and what they may touch
// (rabbitmq_auth_backend_http), and has one internal administrator for the simulator itself. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "net/amqp_connection.hpp"

namespace kanal::sim {

struct RabbitMqOptions {
  std::filesystem::path folder;  ///< database, logs, configuration; made when missing
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                 ///< 0: any free one
  std::optional<crypto::Identity> tls{};  ///< absent: plain
  std::string auth_url;  ///< `http://127.0.0.1:port/amqp-auth`; paths user, vhost, resource, topic below
  std::chrono::seconds heartbeat{60};
};

class RabbitMq {
 public:
  explicit RabbitMq(RabbitMqOptions options);
  ~RabbitMq();  ///< stops it
  RabbitMq(const RabbitMq&) = delete;
  RabbitMq& operator=(const RabbitMq&) = delete;

  /// Is the package installed on this machine?
  [[nodiscard]] static bool installed();
  /// Starts the server and waits until it serves. `sim.rabbitmq` with the end of its log when it does not.
  Result<void> start();
  void stop();  ///< as an operator would; messages that are persistent stay
  void kill();  ///< SIGKILL
  Result<void> restart();
  /// Ends all connections of a user, as at the end of a token (320 CONNECTION_FORCED).
  Result<void> close_connections(const std::string& user, const std::string& reason);

  [[nodiscard]] std::uint16_t port() const;
  /// How the simulator itself logs in.
  [[nodiscard]] net::AmqpOptions administrator() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::sim

// KS Fiks IO (dpfio.md 3 to 7 and 12): the REST parts of the platform over TLS, with a real RabbitMQ behind them.
//   POST /fiks-io/api/v1/send
//   GET  /fiks-io/katalog/api/v1/kontoer/{kontoId}[/status|/offentligNokkel]
//   GET  /dokumentlager/nedlasting/{id}[/metadata]
//   AMQP 0-9-1: queue `fiksio.konto.<kontoId>` of each account; login and rights as the service has them
//   admin: see fiks_io_admin.cpp
// Thread-safe, but for start() and stop(), which are the owner's.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "sim/fiks_io_types.hpp"
#include "sim/issuer.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class FiksIoState;
class RabbitMq;

struct FiksIoOptions {
  SiteOptions site{};  ///< of REST; the broker has the same address and TLS identity
  FiksIoRules rules{};
  std::filesystem::path folder;  ///< for payloads and the broker; must exist
  std::uint16_t amqp_port = 0;   ///< 0: any free one
  std::chrono::seconds heartbeat{60};
  /// One that others use after this, for a broker takes seconds to start: it is started when it does not run, told
  /// nothing of the options above, left running, and left as it was. Absent: one of our own.
  std::shared_ptr<RabbitMq> broker{};
  /// Where a broker that is lent asks who may log in; 0: any free one.
  std::uint16_t login_port = 0;
};

class FiksIo {
 public:
  /// `maskinporten` signs the tokens and must outlive this.
  FiksIo(FiksIoOptions options, const Issuer& maskinporten, const Environment& environment);
  ~FiksIo();
  FiksIo(const FiksIo&) = delete;
  FiksIo& operator=(const FiksIo&) = delete;

  /// Is what it needs on this machine?
  [[nodiscard]] static bool available();
  /// Once. Serves when it returns, which takes some seconds. `sim.rabbitmq` when RabbitMQ is not installed or does not
  /// start.
  Result<void> start();
  void stop();

  [[nodiscard]] std::string url() const;
  /// Host and port: what `difi.move.fiks.io.api-host` is set to.
  [[nodiscard]] std::string api_host() const;
  [[nodiscard]] std::string amqp_host() const;
  [[nodiscard]] std::uint16_t amqp_port() const;

  /// Adds or replaces, before or after start(). The errors of an AmqpConnection when the queue cannot be made.
  Result<void> add_account(FiksIoAccount account);
  /// Adds or replaces, before or after start().
  void add_integration(FiksIoIntegration integration);

  /// Puts a message into an account's queue, whoever it is from. Gives its melding-id. `fiksio.account` when the
  /// receiver is unknown, `fiksio.payload` when the payload cannot be made, and the errors of an AmqpConnection.
  Result<std::string> deliver(const FiksIoDelivery& delivery);
  /// From now on the simulator consumes the account's queue and answers; nothing: no longer. `fiksio.account`.
  Result<void> set_script(const std::string& konto_id, std::optional<FiksIoScript> script);
  /// What waits in an account's queue, and how many consume it, as the broker says.
  Result<net::AmqpConnection::QueueCount> count(const std::string& konto_id);

  // The broker, as its operators and the network treat it.
  /// Ends all connections of an integration (320 CONNECTION_FORCED).
  Result<void> close_connections(const std::string& integration_id, const std::string& reason);
  /// Ends all consumers of an account's queue with basic.cancel, as when a queue is moved: it is made anew. What is
  /// delivered and not acknowledged is lost. `fiksio.not_empty` when messages wait there.
  Result<void> cancel_consumers(const std::string& konto_id);
  Result<void> restart_broker();
  void stop_broker();
  void kill_broker();
  /// After stop_broker() or kill_broker().
  Result<void> start_broker();

  /// Accounts, messages sent, rules.
  [[nodiscard]] FiksIoState& state();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::sim

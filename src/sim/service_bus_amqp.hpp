// The Service Bus by AMQP 1.0 (dpe.md 7.2): the same queues, locks, counts and numbers as by REST. SASL ANONYMOUS, then
// a SAS token to `$cbs`; nothing opens without one that is good, and what it opened is closed when it ends.
//   receive from <queue>            accepted: complete   rejected: dead letter   released, modified: unlock
//   request to $cbs                 put-token
//   request to <queue>/$management  com.microsoft:renew-lock, update-disposition, peek-message
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "net/amqp10_listener.hpp"
#include "sim/sas_check.hpp"
#include "sim/service_bus_state.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class ServiceBusAmqp {
 public:
  /// All outlive it. Of `site` its address and its TLS count.
  ServiceBusAmqp(const SiteOptions& site, std::uint16_t port, ServiceBusState& state, const SasCheck& sas,
                 const Environment& environment);
  Result<void> start() { return listener_.start(); }
  void stop() { listener_.stop(); }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

 private:
  net::Amqp10Listener listener_;
};

}  // namespace kanal::sim

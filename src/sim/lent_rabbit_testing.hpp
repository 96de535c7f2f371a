// One RabbitMQ for all tests of a program that have a Fiks IO of their own, one after the other: its start takes
// seconds. Each Fiks IO leaves it as it was; a test that ends its broker needs another one. Never included by product
// code.
#pragma once

#include <memory>

#include "base/reserved_port.hpp"
#include "base/testing.hpp"
#include "sim/national.hpp"
#include "sim/rabbitmq.hpp"

namespace kanal::sim::testing {

class LentRabbit {
 public:
  explicit LentRabbit(const crypto::Identity& tls) : broker_(std::make_shared<RabbitMq>(options(tls))) {}

  /// The first one starts it.
  void lend(NationalOptions& options) const {
    options.fiks_io_broker = broker_;
    options.ports.fiks_io_login = login_port_.number();
  }

 private:
  RabbitMqOptions options(const crypto::Identity& tls) const {
    RabbitMqOptions out;
    out.folder = folder_.path() / "rabbitmq";
    out.tls = tls;
    out.auth_url = "http://127.0.0.1:" + std::to_string(login_port_.number()) + "/amqp-auth";
    return out;
  }

  kanal::testing::TemporaryFolder folder_;
  ReservedPort login_port_;
  std::shared_ptr<RabbitMq> broker_;
};

}  // namespace kanal::sim::testing

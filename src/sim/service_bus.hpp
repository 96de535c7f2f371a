// Azure Service Bus as DPE uses it over REST and AMQP 1.0 (service_bus_amqp.hpp; dpe.md sections 2, 3, 5, 7.2 and 11):
// one namespace, SAS tokens checked strictly, peek-lock. A queue with `/$deadletterqueue` behind its name is the queue
// of its dead letters.
//   POST /{queue}/messages                       send
//   POST /{queue}/messages/head[?timeout=s]      lock the first message and get it
//   DELETE /{queue}/messages/{id}/{lock}         complete       PUT: unlock       POST: renew the lock
//   DELETE /{queue}/messages/head                take the first message, unlocked
//   admin: GET /sim/queues   GET /sim/queues/{queue}/messages   PUT|DELETE /sim/queues/{queue}
//          POST /sim/queues/{queue}/messages   GET|PUT /sim/rules   PUT /sim/sas-key
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/answers.hpp"
#include "sim/sas_check.hpp"
#include "sim/service_bus_amqp.hpp"
#include "sim/service_bus_state.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

struct ServiceBusOptions {
  SiteOptions site{};
  ServiceBusRules rules{};
  SasPolicy policy{};
  std::uint16_t amqp_port = 0;  ///< 0: any free one
};

class ServiceBus {
 public:
  ServiceBus(ServiceBusOptions options, const Environment& environment);

  Result<void> start();
  /// Those who wait for a message get none.
  void stop();
  [[nodiscard]] std::string url() const { return site_.url(); }
  /// What `difi.move.nextmove.serviceBus.baseUrl` is set to: host and port.
  [[nodiscard]] std::string host() const;
  /// Of AMQP 1.0, at the same host.
  [[nodiscard]] std::uint16_t amqp_port() const { return amqp_.port(); }

  [[nodiscard]] ServiceBusState& state() { return state_; }
  [[nodiscard]] SasCheck& sas() { return sas_; }

 private:
  using Request = std::shared_ptr<const net::Request>;
  /// A request that got past its token and the faults.
  struct Call {
    std::string endpoint;
    std::string queue;
    std::string id{};    ///< of a message, or its sequence number
    std::string lock{};  ///< token
  };
  using Handle = std::function<Answer(const Request&, const Call&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, const Handle& handle);
  Answer admit(const Request& request, const Call& call, const Handle& handle);
  std::optional<net::Response> fault_answer(const Call& call) const;
  [[nodiscard]] bool met(std::string_view fault, const Call& call) const;
  void audit(const Call& call, const std::string& action, const std::string& subject,
             const std::string& detail = {}) const;
  net::Response problem(const Call& call, int status, const std::string& detail) const;

  Answer send(const Request& request, const Call& call);
  net::Response store(const Request& request, const Call& call, std::string body);
  net::Response receive(const net::Request& request, const Call& call);
  net::Response take(const Call& call);
  net::Response message_answer(const BusMessage& message, const Call& call, int status);
  net::Response lock_answer(LockAnswer answer, const Call& call) const;
  net::Response complete(const Call& call);
  net::Response renew(const Call& call);
  void add_routes();
  void add_admin_routes();

  Environment environment_;
  SasCheck sas_;
  ServiceBusState state_;
  ServiceBusAmqp amqp_;
  Site site_;
};

/// The header `BrokerProperties` of a received message.
[[nodiscard]] boost::json::object broker_properties(const BusMessage& message);

}  // namespace kanal::sim

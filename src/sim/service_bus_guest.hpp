// One connection of AMQP 1.0 to the Service Bus (service_bus_amqp.hpp). The connection's thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/amqp10_listener.hpp"
#include "sim/sas_check.hpp"
#include "sim/service_bus_state.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class ServiceBusGuest final : public net::Amqp10Host {
 public:
  /// All outlive it.
  ServiceBusGuest(net::Amqp10Guest& guest, ServiceBusState& state, const SasCheck& sas, const Environment& environment);
  ~ServiceBusGuest() override;

  std::optional<net::Amqp10Condition> attach(const net::Amqp10Link& link) override;
  void detached(std::uint64_t link) override;
  void message(const net::Amqp10Link& link, const net::Amqp10Message& message) override;
  void outcome(const net::Amqp10Link& link, ByteView tag, net::Amqp10Outcome outcome) override;
  void turn() override;

 private:
  /// What a request is answered with.
  struct Answer {
    int status = 200;
    std::string description{};
    std::string condition{};  ///< of an error
    net::Amqp10Map body{};
  };
  /// A message that went out by a link.
  struct Given {
    std::uint64_t link = 0;
    std::string queue;
  };

  [[nodiscard]] bool allowed(const std::string& queue) const;
  [[nodiscard]] bool met(std::string_view fault, const std::string& queue, const std::string& id = {}) const;
  [[nodiscard]] int faulty_status(const std::string& endpoint, const std::string& queue) const;
  void audit(const std::string& queue, const std::string& action, const std::string& subject,
             const std::string& detail = {}) const;
  void answer(const net::Amqp10Link& link, const net::Amqp10Message& request, const Answer& answer, bool of_token);
  Answer put_token(const net::Amqp10Message& request);
  Answer manage(const std::string& queue, const net::Amqp10Message& request);
  Answer renew(const std::string& queue, const net::Amqp10Map& body);
  Answer update(const std::string& queue, const net::Amqp10Map& body);
  Answer peek(const std::string& queue, const net::Amqp10Map& body) const;
  LockAnswer settle(const std::string& queue, const std::string& lock, const std::string& endpoint);
  void serve(const net::Amqp10Link& link);
  bool give(const net::Amqp10Link& link);
  void free_given(std::uint64_t link);

  net::Amqp10Guest& guest_;
  ServiceBusState& state_;
  const SasCheck& sas_;
  Environment environment_;
  std::map<std::uint64_t, net::Amqp10Link> links_;
  std::map<std::string, Time> claims_;  ///< by resource, in small letters: until when
  std::map<std::string, Given> given_;  ///< by lock token
};

/// A lock token as a delivery tag: the bytes of a GUID as .NET keeps them (unverified).
[[nodiscard]] Bytes tag_of_lock(const std::string& lock);
[[nodiscard]] std::string lock_of_tag(ByteView tag);
/// A message as it comes by AMQP.
[[nodiscard]] net::Amqp10Message amqp_message(const BusMessage& message);

}  // namespace kanal::sim

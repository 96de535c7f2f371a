#include "sim/service_bus_amqp.hpp"

#include "sim/server_tls.hpp"
#include "sim/service_bus_guest.hpp"

namespace kanal::sim {
namespace {

net::Amqp10ListenerOptions options_of(const SiteOptions& site, std::uint16_t port) {
  net::Amqp10ListenerOptions out;
  out.address = site.address;
  out.port = port;
  if (site.tls) out.tls = server_tls(*site.tls);
  out.container_id = "servicebus";
  return out;
}

}  // namespace

ServiceBusAmqp::ServiceBusAmqp(const SiteOptions& site, std::uint16_t port, ServiceBusState& state, const SasCheck& sas,
                               const Environment& environment)
    : listener_(options_of(site, port), [&state, &sas, environment](net::Amqp10Guest& guest) {
        return std::make_unique<ServiceBusGuest>(guest, state, sas, environment);
      }) {}

}  // namespace kanal::sim

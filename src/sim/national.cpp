#include "sim/national.hpp"

#include <fmt/format.h>

namespace kanal::sim {
namespace {

SiteOptions site(const NationalOptions& options, std::uint16_t port) {
  SiteOptions out;
  out.address = options.address;
  out.port = port;
  out.tls = options.tls;
  return out;
}

MaskinportenOptions maskinporten_options(const NationalOptions& options) {
  MaskinportenOptions out;
  out.site = site(options, options.ports.maskinporten);
  out.anchors = options.anchors;
  out.signing_key = options.maskinporten_key;
  return out;
}

AltinnExchangeOptions exchange_options(const NationalOptions& options) {
  AltinnExchangeOptions out;
  out.site = site(options, options.ports.exchange);
  out.signing_key = options.exchange_key;
  return out;
}

ServiceRegistryOptions registry_options(const NationalOptions& options) {
  ServiceRegistryOptions out;
  out.site = site(options, options.ports.registry);
  out.require_token = options.registry_requires_token;
  out.signer = options.registry_signer;
  return out;
}

BrokerOptions broker_options(const NationalOptions& options) {
  BrokerOptions out;
  out.site = site(options, options.ports.broker);
  out.rules = options.broker;
  out.folder = options.folder;
  return out;
}

}  // namespace

National::National(NationalOptions options, Clock& clock, Log& log)
    : folder_(options.folder),
      audit_(clock),
      environment_{clock, audit_, faults_, log},
      maskinporten_(maskinporten_options(options), environment_),
      exchange_(exchange_options(options), maskinporten_.issuer(), environment_),
      registry_(registry_options(options), maskinporten_.issuer(), environment_),
      broker_(broker_options(options), {&exchange_.issuer(), &maskinporten_.issuer()}, environment_) {}

National::~National() { stop(); }

Result<void> National::start() {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    return reject("sim.folder", fmt::format("cannot make the folder {}: {}", folder_.string(), error.message()));
  auto started = maskinporten_.start();
  if (started) started = exchange_.start();
  if (started) started = registry_.start();
  if (started) started = broker_.start();
  if (!started) {
    stop();
    return started;
  }
  RoutingSettings routing;
  routing.broker_url = broker_.service_url();
  registry_.set_routing(std::move(routing));
  return {};
}

void National::stop() {
  broker_.stop();
  registry_.stop();
  exchange_.stop();
  maskinporten_.stop();
}

std::set<std::string> National::usual_scopes() {
  return {"altinn:broker.write", "altinn:broker.read", "eformidling:dpo", "eformidling:dpe",
          "eformidling:dpv",     "eformidling:dpf",    "eformidling:dph"};
}

void National::register_client(const std::string& client_id, const std::string& orgnr, std::set<std::string> scopes) {
  maskinporten_.register_client({client_id, orgnr, std::move(scopes), {}});
}

Result<void> National::register_client(const std::string& client_id, const crypto::Certificate& certificate,
                                       std::set<std::string> scopes) {
  const auto owner = certificate.organisation();
  if (!owner)
    return reject("certificate.organisation", "the certificate names no organisation: " + certificate.subject());
  register_client(client_id, owner->str(), std::move(scopes));
  return {};
}

void National::approve_system_user(const std::string& client_id, const std::string& orgnr,
                                   const std::string& external_ref) {
  maskinporten_.set_system_user({client_id, orgnr, external_ref, true});
}

void National::register_organisation(const OrganisationRegistration& organisation) {
  Organisation entry;
  entry.orgnr = organisation.orgnr;
  entry.name = organisation.name;
  if (organisation.processes) {
    entry.processes = *organisation.processes;
  } else {
    entry.processes = processes_of(ProcessCategory::arkivmelding);
    entry.processes.merge(processes_of(ProcessCategory::avtalt));
  }
  if (organisation.certificate) entry.dpo_certificate = entry.dpe_certificate = organisation.certificate->pem();
  registry_.put(std::move(entry));
}

}  // namespace kanal::sim

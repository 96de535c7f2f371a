#include "sim/national.hpp"

#include <fmt/format.h>

#include "crypto/issue.hpp"

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
  out.sas_key = options.sas_key;
  return out;
}

ServiceBusOptions service_bus_options(const NationalOptions& options) {
  ServiceBusOptions out;
  out.site = site(options, options.ports.service_bus);
  out.rules = options.service_bus;
  out.policy.key = options.sas_key;
  out.amqp_port = options.ports.service_bus_amqp;
  return out;
}

BrokerOptions broker_options(const NationalOptions& options) {
  BrokerOptions out;
  out.site = site(options, options.ports.broker);
  out.rules = options.broker;
  out.folder = options.folder;
  return out;
}

Corner2Options corner2_options(const NationalOptions& options) {
  Corner2Options out;
  out.site = site(options, options.ports.corner2);
  out.rules = options.corner2;
  out.folder = options.folder;
  out.anchors = options.anchors;
  return out;
}

CorrespondenceOptions correspondence_options(const NationalOptions& options, const ServiceRegistry& registry) {
  CorrespondenceOptions out;
  out.site = site(options, options.ports.correspondence);
  out.rules = options.correspondence;
  out.folder = options.folder;
  // One population: who is reserved for the registry's routing is reserved for Altinn.
  out.reserved = [&registry](const std::string& person) {
    const auto resident = registry.find_resident(person);
    return resident && resident->reserved;
  };
  return out;
}

SvarUtOptions svarut_options(const NationalOptions& options) {
  SvarUtOptions out;
  out.site = site(options, options.ports.svarut);
  out.rules = options.svarut;
  out.folder = options.folder;
  return out;
}

std::unique_ptr<FiksIo> make_fiks_io(const NationalOptions& options, const Issuer& maskinporten,
                                     const Environment& environment) {
  if (!options.fiks_io) return nullptr;
  FiksIoOptions out;
  out.site = site(options, options.ports.fiks_io);
  out.rules = options.fiks_io_rules;
  out.folder = options.folder;
  out.amqp_port = options.ports.fiks_io_amqp;
  out.broker = options.fiks_io_broker;
  out.login_port = options.ports.fiks_io_login;
  return std::make_unique<FiksIo>(std::move(out), maskinporten, environment);
}

/// KS signs with nothing: only what senders encrypt for.
crypto::Identity svarut_identity(const NationalOptions& options, const crypto::Identity& ca, Time now) {
  if (options.svarut_identity) return *options.svarut_identity;
  const auto year = std::chrono::days(365);
  return crypto::issue(ca, {"KS SvarUt", "KS", "971032146", {}, now - year, now + 10 * year});
}

std::string orgnr_of(const crypto::Certificate& certificate) {
  return certificate.organisation().value_or(Orgnr{}).str();
}

DpiSuppliers suppliers_of(const NationalOptions& options, Time now) {
  if (options.suppliers) return *options.suppliers;
  const auto days = std::chrono::days(3660);
  return issue_suppliers(
      options.supplier_ca ? *options.supplier_ca : crypto::make_ca("Suppliers' CA", now - days, now + days), now);
}

}  // namespace

National::National(NationalOptions options, Clock& clock, Log& log)
    : National(options, suppliers_of(options, clock.now()), clock, log) {}

National::National(const NationalOptions& options, const DpiSuppliers& suppliers, Clock& clock, Log& log)
    : folder_(options.folder),
      audit_(clock),
      environment_{clock, audit_, faults_, log},
      maskinporten_(maskinporten_options(options), environment_),
      exchange_(exchange_options(options), maskinporten_.issuer(), environment_),
      registry_(registry_options(options), maskinporten_.issuer(), environment_),
      broker_(broker_options(options), {&exchange_.issuer(), &maskinporten_.issuer()}, environment_),
      supplier_ca_(suppliers.ca.certificate),
      corner2_(corner2_options(options), suppliers, maskinporten_.issuer(), environment_),
      krr_print_(site(options, options.ports.krr_print), suppliers.ca, suppliers.print.certificate, environment_),
      correspondence_(correspondence_options(options, registry_), exchange_.issuer(), environment_),
      svarut_(svarut_options(options), svarut_identity(options, suppliers.ca, clock.now()), maskinporten_.issuer(),
              environment_),
      svarinn_(svarut_, environment_),
      service_bus_(service_bus_options(options), environment_),
      fiks_io_(make_fiks_io(options, maskinporten_.issuer(), environment_)) {}

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
  if (started) started = corner2_.start();
  if (started) started = krr_print_.start();
  if (started) started = correspondence_.start();
  if (started) started = svarut_.start();
  if (started) started = service_bus_.start();
  if (started && fiks_io_) started = fiks_io_->start();
  if (!started) {
    stop();
    return started;
  }
  RoutingSettings routing;
  routing.broker_url = broker_.service_url();
  routing.correspondence_url = correspondence_.service_url();
  routing.svarut_url = svarut_.url();
  routing.svarut_certificate = svarut_.certificate().pem();
  registry_.set_routing(std::move(routing));
  DigitalPostSettings post;
  const auto& print = corner2_.supplier(DpiType::utskrift).certificate;
  const auto& mailbox = corner2_.supplier(DpiType::digital).certificate;
  post.mailbox_certificates[orgnr_of(mailbox)] = mailbox.pem();
  post.print_supplier = orgnr_of(print);
  post.print_certificate = print.pem();
  post.corner2_url = corner2_.service_url();
  registry_.set_post(std::move(post));
  return {};
}

void National::stop() {
  if (fiks_io_) fiks_io_->stop();
  service_bus_.stop();
  svarut_.stop();
  correspondence_.stop();
  krr_print_.stop();
  corner2_.stop();
  broker_.stop();
  registry_.stop();
  exchange_.stop();
  maskinporten_.stop();
}

void National::rotate_sas_key(const std::string& key) {
  service_bus_.sas().set_key(key, false);
  registry_.set_sas_key(key);
}

std::set<std::string> National::usual_scopes() {
  return {
      "altinn:broker.write", "altinn:broker.read", "eformidling:dpo", "eformidling:dpe",           "eformidling:dpv",
      "eformidling:dpf",     "eformidling:dph",    "eformidling:dpi", "digitalpostinnbygger:send", "ks:fiks"};
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
  if (organisation.dpf) entry.svarut_levels = {3, 4};
  registry_.put(std::move(entry));
}

Result<void> National::register_resident(Resident resident, const Behaviour& behaviour) {
  if (resident.mailbox && resident.mailbox->supplier.empty()) {
    resident.mailbox->supplier = orgnr_of(corner2_.supplier(DpiType::digital).certificate);
  }
  const auto mailbox = resident.mailbox ? resident.mailbox->address : std::string{};
  const auto name = resident.name;
  if (auto put = registry_.put(std::move(resident)); !put) return put;
  if (!mailbox.empty()) corner2_.state().set_behaviour(mailbox, behaviour);
  corner2_.state().set_behaviour(name, behaviour);
  return {};
}

}  // namespace kanal::sim

#include "app/sandbox/sandbox.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "crypto/issue.hpp"
#include "crypto/keystore.hpp"
#include "sim/national.hpp"

namespace kanal::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;

constexpr std::string_view keystore_password = "sandbox";
constexpr milliseconds ready_limit{20'000};
constexpr std::uint16_t simulators_after = 10;  ///< their ports follow the installations' ones
constexpr std::uint16_t hub_after = 8;

Result<void> write_file(const fs::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return reject("sandbox.file", path.string() + " cannot be written");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  return {};
}

std::string organisation_name(const std::string& orgnr) {
  if (orgnr == agency_orgnr) return "FJORDHAVN DIREKTORAT";
  if (orgnr == municipality_orgnr) return "BERGVIK KOMMUNE";
  if (orgnr == fjordvik_orgnr) return "FJORDVIK KOMMUNE";
  if (orgnr == company_orgnr) return "SOLVIK BYGG AS";
  if (orgnr == einnsyn_orgnr) return "EINNSYN";
  return "ORGANISASJON " + orgnr;
}

std::set<std::string> every_process() {
  auto processes = sim::processes_of(sim::ProcessCategory::arkivmelding);
  processes.merge(sim::processes_of(sim::ProcessCategory::avtalt));
  processes.merge(sim::processes_of(sim::ProcessCategory::einnsyn));
  return processes;
}

std::string client_id(const std::string& orgnr) { return "MOVE_IP_" + orgnr; }
std::string system_user_name(const std::string& orgnr) {
  return fmt::format("{0}_integrasjonspunkt_systembruker_{0}", orgnr);
}

}  // namespace

std::vector<InstallationPlan> demo_installations() {
  const DpfUse both{true, true};
  return {{"agency-main", agency_orgnr, "", {}, both, false, true, "innsyn"},
          {"agency-vendor-a", agency_orgnr, "fagsys-a", {}, {}, false, false, "innsyn", "agency-main"},
          {"agency-vendor-b", agency_orgnr, "fagsys-b", {}},
          {"municipality", municipality_orgnr, "", {}, {}, false, true},
          {"fjordvik", fjordvik_orgnr, "", {}, both, true},
          {"einnsyn", einnsyn_orgnr, "", {}, {}, false, false, "data"}};
}

Sandbox::Sandbox(SandboxPlan plan, Clock& clock, Log& log) : plan_(std::move(plan)), clock_(clock), log_(log) {}

Sandbox::~Sandbox() {
  // All at once, then wait: stopping one after the other would take as long as all together.
  for (auto& [name, process] : processes_) process.signal(SIGTERM);
  processes_.clear();
}

Result<std::unique_ptr<Sandbox>> Sandbox::make(SandboxPlan plan, Clock& clock, Log& log) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(plan), clock, log));
  if (auto prepared = sandbox->prepare(); !prepared) return failed(prepared);
  return sandbox;
}

Result<void> Sandbox::prepare() {
  plan_.folder = fs::absolute(plan_.folder);
  if (plan_.program.empty()) plan_.program = own_program();
  std::error_code error;
  if (!plan_.keep) fs::remove_all(plan_.folder, error);
  fs::create_directories(plan_.folder, error);
  if (error) return reject("sandbox.folder", plan_.folder.string() + ": " + error.message());

  const Time now = clock_.now();
  const Time from = now - days(1);
  const Time to = now + days(3650);
  const auto ca = crypto::make_ca("Kanal Sandbox CA", from, to);
  if (auto written = write_file(plan_.folder / "ca.pem", ca.certificate.pem()); !written) return failed(written);
  const auto tls = crypto::issue(ca, {"localhost", "Kanal Sandbox", "", {"localhost", "127.0.0.1"}, from, to});

  sim::NationalOptions options;
  options.folder = plan_.folder / "national";
  options.tls = tls;
  options.anchors = {ca.certificate};
  options.supplier_ca = ca;
  options.broker.scan_time = plan_.scan_time;
  options.fiks_io =
      sim::FiksIo::available() && std::ranges::any_of(plan_.installations, [](const auto& one) { return one.fiks_io; });
  if (plan_.largest_transfer) {
    for (auto& [name, resource] : options.broker.resources) resource.max_size = *plan_.largest_transfer;
  }
  if (plan_.first_port != 0) {
    const auto port = static_cast<std::uint16_t>(plan_.first_port + simulators_after);
    const auto next = [&](int offset) { return static_cast<std::uint16_t>(port + offset); };
    options.ports = {port,    next(1), next(2), next(3), next(4),  next(5),
                     next(6), next(7), next(8), next(9), next(10), next(11)};
  }
  national_ = std::make_unique<sim::National>(std::move(options), clock_, log_);
  if (auto started = national_->start(); !started) return failed(started);
  if (auto registered = register_recipients(); !registered) return failed(registered);

  net::ClientOptions client;
  client.ca_pem = ca.certificate.pem();
  http_ = std::make_unique<net::HttpClient>(std::move(client));

  std::map<std::string, crypto::Identity> identities;
  hub_port_ = plan_.first_port == 0 ? reserve_port() : static_cast<std::uint16_t>(plan_.first_port + hub_after);
  std::uint16_t next = plan_.first_port;
  for (const auto& installation : plan_.installations) {
    if (!identities.contains(installation.orgnr)) {
      auto identity = crypto::issue(ca, {organisation_name(installation.orgnr),
                                         organisation_name(installation.orgnr),
                                         installation.orgnr,
                                         {},
                                         from,
                                         to});
      sim::OrganisationRegistration organisation{installation.orgnr,
                                                 organisation_name(installation.orgnr),
                                                 {},
                                                 identity.certificate,
                                                 installation.dpf.receives};
      if (installation.only_dpf) organisation.processes.emplace();
      if (!installation.einnsyn_mode.empty()) organisation.processes = every_process();
      national_->register_organisation(organisation);
      national_->register_client(client_id(installation.orgnr), installation.orgnr);
      national_->approve_system_user(client_id(installation.orgnr), installation.orgnr,
                                     system_user_name(installation.orgnr));
      identities.emplace(installation.orgnr, std::move(identity));
    }
    fs::create_directories(folder(installation.name), error);
    const auto keystore = crypto::write_pkcs12(identities.at(installation.orgnr), installation.orgnr,
                                               Secret(std::string(keystore_password)));
    if (auto written = write_file(folder(installation.name) / "keystore.p12", text_of(keystore)); !written) {
      return failed(written);
    }
    const std::uint16_t port = plan_.first_port == 0 ? reserve_port() : next++;
    ports_[installation.name] = port;
    auto at_ks = register_at_ks(installation, identities.at(installation.orgnr).certificate);
    auto at_fiks_io = register_at_fiks_io(installation, identities.at(installation.orgnr).certificate);
    if (!at_fiks_io) return failed(at_fiks_io);
    auto link = link_to_hub(installation, ca);
    if (!link) return failed(link);
    auto more = std::move(at_ks);
    more.merge(*at_fiks_io);
    more.merge(*link);
    if (auto written = write_configuration(installation, port, more); !written) return failed(written);
  }
  return {};
}

/// Who post is sent to without an installation of their own: residents with a digital mailbox, on paper and in Altinn,
/// and a company in Altinn.
Result<void> Sandbox::register_recipients() {
  national_->register_organisation({company_orgnr, organisation_name(company_orgnr), std::set<std::string>{}, {}});
  sim::Resident in_altinn;
  in_altinn.id = altinn_resident;
  in_altinn.name = "Siri Haugland";
  in_altinn.address.reset();
  if (auto registered = national_->register_resident(std::move(in_altinn)); !registered) return registered;
  sim::Resident digital;
  digital.id = mailbox_resident;
  digital.name = "Kari Nordvik";
  digital.mailbox.emplace();
  digital.mailbox->address = "kari.nordvik#7QXD";
  digital.email = "kari.nordvik@example.no";
  digital.mobile = "+4790000001";
  if (auto registered = national_->register_resident(std::move(digital)); !registered) return registered;
  sim::Resident paper;
  paper.id = paper_resident;
  paper.name = "Ola Fjellstad";
  paper.address = {{"Strandveien 4"}, "5003", "BERGEN", ""};
  return national_->register_resident(std::move(paper));
}

std::map<std::string, std::string> Sandbox::register_at_ks(const InstallationPlan& installation,
                                                           const crypto::Certificate& certificate) {
  const auto& [sends, receives] = installation.dpf;
  if (!sends && !receives) return {};
  std::map<std::string, std::string> settings{{"difi.move.feature.enableDPF", "true"},
                                              {"difi.move.fiks.inn.enable", receives ? "true" : "false"},
                                              {"difi.move.fiks.pollingrate", std::to_string(plan_.polling.count())}};
  if (sends) {
    sim::SvarUtAccount account{new_uuid(), new_uuid(), new_uuid(), installation.orgnr, installation.name, new_uuid()};
    settings["difi.move.fiks.ut.type"] = "rest";
    settings["difi.move.fiks.ut.endpointUrl"] = national_->svarut_url();
    settings["difi.move.fiks.ut.rest.kontoid"] = account.konto_id;
    settings["difi.move.fiks.ut.rest.integrasjon-id"] = account.integrasjon_id;
    settings["difi.move.fiks.ut.rest.integrasjon-passord"] = account.integrasjon_passord;
    // For whoever sets ut.type=ws.
    settings["difi.move.fiks.ut.username"] = account.username;
    settings["difi.move.fiks.ut.password"] = account.password;
    national_->svarut().add_account(std::move(account));
  }
  if (receives) {
    sim::Mottakersystem system{"mottak-" + installation.orgnr, new_uuid(), {installation.orgnr}, certificate};
    settings["difi.move.fiks.inn.baseUrl"] = national_->svarinn_url();
    settings["difi.move.fiks.inn.username"] = system.username;
    settings["difi.move.fiks.inn.password"] = system.password;
    national_->svarinn().add_system(std::move(system));
  }
  return settings;
}

Result<std::map<std::string, std::string>> Sandbox::register_at_fiks_io(const InstallationPlan& installation,
                                                                        const crypto::Certificate& certificate) {
  std::map<std::string, std::string> settings;
  if (!installation.fiks_io || !national_->has_fiks_io()) return settings;
  auto& fiks_io = national_->fiks_io();
  sim::FiksIoAccount account;
  account.konto_id = new_uuid();
  account.navn = installation.name;
  account.orgnr = installation.orgnr;
  account.certificate = certificate;
  sim::FiksIoIntegration integration{new_uuid(), Secret(new_uuid()), installation.orgnr, {account.konto_id}};
  accounts_[installation.name] = account.konto_id;
  settings = {{"difi.move.feature.enableDPFIO", "true"},
              {"difi.move.fiks.io.konto-id", account.konto_id},
              {"difi.move.fiks.io.integrasjons-id", integration.id},
              {"difi.move.fiks.io.integrasjons-passord", integration.password.reveal()},
              {"difi.move.fiks.io.sender-orgnr", installation.orgnr},
              {"difi.move.fiks.io.host", fiks_io.amqp_host()},
              {"difi.move.fiks.io.api-host", fiks_io.api_host()},
              {"kanal.dpfio.port", std::to_string(fiks_io.amqp_port())}};
  fiks_io.add_integration(std::move(integration));
  if (auto added = fiks_io.add_account(std::move(account)); !added) return failed(added);
  return settings;
}

Result<std::map<std::string, std::string>> Sandbox::link_to_hub(const InstallationPlan& installation,
                                                                const crypto::Identity& ca) {
  std::map<std::string, std::string> settings;
  const auto pem_of = [&](const std::string& name, std::string_view what) {
    return plan_.folder / fmt::format("hub-{}.{}", name, what);
  };
  const auto write_link = [&](const std::string& name) -> Result<void> {
    if (fs::exists(pem_of(name, "key"))) return {};
    const auto identity = crypto::issue(
        ca, {name, "Kanal Sandbox", "", {"localhost", "127.0.0.1"}, clock_.now() - days(1), clock_.now() + days(3650)});
    if (auto written = write_file(pem_of(name, "pem"), identity.certificate.pem()); !written) return written;
    return write_file(pem_of(name, "key"), identity.key.pem());
  };
  std::size_t satellites = 0;
  for (const auto& other : plan_.installations) {
    if (other.hub != installation.name) continue;
    if (auto written = write_link(other.name); !written) return failed(written);
    const auto entry = fmt::format("kanal.hub.satellites[{}].", satellites++);
    settings[entry + "name"] = other.name;
    settings[entry + "certificate"] = "file:" + pem_of(other.name, "pem").string();
  }
  if (satellites > 0) {
    settings["kanal.hub.port"] = std::to_string(hub_port_);
    settings["kanal.hub.address"] = "127.0.0.1";
  }
  if (!installation.hub.empty()) settings["kanal.hub.url"] = fmt::format("https://127.0.0.1:{}", hub_port_);
  if (settings.empty()) return settings;
  if (auto written = write_link(installation.name); !written) return failed(written);
  settings["kanal.hub.certificate"] = "file:" + pem_of(installation.name, "pem").string();
  settings["kanal.hub.key"] = "file:" + pem_of(installation.name, "key").string();
  return settings;
}

std::string Sandbox::account_of(const std::string& name) const {
  const auto found = accounts_.find(name);
  return found == accounts_.end() ? std::string{} : found->second;
}

Result<void> Sandbox::write_configuration(const InstallationPlan& installation, std::uint16_t port,
                                          const std::map<std::string, std::string>& more) {
  std::map<std::string, std::string> settings{
      {"server.port", std::to_string(port)},
      {"difi.ssl.enabled", "false"},
      {"difi.move.ntp.disable", "true"},
      {"difi.security.enable", "false"},
      {"difi.move.org.number", installation.orgnr},
      {"difi.move.org.keystore.path", "file:keystore.p12"},
      {"difi.move.org.keystore.type", "PKCS12"},
      {"difi.move.org.keystore.password", std::string(keystore_password)},
      {"difi.move.org.keystore.alias", installation.orgnr},
      {"difi.move.oidc.url", national_->token_url()},
      {"difi.move.oidc.audience", national_->audience()},
      {"difi.move.oidc.clientId", client_id(installation.orgnr)},
      {"difi.move.serviceregistryEndpoint", national_->registry_url()},
      {"difi.move.feature.enableDPO", "true"},
      {"difi.move.dpo.brokerserviceUrl", national_->broker_url()},
      {"difi.move.dpo.altinnTokenExchangeUrl", national_->exchange_url()},
      {"difi.move.dpo.systemUser.orgId", "0192:" + installation.orgnr},
      {"difi.move.dpo.systemUser.name", system_user_name(installation.orgnr)},
      {"difi.move.dpo.pollingrate", std::to_string(plan_.polling.count())},
      {"difi.move.nextmove.ttlPollingrate", "1000"},
      {"difi.move.feature.enableDPI", "true"},
      {"difi.move.dpi.uri", national_->corner2_url()},
      {"difi.move.dpi.krr-print-url", national_->krr_print_url()},
      {"difi.move.dpi.mpcId", installation.channel.empty() ? installation.name : installation.channel},
      {"difi.move.dpi.pollingrate", std::to_string(plan_.polling.count())},
      {"kanal.name", installation.name},
      {"kanal.tls.extra-ca", "file:" + (plan_.folder / "ca.pem").string()},
      {"kanal.asic.trusted-ca", "file:" + (plan_.folder / "ca.pem").string()},
      {"kanal.send.first-retry", "500"},
      {"kanal.status.interval", std::to_string(plan_.polling.count())},
      {"logging.file.name", ""},
  };
  if (installation.orgnr == agency_orgnr) {
    settings["difi.move.feature.enableDPV"] = "true";
    settings["difi.move.dpv.correspondenceServiceUrl"] = national_->correspondence_url();
    settings["difi.move.dpv.altinnTokenExchangeUrl"] = national_->exchange_url();
    settings["difi.move.dpv.health-check-url"] = national_->correspondence_health_url();
  }
  if (!installation.einnsyn_mode.empty()) {
    settings["difi.move.feature.enableDPE"] = "true";
    settings["difi.move.nextmove.serviceBus.baseUrl"] = national_->service_bus_host();
    settings["kanal.dpe.amqp-port"] = std::to_string(national_->service_bus().amqp_port());
    settings["difi.move.nextmove.serviceBus.mode"] = installation.einnsyn_mode;
    settings["difi.move.nextmove.serviceBus.pollingrate"] = std::to_string(plan_.polling.count());
  }
  if (!installation.channel.empty()) settings["difi.move.dpo.message-channel"] = installation.channel;
  settings.insert(more.begin(), more.end());
  for (const auto& [key, value] : installation.settings) settings[key] = value;
  std::string text = "# Made by `kanal sandbox`.\n";
  for (const auto& [key, value] : settings) fmt::format_to(std::back_inserter(text), "{}={}\n", key, value);
  return write_file(folder(installation.name) / "integrasjonspunkt-local.properties", text);
}

Result<void> Sandbox::start(const std::string& name, const std::vector<std::string>& settings) {
  if (auto* running = process(name)) {
    if (!running->ended()) return {};
    processes_.erase(name);
  }
  std::vector<std::string> arguments{"--folder", folder(name).string(), "serve"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  const auto log = folder(name) / "kanal.log";
  auto started = ChildProcess::start(plan_.program, arguments, log);
  if (!started) return failed(started);
  auto& process = processes_.emplace(name, std::move(*started)).first->second;
  const auto limit = steady_clock::now() + ready_limit;
  net::ClientRequest request;
  request.url = url(name) + "/manage/health/readiness";
  request.total_timeout = seconds(2);
  while (steady_clock::now() < limit) {
    if (const auto answer = http_->send(request); answer && answer->ok()) return {};
    if (process.ended()) break;
    std::this_thread::sleep_for(milliseconds(5));
  }
  const auto code = process.ended();
  return reject("sandbox.installation",
                fmt::format("{} {}; the end of {}:\n{}", name,
                            code ? fmt::format("ended with {} at its start", *code) : "is not ready in time",
                            log.string(), end_of_log(log)));
}

Result<void> Sandbox::start_all() {
  for (const auto& installation : plan_.installations) {
    if (auto started = start(installation.name); !started) return failed(started);
  }
  return {};
}

void Sandbox::stop(const std::string& name) { processes_.erase(name); }

ChildProcess* Sandbox::process(const std::string& name) {
  const auto found = processes_.find(name);
  return found == processes_.end() ? nullptr : &found->second;
}

std::uint16_t Sandbox::reserve_port() { return reserved_.emplace_back().number(); }

std::string Sandbox::url(const std::string& name) const { return fmt::format("http://127.0.0.1:{}", ports_.at(name)); }

std::filesystem::path Sandbox::folder(const std::string& name) const { return plan_.folder / name; }

}  // namespace kanal::app

#include "app/installation.hpp"

#include <algorithm>

#include "api/api.hpp"
#include "api/hub_api.hpp"
#include "app/access.hpp"
#include "app/arkivmelding_adapter.hpp"
#include "app/clock_watch.hpp"
#include "app/hub_wiring.hpp"
#include "app/identities.hpp"
#include "app/mail.hpp"
#include "app/open_store.hpp"
#include "app/webhook_poster.hpp"
#include "domain/partner.hpp"
#include "flow/address_book.hpp"
#include "flow/engine.hpp"
#include "lookup/own_certificate.hpp"
#include "lookup/service_registry.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"
#include "transports/satellite_transport.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::app {
namespace {

using namespace std::chrono;

/// Reads several settings and remembers the first that is wrong, so that wiring reads like a list.
class Reader {
 public:
  explicit Reader(const ops::Config& config) : config_(config) {}
  bool boolean(std::string_view key) { return take(config_.boolean(key)); }
  std::int64_t integer(std::string_view key) { return take(config_.integer(key)); }
  std::uint64_t size(std::string_view key) { return take(config_.size(key)); }
  milliseconds duration(std::string_view key) { return take(config_.milliseconds(key)); }
  std::string required(std::string_view key) { return take(config_.required(key)); }
  std::string text(std::string_view key) { return config_.text_or(key, ""); }
  [[nodiscard]] Result<void> result() const { return error_ ? Result<void>(tl::unexpected(*error_)) : Result<void>{}; }

 private:
  template <class T>
  T take(Result<T> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = value.error();
    return T{};
  }
  const ops::Config& config_;
  std::optional<Error> error_;
};

Result<flow::FirstStart> first_start_of(const ops::Config& config) {
  const std::string key = "kanal.receive.first-start";
  const auto given = config.text_or(key, "report");
  const auto mode = ops::lower(given);
  if (mode == "report") return flow::FirstStart::report;
  if (mode == "hold") return flow::FirstStart::hold;
  if (mode == "off") return flow::FirstStart::off;
  return ops::wrong_value(config, key, given, "must be report, hold or off");
}

Result<flow::Settings> flow_settings(const ops::Config& config) {
  Reader read(config);
  flow::Settings settings;
  settings.own_organisation = Orgnr(read.required("difi.move.org.number"));
  if (!settings.own_organisation.empty() && !domain::is_orgnr(settings.own_organisation.str())) {
    return reject("config.value", "difi.move.org.number must be nine digits");
  }
  settings.status.document_type = read.required("difi.move.nextmove.status-document-type");
  settings.status.arkivmelding_process = read.required("difi.move.arkivmelding.receipt-process");
  settings.status.avtalt_process = read.required("difi.move.avtalt.receipt-process");
  settings.status.einnsyn_process = read.required("difi.move.einnsyn.receipt-process");
  settings.default_ttl = hours(read.integer("difi.move.nextmove.default-ttl-hours"));
  settings.status.ttl = settings.default_ttl;
  settings.local_receipt = {read.boolean("difi.move.arkivmelding.generate-arkivmelding-receipts"),
                            read.required("difi.move.arkivmelding.default-document-type"),
                            settings.status.arkivmelding_process,
                            read.required("difi.move.arkivmelding.receipt-document-type")};
  settings.lock_timeout = minutes(read.integer("difi.move.nextmove.lockTimeoutMinutes"));
  settings.expiry_interval = read.duration("difi.move.nextmove.ttlPollingrate");
  settings.send_workers = static_cast<int>(std::clamp<std::int64_t>(read.integer("kanal.send.workers"), 1, 256));
  settings.receive_workers = static_cast<int>(std::clamp<std::int64_t>(read.integer("kanal.receive.workers"), 1, 256));
  settings.max_attempts = 5 + static_cast<int>(read.integer("difi.move.queue.maximum-retry-hours"));
  settings.first_retry = read.duration("kanal.send.first-retry");
  settings.departures_interval = read.duration("kanal.lookout.departures-interval");
  settings.arrivals_interval = read.duration("kanal.lookout.arrivals-interval");
  settings.disk_reserve = read.size("kanal.disk.reserve");
  const auto days = [&](const char* key) { return std::chrono::days(read.integer(key)); };
  settings.retention = {days("kanal.retention.conversations"), days("kanal.retention.orphans"),
                        days("kanal.retention.quarantine"), days("kanal.retention.findings"),
                        days("kanal.retention.remote-items")};
  settings.deliver_orphan_receipts = read.boolean("kanal.dpo.deliver-orphan-receipts");
  auto first_start = first_start_of(config);
  if (!first_start) return failed(first_start);
  settings.first_start = *first_start;
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  return settings;
}

Result<net::ClientOptions> client_options(const ops::Config& config) {
  net::ClientOptions options;
  auto ca = config.extra_ca();
  if (!ca) return failed(ca);
  options.ca_pem = std::move(*ca);
  auto timeout = config.milliseconds("difi.move.oidc.connectTimeout");
  if (!timeout) return failed(timeout);
  options.connect_timeout = *timeout;
  return options;
}

Result<lookup::ServiceRegistryOptions> registry_options(const ops::Config& config,
                                                        const std::vector<transports::Factory>& enabled) {
  Reader read(config);
  lookup::ServiceRegistryOptions options;
  options.endpoint = read.required("difi.move.serviceregistryEndpoint");
  options.signed_answers = read.boolean("difi.move.sign.enable");
  options.jwk_url = read.text("difi.move.sign.jwkUrl");
  options.pinned_organisation = read.text("kanal.registry.pinned-organisation");
  options.use_token = read.boolean("difi.move.oidc.enable");
  options.timeout = read.duration("difi.move.oidc.readTimeout");
  if (!read.boolean("difi.move.feature.enableDsfPrintLookup")) options.print = false;
  options.beta_features = read.boolean("difi.move.feature.enableBetaFeatures");
  for (const auto& factory : enabled) {
    options.scope_sets.push_back(factory.registry_scopes);
    options.services.push_back(factory.service);
  }
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  return options;
}

Result<lookup::TokenClient> registry_token_client(const ops::Config& config, const crypto::Identity& own) {
  Reader read(config);
  lookup::TokenClient client;
  client.token_url = read.required("difi.move.oidc.url");
  client.audience = read.required("difi.move.oidc.audience");
  client.client_id = read.required("difi.move.oidc.clientId");
  client.credential = lookup::CertificateCredential{own};
  if (has_own_oidc_keystore(config)) {
    auto other = read_identity(config, "difi.move.oidc.keystore");
    if (!other) return failed(other);
    client.credential = lookup::CertificateCredential{*other};
  }
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  return client;
}

Result<std::optional<net::ServerTls>> server_tls(const ops::Config& config) {
  auto enabled = config.boolean("difi.ssl.enabled");
  if (!enabled) return failed(enabled);
  if (!*enabled) return std::optional<net::ServerTls>{};
  auto identity = read_server_identity(config);
  if (!identity) return failed(identity);
  net::ServerTls tls{identity->certificate.pem(), identity->key.pem()};
  for (const auto& issuer : identity->chain) tls.certificate_pem += issuer.pem();
  return std::optional(std::move(tls));
}

Result<net::ServerOptions> server_options(const ops::Config& config) {
  Reader read(config);
  net::ServerOptions options;
  options.port = static_cast<std::uint16_t>(read.integer("server.port"));
  options.workers = static_cast<int>(read.integer("kanal.http.workers"));
  options.max_connections = static_cast<std::size_t>(read.integer("kanal.http.max-connections"));
  options.idle_timeout = read.duration("server.tomcat.connection-timeout");
  options.min_body_rate = read.size("kanal.http.min-body-rate");
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  auto where = listening(config);
  if (!where) return failed(where);
  options.address = where->address;
  auto allowed = address_rules(config, "kanal.http.allow");
  if (!allowed) return failed(std::move(allowed));
  options.allow = std::move(*allowed);
  auto tls = server_tls(config);
  if (!tls) return failed(tls);
  options.tls = std::move(*tls);
  return options;
}

Result<WebhookPosterOptions> webhook_poster_options(const ops::Config& config) {
  Reader read(config);
  WebhookPosterOptions options;
  options.connect_timeout = read.duration("difi.move.webhooks.connectTimeout");
  options.read_timeout = read.duration("difi.move.webhooks.readTimeout");
  options.secret = config.secret("kanal.webhooks.secret");
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  for (const auto& [key, rules] :
       {std::pair("kanal.webhooks.allow", &options.allowed), {"kanal.webhooks.deny", &options.denied}}) {
    auto parsed = address_rules(config, key);
    if (!parsed) return failed(std::move(parsed));
    *rules = std::move(*parsed);
  }
  return options;
}

Result<flow::WebhookSettings> webhook_settings(const ops::Config& config) {
  Reader read(config);
  flow::WebhookSettings settings;
  settings.workers = static_cast<int>(read.integer("kanal.webhooks.workers"));
  settings.disable_after = std::chrono::hours(read.integer("kanal.webhooks.disable-after-hours"));
  settings.ping_must_succeed = read.text("kanal.webhooks.ping") == "require";
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  return settings;
}

Result<api::ApiSettings> api_settings(const ops::Config& config) {
  Reader read(config);
  api::ApiSettings settings;
  settings.version = version();
  settings.organisation = config.text_or("difi.move.org.number", "");
  settings.name = config.text_or("kanal.name", "");
  settings.disk_reserve = read.size("kanal.disk.reserve");
  settings.allow_trailing_slash = read.boolean("difi.move.feature.allowDeprecatedTrailingSlash");
  settings.max_multipart_bytes = read.size("spring.servlet.multipart.max-request-size");
  settings.strict_bodies = read.boolean("kanal.api.strict-bodies");
  auto login = login_required(config);
  if (!login) return failed(login);
  if (*login) {
    settings.user.emplace(read.required("difi.security.user.name"), config.secret("difi.security.user.password"));
  }
  if (auto wrong = read.result(); !wrong) return failed(wrong);
  return settings;
}

}  // namespace

std::string_view version() { return KANAL_VERSION; }

/// In the order of construction; destroyed in reverse.
struct Installation::Parts {
  Parts(ops::Config read, Clock& c, Log& l, ports::CrashPoints& p)
      : config(std::move(read)), clock(c), log(l), points(p) {}

  ops::Config config;
  Clock& clock;
  Log& log;
  ports::CrashPoints& points;
  ProcessControls controls;
  const Time started = clock.now();
  ops::Timer calls{"http.client.requests", "Calls to the national services and web-hooks"};
  std::vector<crypto::Identity> identities;
  flow::Settings settings;
  std::unique_ptr<net::HttpClient> http;
  std::unique_ptr<lookup::TokenSource> registry_tokens;
  std::unique_ptr<lookup::ServiceRegistry> registry;
  std::unique_ptr<lookup::OwnCertificate> own_certificate;
  std::unique_ptr<ArkivmeldingAdapter> arkivmelding;
  std::unique_ptr<ports::Mailer> mailer;    ///< null: failures are not mailed
  std::unique_ptr<ClockWatch> clock_watch;  ///< null: switched off
  NodeName node;
  std::unique_ptr<store::Spool> spool;
  std::unique_ptr<store::SqlStore> store;
  flow::Services services;
  std::unique_ptr<flow::AddressBook> addresses;
  std::unique_ptr<WebhookPoster> webhook_poster;
  std::unique_ptr<flow::Hub> hub;  ///< null: this installation is none
  std::unique_ptr<flow::Engine> engine;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<net::HttpServer> hub_server;

  Result<void> read_identity();
  Result<void> open_lookup(const std::vector<transports::Factory>& enabled);
  Result<void> make_watchers();
  Result<void> open_store();
  Result<std::string> installation_id();
  transports::KeptSecrets kept_secrets();
  Result<void> make_services(const std::vector<transports::Factory>& enabled);
  Result<void> make_hub();
  Result<void> make_server();
  api::ManagementSettings management();
  [[nodiscard]] std::vector<ops::Metric> metrics() const;
};

Result<void> Installation::Parts::read_identity() {
  auto read = read_identities(config);
  if (!read) return failed(read);
  identities = std::move(*read);
  auto flow = flow_settings(config);
  if (!flow) return failed(flow);
  settings = std::move(*flow);
  const auto owner = identities.front().certificate.organisation();
  if (owner && *owner != settings.own_organisation) {
    log.warning("certificate_of_other_organisation",
                {{"orgnr", settings.own_organisation.str()}, {"certificate", owner->str()}});
  }
  return {};
}

Result<void> Installation::Parts::open_lookup(const std::vector<transports::Factory>& enabled) {
  auto options = client_options(config);
  if (!options) return failed(options);
  options->seen = [this](const net::ClientCall& call) {
    calls.record({{"clientName", std::string(call.host)},
                  {"method", std::string(call.method)},
                  {"status", std::to_string(call.status)},
                  {"outcome", ops::outcome_of(call.status)}},
                 call.seconds);
  };
  http = std::make_unique<net::HttpClient>(std::move(*options));
  auto token_client = registry_token_client(config, identities.front());
  if (!token_client) return failed(token_client);
  registry_tokens = std::make_unique<lookup::TokenSource>(std::move(*token_client), *http, clock, log);
  auto registry_settings = registry_options(config, enabled);
  if (!registry_settings) return failed(registry_settings);
  const bool use_token = registry_settings->use_token;
  registry = std::make_unique<lookup::ServiceRegistry>(std::move(*registry_settings),
                                                       use_token ? registry_tokens.get() : nullptr, *http, clock, log);
  own_certificate =
      std::make_unique<lookup::OwnCertificate>(settings.own_organisation, identities, *registry, clock, log);
  return {};
}

Result<void> Installation::Parts::make_watchers() {
  auto wanted = config.boolean("difi.move.feature.mailErrorStatus");
  if (!wanted) return failed(wanted);
  auto made = make_mailer(config, clock);
  if (!made && *wanted) return failed(std::move(made));
  if (!made) log.warning("mail_not_usable", {{"error", made.error().text()}});
  if (*wanted) mailer = std::move(*made);
  auto disabled = config.boolean("difi.move.ntp.disable");
  if (!disabled) return failed(disabled);
  const std::string host = config.text_or("difi.move.ntp.host", "");
  if (*disabled || host.empty()) return {};
  clock_watch = std::make_unique<ClockWatch>(ClockWatchOptions{host}, clock, log);
  return clock_watch->check_at_start();
}

Result<void> Installation::Parts::open_store() {
  auto place = store_place(config);
  if (!place) return failed(place);
  auto opened = app::open_store(*place, identities, clock, log);
  if (!opened) return failed(opened);
  node = std::move(opened->node);
  spool = std::move(opened->spool);
  store = std::move(opened->store);
  return {};
}

Result<std::string> Installation::Parts::installation_id() {
  constexpr std::string_view name = "installation.id";
  std::string id = new_uuid();
  auto kept = store->write([&](ports::Txn& txn) -> Result<void> {
    const auto known = txn.setting(name);
    if (known) id = *known;
    return known ? Result<void>{} : txn.put_setting(name, id);
  });
  if (!kept) return failed(kept);
  return id;
}

/// In the store's settings, sealed with the installation key.
transports::KeptSecrets Installation::Parts::kept_secrets() {
  const auto name_of = [](std::string_view name) { return "secret." + std::string(name); };
  transports::KeptSecrets kept;
  kept.recall = [this, name_of](std::string_view name) -> std::optional<Secret> {
    std::optional<std::string> sealed;
    const auto read = store->read([&](ports::View& view) -> Result<void> {
      sealed = view.setting(name_of(name));
      return {};
    });
    const auto bytes = read && sealed ? from_base64(*sealed) : std::nullopt;
    if (!bytes) return std::nullopt;
    const auto plain = spool->unseal(*bytes, name_of(name));
    if (!plain) return std::nullopt;
    return Secret(std::string(text_of(*plain)));
  };
  kept.keep = [this, name_of](std::string_view name, const Secret& secret) {
    const auto sealed = to_base64(spool->seal(bytes_of(secret.reveal()), name_of(name)));
    const auto written = store->write([&](ports::Txn& txn) { return txn.put_setting(name_of(name), sealed); });
    if (!written) log.warning("secret_not_kept", {{"name", name}, {"reason", written.error().text()}});
  };
  return kept;
}

Result<void> Installation::Parts::make_services(const std::vector<transports::Factory>& enabled) {
  auto id = installation_id();
  if (!id) return failed(id);
  auto satellite = read_satellite(config, clock);
  if (!satellite) return failed(satellite);
  const transports::Resources resources{config, *http, *registry, identities, clock, log, *id, kept_secrets()};
  for (const auto& factory : enabled) {
    auto transport = factory.make(resources);
    if (!transport) return failed(std::move(transport).error(), factory.service.str());
    const bool through_hub =
        *satellite && std::ranges::find((*satellite)->services, factory.service) != (*satellite)->services.end();
    if (through_hub) {
      *transport = std::make_unique<transports::SatelliteTransport>(std::move(*transport), (*satellite)->hub,
                                                                    settings.own_organisation.str());
    }
    services.add(std::move(*transport));
  }
  return {};
}

Result<void> Installation::Parts::make_hub() {
  auto setup = read_hub(config);
  if (!setup) return failed(setup);
  if (!*setup) return {};
  hub = std::make_unique<flow::Hub>(*store, std::move((*setup)->settings), clock, log);
  hub_server = std::make_unique<net::HttpServer>(
      std::move((*setup)->server), api::make_hub_api({*hub, *spool, std::move((*setup)->satellites), log}), log);
  return {};
}

std::vector<ops::Metric> Installation::Parts::metrics() const {
  auto all = ops::process_metrics(started, clock.now());
  all.push_back(calls.collect());
  if (server) {
    all.push_back({"kanal.http.refused",
                   ops::Metric::Kind::counter,
                   "Connections refused by kanal.http.allow",
                   "",
                   {{{}, static_cast<double>(server->refused()), 0, 0}}});
  }
  using Kind = ops::Metric::Kind;
  const std::chrono::duration<double, std::ratio<86400>> left =
      identities.front().certificate.not_after() - clock.now();
  all.push_back({"kanal.certificate.days",
                 Kind::gauge,
                 "Days until the business certificate expires",
                 "",
                 {{{}, left.count(), 0, 0}}});
  all.push_back({"kanal.store.commits",
                 Kind::counter,
                 "Durable commits",
                 "",
                 {{{}, static_cast<double>(store->commits()), 0, 0}}});
  if (controls.log == nullptr) return all;
  ops::Metric lines{"logback.events", Kind::counter, "Log lines", "", {}};
  for (const auto& [name, level] : {std::pair("debug", LogLevel::debug),
                                    {"info", LogLevel::info},
                                    {"warn", LogLevel::warning},
                                    {"error", LogLevel::error}}) {
    lines.series.push_back({{{"level", name}}, static_cast<double>(controls.log->count(level)), 0, 0});
  }
  all.push_back(std::move(lines));
  return all;
}

api::ManagementSettings Installation::Parts::management() {
  api::ManagementSettings management;
  management.base_path = config.text_or("management.endpoints.web.base-path", "/manage");
  management.include = config.list("management.endpoints.web.exposure.include");
  management.exclude = config.list("management.endpoints.web.exposure.exclude");
  management.health_details = config.text_or("management.endpoint.health.show-details", "always") != "never";
  if (const auto file = config.text("logging.file.name"); file && !file->empty()) {
    management.log_file = config.folder() / *file;
  }
  for (auto& shown : config.show()) management.configuration.emplace_back(std::move(shown.key), std::move(shown.value));
  management.verdicts = config.verdicts(config.check());
  management.log = controls.log;
  management.shut_down = controls.shut_down;
  management.metrics = [this] { return metrics(); };
  return management;
}

Result<void> Installation::Parts::make_server() {
  auto check = read_schema_check(config);
  if (!check) return failed(check);
  arkivmelding = std::make_unique<ArkivmeldingAdapter>(std::move(*check), log);
  auto poster = webhook_poster_options(config);
  if (!poster) return failed(poster);
  webhook_poster = std::make_unique<WebhookPoster>(std::move(*poster), *http, clock);
  auto webhooks = webhook_settings(config);
  if (!webhooks) return failed(webhooks);
  addresses = std::make_unique<flow::AddressBook>(*registry, services);
  engine = std::make_unique<flow::Engine>(
      flow::SubmitParts{*store, *spool, *addresses, *own_certificate, *arkivmelding, points, services, settings, clock,
                        log},
      flow::TellingParts{*webhook_poster, *webhooks, config.list("difi.move.feature.statusQueueIncludes"),
                         mailer.get()},
      hub.get());
  if (auto prepared = engine->prepare(); !prepared) return failed(prepared);
  auto api = api_settings(config);
  if (!api) return failed(api);
  auto id = installation_id();
  if (!id) return failed(id);
  api->installation_id = std::move(*id);
  api->management = management();
  auto managers = address_rules(config, "kanal.manage.allow");
  if (!managers) return failed(std::move(managers));
  api->management.allow = std::move(*managers);
  auto options = server_options(config);
  if (!options) return failed(options);
  auto handler =
      api::make_api({engine->submit(), engine->inbox(), engine->board(), services, *store, *spool, *addresses, clock,
                     log, std::move(*api), engine->webhooks(), engine->guard(), engine->orphans(), hub.get()});
  server = std::make_unique<net::HttpServer>(std::move(*options), std::move(handler), log);
  return {};
}

Installation::Installation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Installation::~Installation() { stop(); }

Result<std::unique_ptr<Installation>> Installation::make(ops::Config config, Clock& clock, Log& log,
                                                         ports::CrashPoints& points, ProcessControls controls) {
  auto parts = std::make_unique<Parts>(std::move(config), clock, log, points);
  parts->controls = std::move(controls);
  std::vector<transports::Factory> enabled;
  for (auto& factory : transports::all_factories()) {
    auto on = parts->config.boolean(factory.enable_property);
    if (!on) return failed(on);
    if (!*on && !factory.or_property.empty()) on = parts->config.boolean(factory.or_property);
    if (!on) return failed(on);
    if (*on) enabled.push_back(std::move(factory));
  }
  if (auto done = parts->read_identity(); !done) return failed(done);
  if (auto done = parts->open_lookup(enabled); !done) return failed(done);
  if (auto done = parts->make_watchers(); !done) return failed(done);
  if (auto done = parts->open_store(); !done) return failed(done);
  if (auto done = parts->make_services(enabled); !done) return failed(done);
  if (auto done = parts->make_hub(); !done) return failed(done);
  if (auto done = parts->make_server(); !done) return failed(done);
  return std::unique_ptr<Installation>(new Installation(std::move(parts)));
}

Result<void> Installation::start() {
  if (auto listening = parts_->server->start(); !listening) return failed(listening);
  if (parts_->hub_server) {
    if (auto listening = parts_->hub_server->start(); !listening) return failed(listening);
    parts_->log.info("hub_started", {{"url", parts_->hub_server->url()}});
  }
  auto scheduling = parts_->config.boolean("app.scheduling.enable");
  if (!scheduling) return failed(scheduling);
  if (*scheduling) parts_->engine->start();
  if (*scheduling && parts_->clock_watch) parts_->clock_watch->start();
  if (const auto where = listening(parts_->config); where && where->held_back) {
    parts_->log.warning(
        "only_this_machine_may_connect",
        {{"reason", "nothing protects the client API: difi.security.enable is false and kanal.http.allow is empty"},
         {"remedy",
          "turn on difi.security.enable, or name the clients in kanal.http.allow, or set "
          "kanal.http.address=0.0.0.0 to open it to everybody"}});
  }
  parts_->log.info("started", {{"url", parts_->server->url()}, {"version", version()}});
  return {};
}

void Installation::stop() {
  if (!parts_) return;
  if (parts_->clock_watch) parts_->clock_watch->stop();
  const auto deadline = parts_->config.milliseconds("kanal.shutdown-deadline").value_or(seconds(30));
  if (parts_->hub) parts_->hub->stop();
  if (parts_->hub_server) parts_->hub_server->stop(deadline);
  parts_->server->stop(deadline);
  parts_->engine->stop();
}

std::string Installation::url() const { return parts_->server->url(); }

}  // namespace kanal::app

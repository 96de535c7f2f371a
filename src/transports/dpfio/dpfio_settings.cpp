#include "transports/dpfio/dpfio_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "lookup/token_settings.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpfio {
namespace {

constexpr std::string_view prefix = "difi.move.fiks.io.";
constexpr std::string_view uuid_rule = "must be a UUID, as Fiks Forvaltning shows it";

std::string key(std::string_view name) { return std::string(prefix) + std::string(name); }

Result<std::string> uuid_of(const ops::Config& config, const std::string& property) {
  auto value = config.required(property);
  if (!value) return failed(value);
  if (!is_uuid(*value)) return ops::wrong_value(config, property, *value, std::string(uuid_rule));
  return ops::lower(*value);
}

/// Of these settings and of `orgnr_name` for the organisation, which `organisation` stands in for.
Result<Account> read_account(const ops::Config& config, std::string property, const std::string& organisation) {
  Account account;
  account.property = std::move(property);
  auto konto = uuid_of(config, account.property + "konto-id");
  if (!konto) return failed(konto);
  account.konto_id = std::move(*konto);
  auto integration = uuid_of(config, account.property + "integrasjons-id");
  if (!integration) return failed(integration);
  account.integrasjons_id = std::move(*integration);
  const auto password = account.property + "integrasjons-passord";
  account.integrasjons_passord = config.secret(password);
  if (account.integrasjons_passord.empty()) {
    return reject("config.missing", password + " is needed: the password that Fiks Forvaltning gave the integration");
  }
  account.organisation = organisation;
  return account;
}

Result<void> read_accounts(const ops::Config& config, Settings& settings) {
  auto main = read_account(config, std::string(prefix), settings.organisation);
  if (!main) return failed(main);
  settings.accounts.push_back(std::move(*main));
  for (std::size_t i = 0; i < config.count("kanal.dpfio.accounts"); ++i) {
    const auto entry = fmt::format("kanal.dpfio.accounts[{}].", i);
    const auto organisation = config.text_or(entry + "orgnr", settings.organisation);
    if (!domain::is_orgnr(organisation)) {
      return ops::wrong_value(config, entry + "orgnr", organisation, "must be an organisation number of nine digits");
    }
    auto account = read_account(config, entry, organisation);
    if (!account) return failed(account);
    if (std::ranges::find(settings.accounts, account->konto_id, &Account::konto_id) != settings.accounts.end()) {
      // Two readers of one queue would share its messages at random.
      return ops::wrong_value(config, entry + "konto-id", account->konto_id, "is configured twice");
    }
    settings.accounts.push_back(std::move(*account));
  }
  return {};
}

/// `<account>=<orgnr>`, several with commas.
Result<void> read_senders(const ops::Config& config, Settings& settings) {
  const std::string property = "kanal.dpfio.senders";
  for (const auto& entry : config.list(property)) {
    const auto separator = entry.find('=');
    const std::string_view whole = entry;
    const auto account = ops::trimmed(whole.substr(0, separator));
    const auto orgnr =
        separator == std::string::npos ? std::string{} : std::string(ops::trimmed(whole.substr(separator + 1)));
    if (!is_uuid(account) || !domain::is_orgnr(orgnr)) {
      return ops::wrong_value(config, property, entry,
                              "must be <account id>=<organisation number>, several with commas");
    }
    settings.senders.insert_or_assign(ops::lower(account), orgnr);
  }
  auto fallback = config.required(key("sender-orgnr"));
  if (!fallback) return failed(fallback);
  if (!domain::is_orgnr(*fallback)) {
    return ops::wrong_value(config, key("sender-orgnr"), *fallback, "must be an organisation number of nine digits");
  }
  settings.fallback_sender = std::move(*fallback);
  return {};
}

Result<std::string> host_of(const ops::Config& config, const std::string& property) {
  auto host = config.required(property);
  if (!host) return failed(host);
  if (host->find('/') != std::string::npos) {
    return ops::wrong_value(config, property, *host, "must be a host without https:// and path");
  }
  return host;
}

Result<void> read_places(const ops::Config& config, Settings& settings) {
  auto api = host_of(config, key("api-host"));
  if (!api) return failed(api);
  auto amqp = host_of(config, key("host"));
  if (!amqp) return failed(amqp);
  const auto is_test = [](const std::string& host) { return host.find(".fiks.test.ks.no") != std::string::npos; };
  const auto is_real = [](const std::string& host) { return host.ends_with(".fiks.ks.no"); };
  if ((is_test(*api) && is_real(*amqp)) || (is_real(*api) && is_test(*amqp))) {
    return ops::wrong_value(config, key("host"), *amqp,
                            fmt::format("is of another environment than {} ({})", key("api-host"), *api));
  }
  settings.api_url = "https://" + *api;
  settings.amqp_host = std::move(*amqp);
  auto port = config.integer("kanal.dpfio.port");
  if (!port) return failed(port);
  settings.amqp_port = static_cast<std::uint16_t>(std::clamp<std::int64_t>(*port, 1, 65535));
  settings.vhost = config.text_or("kanal.dpfio.vhost", "/");
  auto ca = config.extra_ca();
  if (!ca) return failed(ca);
  settings.ca_pem = std::move(*ca);
  return {};
}

Result<void> read_queue(const ops::Config& config, Settings& settings) {
  auto receives = read_whole_receive_mode(config, "kanal.dpfio.receive", "DPFIO");
  if (!receives) return failed(receives);
  settings.receives = *receives == ReceiveMode::all;
  auto deduplicate = config.boolean("kanal.dpfio.deduplicate");
  if (!deduplicate) return failed(deduplicate);
  settings.deduplicate = *deduplicate;
  auto prefetch = config.integer("kanal.dpfio.prefetch");
  if (!prefetch) return failed(prefetch);
  settings.prefetch = static_cast<std::uint16_t>(std::clamp<std::int64_t>(*prefetch, 1, 1000));
  auto heartbeat = config.milliseconds("kanal.dpfio.heartbeat");
  if (!heartbeat) return failed(heartbeat);
  settings.heartbeat = std::max(std::chrono::seconds(1), std::chrono::floor<std::chrono::seconds>(*heartbeat));
  settings.application_name = config.text_or("kanal.dpfio.application-name", "Kanal");
  const auto mode = config.text_or("kanal.dpfio.status-mode", "legacy");
  if (ops::lower(mode) == "strict") {
    settings.status_mode = StatusMode::strict;
  } else if (ops::lower(mode) != "legacy") {
    return ops::wrong_value(config, "kanal.dpfio.status-mode", mode, "must be legacy or strict");
  }
  for (const auto& [property, into] : {std::pair{"kanal.dpfio.rpc-timeout", &settings.rpc_timeout},
                                       std::pair{"kanal.dpfio.key-cache", &settings.key_cache},
                                       std::pair{"kanal.dpfio.idle-timeout", &settings.idle_timeout}}) {
    auto value = config.milliseconds(property);
    if (!value) return failed(value);
    *into = *value;
  }
  return {};
}

}  // namespace

Result<const Account*> Settings::account_of(const std::string& organisation) const {
  const auto found = std::ranges::find(accounts, organisation, &Account::organisation);
  if (found != accounts.end()) return &*found;
  return retry("dpfio.no_account",
               fmt::format("no account at Fiks IO is configured for {}: add it to kanal.dpfio.accounts", organisation));
}

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  Settings settings;
  auto rules = read_package_rules(config);
  if (!rules) return failed(rules);
  static_cast<PackageRules&>(settings) = std::move(*rules);
  auto organisation = config.required("difi.move.org.number");
  if (!organisation) return failed(organisation);
  settings.organisation = std::move(*organisation);
  auto client = lookup::read_token_client(config, "difi.move.", own);
  if (!client) return failed(client);
  settings.token_client = std::move(*client);
  for (const auto read : {read_accounts, read_senders, read_places, read_queue}) {
    if (auto done = read(config, settings); !done) return failed(done);
  }
  auto limit = config.size(key("upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key("upload-size-limit"), "2GB");
  auto ttl = config.integer(key("default-ttl-hours"));
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  return settings;
}

lookup::TokenRequest fiks_token() {
  lookup::TokenRequest request;
  request.scopes = {"ks:fiks"};
  return request;
}

}  // namespace kanal::transports::dpfio

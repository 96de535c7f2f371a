#include "transports/dpo/dpo_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/keystore.hpp"
#include "domain/channel.hpp"
#include "ops/key_names.hpp"

namespace kanal::transports::dpo {
namespace {

constexpr std::string_view prefix = "difi.move.dpo.";

std::string key(std::string_view name) { return std::string(prefix) + std::string(name); }

tl::unexpected<Error> wrong_value(const ops::Config& config, const std::string& property, const std::string& value,
                                  std::string_view rule) {
  const auto origin = config.origin(property);
  return reject("config.value",
                fmt::format("{}{} = \"{}\": {}", origin ? origin->text() + ": " : "", property, value, rule));
}

/// Absent or empty: no channel. Anything that is no channel name stops the start.
Result<std::optional<std::string>> channel_of(const ops::Config& config, const std::string& property) {
  const auto text = config.text(property);
  if (!text || text->empty()) return std::optional<std::string>{};
  if (!domain::is_channel_name(*text)) {
    return wrong_value(config, property, *text, "must match ^[a-zA-Z0-9-_]{0,25}$");
  }
  return std::optional(*text);
}

Result<lookup::Credential> credential_of(const ops::Config& config, const crypto::Identity& own) {
  const auto given = config.text_or(key("oidc.authenticationType"), "CERTIFICATE");
  const auto type = ops::lower(given);
  if (type == "jwk") {
    auto path = config.required(key("oidc.jwk.path"));
    if (!path) return failed(path);
    if (path->starts_with("vault:") || path->starts_with("base64:")) {
      return wrong_value(config, key("oidc.jwk.path"), "...",
                         "must be a path: the file is read again when the key changes");
    }
    std::filesystem::path file = path->starts_with("file:") ? path->substr(5) : *path;
    if (file.is_relative()) file = config.folder() / file;
    return lookup::Credential(lookup::JwkCredential{file.string()});
  }
  if (type != "certificate") {
    return wrong_value(config, key("oidc.authenticationType"), given, "must be CERTIFICATE or JWK");
  }
  const auto own_store = config.origin(key("oidc.keystore.path"));
  if (!own_store || own_store->source == "default") return lookup::Credential(lookup::CertificateCredential{own});
  auto content = config.file(key("oidc.keystore.path"));
  if (!content) return failed(content);
  auto entries = crypto::read_keystore(*content, config.secret(key("oidc.keystore.password")));
  if (!entries) return failed(std::move(entries).error(), key("oidc.keystore.path"));
  auto identity = crypto::find_identity(*entries, config.text_or(key("oidc.keystore.alias"), ""));
  if (!identity) return failed(std::move(identity).error(), key("oidc.keystore.alias"));
  return lookup::Credential(lookup::CertificateCredential{*identity});
}

Result<std::vector<Reportee>> reportees_of(const ops::Config& config) {
  std::vector<Reportee> reportees;
  auto channel = channel_of(config, key("message-channel"));
  if (!channel) return failed(channel);
  auto organisation = config.required(key("systemUser.orgId"));
  if (!organisation) return failed(organisation);
  auto name = config.required(key("systemUser.name"));
  if (!name) return failed(name);
  reportees.push_back({{*organisation, *name}, *channel});
  for (std::size_t i = 0; i < config.count(key("reportees")); ++i) {
    const std::string entry = key("reportees[" + std::to_string(i) + "].");
    auto reportee_organisation = config.required(entry + "orgId");
    if (!reportee_organisation) return failed(reportee_organisation);
    auto reportee_name = config.required(entry + "name");
    if (!reportee_name) return failed(reportee_name);
    auto own_channel = channel_of(config, entry + "message-channel");
    if (!own_channel) return failed(own_channel);
    Reportee reportee{{*reportee_organisation, *reportee_name}, *own_channel ? *own_channel : *channel};
    const auto same = std::ranges::find(reportees, reportee.user.organisation,
                                        [](const Reportee& other) { return other.user.organisation; });
    if (same == reportees.end()) {
      reportees.push_back(std::move(reportee));
    } else if (same->user.name != reportee.user.name || same->channel != reportee.channel) {
      // Two polls of one inbox would take every file twice.
      return wrong_value(config, entry + "orgId", *reportee_organisation,
                         "is configured twice, with different names or channels");
    }
  }
  return reportees;
}

Result<void> read_verification(const ops::Config& config, Settings& settings) {
  const auto given = config.text_or("kanal.asic.verify", "require");
  const auto policy = ops::lower(given);
  if (policy == "require") {
    settings.verify = VerifyPolicy::require;
  } else if (policy == "warn") {
    settings.verify = VerifyPolicy::warn;
  } else if (policy == "off") {
    settings.verify = VerifyPolicy::off;
  } else {
    return wrong_value(config, "kanal.asic.verify", given, "must be require, warn or off");
  }
  settings.processors = config.list("kanal.asic.processors");
  if (const auto anchors = config.text("kanal.asic.trusted-ca"); anchors && !anchors->empty()) {
    auto pem = config.file("kanal.asic.trusted-ca");
    if (!pem) return failed(pem);
    std::string_view rest = text_of(*pem);
    constexpr std::string_view end_line = "-----END CERTIFICATE-----";
    for (auto end = rest.find(end_line); end != std::string_view::npos; end = rest.find(end_line)) {
      auto certificate = crypto::Certificate::from_pem(rest.substr(0, end + end_line.size()));
      if (!certificate) return failed(std::move(certificate).error(), "kanal.asic.trusted-ca");
      settings.trusted_signers.push_back(*certificate);
      rest.remove_prefix(end + end_line.size());
    }
    // An empty list would mean that nobody is checked.
    if (settings.trusted_signers.empty()) {
      return wrong_value(config, "kanal.asic.trusted-ca", *anchors, "the file holds no PEM certificate");
    }
  }
  auto entries = config.size("kanal.asic.max-entries");
  if (!entries) return failed(entries);
  auto size = config.size("kanal.asic.max-size");
  if (!size) return failed(size);
  auto ratio = config.size("kanal.asic.max-ratio");
  if (!ratio) return failed(ratio);
  settings.limits.max_entries = *entries;
  settings.limits.max_total_size = *size;
  settings.limits.max_ratio = *ratio;
  return {};
}

}  // namespace

Result<const Reportee*> Settings::reportee(const std::string& organisation) const {
  for (const auto& entry : reportees) {
    if (entry.user.organisation == organisation) return &entry;
  }
  return retry("dpo.no_system_user",
               "no system user is configured for " + organisation + ": add it to difi.move.dpo.reportees");
}

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  Settings settings;
  auto broker = config.required(key("brokerserviceUrl"));
  if (!broker) return failed(broker);
  settings.broker_url = *broker;
  while (settings.broker_url.ends_with('/')) settings.broker_url.pop_back();
  auto resource = config.required(key("resource"));
  if (!resource) return failed(resource);
  settings.resource = *resource;

  for (const auto& [name, into] : {std::pair{"oidc.url", &settings.token_client.token_url},
                                   std::pair{"oidc.audience", &settings.token_client.audience},
                                   std::pair{"oidc.clientId", &settings.token_client.client_id},
                                   std::pair{"altinnTokenExchangeUrl", &settings.token_client.exchange_url}}) {
    auto value = config.required(key(name));
    if (!value) return failed(value);
    *into = *value;
  }
  auto credential = credential_of(config, own);
  if (!credential) return failed(credential);
  settings.token_client.credential = *credential;

  auto reportees = reportees_of(config);
  if (!reportees) return failed(reportees);
  settings.reportees = std::move(*reportees);
  settings.retired_channels = config.list("kanal.dpo.retired-channels");

  auto refuse = config.boolean("kanal.dpo.refuse-unknown-channel");
  if (!refuse) return failed(refuse);
  settings.refuse_unknown_channel = *refuse;
  auto describe = config.boolean("kanal.dpo.describe-installation");
  if (!describe) return failed(describe);
  settings.describe_installation = *describe;

  for (const auto& [name, into] :
       {std::pair{"pollingrate", &settings.polling_interval}, std::pair{"connectTimeout", &settings.connect_timeout},
        std::pair{"requestTimeout", &settings.request_timeout}}) {
    auto value = config.milliseconds(key(name));
    if (!value) return failed(value);
    *into = *value;
  }
  auto limit = config.size(key("upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key("upload-size-limit"), "1GB");
  auto ttl = config.integer(key("default-ttl-hours"));
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  const auto services = config.list("difi.move.nextmove.status-services");
  settings.answers_with_status = std::ranges::find(services, "DPO") != services.end();
  if (auto verification = read_verification(config, settings); !verification) return failed(verification);
  return settings;
}

}  // namespace kanal::transports::dpo

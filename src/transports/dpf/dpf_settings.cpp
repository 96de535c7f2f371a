#include "transports/dpf/dpf_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "formats/utf8.hpp"
#include "lookup/token_settings.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"
#include "transports/dpf/on_behalf_accounts.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::string_view prefix = "difi.move.fiks.";
constexpr std::string_view ut = "difi.move.fiks.ut.";
constexpr std::string_view rest = "difi.move.fiks.ut.rest.";
constexpr std::int64_t many = 100'000;

std::string key(std::string_view before, std::string_view name) { return std::string(before) + std::string(name); }

Result<std::string> url_of(const ops::Config& config, const std::string& property) {
  auto url = config.required(property);
  if (!url) return failed(url);
  while (url->ends_with('/')) url->pop_back();
  return url;
}

Result<void> read_flag(const ops::Config& config, const std::string& property, bool& into) {
  auto flag = config.boolean(property);
  if (!flag) return failed(flag);
  into = *flag;
  return {};
}

Result<std::int64_t> positive(const ops::Config& config, const std::string& property) {
  auto number = config.integer(property);
  if (!number) return failed(number);
  if (*number < 1 || *number > many) {
    return ops::wrong_value(config, property, std::to_string(*number), fmt::format("must be from 1 to {}", many));
  }
  return number;
}

/// `^[a-zA-Z0-9_\-.øæåØÆÅ]{0,20}$`
bool is_kontering(std::string_view code) {
  constexpr std::size_t longest = 20;
  std::size_t length = 0;
  while (!code.empty()) {
    const auto c = formats::next_code_point(code);
    if (!c) return false;
    const bool good = (*c >= U'a' && *c <= U'z') || (*c >= U'A' && *c <= U'Z') || (*c >= U'0' && *c <= U'9') ||
                      std::u32string_view(U"_-.øæåØÆÅ").find(*c) != std::u32string_view::npos;
    if (!good || ++length > longest) return false;
  }
  return true;
}

/// One REST account; nothing, and a warning, when a part of it is missing.
Result<std::optional<RestAccount>> read_rest_account(const ops::Config& config, const std::string& property,
                                                     std::string_view konto_name, const std::string& organisation,
                                                     Settings& settings) {
  RestAccount account;
  account.property = property;
  account.konto_id = config.text_or(key(property, konto_name), "");
  account.integrasjon_id = config.text_or(key(property, "integrasjon-id"), "");
  account.integrasjon_passord = config.secret(key(property, "integrasjon-passord"));
  for (const auto& [name, value] : {std::pair{konto_name, &account.konto_id},
                                    std::pair{std::string_view("integrasjon-id"), &account.integrasjon_id}}) {
    if (!value->empty() && !is_uuid(*value)) {
      return ops::wrong_value(config, key(property, name), *value, "must be a UUID, as Fiks Forvaltning shows it");
    }
  }
  std::string missing;
  const auto need = [&](bool there, std::string_view name) {
    if (!there) missing += (missing.empty() ? "" : ", ") + key(property, name);
  };
  need(!account.konto_id.empty(), konto_name);
  need(!account.integrasjon_id.empty(), "integrasjon-id");
  need(!account.integrasjon_passord.empty(), "integrasjon-passord");
  if (missing.empty()) return std::optional(std::move(account));
  settings.warnings.push_back(fmt::format("{} cannot send over DPF: {} not set", organisation, missing));
  return std::optional<RestAccount>{};
}

/// The entries of `ut.paa-vegne-av` are logins of SOAP. The Java version looks for them with REST too, and then sends
/// from the one account there is; so they still say who may.
Result<void> read_rest_accounts(const ops::Config& config, Settings& settings) {
  auto main = read_rest_account(config, std::string(rest), "kontoid", settings.organisation, settings);
  if (!main) return failed(main);
  if (*main) settings.rest_accounts.emplace(settings.organisation, **main);
  auto listed = on_behalf_organisations(config, key(ut, "paa-vegne-av"));
  if (!listed) return failed(listed);
  auto own_accounts = on_behalf_organisations(config, key(rest, "paa-vegne-av"));
  if (!own_accounts) return failed(own_accounts);
  for (const auto& organisation : *own_accounts) {
    const auto property = fmt::format("{}paa-vegne-av.{}.", rest, organisation);
    auto account = read_rest_account(config, property, "konto-id", organisation, settings);
    if (!account) return failed(account);
    if (!*account) continue;
    (*account)->as_consumer = organisation != settings.organisation;
    settings.rest_accounts.insert_or_assign(organisation, std::move(**account));
  }
  for (const auto& organisation : *listed) {
    if (!*main || own_accounts->contains(organisation) || organisation == settings.organisation) continue;
    settings.rest_accounts.emplace(organisation, **main);
  }
  return {};
}

Result<void> read_rest(const ops::Config& config, const crypto::Identity& own, Settings& settings) {
  auto url = url_of(config, key(rest, "endpointUrl"));
  if (!url) return failed(url);
  settings.rest_url = std::move(*url);
  auto signer = lookup::read_service_identity(config, prefix, own);
  if (!signer) return failed(signer);
  // The leaf alone: KS takes no chain (dpf.md 3.1).
  lookup::TokenClient client{{}, {}, {}, lookup::CertificateCredential{std::move(*signer), false}};
  for (const auto& [name, into] : {std::pair{"token-uri", &client.token_url}, std::pair{"audience", &client.audience},
                                   std::pair{"clientId", &client.client_id}}) {
    auto value = config.required(key(rest, "maskinporten.") + name);
    if (!value) return failed(value);
    *into = *value;
  }
  settings.token_client = std::move(client);
  settings.scopes = config.list(key(rest, "maskinporten.scopes"));
  return read_rest_accounts(config, settings);
}

void read_login(const ops::Config& config, const std::string& property, const std::string& organisation,
                Settings& settings) {
  SoapLogin login{config.text_or(key(property, "username"), ""), config.secret(key(property, "password")), property};
  if (login.username.empty() || login.password.empty()) {
    settings.warnings.push_back(fmt::format("{} cannot send over DPF: {}{} not set", organisation, property,
                                            login.username.empty() ? "username" : "password"));
    return;
  }
  settings.soap_logins.insert_or_assign(organisation, std::move(login));
}

Result<void> read_soap(const ops::Config& config, Settings& settings) {
  auto url = url_of(config, key(ut, "ws.endpointUrl"));
  if (!url) return failed(url);
  settings.soap_url = std::move(*url);
  read_login(config, std::string(ut), settings.organisation, settings);
  auto listed = on_behalf_organisations(config, key(ut, "paa-vegne-av"));
  if (!listed) return failed(listed);
  for (const auto& organisation : *listed) {
    read_login(config, fmt::format("{}paa-vegne-av.{}.", ut, organisation), organisation, settings);
  }
  settings.warnings.push_back(
      "difi.move.fiks.ut.type is ws: KS shuts the SOAP service down during 2026; set it to rest, and "
      "difi.move.fiks.ut.rest.kontoid, integrasjon-id and integrasjon-passord");
  return {};
}

Result<void> read_type(const ops::Config& config, const crypto::Identity& own, Settings& settings) {
  const auto property = key(ut, "type");
  const auto given = config.text_or(property, "ws");
  const auto type = ops::lower(given);
  if (type == "ws") return read_soap(config, settings);
  if (type != "rest") return ops::wrong_value(config, property, given, "must be rest or ws");
  settings.type = SvarUtType::rest;
  return read_rest(config, own, settings);
}

Result<void> read_letter(const ops::Config& config, Settings& settings) {
  if (auto read = read_flag(config, key(prefix, "kryptert"), settings.encrypted); !read) return failed(read);
  if (!settings.encrypted) {
    settings.warnings.push_back(
        "difi.move.fiks.kryptert is false: documents go to SvarUt as they are; messages of level 4 are refused");
  }
  if (auto read = read_flag(config, key(ut, "kun-digital-levering"), settings.only_digital); !read) {
    return failed(read);
  }
  settings.kontering = config.text_or(key(ut, "konteringsKode"), "");
  if (!is_kontering(settings.kontering)) {
    return ops::wrong_value(config, key(ut, "konteringsKode"), settings.kontering,
                            "must be at most 20 letters, digits, or _ - .");
  }
  for (const auto& extension : config.list(key(ut, "ekskluderesFraPrint"))) {
    auto name = ops::lower(ops::trimmed(extension));
    if (name.starts_with('.')) name.erase(0, 1);
    if (!name.empty()) settings.not_printed.insert(std::move(name));
  }
  for (auto& process : config.list("kanal.dpf.confidential-processes")) {
    settings.confidential_processes.insert(std::move(process));
  }
  auto limit = config.size(key(ut, "upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key(ut, "upload-size-limit"), "1GB");
  auto ttl = positive(config, key(ut, "default-ttl-hours"));
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  return {};
}

Result<void> read_times(const ops::Config& config, Settings& settings) {
  auto idle = config.milliseconds(key(rest, "idle-timeout"));
  if (!idle) return failed(idle);
  settings.idle_timeout = *idle;
  auto why_not = why_no_answers(config, "kanal.dpf.receive");
  if (!why_not) return failed(why_not);
  settings.ask_statuses = why_not->empty();
  if (!why_not->empty()) settings.warnings.push_back(*why_not + ": messages end at LEVERT, nobody asks for LEST");
  auto interval = config.milliseconds("kanal.status.interval");
  if (!interval) return failed(interval);
  settings.status_interval = *interval;
  auto minutes = positive(config, "difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes");
  if (!minutes) return failed(minutes);
  settings.longest_status_interval = std::chrono::minutes(*minutes);
  auto days = positive(config, "difi.move.nextmove.statusPollingBackoffThresholdDays");
  if (!days) return failed(days);
  settings.status_interval_grows_over = std::chrono::days(*days);
  return {};
}

}  // namespace

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  Settings settings;
  auto organisation = config.required("difi.move.org.number");
  if (!organisation) return failed(organisation);
  settings.organisation = std::move(*organisation);
  if (auto read = read_flag(config, "difi.move.feature.enableDPF", settings.sends); !read) return failed(read);
  if (auto read = read_letter(config, settings); !read) return failed(read);
  if (auto read = read_times(config, settings); !read) return failed(read);
  if (!settings.sends) return settings;
  auto root = url_of(config, key(ut, "endpointUrl"));
  if (!root) return failed(root);
  settings.root = std::move(*root);
  if (auto read = read_type(config, own, settings); !read) return failed(read);
  return settings;
}

}  // namespace kanal::transports::dpf

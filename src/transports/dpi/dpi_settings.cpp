#include "transports/dpi/dpi_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lookup/token_settings.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"
#include "transports/dpi/channels.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpi {
namespace {

constexpr std::string_view prefix = "difi.move.dpi.";
constexpr std::size_t longest_sender_identifier = 100;
constexpr std::int64_t most_receipts = 10'000;

std::string key(std::string_view name) { return std::string(prefix) + std::string(name); }

Result<std::string> url_of(const ops::Config& config, std::string_view name) {
  auto url = config.required(key(name));
  if (!url) return failed(url);
  while (url->ends_with('/')) url->pop_back();
  return url;
}

Result<int> positive(const ops::Config& config, const std::string& property, std::int64_t most) {
  auto number = config.integer(property);
  if (!number) return failed(number);
  if (*number < 1 || *number > most) {
    return ops::wrong_value(config, property, std::to_string(*number), fmt::format("must be from 1 to {}", most));
  }
  return static_cast<int>(*number);
}

Result<void> read_tokens(const ops::Config& config, const crypto::Identity& signer, Settings& settings) {
  auto enabled = config.boolean(key("oidc.enable"));
  if (!enabled) return failed(enabled);
  settings.mock_token = config.secret(key("oidc.mock.token"));
  settings.scopes = config.list(key("oidc.scopes"));
  if (!*enabled) {
    if (settings.mock_token.reveal().empty()) {
      return ops::wrong_value(config, key("oidc.enable"), "false", "then difi.move.dpi.oidc.mock.token must be set");
    }
    settings.warnings.push_back(key("oidc.enable") + " is false: the fixed token of the configuration is sent");
    return {};
  }
  auto client = lookup::read_token_client(config, prefix, signer);
  if (!client) return failed(client);
  settings.token_client = std::move(*client);
  return {};
}

Result<void> read_trust(const ops::Config& config, Settings& settings) {
  const auto given = config.text_or(key("certificate.mode"), "TEST");
  const auto mode = ops::lower(given);
  if (mode == "production") {
    settings.certificate_mode = CertificateMode::production;
  } else if (mode == "test") {
    settings.certificate_mode = CertificateMode::test;
  } else if (mode == "self_signed") {
    settings.certificate_mode = CertificateMode::self_signed;
    return {};
  } else {
    return ops::wrong_value(config, key("certificate.mode"), given, "must be PRODUCTION, TEST or SELF_SIGNED");
  }
  const std::string anchors = "kanal.dpi.trusted-ca";
  if (config.text_or(anchors, "").empty()) {
    settings.warnings.push_back(
        "kanal.dpi.trusted-ca is not set: a receipt's signature and its signer's organisation number are checked, but "
        "not who issued the signer's certificate");
    return {};
  }
  auto pem = config.file(anchors);
  if (!pem) return failed(pem);
  auto certificates = crypto::read_pem_certificates(text_of(*pem));
  if (!certificates) return failed(std::move(certificates).error(), anchors);
  if (certificates->empty()) {
    return ops::wrong_value(config, anchors, config.text_or(anchors, ""), "the file holds no PEM certificate");
  }
  settings.trusted_signers = std::move(*certificates);
  return {};
}

Result<void> read_selectors(const ops::Config& config, Settings& settings) {
  auto channels = read_channels(config);
  if (!channels) return failed(channels);
  settings.channels = std::move(channels->names);
  settings.channel_warnings = std::move(channels->warnings);
  settings.sender_identifiers = config.list(key("avsenderidentifikatorListe"));
  for (const auto& identifier : settings.sender_identifiers) {
    if (identifier.empty() || identifier.size() > longest_sender_identifier) {
      return ops::wrong_value(config, key("avsenderidentifikatorListe"), identifier, "must have 1 to 100 characters");
    }
  }
  auto without = config.boolean(key("pollWithoutAvsenderidentifikator"));
  if (!without) return failed(without);
  settings.poll_without_sender_identifier = *without;
  if (!*without && settings.sender_identifiers.empty()) {
    return ops::wrong_value(config, key("pollWithoutAvsenderidentifikator"), "false",
                            "then avsenderidentifikatorListe must name at least one, or no receipt is ever fetched");
  }
  // All that DPI has for a sender is answers.
  auto why_not = why_no_answers(config, "kanal.dpi.receive");
  if (!why_not) return failed(why_not);
  settings.fetch_receipts = why_not->empty();
  if (!why_not->empty()) {
    settings.warnings.push_back(*why_not + ": messages end at SENDT, no receipt is read");
  }
  return {};
}

Result<void> read_numbers(const ops::Config& config, Settings& settings) {
  auto page = positive(config, key("pageSize"), most_receipts);
  if (!page) return failed(page);
  settings.page_size = *page;
  auto largest = positive(config, "kanal.dpi.largest-page", most_receipts);
  if (!largest) return failed(largest);
  settings.largest_page = std::max(*largest, *page);
  for (const auto& [name, into] :
       {std::pair{"pollingrate", &settings.polling_interval}, std::pair{"timeout.connect", &settings.connect_timeout},
        std::pair{"timeout.read", &settings.read_timeout}}) {
    auto value = config.milliseconds(key(name));
    if (!value) return failed(value);
    *into = *value;
  }
  auto limit = config.size(key("upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key("upload-size-limit"), "50MB");
  constexpr std::int64_t many = 100'000;
  auto ttl = positive(config, key("default-ttl-hours"), many);
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  auto minutes = positive(config, "difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes", many);
  if (!minutes) return failed(minutes);
  settings.longest_status_interval = std::chrono::minutes(*minutes);
  auto days = positive(config, "difi.move.nextmove.statusPollingBackoffThresholdDays", many);
  if (!days) return failed(days);
  settings.status_interval_grows_over = std::chrono::days(*days);
  return {};
}

}  // namespace

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  auto signer = lookup::read_service_identity(config, prefix, own);
  if (!signer) return failed(signer);
  Settings settings(std::move(*signer));
  auto access_point = url_of(config, "uri");
  if (!access_point) return failed(access_point);
  settings.access_point = std::move(*access_point);
  auto print = url_of(config, "krr-print-url");
  if (!print) return failed(print);
  settings.print_certificate_url = std::move(*print);
  auto organisation = config.required("difi.move.org.number");
  if (!organisation) return failed(organisation);
  settings.organisation = std::move(*organisation);
  if (const auto type = config.text_or(key("c2-type"), "web"); ops::lower(type) != "web") {
    return ops::wrong_value(config, key("c2-type"), type,
                            "must be web: writing packages into a folder was a test aid of the Java version; "
                            "`kanal sandbox --simulators` is an access point to test against");
  }
  settings.language = config.text_or(key("language"), "NO");
  if (settings.language.size() != 2) {
    return ops::wrong_value(config, key("language"), settings.language, "must be two letters");
  }
  auto content_types = config.boolean("kanal.dpi.check-content-types");
  if (!content_types) return failed(content_types);
  settings.check_content_types = *content_types;
  auto notification = config.boolean("kanal.dpi.notification-failure-is-feil");
  if (!notification) return failed(notification);
  settings.notification_failure_fails = *notification;
  if (auto read = read_selectors(config, settings); !read) return failed(read);
  if (auto read = read_tokens(config, settings.signer, settings); !read) return failed(read);
  if (auto read = read_trust(config, settings); !read) return failed(read);
  if (auto read = read_numbers(config, settings); !read) return failed(read);
  return settings;
}

}  // namespace kanal::transports::dpi

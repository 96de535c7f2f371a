#include "transports/dpv/dpv_settings.hpp"

#include <fmt/format.h>

#include "lookup/token_settings.hpp"
#include "ops/wrong_value.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpv {
namespace {

constexpr std::string_view prefix = "difi.move.dpv.";
/// Of Altinn (dpv.md 6.2).
constexpr std::size_t longest_subject = 512;
constexpr std::size_t longest_sms = 2144;

std::string key(std::string_view name) { return std::string(prefix) + std::string(name); }

Result<std::string> url_of(const ops::Config& config, std::string_view name) {
  auto url = config.required(key(name));
  if (!url) return failed(url);
  while (url->ends_with('/')) url->pop_back();
  return url;
}

Result<int> number_from(const ops::Config& config, const std::string& property, std::int64_t least) {
  constexpr std::int64_t most = 100'000;
  auto number = config.integer(property);
  if (!number) return failed(number);
  if (*number < least || *number > most) {
    return ops::wrong_value(config, property, std::to_string(*number),
                            fmt::format("must be from {} to {}", least, most));
  }
  return static_cast<int>(*number);
}

/// What old configurations wrote for the recipient's name (dpv.md 4.4).
std::string with_new_tags(std::string text) {
  constexpr std::string_view old_tag = "$reporteeName$";
  constexpr std::string_view new_tag = "$correspondenceRecipientName$";
  for (auto at = text.find(old_tag); at != std::string::npos; at = text.find(old_tag, at + new_tag.size())) {
    text.replace(at, old_tag.size(), new_tag);
  }
  return text;
}

/// What a confidential message tells when the configuration has no text of its own: nothing of what it is about.
constexpr std::string_view sensitive_text =
    "$correspondenceRecipientName$: Du har mottatt en taushetsbelagt melding fra $reporterName$. For å lese meldingen "
    "må "
    "du ha fått tilgang til tjenesten «eformidling-dpv-taushetsbelagt» i Altinn.";

Result<void> read_notifications(const ops::Config& config, Settings& settings) {
  for (const auto& [name, into] :
       {std::pair{"notifyEmail", &settings.notify_email}, std::pair{"notifySms", &settings.notify_sms},
        std::pair{"enableDueDate", &settings.due_date}}) {
    auto value = config.boolean(key(name));
    if (!value) return failed(value);
    *into = *value;
  }
  auto days = number_from(config, key("daysToReply"), 0);
  if (!days) return failed(days);
  settings.days_to_reply = *days;
  settings.notification_text = with_new_tags(config.text_or(key("notification-text"), ""));
  if (settings.notification_text.empty()) {
    return ops::wrong_value(config, key("notification-text"), "",
                            "must be a text: Altinn refuses notifications without");
  }
  settings.sensitive_notification_text = with_new_tags(config.text_or(key("sensitive-notification-text"), ""));
  if (settings.sensitive_notification_text.empty()) settings.sensitive_notification_text = sensitive_text;
  for (const auto& text : {settings.notification_text, settings.sensitive_notification_text}) {
    if (text.size() > longest_sms) {
      return ops::wrong_value(config, key("notification-text"), text.substr(0, 60), "must have at most 2144 bytes");
    }
  }
  settings.email_subject = config.text_or(key("email-subject"), "");
  if (settings.email_subject.empty() || settings.email_subject.size() > longest_subject) {
    return ops::wrong_value(config, key("email-subject"), settings.email_subject, "must have 1 to 512 bytes");
  }
  return {};
}

Result<void> read_statuses(const ops::Config& config, Settings& settings) {
  // All that DPV has for a sender is answers.
  auto why_not = why_no_answers(config, "kanal.dpv.receive");
  if (!why_not) return failed(why_not);
  settings.ask_statuses = why_not->empty();
  if (!why_not->empty()) {
    settings.warnings.push_back(*why_not + ": messages end at SENDT, nothing is asked about them");
  }
  auto interval = config.milliseconds("kanal.status.interval");
  if (!interval) return failed(interval);
  settings.status_interval = *interval;
  settings.first_question = std::min(settings.first_question, *interval);
  auto minutes = number_from(config, "difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes", 1);
  if (!minutes) return failed(minutes);
  settings.longest_status_interval = std::chrono::minutes(*minutes);
  auto days = number_from(config, "difi.move.nextmove.statusPollingBackoffThresholdDays", 1);
  if (!days) return failed(days);
  settings.status_interval_grows_over = std::chrono::days(*days);
  return {};
}

}  // namespace

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  auto enabled = config.boolean(key("oidc.enable"));
  if (!enabled) return failed(enabled);
  if (!*enabled) {
    return ops::wrong_value(config, key("oidc.enable"), "false",
                            "must be true: Correspondence admits nobody without a token");
  }
  auto client = lookup::read_token_client(config, prefix, own);
  if (!client) return failed(client);
  auto service = url_of(config, "correspondenceServiceUrl");
  if (!service) return failed(service);
  auto exchange = url_of(config, "altinnTokenExchangeUrl");
  if (!exchange) return failed(exchange);
  auto organisation = config.required("difi.move.org.number");
  if (!organisation) return failed(organisation);
  Settings settings{.service = std::move(*service),
                    .health_check = config.text_or(key("health-check-url"), ""),
                    .organisation = std::move(*organisation),
                    .token_client = std::move(*client)};
  settings.token_client.exchange_url = std::move(*exchange);
  settings.sensitive_resource = config.text_or(key("sensitiveResource"), "");
  if (auto read = read_notifications(config, settings); !read) return failed(read);
  if (auto read = read_statuses(config, settings); !read) return failed(read);
  auto limit = config.size(key("upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key("upload-size-limit"), "250MB");
  auto ttl = number_from(config, key("default-ttl-hours"), 1);
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  return settings;
}

}  // namespace kanal::transports::dpv

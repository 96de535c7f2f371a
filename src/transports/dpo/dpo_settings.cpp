#include "transports/dpo/dpo_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/channel.hpp"
#include "lookup/token_settings.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpo {
namespace {

constexpr std::string_view prefix = "difi.move.dpo.";

std::string key(std::string_view name) { return std::string(prefix) + std::string(name); }

/// Absent or empty: no channel. Anything that is no channel name stops the start.
Result<std::optional<std::string>> channel_of(const ops::Config& config, const std::string& property) {
  const auto text = config.text(property);
  if (!text || text->empty()) return std::optional<std::string>{};
  if (!domain::is_channel_name(*text)) {
    return ops::wrong_value(config, property, *text, "must match ^[a-zA-Z0-9-_]{0,25}$");
  }
  return std::optional(*text);
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
      return ops::wrong_value(config, entry + "orgId", *reportee_organisation,
                              "is configured twice, with different names or channels");
    }
  }
  return reportees;
}

/// Answers come alone on a channel of one's own only: without one, messages come with them.
Result<bool> receives_of(const ops::Config& config, const std::vector<Reportee>& reportees) {
  auto mode = read_receive_mode(config, "kanal.dpo.receive");
  if (!mode) return failed(mode);
  const bool all_channelled =
      std::ranges::all_of(reportees, [](const Reportee& reportee) { return reportee.channel.value_or("") != ""; });
  if (*mode == ReceiveMode::answers && !all_channelled) {
    return ops::wrong_value(
        config, "kanal.dpo.receive", "answers",
        "needs difi.move.dpo.message-channel: without a channel, messages and answers come together");
  }
  return *mode != ReceiveMode::none;
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

  auto client = lookup::read_token_client(config, prefix, own);
  if (!client) return failed(client);
  settings.token_client = std::move(*client);
  auto exchange = config.required(key("altinnTokenExchangeUrl"));
  if (!exchange) return failed(exchange);
  settings.token_client.exchange_url = *exchange;

  auto reportees = reportees_of(config);
  if (!reportees) return failed(reportees);
  settings.reportees = std::move(*reportees);
  settings.retired_channels = config.list("kanal.dpo.retired-channels");
  auto receives = receives_of(config, settings.reportees);
  if (!receives) return failed(receives);
  settings.receives = *receives;

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
  auto rules = read_package_rules(config);
  if (!rules) return failed(rules);
  static_cast<PackageRules&>(settings) = std::move(*rules);
  return settings;
}

}  // namespace kanal::transports::dpo

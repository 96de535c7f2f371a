#include "transports/dpe/dpe_settings.hpp"

#include <algorithm>

#include "domain/channel.hpp"
#include "lookup/token_settings.hpp"
#include "ops/wrong_value.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpe {
namespace {

constexpr std::size_t max_read = 1000;
/// A question must be answered before its caller gives up on it.
constexpr std::chrono::seconds wait_margin{5};

std::string key(std::string_view name) { return "difi.move.nextmove.serviceBus." + std::string(name); }

std::string without_slashes(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<KeySettings> key_settings(const ops::Config& config, const crypto::Identity& own) {
  KeySettings settings;
  auto from_registry = config.boolean("difi.move.oidc.enable");
  if (!from_registry) return failed(from_registry);
  settings.from_registry = *from_registry;
  if (!settings.from_registry) {
    settings.fixed = config.secret(key("sasToken"));
    if (settings.fixed.empty()) {
      return reject("config.missing",
                    key("sasToken") + " is needed while difi.move.oidc.enable is false: the key of the policy");
    }
    return settings;
  }
  auto endpoint = config.required("difi.move.serviceregistryEndpoint");
  if (!endpoint) return failed(endpoint);
  settings.registry_endpoint = without_slashes(*endpoint);
  settings.jwk_url = config.text_or("difi.move.sign.jwkUrl", "");
  if (settings.jwk_url.empty()) settings.jwk_url = settings.registry_endpoint + "/jwk";
  auto signed_answers = config.boolean("difi.move.sign.enable");
  if (!signed_answers) return failed(signed_answers);
  settings.signed_answers = *signed_answers;
  settings.pinned_organisation = config.text_or("kanal.registry.pinned-organisation", "");
  auto client = lookup::read_token_client(config, "difi.move.", own);
  if (!client) return failed(client);
  settings.token_client = std::move(*client);
  auto timeout = config.milliseconds("difi.move.oidc.readTimeout");
  if (!timeout) return failed(timeout);
  settings.timeout = *timeout;
  return settings;
}

Result<void> read_queues(const ops::Config& config, Settings& settings) {
  auto organisation = config.required("difi.move.org.number");
  if (!organisation) return failed(organisation);
  settings.organisation = *organisation;
  const auto mode = config.text_or(key("mode"), "innsyn");
  const auto known = mode_of(mode);
  if (!known) return ops::wrong_value(config, key("mode"), mode, "must be innsyn, data or meeting");
  settings.mode = *known;
  settings.receipt_queue = config.text_or(key("receiptQueue"), "");
  const bool plain = std::ranges::all_of(settings.receipt_queue, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain) {
    return ops::wrong_value(config, key("receiptQueue"), settings.receipt_queue,
                            "must be what follows the organisation number in the name of a queue: letters and digits");
  }
  return {};
}

Result<void> read_limits(const ops::Config& config, Settings& settings) {
  auto limit = config.size(key("upload-size-limit"));
  if (!limit) return failed(limit);
  settings.upload_size_limit = *limit;
  settings.upload_size_text = config.text_or(key("upload-size-limit"), "2MB");
  auto wire = config.size("kanal.dpe.wire-limit");
  if (!wire) return failed(wire);
  settings.wire_limit = *wire;
  auto read_max = config.integer(key("readMaxMessages"));
  if (!read_max) return failed(read_max);
  settings.read_max = static_cast<std::size_t>(std::clamp<std::int64_t>(*read_max, 1, max_read));
  auto ttl = config.integer(key("default-ttl-hours"));
  if (!ttl) return failed(ttl);
  settings.default_ttl = std::chrono::hours(*ttl);
  return {};
}

/// A national service's room: at most one an hour (8.2).
Result<void> read_canary(const ops::Config& config, Settings& settings) {
  const std::string property = "kanal.dpe.canary-interval";
  auto interval = config.milliseconds(property);
  if (!interval) return failed(interval);
  settings.canary_interval = *interval;
  if (interval->count() > 0 && *interval < std::chrono::hours(1)) {
    return ops::wrong_value(config, property, config.text_or(property, ""), "must be 1h or longer, or 0 for none");
  }
  settings.status_document_type = config.text_or("difi.move.nextmove.status-document-type", "");
  settings.status_process = config.text_or("difi.move.einnsyn.receipt-process", "");
  return {};
}

/// Where AMQP is spoken (7.2): at the host of the REST address.
Result<void> read_amqp(const ops::Config& config, const std::string& host, Settings& settings) {
  auto batch_read = config.boolean(key("batchRead"));
  if (!batch_read) return failed(batch_read);
  settings.batch_read = *batch_read;
  settings.amqp_host = host.substr(0, host.find_first_of(":/"));
  auto port = config.integer("kanal.dpe.amqp-port");
  if (!port) return failed(port);
  if (*port < 1 || *port > 65'535) {
    return ops::wrong_value(config, "kanal.dpe.amqp-port", std::to_string(*port), "must be a port: 1 to 65535");
  }
  settings.amqp_port = static_cast<std::uint16_t>(*port);
  auto ca = config.extra_ca();
  if (!ca) return failed(ca);
  settings.ca_pem = std::move(*ca);
  return {};
}

Result<void> read_times(const ops::Config& config, Settings& settings) {
  for (const auto& [name, into] :
       {std::pair{"pollingrate", &settings.polling_interval}, std::pair{"connectTimeout", &settings.timeout}}) {
    auto value = config.milliseconds(key(name));
    if (!value) return failed(value);
    *into = *value;
  }
  auto wait = config.milliseconds("kanal.dpe.receive-wait");
  if (!wait) return failed(wait);
  const auto longest =
      std::max(std::chrono::floor<std::chrono::seconds>(settings.timeout) - wait_margin, std::chrono::seconds(0));
  settings.receive_wait = std::min(std::chrono::floor<std::chrono::seconds>(*wait), longest);
  return {};
}

}  // namespace

Result<Settings> read_settings(const ops::Config& config, const crypto::Identity& own) {
  Settings settings;
  auto rules = read_package_rules(config);
  if (!rules) return failed(rules);
  static_cast<PackageRules&>(settings) = std::move(*rules);
  if (auto read = read_queues(config, settings); !read) return failed(read);
  auto host = config.required(key("baseUrl"));
  if (!host) return failed(host);
  if (host->find("://") != std::string::npos) {
    return ops::wrong_value(config, key("baseUrl"), *host, "must be a host without https://");
  }
  auto https = config.boolean(key("useHttps"));
  if (!https) return failed(https);
  settings.base_url = (*https ? "https://" : "http://") + without_slashes(*host);
  if (auto read = read_amqp(config, *host, settings); !read) return failed(read);
  auto policy = config.required(key("sasKeyName"));
  if (!policy) return failed(policy);
  settings.policy = *policy;
  auto source = key_settings(config, own);
  if (!source) return failed(source);
  settings.key = std::move(*source);
  auto receives = read_whole_receive_mode(config, "kanal.dpe.receive", "DPE");
  if (!receives) return failed(receives);
  settings.receives = *receives == ReceiveMode::all;
  settings.channel = config.text_or("kanal.dpe.message-channel", "");
  if (!domain::is_channel_name(settings.channel)) {
    return ops::wrong_value(config, "kanal.dpe.message-channel", settings.channel, "must match ^[a-zA-Z0-9-_]{0,25}$");
  }
  if (auto read = read_limits(config, settings); !read) return failed(read);
  if (auto read = read_times(config, settings); !read) return failed(read);
  if (auto read = read_canary(config, settings); !read) return failed(read);
  const auto services = config.list("difi.move.nextmove.status-services");
  settings.answers_with_status = std::ranges::find(services, "DPE") != services.end();
  return settings;
}

}  // namespace kanal::transports::dpe

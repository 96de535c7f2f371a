#include "ops/value_rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "ops/cron.hpp"
#include "ops/key_names.hpp"
#include "ops/utf8.hpp"
#include "ops/value_types.hpp"

namespace kanal::ops {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool is_orgnr(std::string_view text) { return text.size() == 9 && std::ranges::all_of(text, is_digit); }
bool is_prefixed_orgnr(std::string_view text) { return text.starts_with("0192:") && is_orgnr(text.substr(5)); }
bool is_channel(std::string_view text) { return text.size() <= 25 && std::ranges::all_of(text, is_name_char); }

/// Dots count as `_`; the two built-in names are longer than the rule allows and work all the same (dpi.md 6.2).
bool is_dpi_channel(std::string_view text) {
  std::string name(text);
  std::ranges::replace(name, '.', '_');
  if (name.starts_with("no_difi_move_integrasjonspunkt") && name.size() <= 38) return true;
  return name.size() <= 28 && std::ranges::all_of(name, is_name_char);
}

/// `^[a-zA-Z0-9\-\.øæåØÆÅ]{0,20}$`, counted in characters.
bool is_accounting_code(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    const std::string_view one = text.substr(0, length);
    constexpr std::array<std::string_view, 6> norwegian{"æ", "ø", "å", "Æ", "Ø", "Å"};
    const bool plain = length == 1 && one != "_" && (is_name_char(one.front()) || one == ".");
    if (!plain && std::ranges::find(norwegian, one) == norwegian.end()) return false;
    text.remove_prefix(length);
    ++count;
  }
  return count <= 20;
}

bool is_absolute_path_of_url(std::string_view text) { return text.starts_with('/'); }

struct TextRule {
  std::string_view key;  ///< in the catalogue
  bool (*good)(std::string_view);
  std::string_view sentence;
};

constexpr std::string_view channel_sentence = "must match ^[a-zA-Z0-9-_]{0,25}$";
constexpr std::string_view orgnr_sentence = "must be an organisation number: nine digits";
constexpr std::string_view party_sentence = "must be 0192: and an organisation number of nine digits";
constexpr std::string_view dpi_sentence = "must match ^[A-Za-z0-9_-]{1,28}$ (a dot counts as _)";
constexpr std::string_view uuid_sentence = "must be a UUID such as 0f3d2c1a-8d0b-4c5e-9f6a-7b8c9d0e1f2a";

constexpr auto text_rules = std::to_array<TextRule>({
    {"difi.move.org.number", is_orgnr, orgnr_sentence},
    {"difi.move.fiks.inn.orgnr", is_orgnr, orgnr_sentence},
    {"difi.move.fiks.inn.fallback-sender-org-nr", is_orgnr, orgnr_sentence},
    {"difi.move.fiks.io.sender-orgnr", is_orgnr, orgnr_sentence},
    {"kanal.registry.pinned-organisation", is_orgnr, orgnr_sentence},
    {"difi.move.dpo.systemUser.orgId", is_prefixed_orgnr, party_sentence},
    {"difi.move.dpo.reportees[n].orgId", is_prefixed_orgnr, party_sentence},
    {"difi.move.dpo.message-channel", is_channel, channel_sentence},
    {"difi.move.dpo.reportees[n].message-channel", is_channel, channel_sentence},
    {"kanal.dpo.retired-channels", is_channel, channel_sentence},
    {"kanal.dpe.message-channel", is_channel, channel_sentence},
    {"difi.move.dpi.mpcId", is_dpi_channel, dpi_sentence},
    {"difi.move.dpi.mpcIdListe", is_dpi_channel, dpi_sentence},
    {"difi.move.fiks.ut.konteringsKode", is_accounting_code, "must match ^[a-zA-Z0-9\\-\\.øæåØÆÅ]{0,20}$"},
    {"difi.move.fiks.ut.rest.kontoid", is_uuid, uuid_sentence},
    {"difi.move.fiks.ut.rest.integrasjon-id", is_uuid, uuid_sentence},
    {"difi.move.fiks.io.konto-id", is_uuid, uuid_sentence},
    {"difi.move.fiks.io.integrasjons-id", is_uuid, uuid_sentence},
    {"kanal.dpfio.accounts[n].konto-id", is_uuid, uuid_sentence},
    {"kanal.dpfio.accounts[n].integrasjons-id", is_uuid, uuid_sentence},
    {"kanal.dpfio.accounts[n].orgnr", is_orgnr, orgnr_sentence},
    {"management.endpoints.web.base-path", is_absolute_path_of_url, "must start with /"},
});

struct Choice {
  std::string_view key_end;  ///< the key, or what it ends in
  std::string_view allowed;  ///< comma list; any case
};

constexpr std::string_view services = "DPO,DPV,DPI,DPF,DPE,DPH,DPFIO";
constexpr std::string_view keystores = "PKCS12,JKS";

constexpr auto choices = std::to_array<Choice>({
    {"eystore.type", keystores},
    {"difi.move.dpi.trustStore.type", keystores},
    {"difi.ssl.key-store-type", keystores},
    {".authenticationType", "CERTIFICATE,JWK"},
    {".certificate.mode", "TEST,PRODUCTION"},
    {"difi.move.nextmove.status-services", services},
    {"difi.move.feature.statusQueueIncludes", services},
    {"difi.move.dpi.c2-type", "web,file"},
    {"difi.move.dpi.receipt-type", "json"},
    {"difi.move.fiks.ut.type", "ws,rest"},
    {"difi.move.nextmove.serviceBus.mode", "innsyn,data,meeting"},
    {"app.logger.stdoutAppender", "CONSOLE,JSON"},
    {"management.endpoint.health.show-details", "always,never,when-authorized"},
    {"kanal.asic.verify", "require,warn,off"},
    {"kanal.webhooks.ping", "log,require"},
    {"kanal.dpfio.status-mode", "legacy,strict"},
    {"kanal.log.level", "debug,info,warning,error"},
});

struct Range {
  std::string_view key_end;
  std::int64_t least;
  std::int64_t most;
};

constexpr std::int64_t any = std::numeric_limits<std::int32_t>::max();
constexpr auto ranges = std::to_array<Range>({
    {"server.port", 0, 65535},
    {"kanal.dpfio.port", 1, 65535},
    {"kanal.dpfio.prefetch", 1, 1000},
    {"kanal.webhooks.workers", 1, 256},
    {"kanal.retention.remote-items", 31, 36'500},
    {"kanal.retention.conversations", 0, 36'500},
    {"kanal.retention.orphans", 0, 36'500},
    {"kanal.retention.quarantine", 0, 36'500},
    {"kanal.retention.findings", 0, 36'500},
    {"kanal.webhooks.disable-after-hours", 1, any},
    {"difi.move.mail.smtpPort", 1, 65535},
    {"default-ttl-hours", 1, any},
    {"kanal.http.workers", 1, 1024},
    {"kanal.http.max-connections", 1, 1'000'000},
    {"kanal.send.workers", 1, 1024},
    {"kanal.receive.workers", 1, 1024},
    {"difi.move.queue.concurrency", 1, 1024},
    {"kanal.asic.max-entries", 1, any},
    {"kanal.asic.max-ratio", 1, any},
    {"difi.move.nextmove.lockTimeoutMinutes", 1, any},
    {"difi.move.nextmove.statusPollingPageSize", 1, any},
    {"difi.move.nextmove.statusPollingBackoffThresholdDays", 1, any},
    {"difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes", 1, any},
    {"difi.move.dpi.mpcConcurrency", 1, 1000},
    {"difi.move.dpi.pageSize", 1, any},
    {"difi.move.nextmove.serviceBus.readMaxMessages", 1, any},
    {"kanal.dpe.amqp-port", 1, 65535},
});

std::optional<std::string> broken_number(const Setting& setting, std::string_view value) {
  const auto number = parse_integer(value);
  if (!number) return "must be a whole number";
  const auto* const range =
      std::ranges::find_if(ranges, [&](const Range& r) { return setting.key.ends_with(r.key_end); });
  const std::int64_t least = range == ranges.end() ? 0 : range->least;
  const std::int64_t most = range == ranges.end() ? any : range->most;
  if (*number >= least && *number <= most) return std::nullopt;
  if (most == any) return fmt::format("must be at least {}", least);
  return fmt::format("must be from {} to {}", least, most);
}

std::optional<std::string> broken_type(const Setting& setting, std::string_view value) {
  switch (setting.type) {
    case ValueType::boolean:
      return parse_boolean(value) ? std::nullopt : std::optional<std::string>("must be true or false");
    case ValueType::integer:
      return broken_number(setting, value);
    case ValueType::size:
      return parse_size(value) ? std::nullopt
                               : std::optional<std::string>("must be a size such as 500, 10KB, 2MB or 1GB");
    case ValueType::milliseconds: {
      const auto time = parse_milliseconds(value);
      if (!time) return "must be a time in milliseconds such as 15000, or 15s, 5m, 1h";
      if (time->count() == 0 && lower(setting.key).ends_with("pollingrate")) return "must be more than 0";
      return std::nullopt;
    }
    case ValueType::url:
      return is_url(value) ? std::nullopt : std::optional<std::string>("must be an address such as https://host/path");
    case ValueType::cron: {
      const auto cron = Cron::parse(value);
      return cron ? std::nullopt : std::optional(cron.error().message);
    }
    case ValueType::text:
    case ValueType::file:
    case ValueType::list:
    case ValueType::secret:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> broken_text_rule(const Setting& setting, std::string_view item) {
  const auto* const rule = std::ranges::find(text_rules, setting.key, &TextRule::key);
  if (rule != text_rules.end() && !rule->good(item)) return std::string(rule->sentence);
  const auto* const choice =
      std::ranges::find_if(choices, [&](const Choice& c) { return setting.key.ends_with(c.key_end); });
  if (choice == choices.end()) return std::nullopt;
  const std::vector<std::string> allowed = parse_list(choice->allowed);
  const std::string wanted = lower(item);
  if (std::ranges::any_of(allowed, [&](const std::string& one) { return lower(one) == wanted; })) return std::nullopt;
  if (allowed.size() == 1) return fmt::format("must be {}", allowed.front());
  const std::string_view remedy =
      choice->allowed == keystores ? "; export the key from any other kind of store to a PKCS12 file" : "";
  return fmt::format("must be one of {}{}", fmt::join(allowed, ", "), remedy);
}

}  // namespace

std::optional<std::string> broken_rule(const Setting& setting, std::string_view value) {
  if (value.empty()) return std::nullopt;
  if (auto broken = broken_type(setting, value)) return broken;
  if (setting.type != ValueType::list) return broken_text_rule(setting, value);
  for (const std::string& item : parse_list(value)) {
    if (auto broken = broken_text_rule(setting, item)) return broken;
  }
  return std::nullopt;
}

std::string_view service_toggle(std::string_view key) {
  struct Prefix {
    std::string_view start;
    std::string_view toggle;
  };
  static constexpr auto prefixes = std::to_array<Prefix>({
      {"difi.move.dpo.", "difi.move.feature.enableDPO"},
      {"difi.move.dpv.", "difi.move.feature.enableDPV"},
      {"difi.move.dpi.", "difi.move.feature.enableDPI"},
      {"difi.move.fiks.io.", "difi.move.feature.enableDPFIO"},
      {"difi.move.fiks.", "difi.move.feature.enableDPF"},
      {"difi.move.nextmove.servicebus.", "difi.move.feature.enableDPE"},
      {"difi.move.einnsyn.", "difi.move.feature.enableDPE"},
      {"difi.move.dph.", "difi.move.feature.enableDPH"},
  });
  const std::string name = canonical(key);
  const auto* const found = std::ranges::find_if(prefixes, [&](const Prefix& p) { return name.starts_with(p.start); });
  return found == prefixes.end() ? std::string_view() : found->toggle;
}

}  // namespace kanal::ops

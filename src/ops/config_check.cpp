// Config::check: every rule in one pass, so that an operator sees all faults at once (configuration.md section 12
// "Start-up validation").
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ops/config.hpp"
#include "ops/data_folder.hpp"
#include "ops/key_names.hpp"
#include "ops/profiles.hpp"
#include "ops/value_display.hpp"
#include "ops/value_rules.hpp"
#include "ops/value_types.hpp"

namespace kanal::ops {
namespace {

using Level = ConfigRemark::Level;

constexpr std::string_view dpo_toggle = "difi.move.feature.enableDPO";

/// A value that the Java version's secure defaults moved away from: allowed, with a warning at each start.
struct Insecure {
  std::string_view key;
  std::string_view value;
  std::string_view text;
};
constexpr auto insecure = std::to_array<Insecure>({
    {"difi.security.enable", "false",
     "anyone who reaches the port can send and read messages; use it on a closed network only"},
    {"difi.move.feature.enable-auth", "false",
     "anyone who reaches the port can send and read messages; use it on a closed network only"},
    {"difi.ssl.enabled", "false", "the client API is not encrypted; use it on this machine or a closed network only"},
    {"difi.move.org.keystore.type", "jks", "JKS protects keys weakly; convert the keystore to PKCS12"},
    {"difi.ssl.key-store-type", "jks", "JKS protects keys weakly; convert the keystore to PKCS12"},
    {"kanal.mail.clear-password", "true", "the password of the mail server may be read on its way"},
    {"kanal.asic.verify", "off", "packages are accepted from anyone: signatures are not looked at"},
});

/// A service that is not available and is not wanted either: there is nothing to say.
bool is_switched_off(const Setting& setting, std::string_view value) {
  return setting.state == Setting::State::not_yet && setting.key.starts_with("difi.move.feature.enableDP") &&
         parse_boolean(value) == false;
}

}  // namespace

class ConfigChecker {
 public:
  explicit ConfigChecker(const Config& config) : config_(config), remarks_(config.remarks_) {}

  std::vector<ConfigRemark> run() {
    check_profiles();
    for (const auto& [name, value] : config_.values_) check_value(name, value);
    check_lists();
    check_required();
    check_reportees();
    check_login();
    check_datasource();
    std::ranges::stable_sort(remarks_, std::greater{}, [](const ConfigRemark& remark) { return remark.level; });
    return std::move(remarks_);
  }

 private:
  using Value = Config::Value;

  void add(Level level, const Value& value, std::string text) {
    remarks_.push_back({level, value.key, shown_value(value.value, value.secret), value.origin, std::move(text)});
  }

  void check_profiles() {
    constexpr std::string_view key = "spring.profiles.active";
    for (const std::string& profile : config_.profiles_) {
      if (is_built_in_profile(profile)) continue;
      const auto origin = config_.origin(key).value_or(Origin{});
      remarks_.push_back(
          {Level::warning, std::string(key), profile, origin,
           "is none of production, staging, dev: only a file application-" + profile + ".* has an effect"});
    }
    if (config_.profiles_.empty()) {
      remarks_.push_back(
          {Level::note,
           std::string(key),
           "",
           {std::string(default_source), 0},
           "is not set, so the addresses of the test environment are used; in production set it to production"});
    }
  }

  [[nodiscard]] bool enabled(std::string_view toggle) const {
    const auto on = config_.boolean(toggle);
    return on && *on;
  }

  void check_value(const std::string& name, const Value& value) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) return check_unknown(name, value);
    // Faults in settings of a service that is off must not stop the start.
    const std::string_view toggle = service_toggle(name);
    const bool used = setting->state == Setting::State::used && (toggle.empty() || enabled(toggle));
    const Level fault = used ? Level::error : Level::warning;
    if (const auto broken = broken_rule(*setting, value.value)) {
      add(fault, value, *broken);
    } else if (setting->type == ValueType::file && !value.value.empty()) {
      if (const auto content = config_.resource(value.value); !content) {
        add(fault, value, content.error().message);
      }
    }
    check_state(*setting, value);
    const auto* const weak = std::ranges::find_if(
        insecure, [&](const Insecure& one) { return one.key == setting->key && one.value == lower(value.value); });
    if (weak != insecure.end()) add(Level::warning, value, std::string(weak->text));
  }

  void check_state(const Setting& setting, const Value& value) {
    if (setting.note.empty() || is_switched_off(setting, value.value)) return;
    const auto fallback = config_.fallbacks_.find(canonical(setting.key));
    const bool as_default = fallback != config_.fallbacks_.end() && lower(fallback->second.value) == lower(value.value);
    if (as_default) return;
    const bool harmless = setting.state == Setting::State::used || setting.state == Setting::State::unneeded;
    const Level level = harmless ? Level::note : Level::warning;
    add(level, value, std::string(setting.note));
  }

  void check_unknown(const std::string& name, const Value& value) {
    // Any name may be made up to be used in placeholders.
    if (std::ranges::binary_search(config_.placeholder_names_, name)) return;
    if (name.starts_with("spring.config.activate.")) return;
    const bool ours = name.starts_with("difi.") || name.starts_with("kanal.");
    const std::string near = nearest_setting(name);
    add(ours || !near.empty() ? Level::warning : Level::note, value,
        near.empty() ? std::string("is not a known setting and has no effect")
                     : fmt::format("is not a known setting and has no effect; did you mean {}?", near));
  }

  /// `key[2]` without `key[1]` is never read.
  void check_lists() {
    for (const auto& [name, value] : config_.values_) {
      const std::size_t open = name.find('[');
      const std::size_t close = name.find(']', open == std::string::npos ? name.size() : open);
      if (close == std::string::npos) continue;
      const auto index = parse_integer(std::string_view(name).substr(open + 1, close - open - 1));
      if (!index) continue;
      const std::size_t used = config_.count(name.substr(0, open));
      if (*index < 0 || static_cast<std::uint64_t>(*index) >= used) {
        add(Level::error, value, fmt::format("has an index after a gap and is not read; the next index is [{}]", used));
      }
    }
  }

  /// `because` names what makes the key required.
  void require(std::string_view key, std::string_view because = {}) {
    if (config_.find_filled(key) != nullptr) return;
    const Setting* setting = find_setting(key);
    const bool secret = is_secret_key(key);
    const auto set = config_.values_.find(canonical(key));
    const Origin origin = set == config_.values_.end() ? Origin{"not set", 0} : set->second.origin;
    remarks_.push_back(
        {Level::error, std::string(key), "", origin,
         fmt::format("is required{}{} ({}{}): set it in integrasjonspunkt-local.properties or as {}",
                     because.empty() ? "" : " ", because, setting->meaning,
                     secret ? " Keep it out of files that others can read." : "", environment_name(key))});
  }

  /// One of these keys is filled although its default needs another that is missing: that one is reported, not both.
  void check_required() {
    for (const std::string_view key :
         {"difi.move.org.number", "difi.move.org.keystore.alias", "difi.move.org.keystore.password",
          "difi.move.org.keystore.path", "difi.move.serviceregistryEndpoint"}) {
      require(key);
    }
    const bool number_known = config_.find_filled("difi.move.org.number") != nullptr;
    if (enabled("difi.move.oidc.enable")) {
      require("difi.move.oidc.url", "while difi.move.oidc.enable is true");
      require("difi.move.oidc.audience", "while difi.move.oidc.enable is true");
      if (number_known) require("difi.move.oidc.clientId", "while difi.move.oidc.enable is true");
    }
    if (enabled("difi.move.sign.enable")) require("difi.move.sign.jwkUrl", "while difi.move.sign.enable is true");
    if (enabled("difi.move.feature.enable-auth")) {
      require("difi.security.user.name", "while basic authentication is on (difi.security.enable)");
      require("difi.security.user.password", "while basic authentication is on (difi.security.enable)");
    }
    if (enabled("difi.ssl.enabled")) {
      require("difi.ssl.key-store", "while difi.ssl.enabled is true");
      require("difi.ssl.key-store-password", "while difi.ssl.enabled is true");
    }
    if (enabled("difi.move.feature.mailErrorStatus")) check_mail();
    if (enabled(dpo_toggle)) check_dpo(number_known);
  }

  void check_mail() {
    constexpr std::string_view because = "while difi.move.feature.mailErrorStatus is true";
    for (const std::string_view key :
         {"difi.move.mail.smtpHost", "difi.move.mail.senderAddress", "difi.move.mail.receiverAddress"}) {
      require(key, because);
    }
    if (!enabled("difi.move.mail.enableAuth")) return;
    require("difi.move.mail.username", "while difi.move.mail.enableAuth is true");
    require("difi.move.mail.password", "while difi.move.mail.enableAuth is true");
  }

  void check_dpo(bool number_known) {
    constexpr std::string_view because = "while difi.move.feature.enableDPO is true";
    for (const std::string_view key :
         {"difi.move.dpo.brokerserviceUrl", "difi.move.dpo.altinnTokenExchangeUrl", "difi.move.dpo.resource"}) {
      require(key, because);
    }
    if (number_known) {
      require("difi.move.dpo.systemUser.orgId", because);
      require("difi.move.dpo.systemUser.name", because);
    }
    if (lower(config_.text_or("difi.move.dpo.oidc.authenticationType", "")) == "jwk") {
      require("difi.move.dpo.oidc.jwk.path", "while difi.move.dpo.oidc.authenticationType is JWK");
    }
  }

  void check_reportees() {
    if (!enabled(dpo_toggle)) return;
    for (std::size_t i = 0; i < config_.count("difi.move.dpo.reportees"); ++i) {
      for (const std::string_view part : {"orgId", "name"}) {
        const std::string key = fmt::format("difi.move.dpo.reportees[{}].{}", i, part);
        require(key, "for every entry of difi.move.dpo.reportees");
      }
    }
  }

  /// Two names for one switch: which of them counts must not be guessed.
  void check_login() {
    const auto one = config_.values_.find(canonical("difi.security.enable"));
    const auto other = config_.values_.find(canonical("difi.move.feature.enable-auth"));
    if (one == config_.values_.end() || other == config_.values_.end()) return;
    if (parse_boolean(one->second.value) == parse_boolean(other->second.value)) return;
    add(Level::error, other->second, "contradicts difi.security.enable; keep one of the two");
  }

  void check_datasource() {
    const auto url = config_.values_.find("difi.datasource.url");
    if (url == config_.values_.end() || url->second.value.empty()) return;
    const auto folder = data_folder(config_);
    if (!folder) {
      remarks_.push_back({Level::error, url->second.key, shown_value(url->second.value, false), url->second.origin,
                          data_folder_fault(url->second.value)});
      return;
    }
    add(Level::note, url->second, "the embedded store and the spool live in " + folder->lexically_normal().string());
  }

  const Config& config_;
  std::vector<ConfigRemark> remarks_;
};

std::vector<ConfigRemark> Config::check() const { return ConfigChecker(*this).run(); }

std::vector<Config::KeyVerdict> Config::verdicts(const std::vector<ConfigRemark>& remarks) const {
  std::vector<KeyVerdict> out;
  out.reserve(values_.size());
  for (const auto& [name, value] : values_) {
    KeyVerdict verdict{KeyVerdict::Kind::used, value.key, shown_value(value.value, value.secret), value.origin, {}};
    bool error = false;
    for (const ConfigRemark& remark : remarks) {
      if (canonical(remark.key) != name || remark.origin.source != value.origin.source) continue;
      error = error || remark.level == Level::error;
      verdict.texts.push_back(remark.text);
    }
    const Setting* setting = find_setting(name);
    const auto fallback = fallbacks_.find(setting == nullptr ? name : canonical(setting->key));
    if (error || (setting != nullptr && broken_rule(*setting, value.value))) {
      verdict.kind = KeyVerdict::Kind::wrong;
    } else if (setting == nullptr && std::ranges::binary_search(placeholder_names_, name)) {
      verdict.texts.emplace_back("is used in other values");
    } else if (setting == nullptr) {
      verdict.kind = KeyVerdict::Kind::unknown;
    } else if (fallback != fallbacks_.end() && lower(fallback->second.value) == lower(value.value)) {
      verdict.kind = KeyVerdict::Kind::as_default;
    } else if (setting->state == Setting::State::unneeded) {
      verdict.kind = KeyVerdict::Kind::not_needed;
    } else if (setting->state != Setting::State::used && !is_switched_off(*setting, value.value)) {
      verdict.kind =
          setting->state == Setting::State::obsolete ? KeyVerdict::Kind::obsolete : KeyVerdict::Kind::not_honoured;
    }
    out.push_back(std::move(verdict));
  }
  return out;
}

}  // namespace kanal::ops

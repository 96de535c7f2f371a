// Merging of the sources: the highest wins, a list comes from one source as a whole, placeholders are resolved last.
#include <algorithm>

#include <fmt/format.h>

#include "ops/config_loader.hpp"
#include "ops/key_names.hpp"
#include "ops/placeholders.hpp"
#include "ops/profiles.hpp"
#include "ops/value_display.hpp"

namespace kanal::ops {
namespace {

/// A misspelt name of a secret still holds one.
bool holds_secret(std::string_view name) {
  return is_secret_key(name) || (find_setting(name) == nullptr && is_secret_key(nearest_setting(name)));
}

}  // namespace

void ConfigLoader::remark(ConfigRemark::Level level, const Entry& entry, std::string text) {
  config_.remarks_.push_back({level, entry.key,
                              shown_value(entry.value, holds_secret(entry.key) || entry.origin.source == vault_source),
                              entry.origin, std::move(text)});
}

Result<void> ConfigLoader::settle() {
  merge();
  add_fallbacks();
  if (auto done = resolve(); !done) return done;
  spread_secrecy();
  return {};
}

/// The address of the vault is itself configuration: everything is settled once without it, and then again with what it
/// holds on top.
Result<void> ConfigLoader::read_vault() {
  if (!sources_.vault) return {};
  const std::vector<ConfigRemark> before = config_.remarks_;
  // What cannot be resolved now may be in the vault.
  static_cast<void>(settle());
  const VaultAddress found{config_.text_or("vault.uri", ""), config_.secret("vault.token"),
                           config_.text_or("vault.path", ""), config_.text_or("vault.resource-path", "")};
  std::string ca;
  if (const auto pem = config_.text_or("kanal.tls.extra-ca", ""); !pem.empty() && !pem.starts_with("vault:")) {
    if (const auto content = config_.file("kanal.tls.extra-ca")) ca = std::string(text_of(*content));
  }
  config_.values_.clear();
  config_.fallbacks_.clear();
  config_.placeholder_names_.clear();
  references_.clear();
  config_.remarks_ = before;
  if (found.uri.empty() || found.token.empty() || found.path.empty()) return {};
  VaultAddress address = found;
  address.ca_pem = std::move(ca);
  auto secrets = sources_.vault(address);
  if (!secrets) return failed(std::move(secrets));
  Layer layer;
  for (auto& [key, value] : secrets->texts) layer.push_back({key, std::move(value), {std::string(vault_source), 0}});
  layers_.insert(layers_.begin(), std::move(layer));
  config_.resources_ = std::move(secrets->resources);
  config_.vault_read_ = true;
  return {};
}

void ConfigLoader::merge() {
  std::map<std::string, std::size_t> owners;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (const Entry& entry : layers_[i]) take(entry, i, owners);
  }
}

void ConfigLoader::take(const Entry& entry, std::size_t layer, std::map<std::string, std::size_t>& owners) {
  const std::string name = canonical(entry.key);
  if (name.empty()) return;
  const bool local = entry.origin.source.starts_with("integrasjonspunkt-local.") ||
                     (!sources_.file.empty() && entry.origin.source == source_name(sources_.file));
  if (name == "spring.profiles.active" && local) {
    remark(
        ConfigRemark::Level::warning, entry,
        "cannot be set here and has no effect: start with --spring.profiles.active=... or set SPRING_PROFILES_ACTIVE");
    return;
  }
  const auto owner = owners.try_emplace(std::string(list_base(name)), layer).first;
  if (owner->second != layer) return;
  const std::string_view value = trimmed(entry.value);
  if (value.size() != entry.value.size()) {
    remark(ConfigRemark::Level::warning, entry, "blanks around the value were removed; Java would have kept them");
  }
  const auto [slot, fresh] = config_.values_.try_emplace(name);
  if (!fresh && slot->second.origin.line > 0 && slot->second.raw != value) {
    remark(ConfigRemark::Level::warning, entry,
           fmt::format("set before in {}; the last one counts", slot->second.origin.text()));
  }
  const bool secret = holds_secret(name) || entry.origin.source == vault_source;
  slot->second = {entry.key, std::string(value), {}, entry.origin, secret};
}

void ConfigLoader::add_fallbacks() {
  const auto add = [&](std::string_view key, std::string_view value, std::string source) {
    config_.fallbacks_.try_emplace(
        canonical(key),
        Config::Value{std::string(key), std::string(value), {}, {std::move(source), 0}, is_secret_key(key)});
  };
  for (auto profile = config_.profiles_.rbegin(); profile != config_.profiles_.rend(); ++profile) {
    for (const ProfileValue& one : profile_values(*profile)) add(one.key, one.value, "profile " + *profile);
  }
  for (const Setting& setting : settings_catalogue()) {
    if (!setting.fallback.empty()) add(setting.key, setting.fallback, std::string(default_source));
  }
}

/// Values of this configuration first; then the environment under the very name, or its upper-case form.
std::optional<std::string> ConfigLoader::look_up(std::string_view name) const {
  const std::string key = canonical(name);
  if (const auto found = config_.values_.find(key); found != config_.values_.end()) return found->second.raw;
  for (const std::string& variable : {std::string(name), environment_name(name)}) {
    if (const auto found = sources_.environment.find(variable); found != sources_.environment.end())
      return found->second;
  }
  if (const auto found = config_.fallbacks_.find(key); found != config_.fallbacks_.end()) return found->second.raw;
  return std::nullopt;
}

/// Gives what is wrong.
std::optional<std::string> ConfigLoader::resolve_value(Config::Value& value) {
  auto resolved = resolve_placeholders(value.raw, [this](std::string_view name) { return look_up(name); });
  if (!resolved) {
    // The name inside a secret may be part of it.
    const std::string text =
        value.secret ? "a placeholder in this secret cannot be resolved; write \\${ if the text itself is meant"
                     : resolved.error().message;
    return sentence_about(value.origin, value.key, value.raw, value.secret, text);
  }
  value.value = std::move(resolved->text);
  for (const std::string& name : resolved->names) references_[canonical(value.key)].push_back(canonical(name));
  return std::nullopt;
}

Result<void> ConfigLoader::resolve() {
  std::vector<std::string> problems;
  for (auto& [name, value] : config_.values_) {
    if (auto problem = resolve_value(value)) problems.push_back(std::move(*problem));
  }
  if (!problems.empty()) return reject("config.syntax", fmt::format("{}", fmt::join(problems, "\n")));
  // A default that needs a key which is not set is no default.
  for (auto entry = config_.fallbacks_.begin(); entry != config_.fallbacks_.end();) {
    entry = resolve_value(entry->second) ? config_.fallbacks_.erase(entry) : std::next(entry);
  }
  return {};
}

/// What a secret is made of is secret, and so is what is made of a secret.
void ConfigLoader::spread_secrecy() {
  const auto secret = [this](const std::string& name) {
    const auto found = config_.values_.find(name);
    return found == config_.values_.end() ? is_secret_key(name) : found->second.secret;
  };
  for (const auto& [whole, parts] : references_) {
    for (const std::string& part : parts) {
      const auto found = config_.values_.find(part);
      if (found != config_.values_.end() && is_secret_key(whole)) found->second.secret = true;
    }
  }
  for (const auto& [whole, parts] : references_) {
    const auto found = config_.values_.find(whole);
    if (found == config_.values_.end()) continue;
    if (std::ranges::any_of(parts, secret)) found->second.secret = true;
    config_.placeholder_names_.insert(config_.placeholder_names_.end(), parts.begin(), parts.end());
  }
  std::ranges::sort(config_.placeholder_names_);
  for (ConfigRemark& remark : config_.remarks_) {
    if (secret(canonical(remark.key))) remark.value = shown_value(remark.value, true);
  }
}

}  // namespace kanal::ops

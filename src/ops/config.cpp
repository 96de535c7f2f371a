#include "ops/config.hpp"

#include <fmt/format.h>

#include "ops/key_names.hpp"
#include "ops/resource.hpp"
#include "ops/value_display.hpp"
#include "ops/value_rules.hpp"
#include "ops/value_types.hpp"

namespace kanal::ops {
namespace {

tl::unexpected<Error> missing(std::string_view key) {
  const Setting* setting = find_setting(key);
  return reject("config.missing",
                fmt::format("{} is not set ({}): set it in integrasjonspunkt-local.properties or as {}", key,
                            setting == nullptr ? "no known setting" : setting->meaning, environment_name(key)));
}

}  // namespace

std::string Origin::text() const { return line > 0 ? fmt::format("{}:{}", source, line) : source; }

const Config::Value* Config::find_set(const std::string& name) const {
  if (const auto found = values_.find(name); found != values_.end()) return &found->second;
  if (const auto found = fallbacks_.find(name); found != fallbacks_.end()) return &found->second;
  return nullptr;
}

/// The set value unless it is empty, else profile or default; null when there is nothing in any.
const Config::Value* Config::find_filled(std::string_view key) const {
  const std::string name = canonical(key);
  for (const auto* map : {&values_, &fallbacks_}) {
    if (const auto found = map->find(name); found != map->end() && !found->second.value.empty()) return &found->second;
  }
  return nullptr;
}

std::optional<std::string> Config::text(std::string_view key) const {
  const Value* value = find_set(canonical(key));
  return value == nullptr ? std::nullopt : std::optional(value->value);
}

std::string Config::text_or(std::string_view key, std::string_view otherwise) const {
  return text(key).value_or(std::string(otherwise));
}

template <class T, class Parse>
Result<T> Config::typed(std::string_view key, Parse parse) const {
  const Value* value = find_filled(key);
  if (value == nullptr) return missing(key);
  const Setting* setting = find_setting(key);
  const auto broken = setting == nullptr ? std::nullopt : broken_rule(*setting, value->value);
  auto parsed = parse(value->value);
  if (parsed && !broken) return T(std::move(*parsed));
  return reject("config.value", sentence_about(value->origin, value->key, value->value, value->secret,
                                               broken.value_or("has a form that cannot be read")));
}

Result<bool> Config::boolean(std::string_view key) const { return typed<bool>(key, parse_boolean); }
Result<std::int64_t> Config::integer(std::string_view key) const { return typed<std::int64_t>(key, parse_integer); }
Result<std::uint64_t> Config::size(std::string_view key) const { return typed<std::uint64_t>(key, parse_size); }
Result<std::chrono::milliseconds> Config::milliseconds(std::string_view key) const {
  return typed<std::chrono::milliseconds>(key, parse_milliseconds);
}
Result<std::string> Config::required(std::string_view key) const {
  return typed<std::string>(key, [](const std::string& text) { return std::optional(text); });
}

Secret Config::secret(std::string_view key) const { return Secret(text_or(key, "")); }

std::vector<std::string> Config::list(std::string_view key) const {
  std::vector<std::string> items;
  const std::string name = canonical(key);
  for (std::size_t i = 0;; ++i) {
    const auto item = values_.find(fmt::format("{}[{}]", name, i));
    if (item == values_.end()) break;
    if (!item->second.value.empty()) items.push_back(item->second.value);
  }
  return items.empty() ? parse_list(text_or(key, "")) : items;
}

std::size_t Config::count(std::string_view key) const {
  const std::string name = canonical(key);
  for (std::size_t i = 0;; ++i) {
    const std::string group = fmt::format("{}[{}]", name, i);
    const auto first = values_.lower_bound(group);
    if (first == values_.end() || !first->first.starts_with(group)) return i;
  }
}

Result<Bytes> Config::file(std::string_view key) const {
  const Value* value = find_filled(key);
  if (value == nullptr) return missing(key);
  auto bytes = resource(value->value);
  if (bytes) return bytes;
  return reject("config.file",
                sentence_about(value->origin, value->key, value->value, value->secret, bytes.error().message));
}

Result<std::string> Config::extra_ca() const {
  constexpr std::string_view key = "kanal.tls.extra-ca";
  if (text_or(key, "").empty()) return std::string{};
  auto pem = file(key);
  if (!pem) return failed(pem);
  return std::string(text_of(*pem));
}

Result<Bytes> Config::resource(std::string_view value) const {
  constexpr std::string_view prefix = "vault:";
  if (!value.starts_with(prefix)) return read_resource(value, folder_);
  const std::string name(value.substr(prefix.size()));
  if (!vault_read_) {
    return reject("config.file",
                  "vault: needs vault.uri, vault.token, vault.path and vault.resource-path; or give a path to a file");
  }
  const auto found = resources_.find(name);
  if (found == resources_.end()) {
    return reject("config.file",
                  fmt::format("vault.resource-path holds no key named {}; put it there as base64", name));
  }
  auto bytes = from_base64(found->second);
  if (!bytes || bytes->empty()) {
    return reject("config.file", fmt::format("the key {} at vault.resource-path is not base64", name));
  }
  return std::move(*bytes);
}

std::optional<Origin> Config::origin(std::string_view key) const {
  const Value* value = find_set(canonical(key));
  return value == nullptr ? std::nullopt : std::optional(value->origin);
}

const std::vector<std::string>& Config::profiles() const { return profiles_; }
const std::filesystem::path& Config::folder() const { return folder_; }

std::vector<Config::Shown> Config::show() const {
  std::vector<Shown> out;
  out.reserve(values_.size());
  for (const auto& [name, value] : values_)
    out.push_back({value.key, shown_value(value.value, value.secret), value.origin});
  return out;
}

}  // namespace kanal::ops

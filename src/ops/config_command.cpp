#include "ops/config_command.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "ops/config_remarks.hpp"
#include "ops/key_names.hpp"
#include "ops/value_display.hpp"

namespace kanal::ops {
namespace {

namespace json = boost::json;

std::string_view name_of_type(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "text";
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "whole number";
    case ValueType::size:
      return "size (500, 10KB, 2MB, 1GB)";
    case ValueType::url:
      return "address";
    case ValueType::file:
      return "file (path, file:..., base64:...)";
    case ValueType::cron:
      return "cron (sec min hour day month weekday)";
    case ValueType::milliseconds:
      return "milliseconds (15000, 15s, 5m)";
    case ValueType::list:
      return "list (a,b or key[0], key[1])";
    case ValueType::secret:
      return "secret";
  }
  return "text";
}

std::string_view name_of_state(Setting::State state) {
  switch (state) {
    case Setting::State::used:
      return "used";
    case Setting::State::not_yet:
      return "not honoured yet";
    case Setting::State::obsolete:
      return "obsolete";
  }
  return "used";
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

json::object json_of(const ConfigRemark& remark) {
  return {{"level", name_of(remark.level)}, {"key", remark.key},          {"value", remark.value},
          {"origin", remark.origin.source}, {"line", remark.origin.line}, {"text", remark.text}};
}

int explain_unknown(std::string_view key, std::ostream& out, bool as_json) {
  const std::string near = nearest_setting(key);
  const std::string shown = shown_value(key, false);
  if (as_json) {
    out << json::serialize(json::object{{"key", shown}, {"known", false}, {"nearest", near}}) << '\n';
  } else {
    out << shown << " is not a known setting" << (near.empty() ? "" : "; did you mean " + near + "?") << '\n';
  }
  return 1;
}

/// A list may be set as key[0], key[1], ...
std::string effective_value(const Config& config, const Setting& setting, std::string_view key) {
  const bool secret = is_secret_key(key);
  if (setting.type == ValueType::list && !key.ends_with(']')) {
    return shown_value(fmt::format("{}", fmt::join(config.list(key), ",")), secret);
  }
  // show() also knows secrets that came in by placeholders.
  const std::vector<Config::Shown> all = config.show();
  const auto set = std::ranges::find(all, canonical(key), [](const Config::Shown& s) { return canonical(s.key); });
  return set != all.end() ? set->value : shown_value(config.text_or(key, ""), secret);
}

}  // namespace

int config_check(const Config& config, std::ostream& out, bool as_json) {
  const std::vector<ConfigRemark> remarks = config.check();
  const auto count = [&](ConfigRemark::Level level) {
    return static_cast<std::size_t>(std::ranges::count(remarks, level, &ConfigRemark::level));
  };
  const std::size_t errors = count(ConfigRemark::Level::error);
  const std::size_t warnings = count(ConfigRemark::Level::warning);
  if (as_json) {
    json::array list;
    for (const ConfigRemark& remark : remarks) list.push_back(json_of(remark));
    out << json::serialize(json::object{
               {"ok", errors == 0}, {"errors", errors}, {"warnings", warnings}, {"remarks", std::move(list)}})
        << '\n';
  } else {
    print_remarks(out, remarks, remarks.size());
    out << fmt::format("{} set, {}, {}: {}\n", counted(config.show().size(), "key"), counted(errors, "error"),
                       counted(warnings, "warning"),
                       errors == 0 ? "ready to start" : "correct the errors before starting");
  }
  return errors == 0 ? 0 : 1;
}

int config_show(const Config& config, std::ostream& out, bool as_json) {
  const std::vector<Config::Shown> all = config.show();
  if (as_json) {
    json::array settings;
    for (const Config::Shown& one : all) {
      settings.push_back(json::object{
          {"key", one.key}, {"value", one.value}, {"origin", one.origin.source}, {"line", one.origin.line}});
    }
    json::array profiles;
    for (const std::string& profile : config.profiles()) profiles.emplace_back(profile);
    out << json::serialize(json::object{{"profiles", std::move(profiles)}, {"settings", std::move(settings)}}) << '\n';
    return 0;
  }
  std::size_t key_width = 3;
  std::size_t value_width = 5;
  for (const Config::Shown& one : all) {
    key_width = std::max(key_width, one.key.size());
    value_width = std::max(value_width, std::min<std::size_t>(one.value.size(), 60));
  }
  out << fmt::format("{:<{}}  {:<{}}  {}\n", "KEY", key_width, "VALUE", value_width, "ORIGIN");
  for (const Config::Shown& one : all) {
    out << fmt::format("{:<{}}  {:<{}}  {}\n", one.key, key_width, one.value, value_width, one.origin.text());
  }
  return 0;
}

int config_explain(const Config& config, std::string_view key, std::ostream& out, bool as_json) {
  const Setting* setting = find_setting(key);
  if (setting == nullptr) return explain_unknown(key, out, as_json);
  const std::string value = effective_value(config, *setting, key);
  const Origin origin = config.origin(key).value_or(Origin{"not set", 0});
  const std::string variable = environment_name(key);
  if (as_json) {
    out << json::serialize(json::object{{"key", setting->key},
                                        {"known", true},
                                        {"meaning", setting->meaning},
                                        {"type", name_of_type(setting->type)},
                                        {"default", setting->fallback},
                                        {"value", value},
                                        {"origin", origin.source},
                                        {"line", origin.line},
                                        {"environment", variable},
                                        {"state", name_of_state(setting->state)},
                                        {"note", setting->note}})
        << '\n';
    return 0;
  }
  const auto row = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) out << fmt::format("{:<13}{}\n", name, text);
  };
  out << setting->key << '\n';
  row("meaning", setting->meaning);
  row("type", name_of_type(setting->type));
  row("default", setting->fallback.empty() ? "none" : setting->fallback);
  row("value", value.empty() ? "none" : value);
  row("origin", origin.text());
  row("environment", variable);
  row("state", name_of_state(setting->state));
  row("note", setting->note);
  return 0;
}

}  // namespace kanal::ops

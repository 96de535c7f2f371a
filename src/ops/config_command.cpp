#include "ops/config_command.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "ops/config_remarks.hpp"
#include "ops/key_names.hpp"
#include "ops/setting_text.hpp"
#include "ops/value_display.hpp"

namespace kanal::ops {
namespace {

namespace json = boost::json;

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

json::object json_of(const ConfigRemark& remark) {
  return {{"level", name_of(remark.level)}, {"key", remark.key},          {"value", remark.value},
          {"origin", remark.origin.source}, {"line", remark.origin.line}, {"text", remark.text}};
}

/// The catalogue keys below a group (`difi.move.dpo.reportees`), or nothing.
std::vector<const Setting*> below(std::string_view key) {
  std::vector<const Setting*> found;
  std::string start = canonical(key);
  if (const auto index = start.find('['); index != std::string::npos) start.resize(index);
  if (start.empty()) return found;
  for (const Setting& setting : settings_catalogue()) {
    const std::string name = canonical(setting.key);
    const bool inside = name.size() > start.size() && name.starts_with(start) &&
                        (name[start.size()] == '.' || name[start.size()] == '[');
    if (inside && !setting.hidden) found.push_back(&setting);
  }
  return found;
}

/// What is set of a key with an index or a number in it, or of a list.
std::vector<Config::Shown> set_entries(const Config& config, const Setting& setting) {
  std::vector<Config::Shown> found;
  for (Config::Shown& one : config.show()) {
    if (find_setting(one.key) == &setting) found.push_back(std::move(one));
  }
  return found;
}

int explain_group(const Config& config, std::string_view key, const std::vector<const Setting*>& group,
                  std::ostream& out, bool as_json) {
  json::array list;
  if (!as_json) out << fmt::format("{} is a group of settings:\n", key);
  for (const Setting* setting : group) {
    const auto entries = set_entries(config, *setting);
    if (as_json) {
      list.push_back(json::object{{"key", setting->key}, {"meaning", setting->meaning}, {"set", entries.size()}});
      continue;
    }
    out << fmt::format("  {}\n      {}\n", setting->key, setting->meaning);
    for (const auto& one : entries) {
      out << fmt::format("      set: {} = {}  ({})\n", one.key, one.value, one.origin.text());
    }
  }
  if (as_json) {
    out << json::serialize(json::object{{"key", key}, {"known", true}, {"settings", std::move(list)}}) << '\n';
  }
  return 0;
}

int explain_unknown(const Config& config, std::string_view key, std::ostream& out, bool as_json) {
  if (const auto group = below(key); !group.empty()) return explain_group(config, key, group, out, as_json);
  const std::string near = nearest_setting(key);
  const std::string shown = shown_value(key, false);
  if (as_json) {
    out << json::serialize(json::object{{"key", shown}, {"known", false}, {"nearest", near}}) << '\n';
  } else {
    out << shown << " is not a known setting" << (near.empty() ? "" : "; did you mean " + near + "?") << '\n';
  }
  return 1;
}

/// The key as the catalogue spells it, with the indexes and numbers of `key`.
std::string written(const Setting& setting, std::string_view key) {
  const auto pattern = key_elements(setting.key);
  const auto given = key_elements(key);
  if (pattern.size() != given.size()) return std::string(key);
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::string element(pattern[i]);
    if (element.starts_with('<')) {
      element = std::string(given[i]);
    } else if (const auto index = given[i].find('['); index != std::string_view::npos) {
      element = element.substr(0, element.find('[')) + std::string(given[i].substr(index));
    }
    out += (out.empty() ? "" : ".") + element;
  }
  return out;
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

json::object json_of(const Config::KeyVerdict& verdict) {
  json::array texts;
  for (const std::string& text : verdict.texts) texts.emplace_back(text);
  return {{"key", verdict.key},
          {"value", verdict.value},
          {"verdict", name_of(verdict.kind)},
          {"origin", verdict.origin.source},
          {"line", verdict.origin.line},
          {"texts", std::move(texts)}};
}

/// The worst first; within a kind as they stand in their sources.
void print_verdicts(std::ostream& out, std::vector<Config::KeyVerdict> verdicts) {
  std::ranges::stable_sort(verdicts, [](const auto& a, const auto& b) {
    return std::tie(a.kind, a.origin.source, a.origin.line) < std::tie(b.kind, b.origin.source, b.origin.line);
  });
  for (const auto& verdict : verdicts) {
    out << fmt::format("{:<13} {}: {}{}\n", name_of(verdict.kind), verdict.origin.text(), verdict.key,
                       verdict.value.empty() ? " is empty" : " = " + verdict.value);
    for (const std::string& text : verdict.texts) out << fmt::format("{:<13}   {}\n", "", text);
  }
}

/// Those that print_verdicts() has not shown: about what is missing, and about the whole.
std::vector<ConfigRemark> not_about_a_set_key(const std::vector<ConfigRemark>& remarks,
                                              const std::vector<Config::KeyVerdict>& verdicts) {
  std::vector<ConfigRemark> rest;
  for (const ConfigRemark& remark : remarks) {
    const bool shown = std::ranges::any_of(verdicts, [&](const auto& verdict) {
      return canonical(verdict.key) == canonical(remark.key) && verdict.origin.source == remark.origin.source;
    });
    if (!shown) rest.push_back(remark);
  }
  return rest;
}

}  // namespace

int config_check(const Config& config, std::ostream& out, bool as_json, const std::vector<ConfigRemark>& more) {
  std::vector<ConfigRemark> remarks = config.check();
  remarks.insert(remarks.end(), more.begin(), more.end());
  const std::vector<Config::KeyVerdict> verdicts = config.verdicts(remarks);
  const auto count = [&](ConfigRemark::Level level) {
    return static_cast<std::size_t>(std::ranges::count(remarks, level, &ConfigRemark::level));
  };
  const std::size_t errors = count(ConfigRemark::Level::error);
  const std::size_t warnings = count(ConfigRemark::Level::warning);
  if (as_json) {
    json::array keys;
    for (const auto& verdict : verdicts) keys.push_back(json_of(verdict));
    json::array list;
    for (const ConfigRemark& remark : remarks) list.push_back(json_of(remark));
    out << json::serialize(json::object{{"ok", errors == 0},
                                        {"errors", errors},
                                        {"warnings", warnings},
                                        {"keys", std::move(keys)},
                                        {"remarks", std::move(list)}})
        << '\n';
    return errors == 0 ? 0 : 1;
  }
  print_verdicts(out, verdicts);
  print_remarks(out, not_about_a_set_key(remarks, verdicts), std::numeric_limits<std::size_t>::max());
  out << fmt::format("{} set, {}, {}: {}\n", counted(verdicts.size(), "key"), counted(errors, "error"),
                     counted(warnings, "warning"),
                     errors == 0 ? "ready to start" : "correct the errors before starting");
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
  if (setting == nullptr) return explain_unknown(config, key, out, as_json);
  const bool pattern = key.find("[n]") != std::string_view::npos || key.find('<') != std::string_view::npos;
  const std::string value = effective_value(config, *setting, key);
  const Origin origin = config.origin(key).value_or(Origin{"not set", 0});
  const std::string variable = environment_name(pattern ? std::string(setting->key) : written(*setting, key));
  const auto profiles = profile_defaults(*setting);
  if (as_json) {
    json::object by_profile;
    for (const auto& one : profiles) by_profile[one.profile] = one.value;
    json::array entries;
    for (const auto& one : set_entries(config, *setting)) {
      entries.push_back(json::object{{"key", one.key}, {"value", one.value}, {"origin", one.origin.text()}});
    }
    out << json::serialize(json::object{{"key", setting->key},
                                        {"known", true},
                                        {"meaning", setting->meaning},
                                        {"type", name_of_type(setting->type)},
                                        {"default", setting->fallback},
                                        {"profiles", std::move(by_profile)},
                                        {"set", std::move(entries)},
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
  out << (pattern ? std::string(setting->key) : written(*setting, key)) << '\n';
  row("meaning", setting->meaning);
  row("type", name_of_type(setting->type));
  row("default", setting->fallback.empty() ? "none" : setting->fallback);
  for (const auto& one : profiles) row("", fmt::format("{} in the profile {}", one.value, one.profile));
  if (pattern) {
    for (const auto& one : set_entries(config, *setting)) {
      row("set", fmt::format("{} = {}  ({})", one.key, one.value, one.origin.text()));
    }
  } else {
    row("value", value.empty() ? "none" : value);
    row("origin", origin.text());
  }
  row("environment", variable);
  row("state", name_of_state(setting->state));
  row("note", setting->note);
  return 0;
}

}  // namespace kanal::ops

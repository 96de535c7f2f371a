// docs/configuration.md is made here, so that it says what the program does.
#include <algorithm>

#include <fmt/format.h>

#include "ops/config_command.hpp"
#include "ops/key_names.hpp"
#include "ops/setting_text.hpp"

namespace kanal::ops {
namespace {

constexpr std::string_view preface = R"(# Configuration

Made by `kanal config reference` from the catalogue of settings; do not edit. `kanal config explain KEY` says the same about
one key, with its value here; `kanal config check` judges a configuration.

Sources, the highest first: HashiCorp Vault (when `vault.uri`, `vault.token` and `vault.path` are set), `--name=value`,
`-Dname=value`, the environment, files named by `spring.config.import` and `spring.config.additional-location`,
`integrasjonspunkt-local.properties`, `.yml` or `.yaml`, `application-PROFILE.*`, `application.*`, the defaults below. Upper
and lower case, `-` and `_` in a name make no difference. A list is `a,b` or `key[0]`, `key[1]`. `${other.key}` and
`${other.key:otherwise}` stand for other values.

*Not yet*: Kanal knows the key, but not yet what it is for; it says so at start and goes on. *Obsolete*: without effect; the line
may be removed. *Not needed*: without effect, and no harm. Default *P*, *S*, *D*: in the profile production, staging, dev.
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : "`" + cell(text) + "`"; }

std::string defaults_of(const Setting& setting) {
  std::string out = code(setting.fallback);
  for (const auto& one : profile_defaults(setting)) {
    const char letter = one.profile == "production" ? 'P' : one.profile == "staging" ? 'S' : 'D';
    out += fmt::format("{}{}: {}", out.empty() ? "" : "<br>", letter, code(one.value));
  }
  return out;
}

std::string meaning_of(const Setting& setting) {
  std::string out = cell(setting.meaning);
  if (setting.state == Setting::State::not_yet) out += " *Not yet*: ";
  if (setting.state == Setting::State::obsolete) out += " *Obsolete*: ";
  if (setting.state == Setting::State::unneeded) out += " *Not needed*: ";
  if (setting.state == Setting::State::used && !setting.note.empty()) out += " ";
  return out + cell(setting.note);
}

}  // namespace

std::string configuration_reference() {
  std::string out(preface);
  for (const Setting& setting : settings_catalogue()) {
    if (setting.hidden) continue;
    const auto section = std::ranges::find(setting_sections(), setting.key, &SettingSection::first_key);
    if (section != setting_sections().end()) {
      out +=
          fmt::format("\n## {}\n\n| Key | Type | Default | Environment | Meaning |\n| --- | --- | --- | --- | --- |\n",
                      section->title);
    }
    out += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", setting.key, cell(name_of_type(setting.type)),
                       defaults_of(setting), environment_name(setting.key), meaning_of(setting));
  }
  return out;
}

}  // namespace kanal::ops

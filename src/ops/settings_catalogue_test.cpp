// The catalogue is held against the tables of configuration.md themselves.
#include <filesystem>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "ops/config.hpp"
#include "ops/key_names.hpp"
#include "ops/placeholders.hpp"
#include "ops/profiles.hpp"

namespace kanal::ops {
namespace {

/// The texts between backticks.
std::vector<std::string> in_backticks(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t open = text.find('`');
    if (open == std::string_view::npos) return out;
    const std::size_t close = text.find('`', open + 1);
    if (close == std::string_view::npos) return out;
    out.emplace_back(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
}

std::string parent(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string() : std::string(key.substr(0, dot + 1));
}

bool known(const std::string& key) {
  if (key.ends_with(".*")) {
    const std::string start = canonical(key.substr(0, key.size() - 1));
    return std::ranges::any_of(settings_catalogue(),
                               [&](const Setting& s) { return canonical(s.key).starts_with(start); });
  }
  return find_setting(key) != nullptr;
}

/// Reads the first column of every table, and the prose lists of sections 10 and 11.
class Specification {
 public:
  Specification() {
    std::istringstream in(testing::read_file(testing::shared_data().parent_path() / "spec" / "configuration.md"));
    for (std::string line; std::getline(in, line);) take(line);
  }

  std::vector<std::string> unknown;
  int names = 0;

 private:
  void take(const std::string& line) {
    if (line.starts_with("## ")) {
      section_ = std::stoi(line.substr(3));
      prefix_ = "";
      for (std::string name : in_backticks(line)) {
        if (name.ends_with('*')) prefix_ = name.substr(0, name.size() - 1);
      }
      return;
    }
    if (section_ < 2) return;
    if (line.starts_with("| `")) {
      before_ = "";
      // The second cell may start after an escaped bar; none of the first cells holds one.
      for (const std::string& name : in_backticks(line.substr(0, line.find(" |", 2)))) expand(name, prefix_);
    } else if (section_ == 11 && line.starts_with('`')) {
      for (const std::string& name : in_backticks(line.substr(0, line.find(". No defaults")))) {
        if (name != "true" && name != "false") expand(name, prefix_);
      }
    } else if (line.starts_with("KS Fiks IO (older")) {
      for (const std::string& name : in_backticks(line)) expand(name, "difi.move.fiks.io.");
    } else if (line.starts_with("DPH (health")) {
      for (const std::string& name : in_backticks(line)) {
        if (name.find("//") == std::string::npos && name.find(':') == std::string::npos && !name.ends_with(".no")) {
          expand(name, name.ends_with(".*") ? "" : "difi.move.dph.");
        }
      }
    }
  }

  /// `a.b/c/d` are the siblings a.b, a.c and a.d.
  void expand(const std::string& text, const std::string& prefix) {
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '/');) meet(part, prefix);
  }

  void meet(const std::string& part, const std::string& prefix) {
    std::vector<std::string> readings;
    if (part.starts_with('.')) {
      readings = {parent(before_) + part.substr(1)};
    } else if (part.starts_with('-')) {
      readings = {before_.substr(0, before_.rfind('-')) + part};
    } else {
      readings = {part, prefix + part, parent(before_) + part};
    }
    ++names;
    for (const std::string& reading : readings) {
      if (!known(reading)) continue;
      before_ = reading;
      return;
    }
    unknown.push_back("section " + std::to_string(section_) + ": " + part + " after " + before_);
  }

  int section_ = 0;
  std::string prefix_;
  std::string before_;
};

TEST(SettingsCatalogue, KnowsEveryKeyOfTheSpecification) {
  const Specification specification;
  EXPECT_THAT(specification.unknown, ::testing::IsEmpty());
  EXPECT_GT(specification.names, 230) << "the tables were not found";
}

TEST(SettingsCatalogue, KnowsTheKeysOfKanal) {
  for (const auto* key : {"kanal.data-folder",
                          "kanal.http.address",
                          "kanal.http.workers",
                          "kanal.http.max-connections",
                          "kanal.tls.extra-ca",
                          "kanal.registry.pinned-organisation",
                          "kanal.dpo.refuse-unknown-channel",
                          "kanal.dpo.describe-installation",
                          "kanal.dpo.retired-channels",
                          "kanal.dpo.deliver-orphan-receipts",
                          "kanal.asic.verify",
                          "kanal.asic.trusted-ca",
                          "kanal.asic.max-entries",
                          "kanal.asic.max-size",
                          "kanal.asic.max-ratio",
                          "kanal.send.workers",
                          "kanal.receive.workers",
                          "kanal.log.level",
                          "kanal.arkivmelding.schema",
                          "kanal.arkivmelding.validate",
                          "kanal.api.strict-bodies",
                          "kanal.shutdown-deadline",
                          "kanal.crash-at",
                          "difi.move.dpo.pollingrate",
                          "difi.move.dpo.reportees[0].message-channel"}) {
    EXPECT_NE(find_setting(key), nullptr) << key;
  }
}

/// The texts between quotes in the sources that read settings, in canonical form.
std::set<std::string> literals_of_the_program() {
  // These speak about settings without reading them for anything.
  static const std::set<std::string> speakers{"settings_catalogue.cpp", "profiles.cpp",     "setting_text.cpp",
                                              "value_rules.cpp",        "config_check.cpp", "preflight.cpp"};
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(KANAL_SOURCE) + "/src")) {
    const std::string name = entry.path().filename().string();
    const bool code = name.ends_with(".cpp") || name.ends_with(".hpp");
    if (!code || name.ends_with("_test.cpp") || speakers.contains(name)) continue;
    const std::string text = testing::read_file(entry.path());
    for (auto open = text.find('"'); open != std::string::npos;) {
      const auto close = text.find_first_of("\"\n", open + 1);
      if (close == std::string::npos) break;
      if (text[close] == '"') found.insert(canonical(text.substr(open + 1, close - open - 1)));
      open = text.find('"', close + 1);
    }
  }
  return found;
}

/// As one literal, or put together of several.
bool is_read(const std::set<std::string>& literals, const std::string& name) {
  if (literals.contains(name) || literals.contains("." + name)) return true;
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const bool prefix = literals.contains(name.substr(0, dot)) || literals.contains(name.substr(0, dot + 1));
    if (prefix && is_read(literals, name.substr(dot + 1))) return true;
  }
  return false;
}

/// A key marked as used that nothing reads would be a lie to the operator.
TEST(SettingsCatalogue, WhatIsMarkedAsUsedIsRead) {
  const auto literals = literals_of_the_program();
  ASSERT_TRUE(literals.contains("server.port"));
  std::string fallbacks;
  for (const Setting& setting : settings_catalogue()) {
    if (setting.state == Setting::State::used) fallbacks += canonical(setting.fallback) + "\n";
  }
  for (const Setting& setting : settings_catalogue()) {
    if (setting.state != Setting::State::used) continue;
    if (setting.meaning.ends_with("the bytes of the file decide.")) continue;
    const std::string name = canonical(setting.key);
    const bool in_default = fallbacks.find("${" + name + "}") != std::string::npos;
    const auto index = name.find("[n].");
    const bool as_entry = index != std::string::npos && is_read(literals, name.substr(0, index)) &&
                          (literals.contains(name.substr(index + 3)) || literals.contains(name.substr(index + 4)));
    EXPECT_TRUE(in_default || as_entry || is_read(literals, name))
        << setting.key << " is marked as used, and nothing reads it";
  }
}

TEST(SettingsCatalogue, IsConsistent) {
  std::set<std::string> names;
  for (const Setting& setting : settings_catalogue()) {
    EXPECT_TRUE(names.insert(canonical(setting.key)).second) << setting.key << " is there twice";
    EXPECT_TRUE(setting.meaning.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.state != Setting::State::used && setting.note.empty(), false)
        << setting.key << " says not what to do";
    EXPECT_EQ(find_setting(setting.key), &setting) << setting.key;
    const auto placeholders =
        resolve_placeholders(setting.fallback, [&](std::string_view name) -> std::optional<std::string> {
          EXPECT_NE(find_setting(name), nullptr) << setting.key << " refers to " << name;
          return "x";
        });
    EXPECT_TRUE(placeholders) << setting.key;
  }
  for (const auto* profile : {"production", "staging", "dev"}) {
    EXPECT_TRUE(is_built_in_profile(profile));
    for (const ProfileValue& value : profile_values(profile)) EXPECT_NE(find_setting(value.key), nullptr) << value.key;
  }
  EXPECT_FALSE(is_built_in_profile("test"));
}

TEST(SettingsCatalogue, FindsIndexesAndMapKeys) {
  EXPECT_EQ(find_setting("difi.move.dpo.reportees[17].orgid")->key, "difi.move.dpo.reportees[n].orgId");
  EXPECT_EQ(find_setting("difi.move.fiks.ut.paavegneav.991825827.password")->type, ValueType::secret);
  EXPECT_EQ(find_setting("difi.move.dpi.mpcIdListe[0]")->key, "difi.move.dpi.mpcIdListe");
  EXPECT_NE(find_setting("logging.level.no.difi"), nullptr);
  EXPECT_EQ(find_setting("server.port[0]"), nullptr);
  EXPECT_EQ(find_setting("difi.move.dpo.reportees.orgId"), nullptr);
  EXPECT_EQ(find_setting(""), nullptr);
}

TEST(SettingsCatalogue, SuggestsTheNearest) {
  EXPECT_EQ(nearest_setting("difi.move.dpo.mesage-chanel"), "difi.move.dpo.message-channel");
  EXPECT_EQ(nearest_setting("difi.move.org.nubmer"), "difi.move.org.number");
  EXPECT_EQ(nearest_setting("difi.move.dpo.reportees[4].orgnr"), "difi.move.dpo.reportees[n].orgId");
  EXPECT_EQ(nearest_setting("something.else.entirely"), "");
  EXPECT_EQ(nearest_setting(std::string(5000, 'a')), "");
  EXPECT_NE(nearest_setting("kanal.crash-a"), "kanal.crash-at");
}

TEST(SettingsCatalogue, KnowsSecrets) {
  for (const auto* key :
       {"difi.move.org.keystore.password", "difi.move.fiks.ut.rest.integrasjon-passord", "vault.token",
        "difi.move.nextmove.serviceBus.sasToken", "anything.clientSecret", "my.api-token"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
  for (const auto* key : {"difi.move.fiks.ut.rest.maskinporten.token-uri", "difi.move.dpo.altinnTokenExchangeUrl",
                          "difi.move.nextmove.serviceBus.sasKeyName", "difi.security.user.name"}) {
    EXPECT_FALSE(is_secret_key(key)) << key;
  }
}

}  // namespace
}  // namespace kanal::ops

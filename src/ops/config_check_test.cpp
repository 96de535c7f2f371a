#include <sstream>

#include <gmock/gmock.h>
#include <boost/json.hpp>

#include "base/testing.hpp"
#include "ops/config.hpp"
#include "ops/config_command.hpp"
#include "ops/config_remarks.hpp"

namespace kanal::ops {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view complete =
    "difi.move.org.number=991825827\n"
    "difi.move.org.keystore.alias=a\n"
    "difi.move.org.keystore.password=p\n"
    "difi.move.org.keystore.path=base64:AAAA\n"
    "difi.ssl.key-store=base64:AAAA\n"
    "difi.ssl.key-store-password=p\n"
    "difi.ssl.key-store-type=PKCS12\n"
    "difi.security.user.name=u\n"
    "difi.security.user.password=p\n"
    "difi.move.feature.enableDPO=true\n";

Config load(std::string_view local, std::string profile = "staging") {
  const testing::TemporaryFolder folder;
  folder.write("integrasjonspunkt-local.properties", local);
  ConfigSources sources{folder.path(), {}, {}};
  if (!profile.empty()) sources.environment["SPRING_PROFILES_ACTIVE"] = std::move(profile);
  auto config = Config::load(sources);
  EXPECT_TRUE(config) << config.error().message;
  return config ? std::move(*config) : Config();
}

/// `level key: text` of each remark.
std::vector<std::string> verdicts(std::string_view more, std::string profile = "staging") {
  std::vector<std::string> out;
  for (const ConfigRemark& r : load(std::string(complete) + std::string(more), std::move(profile)).check()) {
    out.push_back(std::string(name_of(r.level)) + " " + r.key + ": " + r.text);
  }
  return out;
}

TEST(ConfigCheck, IsSilentWhenAllIsInOrder) { EXPECT_THAT(verdicts(""), ::testing::IsEmpty()); }

TEST(ConfigCheck, ReportsEveryMissingKeyAtOnce) {
  std::vector<std::string> keys;
  for (const ConfigRemark& r : load("").check()) {
    EXPECT_EQ(r.level, ConfigRemark::Level::error);
    keys.push_back(r.key);
  }
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("difi.move.org.number", "difi.move.org.keystore.alias",
                                                    "difi.move.org.keystore.password", "difi.move.org.keystore.path",
                                                    "difi.security.user.name", "difi.security.user.password",
                                                    "difi.ssl.key-store", "difi.ssl.key-store-password"));
}

TEST(ConfigCheck, OneRowPerRule) {
  struct Row {
    std::string_view more;
    std::string_view expected;
  };
  const std::vector<Row> rows{
      {"difi.move.dpo.message-channel=a b", "error difi.move.dpo.message-channel: must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"difi.move.dpo.oidc.authenticationType=JWK", "error difi.move.dpo.oidc.jwk.path: is required while"},
      {"difi.move.dpo.reportees[0].orgId=0192:991825827",
       "error difi.move.dpo.reportees[0].name: is required for every"},
      {"difi.move.dpo.reportees[0].name=x", "error difi.move.dpo.reportees[0].orgId: is required for every"},
      {"difi.move.dph.her-ids[1]=5", "error difi.move.dph.her-ids[1]: has an index after a gap"},
      {"kanal.tls.extra-ca=absent.pem", "error kanal.tls.extra-ca: the file"},
      {"difi.datasource.url=jdbc:mysql://db/x",
       "error difi.datasource.url: this database is not supported: use PostgreSQL"},
      {"difi.datasource.url=jdbc:mysql://db/x", "error difi.datasource.url: this database is not supported"},
      {"difi.datasource.url=jdbc:h2:file:./a/b", "note difi.datasource.url: the embedded store and the spool live in"},
      {"difi.activemq.broker-url=vm://localhost", "note difi.activemq.broker-url: No broker is needed"},
      {"difi.move.dpo.message-chanel=x",
       "warning difi.move.dpo.message-chanel: is not a known setting and has no effect; did you mean "
       "difi.move.dpo.message-channel?"},
      {"difi.move.quite.other=x", "warning difi.move.quite.other: is not a known setting and has no effect"},
      {"my.own=x", "note my.own: is not a known setting"},
      {"difi.move.dpo.username=x", "warning difi.move.dpo.username: Altinn 2 is gone"},
      {"difi.move.feature.enableDPH=true", "warning difi.move.feature.enableDPH: DPH is not available"},
      {"difi.move.feature.enable-auth=false\ndifi.security.enable=true",
       "error difi.move.feature.enable-auth: contradicts difi.security.enable"},
      {"difi.move.feature.mailErrorStatus=true",
       "error difi.move.mail.smtpHost: is required while difi.move.feature.mailErrorStatus is true"},
      {"difi.move.feature.mailErrorStatus=true\ndifi.move.mail.enableAuth=true",
       "error difi.move.mail.password: is required while difi.move.mail.enableAuth is true"},
      {"kanal.mail.clear-password=true", "warning kanal.mail.clear-password: the password of the mail server"},
      {"difi.move.nextmove.statusPollingPageSize=5",
       "warning difi.move.nextmove.statusPollingPageSize: Each message is asked for by itself"},
      {"difi.move.org.keystore.path=vault:own", "error difi.move.org.keystore.path: vault: needs vault.uri"},
      {"difi.move.dpv.daysToReply=soon", "warning difi.move.dpv.daysToReply: must be a whole number"},
      {"difi.security.enable=false", "warning difi.security.enable: anyone who reaches the port"},
      {"difi.ssl.enabled=false", "warning difi.ssl.enabled: the client API is not encrypted"},
      {"difi.move.org.keystore.type=JKS", "warning difi.move.org.keystore.type: JKS protects"},
      {"kanal.asic.verify=off", "warning kanal.asic.verify: packages are accepted from anyone"},
      {"spring.profiles.active=production", "warning spring.profiles.active: cannot be set here"},
      {"difi.move.org.number=999888777",
       "warning difi.move.org.number: set before in integrasjonspunkt-local.properties:1"},
      {"kanal.data-folder=C:\\data", "warning kanal.data-folder: a backslash starts an escape"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(verdicts(row.more), Contains(HasSubstr(std::string(row.expected)))) << row.more;
  }
}

std::string checked(const Config& config, bool json, int expected) {
  std::ostringstream out;
  EXPECT_EQ(config_check(config, out, json), expected);
  return out.str();
}

constexpr std::string_view mixed =
    "difi.move.dpo.message-chanel=x\n"
    "difi.move.dpo.username=altinn2\n"
    "difi.move.feature.enableDPH=true\n"
    "difi.move.dpo.resource=eformidling-dpo-meldingsutveksling\n"
    "difi.move.dpo.pollingrate=often\n"
    "server.port=9094\n"
    "my.host=x.example\n"
    "difi.move.dpo.brokerserviceUrl=https://${my.host}/broker\n"
    "difi.move.unknown.password=hemmelig-42\n";

TEST(ConfigCheck, GivesOneVerdictPerKey) {
  const auto out = checked(load(std::string(complete) + std::string(mixed)), false, 1);
  for (const auto* line :
       {"wrong         integrasjonspunkt-local.properties:15: difi.move.dpo.pollingrate = often\n"
        "                must be a time in milliseconds",
        "unknown       integrasjonspunkt-local.properties:11: difi.move.dpo.message-chanel = x\n"
        "                is not a known setting and has no effect; did you mean difi.move.dpo.message-channel?",
        "not honoured  integrasjonspunkt-local.properties:13: difi.move.feature.enableDPH = true\n"
        "                DPH is not available in this version: messages to it are refused",
        "obsolete      integrasjonspunkt-local.properties:12: difi.move.dpo.username = altinn2\n"
        "                Altinn 2 is gone",
        "used          integrasjonspunkt-local.properties:16: server.port = 9094\n",
        "used          integrasjonspunkt-local.properties:17: my.host = x.example\n"
        "                is used in other values",
        "as default    integrasjonspunkt-local.properties:14: difi.move.dpo.resource =", "20 keys set, 1 error,"}) {
    EXPECT_THAT(out, HasSubstr(line));
  }
  EXPECT_LT(out.find("wrong "), out.find("unknown "));
  EXPECT_LT(out.find("unknown "), out.find("used "));
  EXPECT_THAT(out, Not(HasSubstr("hemmelig-42"))) << "a misspelt secret is one";
}

TEST(ConfigCheck, GivesVerdictsAsJson) {
  const auto out = checked(load(std::string(complete) + std::string(mixed)), true, 1);
  EXPECT_THAT(out, Not(HasSubstr("hemmelig-42")));
  const auto value = boost::json::parse(out).as_object();
  EXPECT_FALSE(value.at("ok").as_bool());
  std::map<std::string, std::string> verdicts;
  for (const auto& key : value.at("keys").as_array()) {
    verdicts[std::string(key.at("key").as_string())] = std::string(key.at("verdict").as_string());
    EXPECT_FALSE(key.at("origin").as_string().empty());
  }
  EXPECT_EQ(verdicts.size(), 20U);
  EXPECT_EQ(verdicts["difi.move.dpo.pollingrate"], "wrong");
  EXPECT_EQ(verdicts["difi.move.dpo.message-chanel"], "unknown");
  EXPECT_EQ(verdicts["difi.move.feature.enableDPH"], "not honoured");
  EXPECT_EQ(verdicts["difi.move.dpo.username"], "obsolete");
  EXPECT_EQ(verdicts["difi.move.dpo.resource"], "as default");
  EXPECT_EQ(verdicts["server.port"], "used");
}

TEST(ConfigCheck, ReadsAFileAnywhere) {
  const testing::TemporaryFolder folder;
  const testing::TemporaryFolder elsewhere;
  folder.write("integrasjonspunkt-local.properties", "server.port=1\n");
  elsewhere.write("kopi.properties", std::string(complete) + "server.port=9999\nspring.profiles.active=production\n");
  ConfigSources sources{elsewhere.path(), {}, {}};
  sources.file = elsewhere.path() / "kopi.properties";
  const auto config = Config::load(sources);
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->text("server.port"), "9999");
  EXPECT_EQ(config->origin("server.port")->text(), "kopi.properties:11");
  EXPECT_TRUE(config->profiles().empty()) << "as in the local file, a profile cannot be chosen there";
  sources.file = elsewhere.path() / "finnes-ikke.properties";
  EXPECT_EQ(Config::load(sources).error().code, "config.file");
}

TEST(ConfigCheck, StartErrorsFitOnOneScreen) {
  std::string many = "difi.move.org.number=12\n";
  for (int i = 0; i < 60; ++i) many += "difi.move.dpo.reportees[" + std::to_string(i) + "].orgId=wrong\n";
  std::ostringstream out;
  print_remarks(out, load(many + "difi.move.feature.enableDPO=true\n").check());
  const std::string text = out.str();
  std::size_t lines = 1;  // and the program's last word
  std::istringstream in(text);
  std::string first;
  for (std::string line; std::getline(in, line);) {
    if (first.empty()) first = line;
    lines += (line.size() + 119) / 120;
  }
  EXPECT_LE(lines, 24U);
  EXPECT_THAT(first, HasSubstr("difi.move.org."));
  EXPECT_THAT(text, HasSubstr("integrasjonspunkt-local.properties:1: difi.move.org.number = \"12\": must be"));
  EXPECT_THAT(text, ::testing::ContainsRegex("\\.\\.\\. and [0-9]+ more, [0-9]+ of them errors: kanal config check"));
}

TEST(ConfigExplain, KnowsEntriesPatternsAndGroups) {
  const auto config = load(std::string(complete) +
                           "difi.move.dpo.reportees[0].orgId=0192:987654321\n"
                           "difi.move.dpo.reportees[0].name=bruker\n"
                           "difi.move.fiks.ut.paa-vegne-av.987654321.username=kommune\n"
                           "difi.move.fiks.ut.paa-vegne-av.987654321.password=hemmelig-43\n");
  const auto explain = [&](std::string_view key, int expected = 0) {
    std::ostringstream out;
    EXPECT_EQ(config_explain(config, key, out, false), expected) << key;
    EXPECT_THAT(out.str(), Not(HasSubstr("hemmelig-43")));
    return out.str();
  };
  const auto entry = explain("difi.move.dpo.reportees[0].orgid");
  EXPECT_THAT(entry, HasSubstr("difi.move.dpo.reportees[0].orgId\n"));
  EXPECT_THAT(entry, HasSubstr("0192:987654321"));
  EXPECT_THAT(entry, HasSubstr("DIFI_MOVE_DPO_REPORTEES_0_ORGID"));
  EXPECT_THAT(explain("difi.move.dpo.reportees[n].orgId"),
              HasSubstr("difi.move.dpo.reportees[0].orgId = 0192:987654321  (integrasjonspunkt-local.properties:11)"));
  EXPECT_THAT(explain("difi.move.dpo.reportees"), HasSubstr("set: difi.move.dpo.reportees[0].name = bruker"));
  EXPECT_THAT(explain("difi.move.fiks.ut.paa-vegne-av.987654321.username"),
              HasSubstr("DIFI_MOVE_FIKS_UT_PAAVEGNEAV_987654321_USERNAME"));
  EXPECT_THAT(explain("difi.move.fiks.ut.paa-vegne-av"),
              HasSubstr("set: difi.move.fiks.ut.paa-vegne-av.987654321.pass"));
  EXPECT_THAT(explain("difi.move.oidc.url"), HasSubstr("https://maskinporten.no/token in the profile production"));
  EXPECT_THAT(explain("difi.move.dpo.mesage-chanel", 1), HasSubstr("did you mean difi.move.dpo.message-channel?"));
}

/// Every secret of the catalogue, right and in values that break their rules.
TEST(ConfigCommand, NoCommandShowsASecret) {
  std::string all;
  std::vector<std::string> keys;
  for (const Setting& setting : settings_catalogue()) {
    if (setting.type != ValueType::secret) continue;
    std::string key(setting.key);
    if (const auto at = key.find("[n]"); at != std::string::npos) key.replace(at, 3, "[0]");
    if (const auto at = key.find("<orgnr>"); at != std::string::npos) key.replace(at, 7, "987654321");
    all += key + "=hemmelig-44 \n";
    keys.push_back(std::move(key));
  }
  ASSERT_GT(keys.size(), 20U);
  const auto config = load(all + "difi.datasource.url=jdbc:mysql://u:hemmelig-44@db/x?password=hemmelig-44\n");
  std::ostringstream out;
  for (const bool json : {false, true}) {
    config_check(config, out, json);
    config_show(config, out, json);
    for (const auto& key : keys) config_explain(config, key, out, json);
  }
  print_remarks(out, config.check());
  EXPECT_THAT(out.str(), Not(HasSubstr("hemmelig-44")));
}

TEST(ConfigReference, IsTheCommittedOne) {
  const auto committed = testing::read_file(std::filesystem::path(KANAL_SOURCE) / "docs" / "configuration.md");
  EXPECT_TRUE(committed == configuration_reference())
      << "docs/configuration.md is out of date; make it anew: build/kanal config reference > docs/configuration.md";
}

TEST(ConfigReference, HasEverySettingAndNoHiddenOne) {
  const std::string text = configuration_reference();
  std::size_t sections = 0;
  for (std::size_t at = text.find("\n## "); at != std::string::npos; at = text.find("\n## ", at + 1)) ++sections;
  EXPECT_EQ(sections, 13U) << "a section starts with a key that is no longer there";
  for (const Setting& setting : settings_catalogue()) {
    EXPECT_EQ(text.find("| `" + std::string(setting.key) + "` |") != std::string::npos, !setting.hidden) << setting.key;
  }
}

TEST(ConfigCheck, AServiceThatIsNotAvailableAndSwitchedOffIsNoMatter) {
  const std::string_view off = "difi.move.feature.enableDPH=false\n";
  EXPECT_THAT(verdicts(off, "production"), ::testing::IsEmpty());
  EXPECT_THAT(checked(load(std::string(complete) + std::string(off), "production"), false, 0),
              HasSubstr("as default    integrasjonspunkt-local.properties:11: difi.move.feature.enableDPH = false"));
}

TEST(ConfigCheck, WhatIsNotNeededIsCalledSo) {
  EXPECT_THAT(
      checked(load(std::string(complete) + "difi.activemq.broker-url=vm://localhost\n"), false, 0),
      HasSubstr("not needed    integrasjonspunkt-local.properties:11: difi.activemq.broker-url = vm://localhost"));
}

TEST(ConfigCheck, KnowsTheProfiles) {
  EXPECT_THAT(verdicts("", "prod"),
              Contains(HasSubstr("warning spring.profiles.active: is none of production, staging, dev")));
  EXPECT_THAT(verdicts("", ""), Contains(HasSubstr("note spring.profiles.active: is not set")));
}

TEST(ConfigCheck, HasNothingAgainstDefaultsWrittenOutAndNamesForPlaceholders) {
  EXPECT_THAT(verdicts("difi.move.feature.enableDPH=false\ndifi.move.nextmove.filedir=messages\nmy.name=x\n"
                       "difi.move.dpo.resource=${my.name}\n"),
              ::testing::IsEmpty());
}

TEST(ConfigCheck, FaultsOfAServiceThatIsOffDoNotStopTheStart) {
  EXPECT_THAT(verdicts("difi.move.feature.enableDPO=false\ndifi.move.dpo.message-channel=a b"),
              Contains(HasSubstr("warning difi.move.dpo.message-channel: must match")));
}

TEST(ConfigCheck, ReportsErrorsFirst) {
  const auto all = verdicts("my.own=x\ndifi.move.dpo.username=x\nserver.port=x");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all[0], HasSubstr("error"));
  EXPECT_THAT(all[1], HasSubstr("warning"));
  EXPECT_THAT(all[2], HasSubstr("note"));
}

TEST(ConfigRemarks, FitOneScreen) {
  std::vector<ConfigRemark> remarks(40, ConfigRemark{ConfigRemark::Level::note, "k", "v", {"f", 3}, "t"});
  std::ostringstream out;
  print_remarks(out, remarks);
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), static_cast<std::ptrdiff_t>(one_screen + 1));
  EXPECT_THAT(out.str(), HasSubstr("note    f:3: k = \"v\": t\n"));
  EXPECT_THAT(out.str(), HasSubstr("... and 18 more, 0 of them errors: kanal config check shows all\n"));
  for (auto& remark : remarks) remark.level = ConfigRemark::Level::error;
  std::ostringstream all;
  print_remarks(all, remarks);
  EXPECT_EQ(std::ranges::count(all.str(), '\n'), static_cast<std::ptrdiff_t>(one_screen + 1));
  EXPECT_THAT(all.str(), HasSubstr("... and 18 more, 18 of them errors: kanal config check shows all\n"));
}

TEST(ConfigCommand, Check) {
  std::ostringstream out;
  EXPECT_EQ(config_check(load(complete), out, false), 0);
  EXPECT_TRUE(out.str().ends_with("\n11 keys set, 0 errors, 0 warnings: ready to start\n")) << out.str();
  out.str("");
  EXPECT_EQ(config_check(load(std::string(complete) + "server.port=x"), out, false), 1);
  EXPECT_THAT(out.str(), HasSubstr("wrong         integrasjonspunkt-local.properties:11: server.port = x\n             "
                                   "   must be a whole number\n"));
  EXPECT_THAT(out.str(), HasSubstr("1 error, 0 warnings: correct the errors before starting\n"));
  out.str("");
  EXPECT_EQ(config_check(load(std::string(complete) + "server.port=x"), out, true), 1);
  const auto json = boost::json::parse(out.str()).as_object();
  EXPECT_FALSE(json.at("ok").as_bool());
  EXPECT_EQ(json.at("remarks").at(0).at("line").as_int64(), 11);
}

TEST(ConfigCommand, Show) {
  std::ostringstream out;
  EXPECT_EQ(config_show(load(complete), out, false), 0);
  EXPECT_THAT(out.str(), ::testing::ContainsRegex(
                             "difi.move.org.keystore.password +\\(hidden\\) +integrasjonspunkt-local.properties:3\n"));
  EXPECT_THAT(out.str(), ::testing::ContainsRegex("spring.profiles.active +staging +environment\n"));
  out.str("");
  EXPECT_EQ(config_show(load(complete), out, true), 0);
  const auto json = boost::json::parse(out.str()).as_object();
  EXPECT_EQ(json.at("profiles").at(0).as_string(), "staging");
  EXPECT_EQ(json.at("settings").as_array().size(), 11U);
}

TEST(ConfigCommand, Explain) {
  const Config config = load(complete);
  std::ostringstream out;
  EXPECT_EQ(config_explain(config, "difi.move.dpo.messageChannel", out, false), 0);
  EXPECT_THAT(out.str(), HasSubstr("difi.move.dpo.message-channel\nmeaning      The channel of this installation"));
  EXPECT_THAT(out.str(), HasSubstr("environment  DIFI_MOVE_DPO_MESSAGECHANNEL\n"));
  out.str("");
  EXPECT_EQ(config_explain(config, "difi.move.org.keystore.password", out, true), 0);
  const auto json = boost::json::parse(out.str()).as_object();
  EXPECT_EQ(json.at("value").as_string(), "(hidden)");
  EXPECT_EQ(json.at("line").as_int64(), 3);
  out.str("");
  EXPECT_EQ(config_explain(config, "difi.move.dpo.chanel", out, false), 1);
  EXPECT_THAT(out.str(), HasSubstr("is not a known setting"));
  out.str("");
  EXPECT_EQ(config_explain(config, "difi.move.nextmove.status-services", out, false), 0);
  EXPECT_THAT(out.str(), HasSubstr("value        DPO,DPE\n"));
}

}  // namespace
}  // namespace kanal::ops

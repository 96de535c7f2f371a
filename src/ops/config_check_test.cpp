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
      {"difi.move.feature.enableDPV=true", "warning difi.move.feature.enableDPV: DPV is not available"},
      {"vault.uri=https://vault",
       "warning vault.uri: Vault is not honoured yet: give the secrets as environment variables"},
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

TEST(ConfigCheck, KnowsTheProfiles) {
  EXPECT_THAT(verdicts("", "prod"),
              Contains(HasSubstr("warning spring.profiles.active: is none of production, staging, dev")));
  EXPECT_THAT(verdicts("", ""), Contains(HasSubstr("note spring.profiles.active: is not set")));
}

TEST(ConfigCheck, HasNothingAgainstDefaultsWrittenOutAndNamesForPlaceholders) {
  EXPECT_THAT(verdicts("difi.move.feature.enableDPV=false\ndifi.move.nextmove.filedir=messages\nmy.name=x\n"
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

TEST(ConfigRemarks, FitOneScreenButHideNoError) {
  std::vector<ConfigRemark> remarks(40, ConfigRemark{ConfigRemark::Level::note, "k", "v", {"f", 3}, "t"});
  std::ostringstream out;
  print_remarks(out, remarks);
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), static_cast<std::ptrdiff_t>(one_screen + 1));
  EXPECT_THAT(out.str(), HasSubstr("note    f:3: k = \"v\": t\n"));
  EXPECT_THAT(out.str(), HasSubstr("... and 18 more: kanal config check\n"));
  for (auto& remark : remarks) remark.level = ConfigRemark::Level::error;
  std::ostringstream all;
  print_remarks(all, remarks);
  EXPECT_EQ(std::ranges::count(all.str(), '\n'), 40);
}

TEST(ConfigCommand, Check) {
  std::ostringstream out;
  EXPECT_EQ(config_check(load(complete), out, false), 0);
  EXPECT_EQ(out.str(), "11 keys set, 0 errors, 0 warnings: ready to start\n");
  out.str("");
  EXPECT_EQ(config_check(load(std::string(complete) + "server.port=x"), out, false), 1);
  EXPECT_THAT(
      out.str(),
      HasSubstr("error   integrasjonspunkt-local.properties:11: server.port = \"x\": must be a whole number\n"));
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

#include "ops/config.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "ops/data_folder.hpp"
#include "ops/key_names.hpp"

namespace kanal::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A folder with configuration files, and what is given at the start.
struct Installation {
  testing::TemporaryFolder folder;
  ConfigSources sources{folder.path(), {}, {}};

  Installation() = default;
  explicit Installation(std::string_view local) { folder.write("integrasjonspunkt-local.properties", local); }

  [[nodiscard]] Config load() const {
    auto config = Config::load(sources);
    EXPECT_TRUE(config) << config.error().message;
    return config ? std::move(*config) : Config();
  }
  [[nodiscard]] Error fault() const {
    const auto config = Config::load(sources);
    EXPECT_FALSE(config);
    return config ? Error{} : config.error();
  }
};

constexpr std::string_view probe = "difi.move.dpo.resource";

TEST(ConfigOrder, EverySourceBeatsTheNext) {
  Installation place;
  const auto expect = [&](std::string_view value, std::string_view source) {
    const Config config = place.load();
    EXPECT_EQ(config.text(probe), value);
    EXPECT_EQ(config.origin(probe)->source, source) << value;
  };
  expect("eformidling-dpo-meldingsutveksling", "default");
  place.folder.write("application.properties", "difi.move.dpo.resource=base\nspring.profiles.active=staging");
  expect("base", "application.properties");
  place.folder.write("application-staging.properties", "difi.move.dpo.resource=profile");
  expect("profile", "application-staging.properties");
  place.folder.write("integrasjonspunkt-local.yaml", "difi.move.dpo.resource: yaml");
  expect("yaml", "integrasjonspunkt-local.yaml");
  place.folder.write("integrasjonspunkt-local.yml", "difi.move.dpo.resource: yml");
  expect("yml", "integrasjonspunkt-local.yml");
  place.folder.write("integrasjonspunkt-local.properties",
                     "difi.move.dpo.resource=local\nspring.config.import=more.properties");
  place.folder.write("more.properties", "difi.move.dpo.resource=imported");
  expect("imported", "more.properties");
  place.folder.write("further.yml", "difi: {move: {dpo: {resource: further}}}");
  place.sources.environment["SPRING_CONFIG_ADDITIONAL_LOCATION"] = "optional:absent.yml,file:further.yml";
  place.folder.write("integrasjonspunkt-local.properties", "difi.move.dpo.resource=local");
  expect("further", "further.yml");
  place.sources.environment["DIFI_MOVE_DPO_RESOURCE"] = "environment";
  expect("environment", "environment");
  place.sources.arguments = {"-Ddifi.move.dpo.resource=property"};
  expect("property", "command line");
  place.sources.arguments.insert(place.sources.arguments.begin(), "--difi.move.dpo.resource=option");
  expect("option", "command line");
}

TEST(ConfigOrder, BuiltInProfilesBeatDefaultsOnly) {
  Installation place;
  constexpr std::string_view key = "difi.move.dpo.brokerserviceUrl";
  EXPECT_EQ(place.load().text(key), "https://platform.tt02.altinn.no/broker/api/v1");
  place.sources.environment["SPRING_PROFILES_ACTIVE"] = "production";
  EXPECT_EQ(place.load().text(key), "https://platform.altinn.no/broker/api/v1");
  EXPECT_EQ(place.load().origin(key)->source, "profile production");
  EXPECT_EQ(place.load().text("kanal.registry.pinned-organisation"), "991825827");
  EXPECT_THAT(place.load().profiles(), ElementsAre("production"));
  place.folder.write("application.properties", "difi.move.dpo.brokerservice-url=https://mine");
  EXPECT_EQ(place.load().text(key), "https://mine");
}

TEST(ConfigOrder, AnAdditionalFolderIsReadLikeOurs) {
  Installation place;
  std::filesystem::create_directory(place.folder.path() / "extra");
  place.folder.write("extra/application.properties", "difi.move.dpo.resource=one");
  place.sources.arguments = {"--spring.config.additional-location=extra/", "--spring.profiles.active=dev"};
  EXPECT_EQ(place.load().text(probe), "one");
  place.folder.write("extra/application-dev.properties", "difi.move.dpo.resource=two");
  EXPECT_EQ(place.load().text(probe), "two");
}

TEST(ConfigOrder, AListComesFromOneSource) {
  Installation place("difi.move.dph.her-ids[0]=1\ndifi.move.dph.her-ids[1]=2\n");
  EXPECT_THAT(place.load().list("difi.move.dph.her-ids"), ElementsAre("1", "2"));
  place.sources.environment["DIFI_MOVE_DPH_HERIDS_0"] = "3";
  EXPECT_THAT(place.load().list("difi.move.dph.her-ids"), ElementsAre("3"));
  place.sources.arguments = {"--difi.move.dph.her-ids=4, 5"};
  EXPECT_THAT(place.load().list("difi.move.dph.her-ids"), ElementsAre("4", "5"));
}

TEST(ConfigOrder, PartsOfAFileForOtherProfilesAreSkipped) {
  Installation place(
      "difi.move.dpo.resource=a\n#---\nspring.config.activate.on-profile=dev\ndifi.move.dpo.resource=b\n");
  EXPECT_EQ(place.load().text(probe), "a");
  place.sources.arguments = {"--spring.profiles.active=dev"};
  EXPECT_EQ(place.load().text(probe), "b");
}

TEST(ConfigNames, AreRelaxed) {
  for (const std::string_view written : {"difi.move.dpv.notificationText", "difi.move.dpv.notification-text",
                                         "difi.move.dpv.notification_text", "DIFI.MOVE.DPV.NotificationText"}) {
    const Config config = Installation(std::string(written) + "=x").load();
    EXPECT_EQ(config.text("difi.move.dpv.notification-text"), "x") << written;
    EXPECT_EQ(config.text("difi.move.dpv.notificationText"), "x") << written;
  }
}

TEST(ConfigNames, EnvironmentNamesOfTheSpecification) {
  struct Row {
    std::string_view name;
    std::string_view key;
  };
  const std::vector<Row> rows{
      {"DIFI_MOVE_DPV_NOTIFICATIONTEXT", "difi.move.dpv.notification-text"},
      {"DIFI_MOVE_DPV_NOTIFICATION_TEXT", "difi.move.dpv.notification-text"},
      {"DIFI_MOVE_DPO_REPORTEES_0_ORGID", "difi.move.dpo.reportees[0].orgId"},
      {"DIFI_MOVE_DPO_REPORTEES_12_MESSAGE_CHANNEL", "difi.move.dpo.reportees[12].message-channel"},
      {"DIFI_MOVE_DPH_HERIDS_0", "difi.move.dph.her-ids[0]"},
      {"DIFI_MOVE_FIKS_UT_PAAVEGNEAV_991825827_USERNAME", "difi.move.fiks.ut.paa-vegne-av.991825827.username"},
      {"DIFI_MOVE_DPO_MESSAGECHANNEL", "difi.move.dpo.message-channel"},
      {"DIFI_MOVE_ORG_KEYSTORE_LOCKPROVIDER", "difi.move.org.keystore.lockProvider"},
      {"DIFI_MOVE_ORG_KEYSTORE_LOCK_PROVIDER", "difi.move.org.keystore.lockProvider"},
      {"difi_move_org_number", "difi.move.org.number"},
      {"difi.move.org.number", "difi.move.org.number"},
      {"SPRING_PROFILES_ACTIVE", "spring.profiles.active"},
      {"SERVER_PORT", "server.port"},
      {"LOGGING_LEVEL_ROOT", "logging.level.root"},
      {"KANAL_HTTP_MAXCONNECTIONS", "kanal.http.max-connections"},
      {"DIFI_MOVE_UNKNOWN_THING", "difi.move.unknown.thing"},
      {"PATH", ""},
      {"LC_ALL", ""},
      {"", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(key_of_environment(row.name).value_or(""), row.key) << row.name;
  EXPECT_EQ(environment_name("difi.move.dpo.reportees[0].orgId"), "DIFI_MOVE_DPO_REPORTEES_0_ORGID");
  EXPECT_EQ(environment_name("difi.move.dpv.notification-text"), "DIFI_MOVE_DPV_NOTIFICATIONTEXT");
}

TEST(ConfigNames, EverySettingHasAnEnvironmentName) {
  for (const Setting& setting : settings_catalogue()) {
    if (setting.key.find_first_of("[<") != std::string_view::npos) continue;
    EXPECT_EQ(canonical(key_of_environment(environment_name(setting.key)).value_or("")), canonical(setting.key));
  }
}

TEST(ConfigNames, TheLegacyNameLosesToTheRightOne) {
  Installation place;
  place.sources.environment = {{"DIFI_MOVE_DPV_NOTIFICATIONTEXT", "right"},
                               {"DIFI_MOVE_DPV_NOTIFICATION_TEXT", "legacy"}};
  EXPECT_EQ(place.load().text("difi.move.dpv.notification-text"), "right");
}

TEST(ConfigValues, PlaceholdersSeeAllSourcesAndTheEnvironment) {
  Installation place(
      "difi.move.org.number=991825827\nmy.host=https://host\ndifi.move.serviceregistryEndpoint=${my.host}/sr\n"
      "difi.move.org.keystore.password=${KS_PW}\ndifi.move.dpo.resource=${absent.name:fallback}\nserver.port=${my.port}"
      "\n");
  place.sources.environment = {{"KS_PW", "s3cret"}, {"MY_PORT", "8080"}};
  const Config config = place.load();
  EXPECT_EQ(config.text("difi.move.sign.jwkUrl"), "https://host/sr/jwk");
  EXPECT_EQ(config.text("difi.move.dpo.oidc.clientId"), "MOVE_IP_991825827");
  EXPECT_EQ(config.text("difi.move.dpo.systemUser.name"), "991825827_integrasjonspunkt_systembruker_991825827");
  EXPECT_EQ(config.secret("difi.move.dpo.oidc.keystore.password").reveal(), "s3cret");
  EXPECT_EQ(config.text(probe), "fallback");
  EXPECT_EQ(*config.integer("server.port"), 8080);
}

TEST(ConfigValues, ADefaultWithoutItsPartsIsNone) {
  const Config config = Installation().load();
  EXPECT_EQ(config.text("difi.move.oidc.clientId"), std::nullopt);
  EXPECT_EQ(config.required("difi.move.oidc.clientId").error().code, "config.missing");
}

TEST(ConfigValues, AreTrimmedWithARemark) {
  const Config config = Installation("difi.move.org.number=991825827  \n").load();
  EXPECT_EQ(config.text("difi.move.org.number"), "991825827");
  const auto remarks = config.check();
  const auto found =
      std::ranges::find_if(remarks, [](const ConfigRemark& r) { return r.text.starts_with("blanks around"); });
  ASSERT_NE(found, remarks.end());
  EXPECT_EQ(found->level, ConfigRemark::Level::warning);
  EXPECT_EQ(found->origin.text(), "integrasjonspunkt-local.properties:1");
}

TEST(ConfigValues, TypedGettersNameOriginKeyValueAndRule) {
  const Config config = Installation(
                            "\ndifi.move.dpo.message-channel=a b\nserver.port=x\ndifi.move.feature.enableDPO=ja\n"
                            "difi.move.dpo.upload-size-limit=big\ndifi.move.dpo.pollingrate=soon\n")
                            .load();
  const auto text = [](const auto& result) {
    EXPECT_EQ(result.error().code, "config.value");
    return result.error().message;
  };
  EXPECT_EQ(text(config.required("difi.move.dpo.message-channel")),
            "integrasjonspunkt-local.properties:2: difi.move.dpo.message-channel = \"a b\": must match "
            "^[a-zA-Z0-9-_]{0,25}$");
  EXPECT_EQ(text(config.integer("server.port")),
            "integrasjonspunkt-local.properties:3: server.port = \"x\": must be a whole number");
  EXPECT_THAT(text(config.boolean("difi.move.feature.enableDPO")), HasSubstr(":4: "));
  EXPECT_THAT(text(config.size("difi.move.dpo.upload-size-limit")), HasSubstr("must be a size"));
  EXPECT_THAT(text(config.milliseconds("difi.move.dpo.pollingrate")), HasSubstr("must be a time in milliseconds"));
  const auto missing = config.required("difi.move.org.number");
  EXPECT_EQ(missing.error().code, "config.missing");
  EXPECT_THAT(missing.error().message, HasSubstr("or as DIFI_MOVE_ORG_NUMBER"));
}

TEST(ConfigValues, AbsentAndEmptyGiveTheDefault) {
  const Config config = Installation("server.port=\ndifi.move.dpv.health-check-url=\n").load();
  EXPECT_EQ(*config.integer("server.port"), 9093);
  EXPECT_EQ(*config.size("difi.move.dpo.upload-size-limit"), 1073741824U);
  EXPECT_EQ(*config.milliseconds("difi.move.dpo.pollingrate"), std::chrono::milliseconds(15000));
  EXPECT_EQ(*config.integer("kanal.send.workers"), 10);
  EXPECT_FALSE(*config.boolean("difi.move.feature.enableDPO"));
  EXPECT_TRUE(*config.boolean("difi.move.feature.enable-auth"));
  EXPECT_EQ(config.text("difi.move.dpv.health-check-url"), "");
  EXPECT_THAT(config.list("difi.move.nextmove.status-services"), ElementsAre("DPO", "DPE"));
  EXPECT_EQ(config.text_or("difi.move.dpo.message-channel", "none"), "none");
}

TEST(ConfigValues, GroupsAreCounted) {
  const Config config =
      Installation("difi.move.dpo.reportees[0].orgId=0192:111111111\ndifi.move.dpo.reportees[1].name=b\n").load();
  EXPECT_EQ(config.count("difi.move.dpo.reportees"), 2U);
  EXPECT_EQ(config.count("difi.move.dph.her-ids"), 0U);
}

TEST(ConfigFiles, EveryFormOfAPath) {
  Installation place;
  place.folder.write("key.p12", "content");
  const std::string full = (place.folder.path() / "key.p12").string();
  const auto read = [&](const std::string& value) {
    place.folder.write("integrasjonspunkt-local.properties", "difi.move.org.keystore.path=" + value);
    return place.load().file("difi.move.org.keystore.path");
  };
  for (const std::string& value : {std::string("key.p12"), std::string("./key.p12"), std::string("file:key.p12"),
                                   "file:" + full, "file://" + full, full, std::string("base64:Y29udGVudA==")}) {
    const auto bytes = read(value);
    ASSERT_TRUE(bytes) << value << ": " << bytes.error().message;
    EXPECT_EQ(text_of(*bytes), "content") << value;
  }
  struct Bad {
    std::string value;
    std::string part;
  };
  for (const Bad& bad : std::vector<Bad>{{"absent.p12", "does not exist"},
                                         {".", "is not a readable file"},
                                         {"classpath:key.p12", "copy the file out"},
                                         {"vault:key", "needs vault.uri"},
                                         {"base64:!", "is not base64"}}) {
    const auto bytes = read(bad.value);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, "config.file");
    EXPECT_THAT(bytes.error().message, HasSubstr("properties:1: difi.move.org.keystore.path = "));
    EXPECT_THAT(bytes.error().message, HasSubstr(bad.part));
  }
}

TEST(ConfigFaults, NameFileAndLine) {
  EXPECT_EQ(Installation("a=1\nb=\\u1").fault().code, "config.syntax");
  EXPECT_THAT(Installation("a=1\nb=\\u1").fault().message, HasSubstr("integrasjonspunkt-local.properties:2: "));
  Installation yaml;
  yaml.folder.write("integrasjonspunkt-local.yml", "a: 1\nb: [");
  EXPECT_THAT(yaml.fault().message, HasSubstr("integrasjonspunkt-local.yml:2: "));
  const Error placeholder = Installation("a=${x.y}\nb=${z}").fault();
  EXPECT_EQ(placeholder.code, "config.syntax");
  EXPECT_THAT(placeholder.message,
              HasSubstr("integrasjonspunkt-local.properties:1: a = \"${x.y}\": placeholder ${x.y}"));
  EXPECT_THAT(placeholder.message, HasSubstr("properties:2: b"));
  const Error import = Installation("spring.config.import=absent.yml").fault();
  EXPECT_EQ(import.code, "config.file");
  EXPECT_THAT(import.message, HasSubstr("write optional:absent.yml"));
  Installation folder;
  std::filesystem::create_directory(folder.folder.path() / "integrasjonspunkt-local.properties");
  EXPECT_EQ(folder.fault().code, "config.file");
}

TEST(ConfigFaults, SecretsAreNeverShown) {
  const Error fault = Installation("difi.move.org.keystore.password=ab${cd}ef").fault();
  EXPECT_THAT(fault.message, HasSubstr("difi.move.org.keystore.password: a placeholder in this secret"));
  EXPECT_EQ(fault.message.find("cd"), std::string::npos);

  Installation place(
      "difi.move.org.keystore.password=s3cret \nmy.pw=s3cret \ndifi.security.user.password=${my.pw}\n"
      "difi.move.org.keystore.pasword=s3cret\nfoo.token=s3cret\ndifi.datasource.url=jdbc:x:y;PASSWORD=s3cret;A=1\n"
      "difi.move.serviceregistryEndpoint=https://u:s3cret@host/${my.pw}\n"
      "difi.move.dpo.oidc.keystore.path=base64:s3cret\n");
  const Config config = place.load();
  for (const auto& shown : config.show()) EXPECT_EQ(shown.value.find("s3cret"), std::string::npos) << shown.key;
  for (const auto& remark : config.check()) {
    EXPECT_EQ(remark.value.find("s3cret"), std::string::npos) << remark.key;
    EXPECT_EQ(remark.text.find("s3cret"), std::string::npos) << remark.key;
  }
}

TEST(ConfigDataFolder, FollowsTheSettings) {
  const auto folder = [](const std::string& local) -> std::string {
    const Installation place(local);
    const auto path = data_folder(place.load());
    if (!path) return path.error().code + " " + path.error().message;
    return path->lexically_relative(place.folder.path()).lexically_normal().string();
  };
  EXPECT_EQ(folder(""), "kanal-data");
  EXPECT_EQ(folder("kanal.data-folder=store"), "store");
  EXPECT_EQ(folder("difi.datasource.url=jdbc:h2:file:./data/integrasjonspunkt;AUTO_SERVER=TRUE"), "data");
  EXPECT_EQ(folder("difi.datasource.url=jdbc:h2:./data/integrasjonspunkt"), "data");
  EXPECT_EQ(folder("kanal.data-folder=store\ndifi.datasource.url=jdbc:postgresql://db/x"), "store");
  EXPECT_EQ(folder("difi.datasource.url=jdbc:postgresql://db/x"), "kanal-data");
  for (const auto* url :
       {"jdbc:mysql://db/x", "jdbc:h2:mem:x", "jdbc:h2:tcp://db/x", "jdbc:h2:file:", "jdbc:h2:~/x", "x"}) {
    EXPECT_THAT(folder(std::string("difi.datasource.url=") + url), HasSubstr("config.datasource")) << url;
  }
}

}  // namespace
}  // namespace kanal::ops

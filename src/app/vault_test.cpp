// Secrets in Vault, from the configuration's point of view.
#include <gmock/gmock.h>

#include "app/vault_secrets.hpp"
#include "ops/config_command.hpp"
#include "sim/sim_testing.hpp"
#include "sim/vault.hpp"

namespace kanal::app {
namespace {

using sim::testing::Keys;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* token = "s.7NP3IvIjdpHqaInbNQD4NpIY";

class VaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    vault_.mount("secret", 2);
    vault_.mount("kv", 1);
    for (const auto* mount : {"secret", "kv"}) {
      vault_.put(mount, "move",
                 {{"difi.move.org.keystore.password", "fra-hvelvet"}, {"difi.move.org.number", "310700002"}});
      vault_.put(mount, "resource", {{"virksomhet", to_base64(bytes_of("keystore"))}, {"skadet", "***"}});
      for (const auto* path : {"move", "resource", "empty"}) vault_.allow(token, mount, path);
    }
    ASSERT_TRUE(vault_.start().has_value());
    ca_ = folder_.write("ca.pem", Keys::get().ca.certificate.pem()).string();
  }
  sim::SiteOptions with_tls() {
    sim::SiteOptions options;
    options.tls = Keys::get().server;
    return options;
  }
  Result<ops::Config> load(const std::string& mount, const std::vector<std::string>& more = {}) {
    ops::ConfigSources sources;
    sources.folder = folder_.path();
    sources.vault = read_vault_secrets;
    sources.arguments = {"--vault.uri=" + vault_.url(), std::string("--vault.token=") + token,
                         "--vault.path=" + mount + "/move", "--vault.resource-path=" + mount + "/resource",
                         "--kanal.tls.extra-ca=" + ca_};
    sources.arguments.insert(sources.arguments.end(), more.begin(), more.end());
    return ops::Config::load(sources);
  }
  std::string error_of(const std::string& mount, const std::vector<std::string>& more = {}) {
    const auto config = load(mount, more);
    EXPECT_FALSE(config.has_value());
    return config ? "" : config.error().text();
  }

  kanal::testing::TemporaryFolder folder_;
  kanal::testing::ManualClock clock_;
  SilentLog log_;
  sim::AuditTrail audit_{clock_};
  sim::Faults faults_;
  sim::Vault vault_{with_tls(), {clock_, audit_, faults_, log_}};
  std::string ca_;
};

TEST_F(VaultTest, BeatsEverySourceInBothVersions) {
  for (const bool told : {true, false}) {
    vault_.tell_mounts(told);
    for (const std::string mount : {"kv", "secret"}) {
      if (!told && mount == "secret") continue;  // see WithoutMountsThePathIsTakenAsItIs
      auto config = load(mount, {"--difi.move.org.keystore.password=linje", "--difi.move.org.number=999999999"});
      ASSERT_TRUE(config.has_value()) << config.error().text();
      EXPECT_EQ(config->secret("difi.move.org.keystore.password").reveal(), "fra-hvelvet");
      EXPECT_EQ(config->text("difi.move.org.number"), "310700002");
      EXPECT_EQ(config->origin("difi.move.org.number")->source, "vault");
    }
  }
}

TEST_F(VaultTest, WithoutMountsThePathIsTakenAsItIs) {
  vault_.tell_mounts(false);
  EXPECT_THAT(error_of("secret"), HasSubstr("vault.path"));
  auto config = load("secret", {"--vault.path=secret/data/move", "--vault.resource-path=secret/data/resource"});
  ASSERT_TRUE(config.has_value()) << config.error().text();
  EXPECT_EQ(config->text("difi.move.org.number"), "310700002");
}

TEST_F(VaultTest, GivesFilesAsBase64) {
  auto config = load("secret", {"--difi.move.org.keystore.path=vault:virksomhet", "--difi.ssl.key-store=vault:skadet",
                                "--kanal.asic.trusted-ca=vault:finnes-ikke"});
  ASSERT_TRUE(config.has_value()) << config.error().text();
  const auto keystore = config->file("difi.move.org.keystore.path");
  ASSERT_TRUE(keystore.has_value()) << keystore.error().text();
  EXPECT_EQ(text_of(*keystore), "keystore");
  EXPECT_THAT(config->file("difi.ssl.key-store").error().text(),
              HasSubstr("skadet at vault.resource-path is not base64"));
  EXPECT_THAT(config->file("kanal.asic.trusted-ca").error().text(), HasSubstr("holds no key named finnes-ikke"));
}

TEST_F(VaultTest, WithoutVaultAVaultFileSaysWhatIsMissing) {
  ops::ConfigSources sources;
  sources.folder = folder_.path();
  sources.arguments = {"--difi.move.org.keystore.path=vault:virksomhet"};
  const auto config = ops::Config::load(sources);
  ASSERT_TRUE(config.has_value());
  EXPECT_THAT(config->file("difi.move.org.keystore.path").error().text(), HasSubstr("needs vault.uri, vault.token"));
}

TEST_F(VaultTest, FaultsSayWhatToDoAndNeverShowTheToken) {
  EXPECT_THAT(error_of("secret", {"--vault.path=secret/empty"}), HasSubstr("holds nothing at secret/data/empty (404)"));
  EXPECT_THAT(error_of("secret", {"--vault.path=secret/others"}), HasSubstr("renew vault.token"));
  const std::string foreign = "s.fremmed-token-123";
  const auto refused = error_of("secret", {"--vault.token=" + foreign});
  EXPECT_THAT(refused, HasSubstr("renew vault.token"));
  EXPECT_THAT(refused, Not(HasSubstr(foreign)));
  const auto down = error_of("secret", {"--vault.uri=https://127.0.0.1:1"});
  EXPECT_THAT(down, HasSubstr("vault.uri"));
  EXPECT_THAT(down, Not(HasSubstr(token)));
  const auto untrusted = error_of("secret", {"--kanal.tls.extra-ca="});
  EXPECT_THAT(untrusted, HasSubstr("vault.uri"));
  vault_.seal(true);
  const auto sealed = error_of("secret");
  EXPECT_THAT(sealed, HasSubstr("unseal it"));
  EXPECT_THAT(sealed, Not(HasSubstr(token)));
}

TEST_F(VaultTest, WhatComesFromVaultIsNeverShown) {
  auto config = load("secret");
  ASSERT_TRUE(config.has_value());
  std::ostringstream out;
  for (const bool json : {false, true}) {
    ops::config_show(*config, out, json);
    ops::config_check(*config, out, json);
    for (const auto* key : {"difi.move.org.number", "difi.move.org.keystore.password", "vault.token"})
      ops::config_explain(*config, key, out, json);
  }
  for (const auto* hidden : {"fra-hvelvet", "310700002", token}) EXPECT_THAT(out.str(), Not(HasSubstr(hidden)));
}

TEST_F(VaultTest, IsNotAskedUnlessAllThreeAreSet) {
  for (const auto* empty : {"--vault.uri=", "--vault.token=", "--vault.path="}) {
    auto config = load("secret", {empty});
    ASSERT_TRUE(config.has_value()) << config.error().text();
    EXPECT_EQ(config->text("difi.move.org.number"), std::nullopt);
  }
}

}  // namespace
}  // namespace kanal::app

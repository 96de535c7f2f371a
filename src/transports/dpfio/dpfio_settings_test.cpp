// Each property of dpfio.md section 2, from a file as an installation has it.
#include "transports/dpfio/dpfio_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "crypto/issue.hpp"

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;

const std::string konto = "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002";
const std::string other_konto = "0c4ad7a1-0bb0-4cc8-9a3c-d7d8a5c9f001";

const crypto::Identity& own() {
  static const crypto::Identity identity =
      crypto::make_ca("Own", sys_days(year(2020) / 1 / 1), sys_days(year(2049) / 1 / 1));
  return identity;
}

std::string io(const std::string& line) { return "difi.move.fiks.io." + line + "\n"; }
std::string further(const std::string& line) { return "kanal.dpfio.accounts[0]." + line + "\n"; }

const std::string complete = io("konto-id=4BE7D7D4-2ad1-4a6f-8b72-3f5a65f3d002") +
                             io("integrasjons-id=" + other_konto) + io("integrasjons-passord=hemmelig") +
                             io("sender-orgnr=991825827");

class DpfioSettings : public ::testing::Test {
 protected:
  Result<Settings> read(const std::string& lines, std::vector<std::string> arguments = {}) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.oidc.url=https://mp/token\n"
                  "difi.move.oidc.audience=https://mp/\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      lines);
    auto config = ops::Config::load({folder_.path(), std::move(arguments), {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_settings(*config, own());
  }
  Settings good(const std::string& lines) {
    auto settings = read(lines);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : Settings{};
  }
  void expect_fault(const std::string& lines, const std::string& text) {
    const auto settings = read(lines);
    ASSERT_FALSE(settings) << lines;
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
  }

  kanal::testing::TemporaryFolder folder_;
};

TEST_F(DpfioSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good(complete);
  ASSERT_EQ(settings.accounts.size(), 1U);
  EXPECT_EQ(settings.accounts[0].konto_id, konto) << "ids are compared in lower case";
  EXPECT_EQ(settings.accounts[0].integrasjons_id, other_konto);
  EXPECT_EQ(settings.accounts[0].integrasjons_passord.reveal(), "hemmelig");
  EXPECT_EQ(settings.accounts[0].organisation, "310700002");
  EXPECT_EQ(settings.api_url, "https://api.fiks.test.ks.no");
  EXPECT_EQ(settings.amqp_host, "io.fiks.test.ks.no");
  EXPECT_EQ(settings.amqp_port, 5671);
  EXPECT_EQ(settings.vhost, "/");
  EXPECT_TRUE(settings.receives);
  EXPECT_EQ(settings.prefetch, 10);
  EXPECT_EQ(settings.heartbeat, seconds(60));
  EXPECT_EQ(settings.rpc_timeout, seconds(10));
  EXPECT_EQ(settings.key_cache, minutes(10));
  EXPECT_EQ(settings.idle_timeout, minutes(16));
  EXPECT_EQ(settings.fallback_sender, "991825827");
  EXPECT_EQ(settings.status_mode, StatusMode::legacy);
  EXPECT_EQ(settings.upload_size_limit, 2ULL << 30U);
  EXPECT_EQ(settings.upload_size_text, "2GB");
  EXPECT_EQ(settings.default_ttl, hours(24));
  EXPECT_EQ(settings.token_client.client_id, "MOVE_IP_310700002");
}

TEST_F(DpfioSettings, TheProductionProfileHasItsHosts) {
  const auto settings = read(complete, {"--spring.profiles.active=production"});
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->api_url, "https://api.fiks.ks.no");
  EXPECT_EQ(settings->amqp_host, "io.fiks.ks.no");
}

TEST_F(DpfioSettings, WhatIsMissingOrWrongIsNamed) {
  expect_fault(io("integrasjons-id=" + other_konto) + io("sender-orgnr=991825827"), "difi.move.fiks.io.konto-id");
  expect_fault(io("konto-id=17") + io("sender-orgnr=991825827"), "must be a UUID");
  expect_fault(io("konto-id=" + konto) + io("integrasjons-id=" + konto) + io("sender-orgnr=991825827"),
               "integrasjons-passord is needed");
  expect_fault(complete + io("sender-orgnr=17"), "must be an organisation number");
  expect_fault(complete + io("host=amqps://io.example"), "without https://");
  expect_fault(complete + io("api-host=api.fiks.ks.no"), "another environment");
  expect_fault(complete + "kanal.dpfio.status-mode=eager\n", "must be legacy or strict");
  expect_fault(complete + "kanal.dpfio.senders=" + konto + "\n", "must be <account id>=<organisation number>");
}

TEST_F(DpfioSettings, ThePasswordIsInNoError) {
  const auto wrong = read(complete + io("host=x/y"));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text(), ::testing::Not(HasSubstr("hemmelig")));
}

TEST_F(DpfioSettings, FurtherAccountsBelongToWhomTheyName) {
  const auto settings = good(complete + further("konto-id=" + other_konto) + further("integrasjons-id=" + konto) +
                             further("integrasjons-passord=annet") + further("orgnr=310701378"));
  ASSERT_EQ(settings.accounts.size(), 2U);
  EXPECT_EQ((*settings.account_of("310700002"))->konto_id, konto);
  EXPECT_EQ((*settings.account_of("310701378"))->konto_id, other_konto);
  const auto none = settings.account_of("999999999");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text(), HasSubstr("kanal.dpfio.accounts"));
}

TEST_F(DpfioSettings, AnAccountIsConfiguredOnce) {
  expect_fault(complete + further("konto-id=" + konto) + further("integrasjons-id=" + konto) +
                   further("integrasjons-passord=annet"),
               "is configured twice");
}

TEST_F(DpfioSettings, SendersAreMappedByAccount) {
  const auto settings = good(complete + "kanal.dpfio.senders=" + other_konto + "=991825827, " + konto + "=310701378\n");
  EXPECT_EQ(settings.senders.at(other_konto), "991825827");
  EXPECT_EQ(settings.senders.at(konto), "310701378");
}

}  // namespace
}  // namespace kanal::transports::dpfio

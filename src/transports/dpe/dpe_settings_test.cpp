// Each property of dpe.md section 9, from a file as an installation has it.
#include "transports/dpe/dpe_settings.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "crypto/issue.hpp"

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;

const crypto::Identity& own() {
  static const crypto::Identity identity =
      crypto::make_ca("Own", sys_days(year(2020) / 1 / 1), sys_days(year(2049) / 1 / 1));
  return identity;
}

class DpeSettings : public ::testing::Test {
 protected:
  Result<Settings> read(const std::string& more = {}, std::vector<std::string> arguments = {}) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.oidc.url=https://mp/token\n"
                  "difi.move.oidc.audience=https://mp/\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      more);
    auto config = ops::Config::load({folder_.path(), std::move(arguments), {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_settings(*config, own());
  }
  Settings good(const std::string& more = {}) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : Settings{};
  }
  void expect_fault(const std::string& line, const std::string& text) {
    const auto settings = read(line + "\n");
    ASSERT_FALSE(settings) << line;
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
  }
  static std::string bus(const std::string& line) { return "difi.move.nextmove.serviceBus." + line + "\n"; }

  kanal::testing::TemporaryFolder folder_;
};

TEST_F(DpeSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good();
  EXPECT_EQ(settings.own_queue(), "nextbestqueue310700002innsyn");
  EXPECT_EQ(settings.base_url, "https://efm-dpe-qa.servicebus.windows.net");
  EXPECT_EQ(settings.policy, "MoveDPE-pilotPolicy");
  EXPECT_EQ(settings.polling_interval, seconds(20));
  EXPECT_EQ(settings.timeout, seconds(15));
  EXPECT_EQ(settings.receive_wait, seconds(5));
  EXPECT_EQ(settings.read_max, 50U);
  EXPECT_EQ(settings.upload_size_limit, 2U * 1024 * 1024);
  EXPECT_EQ(settings.upload_size_text, "2MB");
  EXPECT_EQ(settings.wire_limit, 1024U * 1024);
  EXPECT_EQ(settings.default_ttl, hours(24));
  EXPECT_EQ(settings.receipt_queue, "");
  EXPECT_TRUE(settings.answers_with_status);
  EXPECT_TRUE(settings.receives);
  EXPECT_TRUE(settings.key.from_registry);
  EXPECT_TRUE(settings.key.signed_answers);
  EXPECT_EQ(settings.key.registry_endpoint, "https://test.eformidling.no/adressetjeneste");
  EXPECT_EQ(settings.key.jwk_url, "https://test.eformidling.no/adressetjeneste/jwk");
  EXPECT_EQ(settings.key.token_client.client_id, "MOVE_IP_310700002");
}

TEST_F(DpeSettings, TheProductionProfileHasItsHostAndPolicy) {
  const auto settings = read({}, {"--spring.profiles.active=production"});
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->base_url, "https://efm-dpe-prod.servicebus.windows.net");
  EXPECT_EQ(settings->policy, "MoveDPE-prodPolicy");
}

TEST_F(DpeSettings, EveryPropertyIsHeeded) {
  const auto settings = good(bus("mode=Data") + bus("baseUrl=localhost:9001/bus/") + bus("useHttps=false") +
                             bus("sasKeyName=Egen") + bus("pollingrate=100") + bus("connectTimeout=8000") +
                             bus("readMaxMessages=7") + bus("upload-size-limit=500KB") + bus("default-ttl-hours=48") +
                             bus("receiptQueue=kvittering") + "kanal.dpe.receive=false\nkanal.dpe.wire-limit=256KB\n" +
                             "kanal.dpe.receive-wait=20000\ndifi.move.nextmove.status-services=DPO\n");
  EXPECT_EQ(settings.own_queue(), "nextbestqueue310700002data");
  EXPECT_EQ(settings.base_url, "http://localhost:9001/bus");
  EXPECT_EQ(settings.policy, "Egen");
  EXPECT_EQ(settings.polling_interval, milliseconds(100));
  EXPECT_EQ(settings.timeout, seconds(8));
  EXPECT_EQ(settings.receive_wait, seconds(3)) << "shorter than the time to wait for an answer";
  EXPECT_EQ(settings.read_max, 7U);
  EXPECT_EQ(settings.upload_size_limit, 500U * 1024);
  EXPECT_EQ(settings.wire_limit, 256U * 1024);
  EXPECT_EQ(settings.default_ttl, hours(48));
  EXPECT_EQ(settings.receipt_queue, "kvittering");
  EXPECT_FALSE(settings.answers_with_status);
  EXPECT_FALSE(settings.receives);
}

TEST_F(DpeSettings, WithoutTokensTheKeyIsConfigured) {
  const auto settings = good("difi.move.oidc.enable=false\n" + bus("sasToken=abc"));
  EXPECT_FALSE(settings.key.from_registry);
  EXPECT_EQ(settings.key.fixed.reveal(), "abc");
  expect_fault("difi.move.oidc.enable=false", "serviceBus.sasToken");
}

TEST_F(DpeSettings, WrongValuesStopTheStart) {
  expect_fault("difi.move.nextmove.serviceBus.mode=journal", "must be innsyn, data or meeting");
  expect_fault("difi.move.nextmove.serviceBus.baseUrl=https://efm", "without https://");
  expect_fault("difi.move.nextmove.serviceBus.receiptQueue=a/b", "letters and digits");
  expect_fault("kanal.dpe.message-channel=to ord", "must match");
}

}  // namespace
}  // namespace kanal::transports::dpe

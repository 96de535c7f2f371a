// Each property of dpo.md section 2 and of Kanal's own, from a file as an installation has it.
#include "transports/dpo/dpo_settings.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "crypto/keystore.hpp"
#include "transports/dpo/package_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DpoSettings : public ::testing::Test {
 protected:
  Result<Settings> read(const std::string& more = {}) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.oidc.url=https://mp/token\n"
                  "difi.move.oidc.audience=https://mp/\n"
                  "difi.move.oidc.clientId=MOVE_IP_310700002\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      more);
    auto config = ops::Config::load({folder_.path(), {}, {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_settings(*config, PackageKeys::get().sender);
  }
  Settings good(const std::string& more = {}) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : Settings{};
  }
  /// The error names where, what, the value and the rule.
  void expect_fault(const std::string& line, const std::string& text) {
    const auto settings = read(line);
    ASSERT_FALSE(settings) << line;
    EXPECT_EQ(settings.error().disposition, Disposition::reject);
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
  }

  kanal::testing::TemporaryFolder folder_;
};

TEST_F(DpoSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good();
  EXPECT_EQ(settings.broker_url, "https://platform.tt02.altinn.no/broker/api/v1");
  EXPECT_EQ(settings.resource, "eformidling-dpo-meldingsutveksling");
  EXPECT_EQ(settings.token_client.exchange_url,
            "https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten");
  EXPECT_EQ(settings.token_client.token_url, "https://mp/token");
  EXPECT_EQ(settings.token_client.audience, "https://mp/");
  EXPECT_EQ(settings.token_client.client_id, "MOVE_IP_310700002");
  ASSERT_EQ(settings.reportees.size(), 1U);
  EXPECT_EQ(settings.reportees[0].user.organisation, "0192:310700002");
  EXPECT_EQ(settings.reportees[0].user.name, "310700002_integrasjonspunkt_systembruker_310700002");
  EXPECT_EQ(settings.reportees[0].channel, std::nullopt);
  EXPECT_EQ(settings.default_ttl, std::chrono::hours(24));
  EXPECT_EQ(settings.upload_size_limit, 1'073'741'824U);
  EXPECT_EQ(settings.upload_size_text, "1GB");
  EXPECT_EQ(settings.connect_timeout, milliseconds(3000));
  EXPECT_EQ(settings.request_timeout, milliseconds(30'000));
  EXPECT_EQ(settings.polling_interval, milliseconds(15'000));
  EXPECT_TRUE(settings.answers_with_status);
}

TEST_F(DpoSettings, HasKanalsOwnDefaults) {
  const auto settings = good();
  EXPECT_TRUE(settings.refuse_unknown_channel);
  EXPECT_FALSE(settings.describe_installation);
  EXPECT_THAT(settings.retired_channels, IsEmpty());
  EXPECT_EQ(settings.verify, VerifyPolicy::require);
  EXPECT_THAT(settings.trusted_signers, IsEmpty());
  EXPECT_THAT(settings.processors, IsEmpty());
  EXPECT_EQ(settings.limits.max_entries, 10'000U);
  EXPECT_EQ(settings.limits.max_total_size, std::uint64_t{64} << 30);
  EXPECT_EQ(settings.limits.max_ratio, 1000U);
}

TEST_F(DpoSettings, ReadsEveryProperty) {
  folder_.write("anchors.pem", PackageKeys::get().ca.certificate.pem() + PackageKeys::get().sender.certificate.pem());
  const auto settings = good(
      "difi.move.dpo.brokerserviceUrl=https://broker/api//\n"
      "difi.move.dpo.altinnTokenExchangeUrl=https://altinn/exchange\n"
      "difi.move.dpo.resource=other\n"
      "difi.move.dpo.oidc.url=https://own/token\n"
      "difi.move.dpo.oidc.audience=https://own/\n"
      "difi.move.dpo.oidc.clientId=DPO_CLIENT\n"
      "difi.move.dpo.systemUser.orgId=0192:310701378\n"
      "difi.move.dpo.systemUser.name=my_user\n"
      "difi.move.dpo.messageChannel=fagsys-A\n"
      "difi.move.dpo.default-ttl-hours=48\n"
      "difi.move.dpo.uploadSizeLimit=500MB\n"
      "difi.move.dpo.connectTimeout=1000\n"
      "difi.move.dpo.requestTimeout=2000\n"
      "difi.move.dpo.pollingrate=5000\n"
      "difi.move.nextmove.status-services=DPE\n"
      "kanal.dpo.refuse-unknown-channel=false\n"
      "kanal.dpo.describe-installation=true\n"
      "kanal.dpo.retired-channels=old, older\n"
      "kanal.asic.verify=Warn\n"
      "kanal.asic.processors=991825827,987464291\n"
      "kanal.asic.trusted-ca=anchors.pem\n"
      "kanal.asic.max-entries=7\nkanal.asic.max-size=1MB\nkanal.asic.max-ratio=9\n");
  EXPECT_EQ(settings.broker_url, "https://broker/api") << "paths begin with the slash";
  EXPECT_EQ(settings.token_client.exchange_url, "https://altinn/exchange");
  EXPECT_EQ(settings.resource, "other");
  EXPECT_EQ(settings.token_client.token_url, "https://own/token");
  EXPECT_EQ(settings.token_client.audience, "https://own/");
  EXPECT_EQ(settings.token_client.client_id, "DPO_CLIENT");
  EXPECT_EQ(settings.reportees[0].user.organisation, "0192:310701378");
  EXPECT_EQ(settings.reportees[0].user.name, "my_user");
  EXPECT_EQ(settings.reportees[0].channel, "fagsys-A");
  EXPECT_EQ(settings.default_ttl, std::chrono::hours(48));
  EXPECT_EQ(settings.upload_size_limit, std::uint64_t{500} << 20);
  EXPECT_EQ(settings.upload_size_text, "500MB");
  EXPECT_EQ(settings.connect_timeout, milliseconds(1000));
  EXPECT_EQ(settings.request_timeout, milliseconds(2000));
  EXPECT_EQ(settings.polling_interval, milliseconds(5000));
  EXPECT_FALSE(settings.answers_with_status);
  EXPECT_FALSE(settings.refuse_unknown_channel);
  EXPECT_TRUE(settings.describe_installation);
  EXPECT_THAT(settings.retired_channels, ElementsAre("old", "older"));
  EXPECT_EQ(settings.verify, VerifyPolicy::warn);
  EXPECT_THAT(settings.processors, ElementsAre("991825827", "987464291"));
  ASSERT_EQ(settings.trusted_signers.size(), 2U);
  EXPECT_TRUE(settings.trusted_signers[0].same_as(PackageKeys::get().ca.certificate));
  EXPECT_TRUE(settings.trusted_signers[1].same_as(PackageKeys::get().sender.certificate));
  EXPECT_EQ(settings.limits.max_entries, 7U);
  EXPECT_EQ(settings.limits.max_total_size, std::uint64_t{1} << 20);
  EXPECT_EQ(settings.limits.max_ratio, 9U);
}

TEST_F(DpoSettings, ReporteesHaveChannelsOfTheirOwn) {
  const auto settings = good(
      "difi.move.dpo.message-channel=main-A\n"
      "difi.move.dpo.reportees[0].orgId=0192:991825827\n"
      "difi.move.dpo.reportees[0].name=first\n"
      "difi.move.dpo.reportees[0].message-channel=first-B\n"
      "difi.move.dpo.reportees[1].orgId=0192:987464291\n"
      "difi.move.dpo.reportees[1].name=second\n");
  ASSERT_EQ(settings.reportees.size(), 3U);
  EXPECT_EQ(settings.reportees[0].user.organisation, "0192:310700002") << "own first";
  EXPECT_EQ(settings.reportees[1].user.organisation, "0192:991825827");
  EXPECT_EQ(settings.reportees[1].user.name, "first");
  EXPECT_EQ(settings.reportees[1].channel, "first-B");
  EXPECT_EQ(settings.reportees[2].channel, "main-A") << "that of the installation";
}

TEST_F(DpoSettings, ARepeatedReporteeIsOne) {
  const std::string again = "difi.move.dpo.reportees[0].orgId=0192:310700002\ndifi.move.dpo.reportees[0].name=";
  EXPECT_EQ(good(again + "310700002_integrasjonspunkt_systembruker_310700002\n").reportees.size(), 1U);
  expect_fault(again + "other\n", "difi.move.dpo.reportees[0].orgId = \"0192:310700002\": is configured twice");
  expect_fault(again +
                   "310700002_integrasjonspunkt_systembruker_310700002\n"
                   "difi.move.dpo.reportees[0].message-channel=x\n",
               "is configured twice");
}

TEST_F(DpoSettings, AChannelIsANameOrNothing) {
  EXPECT_EQ(good("difi.move.dpo.message-channel=\n").reportees[0].channel, std::nullopt);
  EXPECT_EQ(good("difi.move.dpo.message-channel=abcdefghijklmnopqrstuvwxy\n").reportees[0].channel,
            "abcdefghijklmnopqrstuvwxy");
  for (const std::string wrong : {"a b", "abcdefghijklmnopqrstuvwxyz", "fagsys.A", "f\xc3\xb8r"}) {
    expect_fault("difi.move.dpo.message-channel=" + wrong + "\n",
                 "integrasjonspunkt-local.properties:6: difi.move.dpo.message-channel = \"" + wrong +
                     "\": must match ^[a-zA-Z0-9-_]{0,25}$");
  }
  expect_fault(
      "difi.move.dpo.reportees[0].orgId=0192:991825827\n"
      "difi.move.dpo.reportees[0].name=first\n"
      "difi.move.dpo.reportees[0].message-channel=x y\n",
      "integrasjonspunkt-local.properties:8: difi.move.dpo.reportees[0].message-channel = \"x y\": must match");
}

TEST_F(DpoSettings, OrganisationsCarryTheirPrefix) {
  for (const std::string wrong : {"310700002", "0192:31070000", "9908:310700002", "0192:310700002:991825827"}) {
    expect_fault(
        "difi.move.dpo.systemUser.orgId=" + wrong + "\n",
        "difi.move.dpo.systemUser.orgId = \"" + wrong + "\": must be 0192: and an organisation number of nine digits");
    expect_fault("difi.move.dpo.reportees[0].orgId=" + wrong + "\ndifi.move.dpo.reportees[0].name=x\n",
                 "difi.move.dpo.reportees[0].orgId = \"" + wrong + "\"");
  }
}

TEST_F(DpoSettings, SaysWhatIsMissing) {
  expect_fault("difi.move.dpo.reportees[0].orgId=0192:991825827\n", "difi.move.dpo.reportees[0].name");
  expect_fault("difi.move.dpo.reportees[0].name=x\n", "difi.move.dpo.reportees[0].orgId");
}

TEST_F(DpoSettings, RefusesValuesOutsideTheirRange) {
  expect_fault("difi.move.dpo.default-ttl-hours=0\n", "difi.move.dpo.default-ttl-hours = \"0\": must be at least 1");
  expect_fault("difi.move.dpo.default-ttl-hours=soon\n", "difi.move.dpo.default-ttl-hours");
  expect_fault("difi.move.dpo.upload-size-limit=much\n", "difi.move.dpo.upload-size-limit");
  expect_fault("difi.move.dpo.requestTimeout=-1\n", "difi.move.dpo.requestTimeout");
  expect_fault("kanal.dpo.refuse-unknown-channel=perhaps\n", "kanal.dpo.refuse-unknown-channel");
  expect_fault("kanal.asic.verify=maybe\n", "kanal.asic.verify = \"maybe\": must be require, warn or off");
  EXPECT_EQ(good("kanal.asic.verify=off\n").verify, VerifyPolicy::off);
  expect_fault("kanal.asic.trusted-ca=absent.pem\n", "kanal.asic.trusted-ca");
  folder_.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  expect_fault("kanal.asic.trusted-ca=broken.pem\n", "kanal.asic.trusted-ca");
  folder_.write("empty.pem", "no certificate here\n");
  expect_fault("kanal.asic.trusted-ca=empty.pem\n", "kanal.asic.trusted-ca = \"empty.pem\": the file holds no PEM");
}

TEST_F(DpoSettings, SignsTheGrantWithTheOwnCertificate) {
  const auto settings = good();
  const auto* own = std::get_if<lookup::CertificateCredential>(&settings.token_client.credential);
  ASSERT_NE(own, nullptr);
  EXPECT_TRUE(own->identity.certificate.same_as(PackageKeys::get().sender.certificate));
}

TEST_F(DpoSettings, OrWithAKeystoreOfItsOwn) {
  const auto pkcs12 = crypto::write_pkcs12(PackageKeys::get().receiver, "dpo", Secret("secret"));
  folder_.write("dpo.p12", text_of(pkcs12));
  const std::string store = "difi.move.dpo.oidc.keystore.path=dpo.p12\ndifi.move.dpo.oidc.keystore.alias=DPO\n";
  const auto settings = good(store + "difi.move.dpo.oidc.keystore.password=secret\n");
  const auto* other = std::get_if<lookup::CertificateCredential>(&settings.token_client.credential);
  ASSERT_NE(other, nullptr);
  EXPECT_TRUE(other->identity.certificate.same_as(PackageKeys::get().receiver.certificate));
  const auto wrong = read(store + "difi.move.dpo.oidc.keystore.password=geheim\n");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "keystore.password");
  EXPECT_THAT(wrong.error().text(), ::testing::Not(HasSubstr("geheim")));
  expect_fault(
      "difi.move.dpo.oidc.keystore.path=dpo.p12\ndifi.move.dpo.oidc.keystore.password=secret\n"
      "difi.move.dpo.oidc.keystore.alias=other\n",
      "difi.move.dpo.oidc.keystore.alias");
}

TEST_F(DpoSettings, OrWithAJwk) {
  const auto path_in = [](const Settings& settings) {
    const auto* jwk = std::get_if<lookup::JwkCredential>(&settings.token_client.credential);
    return jwk == nullptr ? std::string("none") : jwk->path;
  };
  const std::string type = "difi.move.dpo.oidc.authenticationType=";
  const auto expected = (folder_.path() / "key.jwk").string();
  EXPECT_EQ(path_in(good(type + "JWK\ndifi.move.dpo.oidc.jwk.path=key.jwk\n")), expected);
  EXPECT_EQ(path_in(good(type + "jwk\ndifi.move.dpo.oidc.jwk.path=file:key.jwk\n")), expected);
  EXPECT_EQ(path_in(good(type + "JWK\ndifi.move.dpo.oidc.jwk.path=/etc/kanal/key.jwk\n")), "/etc/kanal/key.jwk");
  expect_fault(type + "JWK\n", "difi.move.dpo.oidc.jwk.path");
  expect_fault(type + "PASSWORD\n", "difi.move.dpo.oidc.authenticationType = \"PASSWORD\": must be CERTIFICATE or JWK");
}

}  // namespace
}  // namespace kanal::transports::dpo::testing

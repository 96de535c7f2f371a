// Each property of dpi.md section 10 and of Kanal's own, from a file as an installation has it.
#include "transports/dpi/dpi_settings.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "crypto/keystore.hpp"
#include "transports/dpi/letter_testing.hpp"

namespace kanal::transports::dpi::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DpiSettings : public ::testing::Test {
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
    return read_settings(*config, LetterKeys::get().own);
  }
  Settings good(const std::string& more = {}) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : letter_settings();
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

TEST_F(DpiSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good();
  EXPECT_EQ(settings.access_point, "https://sandbox1.ediex.no/api/v2/dpi");
  EXPECT_EQ(settings.print_certificate_url, "https://test.kontaktregisteret.no/rest/v2/printSertifikat");
  EXPECT_EQ(settings.organisation, "310700002");
  EXPECT_THAT(settings.channels, ElementsAre("no_difi_move_integrasjonspunkt"));
  EXPECT_THAT(settings.channel_warnings, Contains(HasSubstr("take each other's receipts")))
      << "the name that everybody has who sets none";
  EXPECT_TRUE(settings.poll_without_sender_identifier);
  EXPECT_THAT(settings.scopes, ElementsAre("digitalpostinnbygger:send"));
  ASSERT_TRUE(settings.token_client);
  EXPECT_EQ(settings.token_client->token_url, "https://mp/token");
  EXPECT_EQ(settings.token_client->exchange_url, "");
  EXPECT_EQ(settings.page_size, 100);
  EXPECT_EQ(settings.polling_interval, std::chrono::milliseconds(10000));
  EXPECT_EQ(settings.upload_size_limit, 50U << 20U);
  EXPECT_EQ(settings.upload_size_text, "50MB");
  EXPECT_EQ(settings.default_ttl, std::chrono::hours(24));
  EXPECT_EQ(settings.language, "NO");
  EXPECT_EQ(settings.certificate_mode, CertificateMode::test);
  EXPECT_TRUE(settings.fetch_receipts);
  EXPECT_EQ(settings.longest_status_interval, std::chrono::minutes(60));
  EXPECT_EQ(settings.status_interval_grows_over, std::chrono::days(30));
}

TEST_F(DpiSettings, ChannelsByNameNumberAndList) {
  const auto channels = [&](const std::string& lines) { return good(lines).channels; };
  EXPECT_THAT(channels("difi.move.dpi.mpcId=arkiv.a\n"), ElementsAre("arkiv_a")) << "as the reference writes it";
  EXPECT_THAT(channels("difi.move.dpi.mpcId=a\ndifi.move.dpi.mpcConcurrency=3\n"), ElementsAre("a-0", "a-1", "a-2"));
  EXPECT_THAT(channels("difi.move.dpi.mpcId=a\ndifi.move.dpi.mpcIdListe=x,y\n"), ElementsAre("x", "y"));
  EXPECT_THAT(channels("difi.move.dpi.mpcIdListe[0]=x\ndifi.move.dpi.mpcIdListe[1]=y\n"), ElementsAre("x", "y"));
  EXPECT_THAT(channels("difi.move.dpi.mpcId=no.difi.move.integrasjonspunkt\n"),
              ElementsAre("no_difi_move_integrasjonspunkt"));
  const auto same = good("difi.move.dpi.mpcIdListe=Arkiv,ARKIV,b\n");
  EXPECT_THAT(same.channels, ElementsAre("Arkiv", "b"));
  EXPECT_THAT(same.channel_warnings, Contains(HasSubstr("the same channel")));
  EXPECT_THAT(good("difi.move.dpi.mpcIdListe=x\ndifi.move.dpi.mpcConcurrency=2\n").channel_warnings,
              Contains(HasSubstr("overrides")));
}

TEST_F(DpiSettings, ANameThatIsNoneStopsTheStart) {
  expect_fault("difi.move.dpi.mpcId=arkiv æ\n", "difi.move.dpi.mpcId = \"arkiv æ\": must match ^[A-Za-z0-9_-]{1,28}$");
  expect_fault("difi.move.dpi.mpcId=a2345678901234567890123456789\n", "must match ^[A-Za-z0-9_-]{1,28}$");
  expect_fault("difi.move.dpi.mpcId=a23456789012345678901234567\ndifi.move.dpi.mpcConcurrency=2\n",
               "with the suffix of mpcConcurrency");
  expect_fault("difi.move.dpi.mpcId=a/b\n", "difi.move.dpi.mpcId");
  expect_fault("difi.move.dpi.mpcIdListe=a,b c\n", "difi.move.dpi.mpcIdListe = \"b c\"");
  expect_fault("difi.move.dpi.mpcConcurrency=0\n", "must be from 1 to 1000");
  EXPECT_THAT(good("difi.move.dpi.mpcId=\n").channels, ElementsAre("no_difi_move_integrasjonspunkt"))
      << "never without a channel: that would take everybody's";
}

TEST_F(DpiSettings, SenderIdentifiers) {
  EXPECT_THAT(good("difi.move.dpi.avsenderidentifikatorListe=a,b\n").sender_identifiers, ElementsAre("a", "b"));
  expect_fault("difi.move.dpi.pollWithoutAvsenderidentifikator=false\n", "avsenderidentifikatorListe must name");
  EXPECT_FALSE(
      good("difi.move.dpi.avsenderidentifikatorListe=a\ndifi.move.dpi.pollWithoutAvsenderidentifikator=false\n")
          .poll_without_sender_identifier);
}

TEST_F(DpiSettings, TokensMayBeFixed) {
  const auto settings = good("difi.move.dpi.oidc.enable=false\ndifi.move.dpi.oidc.mock.token=x\n");
  EXPECT_FALSE(settings.token_client);
  EXPECT_EQ(settings.mock_token.reveal(), "x");
  expect_fault("difi.move.dpi.oidc.enable=false\n", "mock.token must be set");
}

TEST_F(DpiSettings, AnotherKeystoreSigns) {
  const auto& other = LetterKeys::get().supplier;
  folder_.write("dpi.p12", std::string(text_of(crypto::write_pkcs12(other, "dpi", Secret("changeit")))));
  const auto settings = good(
      "difi.move.dpi.keystore.path=file:dpi.p12\ndifi.move.dpi.keystore.password=changeit\n"
      "difi.move.dpi.keystore.alias=dpi\n");
  EXPECT_TRUE(settings.signer.certificate.same_as(other.certificate));
  EXPECT_TRUE(good().signer.certificate.same_as(LetterKeys::get().own.certificate));
  expect_fault("difi.move.dpi.keystore.path=file:missing.p12\n", "difi.move.dpi.keystore.path");
}

TEST_F(DpiSettings, WhomReceiptsAreTakenFrom) {
  folder_.write("ca.pem", LetterKeys::get().ca.certificate.pem());
  EXPECT_EQ(good("kanal.dpi.trusted-ca=file:ca.pem\n").trusted_signers.size(), 1U);
  EXPECT_EQ(good("kanal.asic.trusted-ca=file:ca.pem\n").trusted_signers.size(), 1U) << "unless it has its own";
  EXPECT_THAT(good().warnings, Contains(HasSubstr("kanal.dpi.trusted-ca is not set")));
  folder_.write("empty.pem", "nothing");
  expect_fault("kanal.dpi.trusted-ca=file:empty.pem\n", "holds no PEM certificate");
  EXPECT_EQ(good("difi.move.dpi.certificate.mode=SELF_SIGNED\n").certificate_mode, CertificateMode::self_signed);
  EXPECT_EQ(good("difi.move.dpi.certificate.mode=production\n").certificate_mode, CertificateMode::production);
  expect_fault("difi.move.dpi.certificate.mode=NONE\n", "must be PRODUCTION, TEST or SELF_SIGNED");
}

TEST_F(DpiSettings, WhatCannotBeHonouredSaysWhy) {
  expect_fault("difi.move.dpi.c2-type=file\n", "kanal sandbox --simulators");
  expect_fault("difi.move.dpi.language=norsk\n", "must be two letters");
  expect_fault("difi.move.dpi.pageSize=0\n", "must be at least 1");
  expect_fault("difi.move.dpi.default-ttl-hours=0\n", "must be at least 1");
  const auto settings = good("difi.move.feature.enableReceipts=false\n");
  EXPECT_FALSE(settings.fetch_receipts);
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("enableReceipts")));
}

TEST_F(DpiSettings, AnAddressHasNoSlashAtItsEnd) {
  EXPECT_EQ(good("difi.move.dpi.uri=https://c2.example.no/api/\n").access_point, "https://c2.example.no/api");
}

}  // namespace
}  // namespace kanal::transports::dpi::testing

// Each property of dpf.md section 2 about sending, from a file as an installation has it.
#include "transports/dpf/dpf_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "transports/dpf/dpf_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string rest = "difi.move.fiks.ut.type=rest\n";
const std::string account =
    "difi.move.fiks.ut.rest.kontoid=5d0b3a0e-3f1c-4a43-9b53-0f7f2f7f1c11\n"
    "difi.move.fiks.ut.rest.integrasjon-id=b7bb0f4e-57d5-4f2b-9a3f-9d1c3ad6d0ab\n"
    "difi.move.fiks.ut.rest.integrasjon-passord=S3cret\n";

class DpfSettings : public ::testing::Test {
 protected:
  Result<Settings> read(const std::string& more = {}, std::vector<std::string> arguments = {}) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.feature.enableDPF=true\n"
                  "difi.move.oidc.url=https://mp/token\n"
                  "difi.move.oidc.audience=https://mp/\n"
                  "difi.move.oidc.clientId=MOVE_IP_310700002\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      more);
    auto config = ops::Config::load({folder_.path(), std::move(arguments), {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_settings(*config, DpfKeys::get().own);
  }
  Settings good(const std::string& more = {}) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : Settings{};
  }
  void expect_fault(const std::string& line, const std::string& text) {
    const auto settings = read(line);
    ASSERT_FALSE(settings) << line;
    EXPECT_EQ(settings.error().disposition, Disposition::reject);
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
    EXPECT_THAT(settings.error().text(), Not(HasSubstr("S3cret")));
  }
  kanal::testing::TemporaryFolder folder_;
};

TEST_F(DpfSettings, HasTheDefaultsOfTheReference) {
  const auto settings = good();
  EXPECT_TRUE(settings.sends);
  EXPECT_EQ(settings.type, SvarUtType::soap);
  EXPECT_EQ(settings.root, "https://test.svarut.ks.no");
  EXPECT_EQ(settings.soap_url, "https://test.svarut.ks.no/tjenester/forsendelseservice/ForsendelsesServiceV9");
  EXPECT_THAT(settings.soap_logins, IsEmpty());
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("difi.move.fiks.ut.username not set")));
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("set it to rest")));
  EXPECT_TRUE(settings.encrypted);
  EXPECT_FALSE(settings.only_digital);
  EXPECT_EQ(settings.upload_size_limit, 1U << 30U);
  EXPECT_EQ(settings.upload_size_text, "1GB");
  EXPECT_EQ(settings.default_ttl, std::chrono::hours(24));
  EXPECT_EQ(settings.idle_timeout, std::chrono::minutes(16));
  EXPECT_TRUE(settings.ask_statuses);
}

TEST_F(DpfSettings, ProductionHasItsOwnAddress) {
  EXPECT_EQ(read({}, {"--spring.profiles.active=production"})->root, "https://svarut.ks.no");
}

TEST_F(DpfSettings, RestNeedsAnAccountAndAsksForNoUsername) {
  const auto settings = good(rest + account);
  EXPECT_EQ(settings.type, SvarUtType::rest);
  EXPECT_EQ(settings.rest_url, "https://test.svarut.ks.no");
  EXPECT_THAT(settings.scopes, ElementsAre("ks:fiks"));
  EXPECT_THAT(settings.warnings, IsEmpty());
  const auto& own = settings.rest_accounts.at(own_number);
  EXPECT_EQ(own.konto_id, konto_id);
  EXPECT_FALSE(own.as_consumer);
  ASSERT_TRUE(settings.token_client);
  EXPECT_EQ(settings.token_client->client_id, "MOVE_IP_310700002");
  EXPECT_FALSE(std::get<lookup::CertificateCredential>(settings.token_client->credential).send_chain);
}

TEST_F(DpfSettings, WhatIsMissingIsToldAndNoReasonNotToStart) {
  const auto settings = good(rest);
  EXPECT_THAT(settings.rest_accounts, IsEmpty());
  EXPECT_THAT(settings.warnings,
              ElementsAre(HasSubstr("310700002 cannot send over DPF: difi.move.fiks.ut.rest.kontoid, "
                                    "difi.move.fiks.ut.rest.integrasjon-id, "
                                    "difi.move.fiks.ut.rest.integrasjon-passord not set")));
}

TEST_F(DpfSettings, OthersSendFromTheirOwnAccountOrFromOurs) {
  const auto settings =
      good(rest + account +
           "difi.move.fiks.ut.paa-vegne-av.987654321.username=dummy\n"
           "difi.move.fiks.ut.rest.paaVegneAv.974720760.kontoId=3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001\n"
           "difi.move.fiks.ut.rest.paa-vegne-av.974720760.integrasjonId=3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8002\n"
           "difi.move.fiks.ut.rest.paa-vegne-av.974720760.integrasjon-passord=annet\n");
  ASSERT_EQ(settings.rest_accounts.size(), 3U);
  EXPECT_EQ(settings.rest_accounts.at("987654321").konto_id, konto_id) << "as the Java version sends";
  EXPECT_FALSE(settings.rest_accounts.at("987654321").as_consumer);
  EXPECT_EQ(settings.rest_accounts.at(other_number).konto_id, "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001");
  EXPECT_TRUE(settings.rest_accounts.at(other_number).as_consumer);
  EXPECT_EQ(settings.rest_accounts.at(other_number).property, "difi.move.fiks.ut.rest.paa-vegne-av.974720760.");
}

TEST_F(DpfSettings, LoginsOfSoap) {
  const auto settings = good(
      "difi.move.fiks.ut.username=havna\ndifi.move.fiks.ut.password=S3cret\n"
      "difi.move.fiks.ut.paa-vegne-av.974720760.username=vannet\n"
      "difi.move.fiks.ut.paa-vegne-av.974720760.password=annet\n"
      "difi.move.fiks.ut.paa-vegne-av.987654321.username=uten\n");
  EXPECT_EQ(settings.soap_logins.at(own_number).username, "havna");
  EXPECT_EQ(settings.soap_logins.at(other_number).password.reveal(), "annet");
  EXPECT_FALSE(settings.soap_logins.contains("987654321"));
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("difi.move.fiks.ut.paa-vegne-av.987654321.password not set")));
}

TEST_F(DpfSettings, TheLetter) {
  const auto settings = good(
      "difi.move.fiks.ut.konteringsKode=Ålesund_7.-x\ndifi.move.fiks.ut.ekskluderesFraPrint=.PNG, docx\n"
      "difi.move.fiks.ut.kun-digital-levering=true\ndifi.move.fiks.kryptert=false\n"
      "kanal.dpf.confidential-processes=urn:a,urn:b\n");
  EXPECT_EQ(settings.kontering, "Ålesund_7.-x");
  EXPECT_THAT(settings.not_printed, ElementsAre("docx", "png"));
  EXPECT_TRUE(settings.only_digital);
  EXPECT_FALSE(settings.encrypted);
  EXPECT_THAT(settings.confidential_processes, ElementsAre("urn:a", "urn:b"));
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("kryptert is false")));
}

TEST_F(DpfSettings, WrongValuesAreNamed) {
  expect_fault("difi.move.fiks.ut.type=soap\n", "must be rest or ws");
  expect_fault(rest + "difi.move.fiks.ut.rest.kontoid=7\n", "must be a UUID");
  expect_fault("difi.move.fiks.ut.konteringsKode=a b\n", "at most 20 letters");
  expect_fault("difi.move.fiks.ut.konteringsKode=" + std::string(21, 'a') + "\n", "at most 20 letters");
  expect_fault("difi.move.fiks.ut.paa-vegne-av.12.username=a\n", "nine digits");
  expect_fault("difi.move.fiks.ut.default-ttl-hours=0\n", "at least 1");
}

TEST_F(DpfSettings, AnInstallationThatOnlyReceivesNeedsNothing) {
  const auto settings = good("difi.move.feature.enableDPF=false\ndifi.move.fiks.ut.type=rest\n");
  EXPECT_FALSE(settings.sends);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

}  // namespace
}  // namespace kanal::transports::dpf::testing

// Each property of dpf.md section 2 about receiving, from a file as an installation has it.
#include "transports/dpf/svarinn_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "transports/dpf/dpf_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string primary =
    "difi.move.fiks.inn.username=mottak\n"
    "difi.move.fiks.inn.password=S3cret\n";

class InnSettingsTest : public ::testing::Test {
 protected:
  Result<InnSettings> read(const std::string& more) {
    folder_.write("integrasjonspunkt-local.properties",
                  "difi.move.org.number=310700002\n"
                  "difi.move.feature.enableDPF=true\n"
                  "difi.move.org.keystore.path=own.p12\n" +
                      more);
    auto config = ops::Config::load({folder_.path(), {}, {}});
    EXPECT_TRUE(config) << config.error().text();
    return read_inn_settings(*config, {DpfKeys::get().own});
  }
  InnSettings good(const std::string& more) {
    auto settings = read(more);
    EXPECT_TRUE(settings) << settings.error().text();
    return settings ? std::move(*settings) : InnSettings{};
  }
  void expect_fault(const std::string& line, const std::string& text) {
    const auto settings = read(line);
    ASSERT_FALSE(settings) << line;
    EXPECT_THAT(settings.error().text(), HasSubstr(text));
    EXPECT_THAT(settings.error().text(), Not(HasSubstr("S3cret")));
  }
  kanal::testing::TemporaryFolder folder_;
};

TEST_F(InnSettingsTest, HasTheDefaultsOfTheReference) {
  const auto settings = good(primary);
  EXPECT_TRUE(settings.enabled) << "follows enableDPF";
  EXPECT_EQ(settings.root, "https://test.svarut.ks.no/tjenester/svarinn");
  ASSERT_EQ(settings.accounts.size(), 1U);
  EXPECT_EQ(settings.accounts[0].organisation, "310700002");
  EXPECT_EQ(settings.accounts[0].username, "mottak");
  EXPECT_EQ(settings.accounts[0].password.reveal(), "S3cret");
  EXPECT_EQ(settings.fallback_sender, "999999999");
  EXPECT_EQ(settings.process, "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  EXPECT_EQ(settings.document_type, "urn:no:difi:arkivmelding:xsd::arkivmelding");
  EXPECT_EQ(settings.connect_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings.read_timeout, std::chrono::seconds(30));
  EXPECT_EQ(settings.polling_interval, std::chrono::minutes(15));
  EXPECT_EQ(settings.default_ttl, std::chrono::hours(24));
  EXPECT_EQ(settings.keys.size(), 2U) << "the keystore of KS, which is the own one, and the own ones";
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST_F(InnSettingsTest, SwitchedOffNothingElseIsRead) {
  const auto settings = good("difi.move.fiks.inn.enable=false\ndifi.move.fiks.inn.document-type=unknown\n" + primary);
  EXPECT_FALSE(settings.enabled);
  EXPECT_THAT(settings.accounts, IsEmpty());
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST_F(InnSettingsTest, OtherOrganisationsHaveAccountsOfTheirOwn) {
  const auto settings = good(primary +
                             "difi.move.fiks.inn.baseUrl=https://ks/svarinn/\n"
                             "difi.move.fiks.inn.orgnr=310701378\n"
                             "difi.move.fiks.inn.paa-vegne-av.974720760.username=mottak-2\n"
                             "difi.move.fiks.inn.paa-vegne-av.974720760.password=S3cret2\n");
  EXPECT_EQ(settings.root, "https://ks/svarinn");
  ASSERT_EQ(settings.accounts.size(), 2U);
  EXPECT_EQ(settings.accounts[0].organisation, "310701378");
  EXPECT_EQ(settings.accounts[1].organisation, "974720760");
  EXPECT_EQ(settings.accounts[1].username, "mottak-2");
  EXPECT_EQ(settings.accounts[1].property, "difi.move.fiks.inn.paa-vegne-av.974720760.");
}

TEST_F(InnSettingsTest, WhatIsNotCompleteIsToldAndTheRestWorks) {
  const auto settings = good(primary + "difi.move.fiks.inn.paa-vegne-av.974720760.username=mottak-2\n");
  EXPECT_EQ(settings.accounts.size(), 1U);
  EXPECT_THAT(settings.warnings,
              ElementsAre("974720760 cannot receive over DPF: difi.move.fiks.inn.paa-vegne-av.974720760.password "
                          "not set"));
  EXPECT_THAT(good("").warnings, ElementsAre(HasSubstr("nothing is received over DPF")));
  EXPECT_THAT(good("difi.move.fiks.inn.password=S3cret\n").warnings,
              ElementsAre("310700002 cannot receive over DPF: difi.move.fiks.inn.username not set",
                          HasSubstr("nothing is received over DPF")));
}

TEST_F(InnSettingsTest, WrongValuesAreNamed) {
  expect_fault(primary + "difi.move.fiks.inn.document-type=urn:no:difi:einnsyn:xsd::publisering\n",
               "must be a document type of arkivmelding");
  expect_fault(primary + "difi.move.fiks.inn.readTimeout=soon\n", "difi.move.fiks.inn.readTimeout");
  expect_fault(primary + "difi.move.fiks.inn.paa-vegne-av.12345.username=x\n", "nine digits");
}

}  // namespace
}  // namespace kanal::transports::dpf::testing

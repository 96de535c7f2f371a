// The JSON of the Fiks platform: what is read, and what is no answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "base/testing.hpp"
#include "transports/dpfio/fiks_client.hpp"

namespace kanal::transports::dpfio {
namespace {

using ::testing::HasSubstr;

const std::string konto_id = "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002";

TEST(FiksJson, TheSampleOfASentMessageIsRead) {
  const auto sent =
      read_sent(kanal::testing::read_file(kanal::testing::shared_data() / "dpfio" / "send-response-sample.json"));
  ASSERT_TRUE(sent) << sent.error().text();
  EXPECT_EQ(*sent, "ca0a8ed2-7f2b-4ef0-9d0e-53f4d3e1b0a9");
  for (const std::string wrong : {"", "[]", "{}", R"({"meldingId":17})", R"({"meldingId":"x"})"}) {
    const auto refused = read_sent(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().disposition, Disposition::retry) << "it may have been sent: asked again, never given up";
  }
}

TEST(FiksJson, AnAccountIsRead) {
  const auto konto = read_konto(R"({"kontoId":"4BE7D7D4-2ad1-4a6f-8b72-3f5a65f3d002","kontoNavn":"Byggesak",
    "fiksOrgNavn":"Prøvevik","organisasjonsnummer":"987464291","ukjent":{},
    "status":{"gyldigAvsender":true,"gyldigMottaker":false,"melding":"stengt","antallKonsumenter":2}})",
                                konto_id);
  ASSERT_TRUE(konto) << konto.error().text();
  EXPECT_EQ(konto->organisation, "987464291");
  EXPECT_TRUE(konto->valid_sender);
  EXPECT_FALSE(konto->valid_receiver);
  EXPECT_EQ(konto->message, "stengt");
  EXPECT_EQ(konto->consumers, 2);
  EXPECT_FALSE(konto->unfetched);
}

TEST(FiksJson, AnAccountWithoutAStatusIsOpenAndAnotherIsNoAnswer) {
  const auto konto = read_konto(R"({"kontoId":")" + konto_id + R"(","organisasjonsnummer":"x"})", konto_id);
  ASSERT_TRUE(konto);
  EXPECT_TRUE(konto->valid_receiver);
  EXPECT_EQ(konto->organisation, "");
  EXPECT_FALSE(read_konto(R"({"kontoId":"0c4ad7a1-0bb0-4cc8-9a3c-d7d8a5c9f001"})", konto_id));
  EXPECT_FALSE(read_konto("nonsense", konto_id));
}

TEST(FiksJson, AKeyThatIsNotValidIsNone) {
  EXPECT_EQ(read_key(R"({"nokkel":"PEM"})").value_or(""), "PEM");
  const auto revoked = read_key(R"({"nokkel":"PEM","valid":false,"statusMessage":"utløpt"})");
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, "dpfio.no_key");
  EXPECT_THAT(revoked.error().message, HasSubstr("utløpt"));
  EXPECT_FALSE(read_key("{}"));
}

TEST(FiksJson, WhatIsSaidOfAMessageIsWrittenAsTheWireHasIt) {
  MeldingSpesifikasjon melding{"a", "b", "no.example.v1"};
  auto json = boost::json::parse(write_json(melding));
  EXPECT_TRUE(json.at("svarPaMelding").is_null());
  EXPECT_TRUE(json.at("ttl").is_null());
  EXPECT_TRUE(json.at("headere").as_object().empty());
  melding.ttl = std::chrono::hours(48);
  melding.svar_pa_melding = konto_id;
  melding.headere = {{"klientMeldingId", "m"}};
  json = boost::json::parse(write_json(melding));
  EXPECT_EQ(json.at("ttl"), 172'800'000);
  EXPECT_EQ(json.at("svarPaMelding"), boost::json::value(konto_id));
  EXPECT_EQ(json.at("headere").at("klientMeldingId"), "m");
  EXPECT_EQ(json.at("meldingType"), "no.example.v1");
}

}  // namespace
}  // namespace kanal::transports::dpfio

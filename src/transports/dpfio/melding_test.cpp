#include "transports/dpfio/melding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "base/testing.hpp"

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string id = "ca0a8ed2-7f2b-4ef0-9d0e-53f4d3e1b0a9";

/// A delivery of the published samples (data/dpfio).
net::AmqpDelivery sample(const std::string& name) {
  const auto text = kanal::testing::read_file(kanal::testing::shared_data() / "dpfio" / name);
  const auto json = boost::json::parse(text);
  net::AmqpDelivery delivery;
  delivery.routing_key = std::string(json.at("routingKey").as_string());
  const auto& properties = json.at("properties").as_object();
  if (const auto* expiration = properties.if_contains("expiration")) {
    delivery.properties.expiration = std::string(expiration->as_string());
  }
  for (const auto& [header, value] : properties.at("headers").as_object()) {
    delivery.properties.headers[header] = std::string(value.as_string());
  }
  return delivery;
}

TEST(Melding, TheSampleIsRead) {
  const auto melding = read_melding(sample("amqp-delivery-sample.json"));
  ASSERT_TRUE(melding) << melding.error().text();
  EXPECT_EQ(melding->id, id);
  EXPECT_EQ(melding->type, "no.dibk.arkivlett.byggesak.hentbyggesaker.v1");
  EXPECT_EQ(melding->sender_konto, "0c4ad7a1-0bb0-4cc8-9a3c-d7d8a5c9f001");
  EXPECT_EQ(melding->sender_name, "Prøvevik kommune");
  EXPECT_EQ(melding->receiver_konto, "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002");
  EXPECT_EQ(melding->answers, "7f0b9f0a-93b4-4d0e-a7d5-1c1d6f1a4010");
  EXPECT_EQ(melding->custom_header("klientMeldingId"), "9b0d3b62-3a55-4fd3-8e64-6a3d4b4c7003");
  EXPECT_EQ(melding->correlation_id(), "1d0c9b4e-6b1d-4c8c-9d1e-2f8a0d4b7004");
  EXPECT_EQ(melding->expiration, 172'800'000ms);
}

TEST(Melding, TheSampleOfATimeOutIsRead) {
  const auto melding = read_melding(sample("amqp-tidsavbrudd-sample.json"));
  ASSERT_TRUE(melding) << melding.error().text();
  EXPECT_EQ(melding->answers, id);
  EXPECT_EQ(melding->answers_type, "no.dibk.arkivlett.byggesak.hentbyggesaker.v1");
  EXPECT_EQ(what_it_says(melding->type), Says::expired);
  const auto again = read_headers_json(headers_json(*melding));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->answers, id);
  EXPECT_EQ(again->type, melding->type);
}

TEST(Melding, WhatEveryMessageMustHaveIsAskedFor) {
  for (const std::string name : {"melding-id", "type", "avsender-id"}) {
    auto missing = sample("amqp-delivery-sample.json");
    missing.properties.headers.erase(name);
    auto wrong = sample("amqp-delivery-sample.json");
    wrong.properties.headers[name] = std::string("not one/");
    auto number = sample("amqp-delivery-sample.json");
    number.properties.headers[name] = std::int64_t{17};
    for (const auto& delivery : {missing, wrong, number}) {
      const auto melding = read_melding(delivery);
      ASSERT_FALSE(melding) << name;
      EXPECT_EQ(melding.error().code, "dpfio.header");
      EXPECT_THAT(melding.error().message, HasSubstr(name));
    }
  }
  auto elsewhere = sample("amqp-delivery-sample.json");
  elsewhere.routing_key = "fiksio.konto.me";
  EXPECT_FALSE(read_melding(elsewhere));
}

TEST(Melding, AWrongOptionalHeaderIsNoLessWrong) {
  for (const std::string name : {"svar-til", "dokumentlager-id"}) {
    auto wrong = sample("amqp-delivery-sample.json");
    wrong.properties.headers[name] = std::string("17");
    EXPECT_FALSE(read_melding(wrong)) << name;
  }
}

TEST(Melding, TheMisspeltCorrelationIdCountsToo) {
  auto delivery = sample("amqp-delivery-sample.json");
  auto& headers = delivery.properties.headers;
  headers.erase("egendefinert-header.klientKorrelasjonsId");
  EXPECT_EQ(read_melding(delivery)->correlation_id(), "");
  headers["egendefinert-header.klientKorrelasjonId"] = id;
  EXPECT_EQ(read_melding(delivery)->correlation_id(), id);
  headers["egendefinert-header.klientKorrelasjonsId"] = std::string("sak 17");
  EXPECT_EQ(read_melding(delivery)->correlation_id(), id) << "what is no UUID is no conversation";
}

TEST(Melding, TheSameUnreadableBytesHaveTheSameName) {
  auto one = sample("amqp-delivery-sample.json");
  auto other = one;
  EXPECT_EQ(name_of_unreadable(one), name_of_unreadable(other));
  other.body.push_back(std::byte{1});
  EXPECT_NE(name_of_unreadable(one), name_of_unreadable(other));
  other = one;
  other.properties.headers["type"] = std::string("x");
  EXPECT_NE(name_of_unreadable(one), name_of_unreadable(other));
}

TEST(Melding, TypesSayWhatTheyMean) {
  EXPECT_EQ(what_it_says("no.ks.fiks.kvittering.tidsavbrudd"), Says::expired);
  EXPECT_EQ(what_it_says("no.ks.fiks.kvittering.serverfeil.v1"), Says::server_error);
  EXPECT_EQ(what_it_says("no.ks.fiks.kvittering.ugyldigforespoersel.v1"), Says::failed);
  EXPECT_EQ(what_it_says("no.ks.fiks.arkiv.v1.feilmelding.serverfeil"), Says::failed);
  EXPECT_EQ(what_it_says("no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.mottatt"), Says::received);
  EXPECT_EQ(what_it_says("no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.kvittering"), Says::nothing_special);
  EXPECT_EQ(what_it_says("no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett"), Says::nothing_special);
}

TEST(Melding, TypesAreLettersDigitsDotsAndHyphens) {
  EXPECT_TRUE(is_message_type("no.æøåÆØÅ.v1-2"));
  EXPECT_FALSE(is_message_type(""));
  EXPECT_FALSE(is_message_type("no example"));
  EXPECT_FALSE(is_message_type("no/example"));
  EXPECT_FALSE(is_message_type("\xc3"));
  EXPECT_TRUE(is_message_type(std::string(200, 'a')));
  EXPECT_FALSE(is_message_type(std::string(201, 'a')));
}

}  // namespace
}  // namespace kanal::transports::dpfio

#include <gmock/gmock.h>

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "sim/answers.hpp"
#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FiksIoSendTest : public FiksIoBench {};

std::vector<std::string> names_of(const json::object& object) {
  std::vector<std::string> out;
  for (const auto& member : object) out.emplace_back(member.key());
  return out;
}

TEST_F(FiksIoSendTest, AMessageIsAnsweredAsInTheSampleAndComesWithItsHeaders) {
  const auto answered = new_uuid();
  const auto client_id = new_uuid();
  const auto answer = send_message({.change = [&](json::object& metadata) {
    metadata["ttl"] = 172'800'000;
    metadata["svarPaMelding"] = answered;
    metadata["headere"] = json::object{{"klientMeldingId", client_id}, {"klientKorrelasjonsId", "æøå"}};
  }});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  const auto sample =
      json::parse(kanal::testing::read_file(kanal::testing::shared_data() / "dpfio/send-response-sample.json"))
          .as_object();
  EXPECT_EQ(names_of(body), names_of(sample));
  const auto id = text(body, "meldingId");
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(text(body, "avsenderKontoId"), sender_);
  EXPECT_EQ(text(body, "mottakerKontoId"), receiver_);
  EXPECT_EQ(text(body, "svarPaMelding"), answered);
  EXPECT_EQ(body.at("ttl"), 172'800'000);
  EXPECT_TRUE(body.at("dokumentlagerId").is_null());
  EXPECT_EQ(text(body.at("headere").as_object(), "klientMeldingId"), client_id);

  const auto connection = consumer(other_, receiver_);
  ASSERT_NE(connection, nullptr);
  const auto delivery = next(*connection);
  EXPECT_EQ(delivery.routing_key, "fiksio.konto." + receiver_);
  EXPECT_EQ(delivery.exchange, "");
  EXPECT_FALSE(delivery.redelivered);
  EXPECT_EQ(delivery.properties.expiration, "172800000");
  EXPECT_EQ(text_of(delivery.body), "encrypted bytes");
  const net::AmqpTable expected{{"melding-id", id},
                                {"type", std::string("no.dibk.arkivlett.byggesak.hentbyggesaker.v1")},
                                {"avsender-id", sender_},
                                {"avsender-navn", std::string("Prøvevik kommune")},
                                {"svar-til", answered},
                                {"egendefinert-header.klientMeldingId", client_id},
                                {"egendefinert-header.klientKorrelasjonsId", std::string("æøå")}};
  EXPECT_EQ(delivery.properties.headers, expected);
  EXPECT_TRUE(connection->acknowledge(delivery.tag));

  const auto trail = world().audit.find({.simulator = "fiksio", .action = "send", .subject = id});
  ASSERT_EQ(trail.size(), 1U);
  EXPECT_EQ(trail.front().vendor, integration_);
  EXPECT_EQ(trail.front().organisation, agency);
  EXPECT_THAT(trail.front().detail, HasSubstr("klientMeldingId=" + client_id));
  EXPECT_EQ(fiks().state().message(id)->sha256, to_hex(crypto::sha256(bytes_of("encrypted bytes"))));
}

TEST_F(FiksIoSendTest, WithoutTtlThereIsNoExpirationAndWithoutPayloadNoBody) {
  const auto answer = send_message({.payload = std::nullopt});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(object_of(answer).at("ttl").is_null());
  const auto connection = consumer(other_, receiver_);
  ASSERT_NE(connection, nullptr);
  const auto delivery = next(*connection);
  EXPECT_EQ(delivery.properties.expiration, "");
  EXPECT_TRUE(delivery.body.empty());
  EXPECT_EQ(header_of(delivery, "dokumentlager-id"), "absent");
}

TEST_F(FiksIoSendTest, MetadataIsJudgedStrictly) {
  const auto with = [&](const std::string& name, const json::value& value) {
    return refusal({.change = [&](json::object& metadata) { metadata[name] = value; }});
  };
  EXPECT_THAT(with("avsenderKontoId", nullptr), StartsWith("400 metadata: avsenderKontoId is missing"));
  EXPECT_THAT(with("mottakerKontoId", "4be7d7d4"), StartsWith("400 metadata: mottakerKontoId is no uuid"));
  EXPECT_THAT(with("meldingType", "no.ks-fiks"), StartsWith("400 metadata: meldingType is no message type"));
  EXPECT_THAT(with("meldingType", ""), StartsWith("400 "));
  EXPECT_THAT(with("svarPaMelding", "x"), StartsWith("400 metadata: svarPaMelding is no uuid"));
  EXPECT_THAT(with("ttl", 999), StartsWith("400 metadata: ttl is less than 1000"));
  EXPECT_THAT(with("ttl", "PT1H"), StartsWith("400 metadata: ttl is no integer"));
  EXPECT_THAT(with("ttl", 4'294'967'296), StartsWith("400 metadata: ttl is more than"));
  EXPECT_THAT(with("headere", json::object{{"a", 1}}), StartsWith("400 metadata: headere.a is no text"));
  EXPECT_THAT(with("headere", json::array{}), StartsWith("400 metadata: headere is no object"));
  EXPECT_THAT(with("headere", json::object{{"a", std::string(40'000, 'x')}}),
              StartsWith("400 metadata: headere is too"));
  EXPECT_THAT(with("KlientMeldingId", "x"), StartsWith("400 metadata: KlientMeldingId is not allowed"));
  EXPECT_THAT(with("mottakerKontoId", json::value(new_uuid())), StartsWith("404 Fant ikke konto"));
  EXPECT_THAT(with("avsenderKontoId", json::value(receiver_)), StartsWith("403 "));
  EXPECT_THAT(with("avsenderKontoId", json::value(new_uuid())), StartsWith("403 "));
  EXPECT_EQ(waiting(receiver_), 0U);
  EXPECT_EQ(send_message({.type = "æøåÆØÅ.v1"}).status, 200);
}

TEST_F(FiksIoSendTest, PartsAreJudgedStrictly) {
  const auto with = [&](const std::string& from, const std::string& to) {
    return refusal({.change_body = [&](std::string& body) {
      const auto place = body.find(from);
      ASSERT_NE(place, std::string::npos) << from;
      body.replace(place, from.size(), to);
    }});
  };
  EXPECT_EQ(with("name=\"metadata\"", "name=\"melding\""), "400 Første del må være metadata");
  EXPECT_EQ(with("name=\"metadata\"", "name=\"metadata\"; filename=\"m.json\""), "400 metadata kan ikke ha filnavn");
  EXPECT_EQ(with("application/json", "text/plain"), "400 metadata må være application/json");
  EXPECT_EQ(with("name=\"data\"", "name=\"fil\""), "400 Bare delen data kan komme etter metadata");
  EXPECT_EQ(with("application/octet-stream", "application/cms"), "400 data må være application/octet-stream");
  EXPECT_EQ(with("name=\"data\"; filename=\"", "name=\"data\"; filename=\"x"), "400 data må ha en uuid som filnavn");
  EXPECT_EQ(with("encrypted bytes", ""), "400 data er tom");
  EXPECT_THAT(with("--b7--", ""), StartsWith("400 "));
  EXPECT_EQ(with("--b7--", "--b7\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" + new_uuid() +
                               "\"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b7--"),
            "400 Bare delen data kan komme etter metadata");
  EXPECT_EQ(refusal({.change_body = [](std::string& body) { body = "--b7--\r\n"; }}), "400 metadata mangler");
  auto request = request_for({});
  request.headers.back().second = "application/json";
  EXPECT_EQ(problem_of(send(std::move(request))), "415 multipart/form-data is needed");
  EXPECT_EQ(waiting(receiver_), 0U);
}

TEST_F(FiksIoSendTest, TooMuchIsRefused) {
  fiks().state().change_rules([](FiksIoRules& rules) { rules.max_payload = 10; });
  EXPECT_EQ(refusal({}), "413 data er for stor");
}

TEST_F(FiksIoSendTest, AllThreeHeadersAreChecked) {
  const auto with = [&](const std::string& name, const std::string& value) {
    auto request = request_for({});
    for (auto& header : request.headers) {
      if (lower_case(header.first) == name) header.second = value;
    }
    return problem_of(send(std::move(request)));
  };
  const auto failed_for = [](const std::string& id) { return "401 Autentisering feilet for integrasjon med id " + id; };
  EXPECT_EQ(with("integrasjonid", other_), failed_for(other_));
  EXPECT_EQ(with("integrasjonpassord", "feil"), failed_for(integration_));
  EXPECT_EQ(with("authorization", "Bearer " + token(municipality)), failed_for(integration_));
  EXPECT_THAT(with("authorization", "Bearer x"), StartsWith("401 Maskinporten-token kunne ikke valideres"));
  EXPECT_THAT(with("authorization", ""), StartsWith("401 Maskinporten-token kunne ikke valideres"));
  EXPECT_THAT(with("authorization", "Bearer " + token(agency, "eformidling:dpo")), HasSubstr("scope ks:fiks"));
  EXPECT_THAT(with("authorization", "Bearer " + token(agency, "ks:fiks", -1s)), HasSubstr("expired"));
  EXPECT_EQ(send_message().status, 200);
  for (const auto& entry : world().audit.find({.simulator = "fiksio"})) {
    EXPECT_THAT(entry.detail, Not(HasSubstr("hemmelig")));
  }
}

TEST_F(FiksIoSendTest, AccountsCanBeClosed) {
  auto account = *fiks().state().account(receiver_);
  account.gyldig_mottaker = false;
  account.melding = "avviklet";
  ASSERT_TRUE(fiks().add_account(account));
  EXPECT_EQ(refusal({}), "422 Kontoen er ikke gyldig som mottaker: avviklet");
  account = *fiks().state().account(sender_);
  account.gyldig_avsender = false;
  ASSERT_TRUE(fiks().add_account(account));
  EXPECT_THAT(refusal({}), StartsWith("403 Kontoen er ikke gyldig som avsender"));
}

TEST_F(FiksIoSendTest, ALargePayloadIsInDokumentlagerForItsReceiverUntilItExpires) {
  fiks().state().change_rules([](FiksIoRules& rules) { rules.offload_over = 1'000; });
  const std::string content(200'000, 'x');
  const auto answer =
      send_message({.payload = content, .change = [](json::object& metadata) { metadata["ttl"] = 3'600'000; }});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto id = text(object_of(answer), "dokumentlagerId");
  ASSERT_TRUE(is_uuid(id));
  const auto connection = consumer(other_, receiver_);
  ASSERT_NE(connection, nullptr);
  const auto delivery = next(*connection);
  EXPECT_TRUE(delivery.body.empty());
  EXPECT_EQ(header_of(delivery, "dokumentlager-id"), id);

  const auto path = "/dokumentlager/nedlasting/" + id;
  const auto got = get_as(other_, path);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.header("Content-Type"), "application/octet-stream");
  EXPECT_TRUE(got.body == content);
  EXPECT_EQ(audited("download", id), 1U);
  const auto metadata = object_of(get_as(other_, path + "/metadata"));
  EXPECT_EQ(text(metadata, "dokumentId"), id);
  EXPECT_EQ(metadata.at("storrelse"), 200'000);
  EXPECT_EQ(problem_of(get_as(integration_, path)), "403 Integrasjonen har ikke tilgang til dokumentet");
  EXPECT_EQ(problem_of(get_as(integration_, path + "/metadata")), "403 Integrasjonen har ikke tilgang til dokumentet");
  EXPECT_THAT(problem_of(get(at(path))), StartsWith("401 "));
  EXPECT_THAT(problem_of(get_as(other_, "/dokumentlager/nedlasting/" + new_uuid())), StartsWith("404 "));
  EXPECT_THAT(problem_of(get_as(other_, "/dokumentlager/nedlasting/x")), StartsWith("400 "));

  world().clock.advance(24h + 59min);
  EXPECT_EQ(get_as(other_, path).status, 200);
  world().clock.advance(2min);
  EXPECT_THAT(problem_of(get_as(other_, path)), StartsWith("404 "));
}

TEST_F(FiksIoSendTest, WhatIsSentToACounterpartIsOpenedAndJudged) {
  const auto& keys = Keys::get();
  const auto judged = [&](const std::string& payload) {
    const auto id = sent({.to = counterpart_, .payload = payload});
    const auto good = fiks().state().message(id)->payload == "ok";
    EXPECT_EQ(audited(good ? "payload_ok" : "payload_bad", id), 1U);
    EXPECT_EQ(audited(good ? "payload_bad" : "payload_ok", id), 0U);
    return id;
  };
  const auto why = [&](const std::string& payload) { return fiks().state().message(judged(payload))->payload; };
  const auto& recipient = keys.municipality_identity.certificate;
  const auto good = judged(payload_for(recipient, {{"a.xml", "<a/>", "application/xml"}, {"blå.pdf", "%PDF"}}));
  const auto message = *fiks().state().message(good);
  EXPECT_EQ(message.payload, "ok");
  ASSERT_EQ(message.documents.size(), 2U);
  EXPECT_EQ(message.documents[0].name, "a.xml");
  EXPECT_EQ(message.documents[1].name, "blå.pdf");
  EXPECT_EQ(message.documents[1].sha256, to_hex(crypto::sha256(bytes_of("%PDF"))));
  EXPECT_THAT(world().audit.find({.action = "payload_ok", .subject = good}).front().detail,
              HasSubstr("signer=310700002 files=a.xml, blå.pdf"));

  EXPECT_THAT(why(payload_for(keys.agency_identity.certificate)), StartsWith("cms.recipient"));
  EXPECT_THAT(why("no CMS"), StartsWith("fiksio.cms"));
  EXPECT_THAT(why(payload_for(recipient).substr(0, 2'000)), StartsWith("cms.truncated"));
  const auto sealed = [&](std::string_view content, const crypto::KeyTransport transport) {
    MemorySink sink(1'000'000);
    auto encryptor = crypto::make_cms_encryptor(recipient, transport, sink);
    EXPECT_TRUE((*encryptor)->write(bytes_of(content)) && (*encryptor)->finish());
    return std::string(text_of(sink.bytes()));
  };
  EXPECT_THAT(why(sealed("no zip", crypto::KeyTransport::oaep_sha256)), StartsWith("zip."));
  EXPECT_THAT(why(sealed("x", crypto::KeyTransport::pkcs1_v15)), HasSubstr("rsaEncryption"));

  fiks().state().change_rules([](FiksIoRules& rules) { rules.check_payloads = false; });
  EXPECT_EQ(fiks().state().message(sent({.to = counterpart_}))->payload, "");
}

}  // namespace
}  // namespace kanal::sim::testing

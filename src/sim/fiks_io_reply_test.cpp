#include <gmock/gmock.h>

#include "crypto/cms.hpp"
#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class FiksIoReplyTest : public FiksIoBench {
 protected:
  static Result<FiksIoOpened> opened(const Bytes& payload, const crypto::Identity& receiver) {
    const auto file = make_fiks_io_payload(payload, nullptr, world().folder.path());
    return open_fiks_io_payload(**file, receiver, world().folder.path());
  }
};

TEST_F(FiksIoReplyTest, AScriptedCounterpartTakesMessagesAndAnswers) {
  FiksIoScript script;
  script.replies.push_back({.type = ".mottatt"});
  script.replies.push_back({.type = ".kvittering",
                            .documents = {{"kvittering.xml", "<k/>", "application/xml"}},
                            .headere = {{"klientMeldingId", "x"}},
                            .ttl = 60'000ms});
  script.replies.push_back({.type = "no.ks.fiks.arkiv.v1.feilmelding.serverfeil"});
  ASSERT_TRUE(fiks().set_script(counterpart_, script));
  const auto type = std::string("no.ks.fiks.arkiv.v1.arkivmelding");
  const auto id =
      sent({.to = counterpart_, .type = type, .payload = payload_for(Keys::get().municipality_identity.certificate)});
  EXPECT_TRUE(eventually([&] { return audited("taken", id) == 1; }));
  const auto connection = consumer(integration_, sender_);
  const auto received = next(*connection);
  EXPECT_EQ(header_of(received, "type"), type + ".mottatt");
  EXPECT_EQ(header_of(received, "svar-til"), id);
  EXPECT_EQ(header_of(received, "avsender-id"), counterpart_);
  EXPECT_EQ(header_of(received, "avsender-navn"), "Fagsystem");
  EXPECT_TRUE(received.body.empty());
  const auto receipt = next(*connection);
  EXPECT_EQ(header_of(receipt, "type"), type + ".kvittering");
  EXPECT_EQ(header_of(receipt, "egendefinert-header.klientMeldingId"), "x");
  EXPECT_EQ(receipt.properties.expiration, "60000");
  const auto content = opened(receipt.body, Keys::get().agency_identity);
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->documents.at(0).name, "kvittering.xml");
  EXPECT_EQ(content->signer.organisation()->str(), municipality);
  EXPECT_EQ(header_of(next(*connection), "type"), "no.ks.fiks.arkiv.v1.feilmelding.serverfeil");
  EXPECT_EQ(fiks().count(counterpart_)->consumers, 1U);

  const auto answer = sent({.to = counterpart_, .type = type + ".kvittering"});
  EXPECT_TRUE(eventually([&] { return audited("taken", answer) == 1; })) << "an answer is taken";
  ASSERT_TRUE(fiks().set_script(counterpart_, std::nullopt));
  EXPECT_TRUE(eventually([&] { return fiks().count(counterpart_)->consumers == 0; }));
  for (const auto& reply : world().audit.find({.simulator = "fiksio", .action = "reply"})) {
    EXPECT_THAT(reply.detail, Not(HasSubstr(answer))) << "and not answered";
  }
  EXPECT_EQ(fiks().set_script(new_uuid(), script).error().code, "fiksio.account");
}

TEST_F(FiksIoReplyTest, AnythingCanBePutIntoAQueue) {
  FiksIoDelivery delivery;
  delivery.to = receiver_;
  delivery.from = counterpart_;
  delivery.type = "a.b";
  delivery.melding_id = new_uuid();
  delivery.svar_til = new_uuid();
  delivery.svar_til_type = "a";
  delivery.documents = {{"brev.pdf", "%PDF"}};
  delivery.raw_headers = {{"avsender-navn", std::nullopt}, {"type", std::int64_t{7}}, {"ny", true}};
  delivery.times = 2;
  const auto id = fiks().deliver(delivery);
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, delivery.melding_id);
  const auto connection = consumer(other_, receiver_);
  const auto first = next(*connection);
  const net::AmqpTable expected{{"melding-id", *id},
                                {"type", std::int64_t{7}},
                                {"avsender-id", counterpart_},
                                {"svar-til", *delivery.svar_til},
                                {"svar-til-type", std::string("a")},
                                {"ny", true}};
  EXPECT_EQ(first.properties.headers, expected);
  EXPECT_EQ(opened(first.body, Keys::get().municipality_identity)->documents.at(0).name, "brev.pdf");
  const auto second = next(*connection);
  EXPECT_EQ(second.properties.headers, expected);
  EXPECT_FALSE(second.redelivered) << "it is a message of its own";
  EXPECT_EQ(audited("deliver", *id), 1U);
}

TEST_F(FiksIoReplyTest, PayloadsCanBeHostile) {
  const auto delivered = [&](FiksIoDelivery delivery) {
    delivery.to = receiver_;
    delivery.type = "a.b";
    const auto id = fiks().deliver(delivery);
    EXPECT_TRUE(id) << (id ? "" : id.error().text());
    const auto connection = consumer(other_, receiver_);
    auto out = next(*connection);
    EXPECT_TRUE(connection->acknowledge(out.tag));
    return out;
  };
  const auto& keys = Keys::get();
  EXPECT_EQ(text_of(delivered({.body = copy_of(bytes_of("raw"))}).body), "raw");
  const auto inside = opened(delivered({.asic = copy_of(bytes_of("no zip"))}).body, keys.municipality_identity);
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().code.substr(0, 4), "zip.");
  const auto foreign =
      delivered({.documents = {{"a", "b"}}, .signer = keys.stranger, .encrypt_for = keys.agency_identity.certificate});
  EXPECT_TRUE(opened(foreign.body, keys.agency_identity));
  EXPECT_FALSE(opened(foreign.body, keys.municipality_identity));
  const auto away = delivered({.body = copy_of(bytes_of("raw")), .offload = true});
  EXPECT_TRUE(away.body.empty());
  EXPECT_EQ(get_as(other_, "/dokumentlager/nedlasting/" + header_of(away, "dokumentlager-id")).body, "raw");

  EXPECT_EQ(fiks().deliver({.to = receiver_, .from = sender_, .documents = {{"a", "b"}}}).error().code,
            "fiksio.payload");
  EXPECT_EQ(fiks().deliver({.to = new_uuid()}).error().code, "fiksio.account");
}

}  // namespace
}  // namespace kanal::sim::testing

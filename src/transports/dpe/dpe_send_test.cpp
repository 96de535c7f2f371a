// Sending, and getting in: the key, its change, and what each refusal means (dpe.md sections 3 and 6).
#include <boost/json/parse.hpp>

#include "transports/dpe/dpe_testing.hpp"

namespace kanal::transports::dpe::testing {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class DpeSend : public DpeBench {};

TEST_F(DpeSend, APublicationGoesToTheQueueThatTheRegistryNames) {
  const auto transport = sender();
  const auto sent = send(*transport, publication_with_file());
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, message_id);
  const auto there = bus().messages(journal_queue);
  ASSERT_THAT(there, SizeIs(1));
  EXPECT_EQ(there[0].properties.message_id, message_id);
  EXPECT_EQ(there[0].properties.correlation_id, conversation_id);
  EXPECT_EQ(there[0].properties.label, "publisering");
  EXPECT_EQ(there[0].properties.time_to_live, hours(23) + minutes(15)) << "to 2 September, 09:15 in Norway";
  EXPECT_EQ(there[0].content_type, "application/octet-stream");
  EXPECT_EQ(blobs_.count(), 1U) << "nothing is left but the file";
}

TEST_F(DpeSend, StatusesHaveTheirOwnQueueAndIdWithoutAskingTheRegistry) {
  directory_.service = "DPV";
  const auto transport = einnsyn();
  const ports::OutboundDocument status{
      status_of(municipality, agency, "LEVERT"), domain::DocumentRole::answer_to_message, {}, {}};
  ASSERT_EQ(failure_of(send(*transport, status)), "");
  const auto there = bus().messages(agency_queue);
  ASSERT_THAT(there, SizeIs(1));
  EXPECT_EQ(there[0].properties.message_id, std::string(message_id) + ".LEVERT");
}

TEST_F(DpeSend, AChannelOfItsOwnIsPutIntoWhatIsSent) {
  auto sbd = publication(agency, municipality);
  ASSERT_TRUE(sender()->complete(sbd, {}));
  EXPECT_FALSE(sbd.message_channel()) << "off by default: nobody knows yet what eInnsyn makes of it";
  auto settings = settings_of(agency, Mode::innsyn);
  settings.channel = "fagsys-a";
  const auto transport = transport_of(std::move(settings));
  ASSERT_TRUE(transport->complete(sbd, {}));
  EXPECT_EQ(sbd.message_channel(), "fagsys-a");
  auto named = publication(agency, municipality);
  named.set_message_channel("klientens");
  ASSERT_TRUE(transport->complete(named, {}));
  EXPECT_EQ(named.message_channel(), "klientens");
}

TEST_F(DpeSend, WhatIsTooLargePackedIsRefusedForGood) {
  auto settings = settings_of(agency, Mode::innsyn);
  settings.wire_limit = 20'000;
  const auto transport = transport_of(std::move(settings));
  const auto text = [](std::size_t size) {
    const auto random = kanal::testing::pattern(size);
    return std::string(text_of(random));
  };
  const auto sent = send(*transport, publication_with_file(text(10'000)));
  EXPECT_EQ(failure_of(sent), "dpe.too_large reject");
  EXPECT_THAT(sent.error().text(), HasSubstr("20000"));
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty()) << "nothing was sent to find out";
  EXPECT_EQ(failure_of(send(*transport, publication_with_file(text(100)))), "");
}

TEST_F(DpeSend, EachRefusalHasItsMeaning) {
  const auto transport = sender();
  const auto with = [&](const std::string& fault) {
    arm(fault);
    return failure_of(send(*transport, publication_with_file()));
  };
  EXPECT_EQ(with("servicebus.send.too_large"), "dpe.too_large reject");
  EXPECT_EQ(with("servicebus.send.quota"), "dpe.quota retry");
  EXPECT_EQ(with("servicebus.send.410"), "dpe.queue_missing retry");
  EXPECT_EQ(with("servicebus.send.404"), "dpe.queue_missing retry");
  EXPECT_EQ(with("servicebus.send.400"), "dpe.refused reject");
  EXPECT_EQ(with("servicebus.send.429"), "dpe.away retry");
  EXPECT_EQ(with("servicebus.send.500"), "dpe.away retry");
  EXPECT_THAT(bus().messages(journal_queue), IsEmpty());
  EXPECT_EQ(with("servicebus.send.lost_answer"), "http.broken retry");
  EXPECT_THAT(bus().messages(journal_queue), SizeIs(1));
  arm("servicebus.send.410");
  const auto missing = send(*transport, publication_with_file());
  EXPECT_THAT(missing.error().text(), HasSubstr(journal_queue));
  EXPECT_EQ(missing.error().retry_after, minutes(15));
  directory_.suffix.clear();
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.no_queue retry");
  directory_.service = "DPO";
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.route_changed retry");
}

TEST_F(DpeSend, TheKeyIsAskedForOnceADay) {
  const auto transport = sender();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(failure_of(send(*transport, publication_with_file())), "");
  EXPECT_EQ(audited("registry", "sastoken"), 1U);
  clock_.advance(hours(24));
  ASSERT_EQ(failure_of(send(*transport, publication_with_file())), "");
  EXPECT_EQ(audited("registry", "sastoken"), 2U);
}

TEST_F(DpeSend, AChangedKeyIsFetchedAndTheMessageSentAtOnce) {
  const auto transport = sender();
  ASSERT_EQ(failure_of(send(*transport, publication_with_file())), "");
  national_.rotate_sas_key("bmV3IGtleQ==");
  clock_.advance(minutes(1));
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "");
  EXPECT_EQ(audited("registry", "sastoken"), 2U);
}

TEST_F(DpeSend, AKeyThatStaysRefusedDoesNotStormTheRegistry) {
  const auto transport = sender();
  arm("servicebus.401", std::nullopt);
  clock_.advance(minutes(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.credentials retry");
  EXPECT_EQ(audited("registry", "sastoken"), 1U);
  clock_.advance(31s);
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.credentials retry");
  EXPECT_EQ(audited("registry", "sastoken"), 2U);
}

TEST_F(DpeSend, TheKeptKeyServesWhileTheRegistryIsAway) {
  ASSERT_EQ(failure_of(send(*sender(), publication_with_file())), "");
  EXPECT_THAT(kept_, SizeIs(1));
  arm("registry.503", std::nullopt);
  const auto restarted = sender();
  EXPECT_EQ(failure_of(send(*restarted, publication_with_file())), "");
  EXPECT_THAT(restarted->health().detail, HasSubstr("503"));
  kept_.clear();
  const auto without = sender();
  EXPECT_EQ(failure_of(send(*without, publication_with_file())), "dpe.no_key retry");
}

TEST_F(DpeSend, ARegistryWithoutAKeyLeavesTheMessageToWait) {
  national_.registry().set_sas_key(std::nullopt);
  const auto transport = sender();
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.no_key retry");
  EXPECT_THAT(transport->health().detail, HasSubstr("404; it has none"));
  national_.registry().set_sas_key(sim::NationalOptions().sas_key);
  clock_.advance(31s);
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "");
}

TEST_F(DpeSend, AnAnswerWithAWrongSignatureGivesNoKey) {
  arm("registry.bad_signature", std::nullopt);
  const auto transport = sender();
  EXPECT_EQ(failure_of(send(*transport, publication_with_file())), "dpe.no_key retry");
}

TEST_F(DpeSend, TheKeyIsNowhereToBeSeen) {
  const auto transport = sender();
  arm("servicebus.401", std::nullopt);
  const auto refused = send(*transport, publication_with_file());
  const auto key = national_.service_bus().sas().policy().key;
  EXPECT_THAT(refused.error().text(), Not(HasSubstr(key)));
  EXPECT_THAT(log_.text() + transport->health().detail, Not(HasSubstr(key)));
}

TEST_F(DpeSend, AKvitteringThatSaysNotWhatItIsAboutIsRefusedWhenItIsMade) {
  const auto transport = sender();
  auto receipt =
      document("einnsyn_kvittering", response_process, R"({"dokumentId":"1","status":"{}"})", agency, municipality);
  EXPECT_EQ(failure_of(transport->complete(receipt, {})), "dpe.reference_type reject");
  auto other = publication(agency, municipality);
  EXPECT_EQ(failure_of(transport->complete(other, {})), "");
}

}  // namespace
}  // namespace kanal::transports::dpe::testing

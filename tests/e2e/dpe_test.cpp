// DPE end to end: publications and requests for access arrive once, and what becomes of them comes back, whatever the
// queue, the locks and a second reader do (dpe.md sections 6 to 8).
#include "tests/e2e/einnsyn.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Dpe = EinnsynTest;

/// What holds whichever way the queues are read.
class DpeRead : public EinnsynTest, public ::testing::WithParamInterface<bool> {
 protected:
  DpeRead() : EinnsynTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Both, DpeRead, ::testing::Bool(),
                         [](const auto& by_amqp) { return by_amqp.param ? "Amqp" : "Rest"; });

TEST_P(DpeRead, APublicationReachesEInnsynAndItsStatusesComeBack) {
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_THAT(alarms("S"), IsEmpty());
  EXPECT_THAT(alarms("R"), IsEmpty());
  if (!GetParam()) return;
  EXPECT_GE(national.audit().count({.simulator = "servicebus", .action = "attach"}), 2U) << "both read by AMQP";
}

TEST_P(DpeRead, TheClientGetsTheFilesAsTheyWereSent) {
  start_both();
  const auto id = post("S", einnsyn::publication("{\"@graph\":[1,2,3]}"));
  auto receiver = client("R");
  ASSERT_TRUE(eventually([&] {
    const auto peeked = receiver.peek();
    return peeked && *peeked;
  }));
  const auto package = receiver.pop(id);
  ASSERT_TRUE(package && *package);
  EXPECT_THAT(**package, HasSubstr("application/vnd.etsi.asic-e+zip"));
}

TEST_P(DpeRead, ADeathBetweenStoreAndCompletionDeliversOnce) {
  start_both();
  hooks("R").die_at("receive.committed");
  const auto id = post("S", einnsyn::publication());
  ASSERT_TRUE(eventually([&] { return hooks("R").dead(); }));
  stop("R");
  EXPECT_THAT(bus().messages(einnsyn::journal_queue), SizeIs(1));
  hooks("R").revive();
  start_einnsyn();
  expect_once(id, "S", "R");
}

TEST_P(DpeRead, ALockThatIsLostEarlyDeliversOnceAndIsReported) {
  start_both();
  arm("servicebus.complete.lock_lost", 1, einnsyn::journal_queue);
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_THAT(alarms("R"), Contains(HasSubstr("D8")));
}

TEST_P(DpeRead, ACompletionWhoseAnswerIsLostDeliversOnce) { expect_once_with("servicebus.complete.lost_answer"); }

TEST_P(DpeRead, AMessageThatComesTwiceIsDeliveredOnce) { expect_once_with("servicebus.head.duplicate"); }

TEST_P(DpeRead, PoisonIsSetAsideAndKeepsNobodyOut) {
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", "{\"sbd\":"));
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", ""));
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_TRUE(in_time([&] { return is_empty(); })) << "it is kept here, not there";
  const auto health = boost::json::parse(this->health("R"));
  EXPECT_EQ(health.at_pointer("/components/channels/details/quarantined"), 2);
}

TEST_P(DpeRead, ADeadLetterIsSaidByHealth) {
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", "{}"));
  const auto locked = **bus().receive(einnsyn::journal_queue, std::chrono::milliseconds(0));
  ASSERT_EQ(bus().dead_letter(einnsyn::journal_queue, std::to_string(locked.sequence), locked.lock_token, "TooOften"),
            sim::LockAnswer::done);
  start_einnsyn();
  EXPECT_TRUE(in_time([&] { return health("R").find("UTC: TooOften") != std::string::npos; })) << health("R");
}

TEST_P(DpeRead, ASecondReaderHandsBackWhatIsNotItsOwn) {
  start_both();
  start_agency({"--difi.move.nextmove.serviceBus.pollingrate=1000"}, "S-other");
  for (int i = 0; i < 5; ++i) expect_once(post("S", einnsyn::publication()), "S", "R");
}

TEST_F(Dpe, ARequestReachesTheAgencyAndItsStatusesComeBack) {
  start_both();
  expect_once(post("R", einnsyn::request()), "R", "S");
}

TEST_F(Dpe, AKvitteringOfEInnsynIsHandedToTheClient) {
  start_both();
  expect_once(post("R", einnsyn::receipt()), "R", "S");
  EXPECT_EQ(deliveries.back().type, "einnsyn_kvittering");
  EXPECT_EQ(orphans("S"), 0U) << "it names no message: nobody else can claim it";
}

TEST_F(Dpe, AnAnswerThatIsLostOnTheWayOutIsDeliveredOnce) { expect_once_with("servicebus.send.lost_answer"); }

TEST_F(Dpe, APackageThatIsBase64OnceIsReportedAndNotHandedOut) {
  start_both();
  const auto sbd =
      make_sbd("publisering", "0192:" + s_org, "0192:" + r_org, new_uuid(), {{"orgnr", s_org}}, clock.now());
  auto text = "{\"sbd\":" + domain::write_sbd(sbd) + ",\"asic\":\"" + to_base64(bytes_of("no base64 \x80")) + "\"}";
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", text));
  ASSERT_TRUE(in_time([&] { return is_empty(); }));
  const auto id = sbd.document.instance_identifier;
  EXPECT_THAT(statuses("R", id), Contains("FEIL"));
  EXPECT_THAT(receivers_of(id), IsEmpty());
}

TEST_F(Dpe, WhatIsTooLargePackedFailsAtOnce) {
  start_both();
  const auto bytes = pattern(900'000);
  const auto id = post("S", einnsyn::publication(std::string(text_of(bytes))));
  ASSERT_TRUE(in_time([&] { return has("S", id, {"FEIL"}); }));
  EXPECT_EQ(national.audit().count({.simulator = "servicebus", .action = "send"}), 0U);
}

TEST_F(Dpe, AQueueThatIsMissingIsWaitedFor) {
  bus().remove(einnsyn::journal_queue);
  start_agency();
  const auto id = post("S", einnsyn::publication());
  ASSERT_TRUE(
      eventually([&] { return national.audit().count({.simulator = "servicebus", .action = "send.refused"}) > 0; }));
  bus().declare(einnsyn::journal_queue);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }, seconds(60)));
}

TEST_F(Dpe, AnAnswerToNobodyIsKeptAndNeverADeadLetter) {
  start_both();
  stop("S");
  start_agency({}, "S-other");
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.max_delivery_count = 10; });
  const auto status =
      make_sbd("status", "0192:" + r_org, "0192:" + s_org, new_uuid(), {{"status", "MOTTATT"}}, clock.now());
  ASSERT_TRUE(bus().send(einnsyn::agency_queue, {}, "", "{\"sbd\":" + domain::write_sbd(status) + "}"));
  ASSERT_TRUE(eventually([&] { return orphans("S-other") == 1; }));
  EXPECT_THAT(alarms("S-other"), Contains(HasSubstr("D1")));
  EXPECT_FALSE(is_empty()) << "its owner may come for it";
  ASSERT_TRUE(in_time([&] { return is_empty(); }, seconds(5)));
  EXPECT_THAT(bus().messages(einnsyn::agency_queue + "/$deadletterqueue"), IsEmpty());
  EXPECT_EQ(orphans("S-other"), 1U);
}

TEST_F(Dpe, AThiefInTheQueueIsNoticed) {
  start_both();
  expect_once(post("R", einnsyn::request()), "R", "S");
  bus().skip_sequence(einnsyn::agency_queue, 1);  // as if somebody had taken the message between the two
  expect_once(post("R", einnsyn::request()), "R", "S");
  EXPECT_TRUE(in_time([&] {
    const auto all = alarms("S");
    return std::ranges::any_of(all, [](const auto& one) { return one.starts_with("D6 unseen-number-"); });
  })) << ::testing::PrintToString(findings("S"));
}

TEST_F(Dpe, AThiefWhileNobodyReadIsNoticedAfterTheRestart) {
  start_both();
  expect_once(post("R", einnsyn::request()), "R", "S");
  EXPECT_THAT(alarms("S"), IsEmpty());
  stop("S");
  bus().skip_sequence(einnsyn::agency_queue, 1);  // taken meanwhile
  start_agency();
  expect_once(post("R", einnsyn::request()), "R", "S");
  EXPECT_TRUE(in_time([&] {
    const auto all = alarms("S");
    return std::ranges::any_of(all, [](const auto& one) { return one.starts_with("D6 unseen-number-"); });
  })) << ::testing::PrintToString(findings("S"));
}

TEST_F(Dpe, ARestartAloneIsNoSignOfAnybody) {
  start_both();
  for (int i = 0; i < 3; ++i) {
    expect_once(post("R", einnsyn::request()), "R", "S");
    stop("S");
    start_agency();
  }
  clock.advance(minutes(30));
  expect_once(post("R", einnsyn::request()), "R", "S");
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Dpe, ACanaryComesBackUnlessSomebodyTakesIt) {
  const auto canary_waits = [&] { return bus().messages(einnsyn::agency_queue).size() == 1; };
  arm("servicebus.head.503", std::nullopt, einnsyn::agency_queue);
  start_agency({"--kanal.dpe.canary-interval=1h"});
  ASSERT_TRUE(eventually(canary_waits));
  national.faults().disarm_all();
  ASSERT_TRUE(in_time([&] { return is_empty(); }));
  clock.advance(minutes(20));
  let_time_pass();
  EXPECT_THAT(alarms("S"), IsEmpty());
  EXPECT_EQ(orphans("S"), 0U);

  arm("servicebus.head.503", std::nullopt, einnsyn::agency_queue);
  clock.advance(hours(1));
  ASSERT_TRUE(eventually(canary_waits));
  const auto stolen = bus().receive(einnsyn::agency_queue, milliseconds(0));
  ASSERT_TRUE(stolen && *stolen);
  bus().complete(einnsyn::agency_queue, std::to_string((*stolen)->sequence), (*stolen)->lock_token);
  national.faults().disarm_all();
  EXPECT_TRUE(in_time(
      [&] {
        const auto all = alarms("S");
        return std::ranges::any_of(all, [](const auto& one) { return one.starts_with("D6 lost-canary-"); });
      },
      minutes(1)))
      << ::testing::PrintToString(findings("S"));
}

TEST_F(Dpe, AnInstallationThatOnlySendsLeavesTheQueueAlone) {
  start_agency({"--kanal.dpe.receive=false"});
  start_einnsyn();
  const auto id = post("S", einnsyn::publication());
  ASSERT_TRUE(in_time([&] { return !bus().messages(einnsyn::agency_queue).empty(); }));
  EXPECT_TRUE(has("S", id, {"SENDT"}));
  EXPECT_EQ(bus().messages(einnsyn::agency_queue).front().delivery_count, 0);
}

TEST_F(Dpe, AChangedKeyStopsNothing) {
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  national.rotate_sas_key("YW5vdGhlciBrZXk=");
  clock.advance(minutes(5));
  expect_once(post("S", einnsyn::publication()), "S", "R");
}

}  // namespace
}  // namespace kanal::testing

// DPE end to end with queues that are read by AMQP 1.0 (dpe.md 7.2): what holds by REST holds here, whatever becomes of
// tokens, links and connections.
#include "sim/faults.hpp"
#include "tests/e2e/einnsyn.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DpeAmqp : public EinnsynTest {
 protected:
  DpeAmqp() : EinnsynTest(true) {}
  std::size_t audited(const std::string& action) {
    return national.audit().count({.simulator = "servicebus", .action = action});
  }
  /// Once, when the reader of eInnsyn meets it.
  void expect_once_with(const std::string& fault) {
    start_both();
    arm(fault, 1, einnsyn::journal_queue);
    expect_once(post("S", einnsyn::publication()), "S", "R");
    EXPECT_EQ(national.faults().met(fault), 1U) << fault;
  }
};

TEST_F(DpeAmqp, APublicationReachesEInnsynAndItsStatusesComeBack) {
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_THAT(alarms("S"), IsEmpty());
  EXPECT_THAT(alarms("R"), IsEmpty());
  EXPECT_GE(audited("attach"), 2U) << "both read by AMQP";
}

TEST_F(DpeAmqp, TheClientGetsTheFilesAsTheyWereSent) {
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

TEST_F(DpeAmqp, ADeathBetweenStoreAndCompletionDeliversOnce) {
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

TEST_F(DpeAmqp, ALockThatIsLostEarlyDeliversOnceAndIsReported) {
  start_both();
  arm("servicebus.complete.lock_lost", 1, einnsyn::journal_queue);
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_THAT(alarms("R"), Contains(HasSubstr("D8")));
}

TEST_F(DpeAmqp, ACompletionWhoseAnswerIsLostDeliversOnce) { expect_once_with("servicebus.complete.lost_answer"); }

TEST_F(DpeAmqp, AMessageThatComesTwiceIsDeliveredOnce) { expect_once_with("servicebus.head.duplicate"); }

TEST_F(DpeAmqp, AConnectionThatIsCutStopsNothing) { expect_once_with("servicebus.amqp.cut"); }

TEST_F(DpeAmqp, AConnectionThatIsCutWithAMessageOnItsWayDeliversOnce) {
  expect_once_with("servicebus.amqp.cut_after_lock");
}

TEST_F(DpeAmqp, ALinkThatIsDetachedStopsNothing) { expect_once_with("servicebus.amqp.detach"); }

TEST_F(DpeAmqp, PoisonIsSetAsideAndKeepsNobodyOut) {
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", "{\"sbd\":"));
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", ""));
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  EXPECT_TRUE(in_time([&] { return is_empty(); })) << "it is kept here, not there";
  const auto health = boost::json::parse(this->health("R"));
  EXPECT_EQ(health.at_pointer("/components/channels/details/quarantined"), 2);
}

TEST_F(DpeAmqp, AChangedKeyAndAnEndedTokenStopNothing) {
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.clock_skew = seconds(10); });
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  national.rotate_sas_key("YW5vdGhlciBrZXk=");
  clock.advance(minutes(20));
  expect_once(post("S", einnsyn::publication()), "S", "R");
}

TEST_F(DpeAmqp, ASecondReaderHandsBackWhatIsNotItsOwn) {
  start_both();
  start_agency({"--difi.move.nextmove.serviceBus.pollingrate=1000"}, "S-other");
  for (int i = 0; i < 3; ++i) expect_once(post("S", einnsyn::publication()), "S", "R");
}

TEST_F(DpeAmqp, AQueueThatIsMissingIsSaidByHealth) {
  bus().remove(einnsyn::journal_queue);
  start_einnsyn();
  EXPECT_TRUE(eventually([&] { return health("R").find("does not exist") != std::string::npos; }));
  bus().declare(einnsyn::journal_queue);
  EXPECT_TRUE(in_time([&] { return health("R").find("does not exist") == std::string::npos; }, minutes(1)));
}

}  // namespace
}  // namespace kanal::testing

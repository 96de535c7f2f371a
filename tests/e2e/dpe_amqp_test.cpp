// DPE end to end with queues that are read by AMQP 1.0 (dpe.md 7.2): whatever becomes of tokens, links and connections.
// What holds by REST, too, is in dpe_test.cpp.
#include "tests/e2e/einnsyn.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;

class DpeAmqp : public EinnsynTest {
 protected:
  DpeAmqp() : EinnsynTest(true) {}
};

TEST_F(DpeAmqp, AConnectionThatIsCutStopsNothing) { expect_once_with("servicebus.amqp.cut"); }

TEST_F(DpeAmqp, AConnectionThatIsCutWithAMessageOnItsWayDeliversOnce) {
  expect_once_with("servicebus.amqp.cut_after_lock");
}

TEST_F(DpeAmqp, ALinkThatIsDetachedStopsNothing) { expect_once_with("servicebus.amqp.detach"); }

TEST_F(DpeAmqp, AChangedKeyAndAnEndedTokenStopNothing) {
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.clock_skew = seconds(10); });
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  national.rotate_sas_key("YW5vdGhlciBrZXk=");
  clock.advance(minutes(20));
  expect_once(post("S", einnsyn::publication()), "S", "R");
}

TEST_F(DpeAmqp, AReaderThatHoldsAMessageIsNoticedAlthoughNoneFollows) {
  start_both();
  expect_once(post("S", einnsyn::publication()), "S", "R");
  // Before anybody reads on, for longer than the test takes.
  stop("R");
  ASSERT_TRUE(bus().send(einnsyn::journal_queue, {}, "", "{}"));
  bus().change_rules([](sim::ServiceBusRules& rules) { rules.lock_duration = hours(1); });
  ASSERT_TRUE(*bus().receive(einnsyn::journal_queue, milliseconds(0)));
  start_einnsyn();
  EXPECT_TRUE(in_time([&] {
    const auto all = alarms("R");
    return std::ranges::any_of(all, [](const auto& one) { return one.starts_with("D6 unseen-number-"); });
  })) << ::testing::PrintToString(findings("R"));
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

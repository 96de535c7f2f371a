// The SNTP client against a time server that may be wrong, silent or rude.
#include "sim/time_server.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "net/sntp_client.hpp"

namespace kanal::sim {
namespace {

using namespace std::chrono;
using Manner = TimeServer::Manner;

class TimeServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.start().has_value()); }
  [[nodiscard]] Result<Duration> ask(milliseconds timeout = seconds(5)) const {
    return net::clock_offset(server_.host(), timeout, clock_);
  }
  kanal::testing::ManualClock clock_;
  TimeServer server_{clock_};
};

TEST_F(TimeServerTest, TellsHowFarTheClockIsOff) {
  for (const Duration off : {Duration(0), Duration(7'250'000), Duration(-12'500'000), Duration(hours(24 * 365))}) {
    server_.set_offset(off);
    const auto offset = ask();
    ASSERT_TRUE(offset.has_value()) << offset.error().text();
    EXPECT_LE(abs(*offset - off), microseconds(2));
  }
}

TEST_F(TimeServerTest, KnowsTheEraAfter2036) {
  const kanal::testing::ManualClock late(Time(sys_days(year(2040) / 1 / 1)));
  TimeServer server(late);
  ASSERT_TRUE(server.start().has_value());
  server.set_offset(seconds(3));
  const auto offset = net::clock_offset(server.host(), seconds(5), late);
  ASSERT_TRUE(offset.has_value());
  EXPECT_LE(abs(*offset - seconds(3)), microseconds(2));
}

TEST_F(TimeServerTest, SilenceEndsInTime) {
  server_.set_manner(Manner::silent);
  const auto offset = ask(milliseconds(100));
  ASSERT_FALSE(offset.has_value());
  EXPECT_EQ(offset.error().code, "ntp.unreachable");
  EXPECT_EQ(server_.asked(), 1);
}

TEST_F(TimeServerTest, AnAnswerToAnotherQuestionIsNotTaken) {
  server_.set_manner(Manner::stale);
  const auto offset = ask(milliseconds(100));
  ASSERT_FALSE(offset.has_value());
  EXPECT_EQ(offset.error().code, "ntp.unreachable");
}

TEST_F(TimeServerTest, BadAnswersAreNotBelieved) {
  for (const Manner manner : {Manner::unsynchronised, Manner::kiss, Manner::echo}) {
    server_.set_manner(manner);
    server_.set_offset(hours(1));
    const auto offset = ask();
    ASSERT_FALSE(offset.has_value());
    EXPECT_EQ(offset.error().code, "ntp.answer");
  }
}

TEST_F(TimeServerTest, UnknownAndClosedHostsAreErrors) {
  EXPECT_EQ(net::clock_offset("no-such-host.invalid", milliseconds(100), clock_).error().code, "ntp.unreachable");
  const std::string host = server_.host();
  server_.stop();
  EXPECT_EQ(net::clock_offset(host, milliseconds(100), clock_).error().code, "ntp.unreachable");
}

}  // namespace
}  // namespace kanal::sim

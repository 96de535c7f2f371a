// What a received message says of itself; the calls are tested with the transport.
#include "transports/dpe/bus_client.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;

constexpr Time now = Time(sys_days(year(2026) / 3 / 2)) + hours(7);

TEST(BrokerProperties, AreReadFromTheExampleOfTheSpecification) {
  const auto message = read_broker_properties(
      R"({"DeliveryCount":1,"EnqueuedSequenceNumber":0,"EnqueuedTimeUtc":"Mon, 02 Mar 2026 07:15:31 GMT",)"
      R"("LockToken":"7da9cfd5-40d5-4bb1-8d64-ec5a52e1c547","LockedUntilUtc":"Mon, 02 Mar 2026 07:16:31 GMT",)"
      R"("MessageId":"31907572164743c38741631acd554d6f","SequenceNumber":2418,"State":"Active","TimeToLive":1209600})",
      now, now + minutes(15) + seconds(31));
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message->sequence, 2418U);
  EXPECT_EQ(message->message_id, "31907572164743c38741631acd554d6f");
  EXPECT_EQ(message->token, "7da9cfd5-40d5-4bb1-8d64-ec5a52e1c547");
  EXPECT_EQ(message->delivery_count, 1);
  EXPECT_EQ(message->enqueued, now + minutes(15) + seconds(31));
  EXPECT_EQ(message->locked_for, seconds(60)) << "by the service's own clock, whatever ours says";
}

TEST(BrokerProperties, NumbersMayBeLargeAndTexts) {
  const auto large = read_broker_properties(R"({"LockToken":"a","SequenceNumber":9223372036854775809})", now, {});
  ASSERT_TRUE(large);
  EXPECT_EQ(large->sequence, 9223372036854775809U);
  const auto text = read_broker_properties(R"({"LockToken":"a","SequenceNumber":"844424930132993"})", now, {});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->sequence, 844424930132993U);
  EXPECT_EQ(text->enqueued, now);
  EXPECT_EQ(text->locked_for, seconds(30)) << "nobody told how long";
}

TEST(BrokerProperties, ALockWithoutARealEndIsTakenForAShortOne) {
  const auto until = [](const std::string& time) {
    return read_broker_properties(R"({"LockToken":"a","SequenceNumber":1,"LockedUntilUtc":")" + time + "\"}", now, {})
        ->locked_for;
  };
  EXPECT_EQ(until("Mon, 02 Mar 2026 06:00:00 GMT"), seconds(30));
  EXPECT_EQ(until("Mon, 02 Mar 2026 09:00:00 GMT"), minutes(5));
  EXPECT_EQ(until("soon"), seconds(30));
}

TEST(BrokerProperties, WhatCannotBeCompletedIsAnError) {
  for (const auto* header :
       {"", "{", "[]", R"({"SequenceNumber":1})", R"({"LockToken":"a"})", R"({"LockToken":"../x","SequenceNumber":1})",
        R"({"LockToken":"","SequenceNumber":1})", R"({"LockToken":"a","SequenceNumber":-1})",
        R"({"LockToken":"a","SequenceNumber":1.5})", R"({"LockToken":"a","SequenceNumber":"1x"})"}) {
    const auto message = read_broker_properties(header, now, {});
    ASSERT_FALSE(message) << header;
    EXPECT_EQ(message.error().code, "dpe.properties");
    EXPECT_EQ(message.error().disposition, Disposition::retry);
  }
}

TEST(BrokerProperties, AreWrittenWithAnIdOfTheirOwn) {
  EXPECT_EQ(broker_properties({"m.LEVERT", "c", "status", seconds(90)}),
            R"({"MessageId":"m.LEVERT","CorrelationId":"c","Label":"status","TimeToLive":90})");
  EXPECT_EQ(broker_properties({"m", "c", "status", std::nullopt}),
            R"({"MessageId":"m","CorrelationId":"c","Label":"status"})");
}

}  // namespace
}  // namespace kanal::transports::dpe

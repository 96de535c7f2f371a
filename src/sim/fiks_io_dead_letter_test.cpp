#include <gmock/gmock.h>

#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class FiksIoDeadLetterTest : public FiksIoBench {
 protected:
  /// The notice in the sender's queue, acknowledged.
  net::AmqpDelivery notice() {
    const auto connection = consumer(integration_, sender_);
    auto delivery = next(*connection);
    EXPECT_TRUE(connection->acknowledge(delivery.tag));
    return delivery;
  }
  static std::string buried(const std::string& id) {
    EXPECT_TRUE(eventually([&] { return audited("dead_letter", id) == 1; }));
    const auto found = world().audit.find({.action = "dead_letter", .subject = id});
    return found.empty() ? "" : found.front().detail;
  }
};

TEST_F(FiksIoDeadLetterTest, AMessageThatNobodyTakesInTimeIsToldToItsSender) {
  const auto id = sent({.change = [](json::object& metadata) { metadata["ttl"] = 1'000; }});
  const auto told = notice();
  EXPECT_EQ(told.routing_key, fiks_io_queue(sender_));
  EXPECT_TRUE(told.body.empty());
  EXPECT_TRUE(is_uuid(header_of(told, "melding-id")));
  EXPECT_NE(header_of(told, "melding-id"), id);
  EXPECT_EQ(header_of(told, "type"), "no.ks.fiks.kvittering.tidsavbrudd");
  EXPECT_EQ(header_of(told, "avsender-id"), sender_);
  EXPECT_EQ(header_of(told, "svar-til"), id);
  EXPECT_EQ(header_of(told, "svar-til-type"), "no.dibk.arkivlett.byggesak.hentbyggesaker.v1");
  EXPECT_EQ(told.properties.expiration, "");
  EXPECT_THAT(buried(id), HasSubstr("expired"));
}

TEST_F(FiksIoDeadLetterTest, OnlyTheHeadOfAQueueExpires) {
  const auto short_lived = [](json::object& metadata) { metadata["ttl"] = 1'000; };
  const auto first = sent();
  const auto second = sent({.change = short_lived});
  const auto elsewhere = sent({.to = counterpart_, .change = short_lived});
  EXPECT_THAT(buried(elsewhere), HasSubstr("expired"));
  EXPECT_EQ(audited("dead_letter", second), 0U) << "it is as old, but not the first";
  const auto connection = consumer(other_, receiver_);
  const auto delivery = next(*connection);
  EXPECT_EQ(header_of(delivery, "melding-id"), first);
  ASSERT_TRUE(connection->acknowledge(delivery.tag));
  EXPECT_THAT(buried(second), HasSubstr("expired"));
}

TEST_F(FiksIoDeadLetterTest, TheThirdFailedDeliveryIsTheLast) {
  const auto id = sent();
  const auto connection = consumer(other_, receiver_);
  for (int i = 1; i <= 3; ++i) {
    const auto delivery = next(*connection);
    EXPECT_EQ(header_of(delivery, "melding-id"), id) << i;
    EXPECT_EQ(delivery.redelivered, i > 1) << i;
    EXPECT_EQ(audited("dead_letter", id), 0U) << i;
    ASSERT_TRUE(connection->reject(delivery.tag, true));
  }
  const auto told = notice();
  EXPECT_EQ(header_of(told, "type"), "no.ks.fiks.kvittering.serverfeil.v1");
  EXPECT_EQ(header_of(told, "svar-til"), id);
  EXPECT_EQ(header_of(told, "svar-til-type"), "absent");
  EXPECT_THAT(buried(id), HasSubstr("delivery_limit"));
  EXPECT_EQ(waiting(receiver_), 0U);
}

TEST_F(FiksIoDeadLetterTest, AConnectionThatEndsWithoutAcknowledgingCounts) {
  const auto id = sent();
  for (int i = 1; i <= 3; ++i) {
    const auto connection = consumer(other_, receiver_);
    EXPECT_EQ(header_of(next(*connection), "melding-id"), id) << i;
  }
  EXPECT_EQ(header_of(notice(), "type"), "no.ks.fiks.kvittering.serverfeil.v1");
}

TEST_F(FiksIoDeadLetterTest, WhatIsThrownAwayIsToldToNobody) {
  const auto id = sent();
  const auto connection = consumer(other_, receiver_);
  ASSERT_TRUE(connection->reject(next(*connection).tag, false));
  EXPECT_THAT(buried(id), HasSubstr("rejected"));
  EXPECT_EQ(waiting(sender_), 0U);
}

TEST_F(FiksIoDeadLetterTest, ANoticeThatDiesIsNotToldOf) {
  sent({.change = [](json::object& metadata) { metadata["ttl"] = 1'000; }});
  const auto connection = consumer(integration_, sender_);
  std::string id;
  for (int i = 1; i <= 3; ++i) {
    const auto delivery = next(*connection);
    id = header_of(delivery, "melding-id");
    ASSERT_TRUE(connection->reject(delivery.tag, true));
  }
  EXPECT_THAT(buried(id), HasSubstr("tidsavbrudd"));
  EXPECT_EQ(waiting(sender_), 0U);
}

TEST_F(FiksIoDeadLetterTest, ASenderThatNobodyKnowsIsToldNothing) {
  const auto id = fiks().deliver({.to = receiver_, .from = new_uuid(), .type = "a.b", .ttl = 1'000ms});
  ASSERT_TRUE(id);
  EXPECT_THAT(buried(*id), HasSubstr("expired"));
}

TEST_F(FiksIoDeadLetterTest, NoticesAreGivenAfterABrokersDeath) {
  const auto id = sent({.change = [](json::object& metadata) { metadata["ttl"] = 2'000; }});
  // Whether it expires before this or after: somebody is told.
  fiks().kill_broker();
  ASSERT_TRUE(fiks().start_broker());
  EXPECT_EQ(header_of(notice(), "svar-til"), id);
}

}  // namespace
}  // namespace kanal::sim::testing

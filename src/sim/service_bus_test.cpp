#include "sim/service_bus.hpp"

#include <thread>

#include <gmock/gmock.h>

#include "sim/service_bus_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ServiceBusTest : public ServiceBusBench {};

TEST_F(ServiceBusTest, AMessageIsLockedGivenAndCompleted) {
  const auto sent = put_in("hei", R"({"MessageId":"m-1","CorrelationId":"c-1","Label":"status","TimeToLive":3600})");
  EXPECT_EQ(sent.status, 201);
  EXPECT_EQ(sent.body, "");
  const auto received = head();
  ASSERT_EQ(received.status, 201);
  EXPECT_EQ(received.body, "hei");
  EXPECT_EQ(received.header("Content-Type"), "application/octet-stream");
  const auto all = properties(received);
  EXPECT_EQ(text(all, "MessageId"), "m-1");
  EXPECT_EQ(text(all, "CorrelationId"), "c-1");
  EXPECT_EQ(text(all, "Label"), "status");
  EXPECT_EQ(all.at("SequenceNumber"), 1);
  EXPECT_EQ(all.at("DeliveryCount"), 1);
  EXPECT_EQ(all.at("TimeToLive"), 3600);
  EXPECT_EQ(text(all, "EnqueuedTimeUtc"), "Tue, 01 Sep 2026 08:00:00 GMT");
  EXPECT_EQ(text(all, "LockedUntilUtc"), "Tue, 01 Sep 2026 08:01:00 GMT");
  EXPECT_EQ(received.header("Location"), of_queue(lock_path(received)));

  EXPECT_EQ(head().status, 204) << "nobody gets it while it is locked";
  EXPECT_EQ(call("DELETE", of_queue(lock_path(received))).status, 200);
  EXPECT_EQ(call("DELETE", of_queue(lock_path(received))).status, 404);
  EXPECT_THAT(bus().messages(queue), IsEmpty());
  EXPECT_EQ(national_.audit().count({.simulator = "servicebus", .action = "complete"}), 1U);
}

TEST_F(ServiceBusTest, TheMessageIdStandsForTheNumberAndIsMadeWhenMissing) {
  put_in("en");
  const auto received = head();
  const auto id = text(properties(received), "MessageId");
  EXPECT_THAT(id, SizeIs(32));
  EXPECT_EQ(call("DELETE", of_queue("/messages/" + id + "/" + text(properties(received), "LockToken"))).status, 200);
}

TEST_F(ServiceBusTest, ALockEndsByTheClockAndTheMessageIsBackInItsPlace) {
  put_in("en");
  put_in("to");
  const auto first = head();
  clock_.advance(60s);
  const auto again = head();
  EXPECT_EQ(again.body, "en");
  EXPECT_EQ(properties(again).at("DeliveryCount"), 2);
  EXPECT_EQ(properties(again).at("SequenceNumber"), 1);
  EXPECT_EQ(call("DELETE", of_queue(lock_path(first))).status, 404) << "that lock is lost";
  EXPECT_EQ(head().body, "to");
}

TEST_F(ServiceBusTest, ALockIsRenewedAndGivenUp) {
  put_in("en");
  const auto received = head();
  clock_.advance(50s);
  EXPECT_EQ(call("POST", of_queue(lock_path(received))).status, 200);
  clock_.advance(50s);
  EXPECT_EQ(head().status, 204);
  EXPECT_EQ(call("PUT", of_queue(lock_path(received))).status, 200);
  EXPECT_EQ(call("PUT", of_queue(lock_path(received))).status, 404);
  EXPECT_EQ(head().body, "en");
}

TEST_F(ServiceBusTest, WhatIsDeliveredTooOftenIsADeadLetter) {
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"max_delivery_count", 2}}).status, 204);
  put_in("gift");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(call("PUT", of_queue(lock_path(head()))).status, 200);
  EXPECT_EQ(head().status, 204);
  const auto dead = call("POST", of_queue("/$deadletterqueue/messages/head?timeout=0"));
  ASSERT_EQ(dead.status, 201);
  EXPECT_EQ(dead.body, "gift");
  EXPECT_EQ(text(properties(dead), "DeadLetterReason"), "MaxDeliveryCountExceeded");
  EXPECT_EQ(dead.header("DeadLetterReason"), "\"MaxDeliveryCountExceeded\"");
}

TEST_F(ServiceBusTest, AnUnlockedReadTakesTheMessageAway) {
  put_in("en");
  const auto taken = call("DELETE", of_queue("/messages/head"));
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.body, "en");
  EXPECT_EQ(call("DELETE", of_queue("/messages/head")).status, 204);
}

TEST_F(ServiceBusTest, AMessageExpires) {
  put_in("en", R"({"TimeToLive":60})");
  clock_.advance(61s);
  EXPECT_EQ(head().status, 204);
}

TEST_F(ServiceBusTest, AReceiverWaitsForAMessage) {
  std::jthread sender([&] {
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_TRUE(bus().send(queue, {}, "", "sent"));
  });
  EXPECT_EQ(head("30").body, "sent");
  EXPECT_EQ(head("abc").status, 400);
}

TEST_F(ServiceBusTest, OnlyAGoodTokenOpens) {
  put_in("en");
  const auto status_with = [&](const std::string& authorization) {
    return call("POST", of_queue("/messages/head?timeout=0"), "", {{"Authorization", authorization}}).status;
  };
  EXPECT_EQ(status_with(token({.resource = at("")})), 201) << "the whole namespace";
  EXPECT_EQ(status_with(token({.resource = of_queue("/messages/head")})), 204) << "just this address";
  auto large = of_queue("");
  std::ranges::transform(large, large.begin(), [](char c) { return c == 'q' ? 'Q' : c; });
  EXPECT_EQ(status_with(token({.resource = large})), 204) << "letters large or small";
  EXPECT_EQ(status_with(token({.resource = at("/nextbestqueue31070000")})), 401) << "a part of a name is no queue";
  EXPECT_EQ(status_with(token({.resource = at("/nextbestqueue991825827data")})), 401);
  EXPECT_EQ(status_with(token({.key = "wrong"})), 401);
  EXPECT_EQ(status_with(token({.policy_name = "Root"})), 401);
  EXPECT_EQ(status_with(token({.lives = -299s})), 204) << "clocks differ a little";
  EXPECT_EQ(status_with(token({.lives = -300s})), 401);
  EXPECT_EQ(status_with(token() + "&se=1"), 401);
  EXPECT_EQ(status_with("Bearer abc"), 401);
  EXPECT_EQ(status_with("SharedAccessSignature sr=a&sig=b&se=c&skn=d"), 401);
  const auto refused = call("POST", of_queue("/messages/head"), "", {{"Authorization", token({.key = "wrong"})}});
  EXPECT_THAT(refused.body, HasSubstr("<Code>401</Code>"));
}

TEST_F(ServiceBusTest, TheKeyIsChangedWithAndWithoutATimeForBoth) {
  const auto old = token();
  EXPECT_EQ(admin("PUT", at("/sim/sas-key"), {{"key", "ny"}, {"keep_former", true}}).status, 204);
  EXPECT_EQ(call("POST", of_queue("/messages/head?timeout=0"), "", {{"Authorization", old}}).status, 204);
  EXPECT_EQ(head().status, 204);
  national_.rotate_sas_key("nyere");
  EXPECT_EQ(call("POST", of_queue("/messages/head?timeout=0"), "", {{"Authorization", old}}).status, 401);
  EXPECT_EQ(head().status, 204);
  auto scope = maskinporten_token("eformidling:dpe");
  const auto key = get(national_.registry_url() + "/sastoken",
                       {{"Authorization", "Bearer " + scope}, {"Accept", "application/jose"}});
  EXPECT_EQ(crypto::parse_jws(key.body)->payload, "nyere");
}

TEST_F(ServiceBusTest, LimitsAreKept) {
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"max_message_bytes", 200}, {"max_queue_bytes", 500}}).status, 204);
  const auto large = put_in(std::string(200, 'x'));
  EXPECT_EQ(large.status, 403);
  EXPECT_THAT(large.body, HasSubstr("MessageSizeExceeded"));
  EXPECT_EQ(put_in(std::string(120, 'x')).status, 201);
  EXPECT_EQ(put_in(std::string(120, 'x')).status, 201);
  const auto full = put_in(std::string(140, 'x'));
  EXPECT_EQ(full.status, 403);
  EXPECT_THAT(full.body, HasSubstr("QuotaExceeded"));
  EXPECT_EQ(put_in("x", "nonsense").status, 400);
}

TEST_F(ServiceBusTest, AQueueThatIsNotThereIsGone) {
  EXPECT_EQ(admin("DELETE", at("/sim/queues/" + std::string(queue))).status, 204);
  EXPECT_EQ(put_in("x").status, 410);
  EXPECT_EQ(head().status, 410);
  EXPECT_EQ(call("DELETE", of_queue("/messages/1/abc")).status, 410);
  EXPECT_EQ(admin("PUT", at("/sim/queues/" + std::string(queue))).status, 204);
  EXPECT_EQ(head().status, 204);
  bus().change_rules([](ServiceBusRules& rules) { rules.auto_create = false; });
  EXPECT_EQ(call("POST", at("/another/messages"), "x", {{"Authorization", token({.resource = at("")})}}).status, 410);
}

TEST_F(ServiceBusTest, NumbersAreWithoutGapsUnlessToldAndCarryThePartition) {
  bus().change_rules([](ServiceBusRules& rules) { rules.partition = 3; });
  put_in("en");
  bus().skip_sequence(queue, 2);
  put_in("to");
  constexpr std::uint64_t base = std::uint64_t{3} << 48U;
  EXPECT_EQ(properties(head()).at("SequenceNumber").to_number<std::uint64_t>(), base + 1);
  EXPECT_EQ(properties(head()).at("SequenceNumber").to_number<std::uint64_t>(), base + 4);
}

TEST_F(ServiceBusTest, FaultsHappen) {
  arm("servicebus.send.503_after_store");
  EXPECT_EQ(put_in("en").status, 503);
  EXPECT_THAT(bus().messages(queue), SizeIs(1));
  arm("servicebus.head.lost_answer", 1, queue);
  net::ClientRequest request = post_request(of_queue("/messages/head?timeout=0"), "", "", {{"Authorization", token()}});
  EXPECT_FALSE(http_.send(request));
  EXPECT_EQ(head().status, 204) << "it is locked for nobody";
  clock_.advance(61s);
  arm("servicebus.head.text_sequence");
  const auto received = head();
  EXPECT_EQ(text(properties(received), "SequenceNumber"), "1");
  arm("servicebus.complete.lock_lost");
  EXPECT_EQ(call("DELETE", of_queue("/messages/1/" + text(properties(received), "LockToken"))).status, 404);
  arm("servicebus.head.cut");
  EXPECT_FALSE(http_.send(request));
  clock_.advance(61s);
  arm("servicebus.head.no_properties");
  EXPECT_EQ(head().header("BrokerProperties"), "");
  arm("servicebus.429");
  const auto busy = head();
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.header("Retry-After"), "2");
}

TEST_F(ServiceBusTest, AdministratorsSeeTheQueues) {
  const auto injected = admin("POST", at("/sim/queues/" + std::string(queue) + "/messages"), {{"body", "abc"}});
  EXPECT_EQ(object_of(injected).at("sequence"), 1);
  const auto listed = get(at("/sim/queues/" + std::string(queue) + "/messages?body=true"));
  EXPECT_EQ(json::parse(listed.body).at(0).at("Body"), "abc");
  EXPECT_EQ(json::parse(get(at("/sim/queues")).body).at(0).at("messages"), 1);
  EXPECT_EQ(json::parse(get(at("/sim/rules")).body).at("lock_duration"), 60'000);
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"max_delivery_count", 0}}).status, 400);
}

}  // namespace
}  // namespace kanal::sim::testing

// The Service Bus by AMQP 1.0, as a strict client meets it, beside the REST calls on the same queues.
#include "sim/service_bus_amqp.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "sim/service_bus_guest.hpp"
#include "sim/service_bus_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using net::Amqp10Map;
using net::Amqp10Message;
using net::Amqp10Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string audience = std::string("amqps://127.0.0.1/") + queue;
const std::string node = std::string(queue) + "/$management";

class ServiceBusAmqpTest : public ServiceBusBench {
 protected:
  std::unique_ptr<net::Amqp10Connection> connection() {
    net::Amqp10Options options;
    options.host = "127.0.0.1";
    options.port = national_.service_bus().amqp_port();
    options.ca_pem = Keys::get().ca.certificate.pem();
    options.container_id = "test";
    auto opened = net::Amqp10Connection::open(options, {});
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().text());
    return opened ? std::move(*opened) : nullptr;
  }
  static Amqp10Message request(const std::string& operation, Amqp10Map body) {
    Amqp10Message message;
    message.application = {{"operation", {operation}}};
    message.value = {std::move(body)};
    return message;
  }
  static std::int64_t status(const Result<Amqp10Message>& answer) {
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().text());
    if (!answer) return 0;
    const auto* value = net::find(answer->application, "statusCode");
    if (value == nullptr) value = net::find(answer->application, "status-code");
    return value == nullptr ? 0 : value->number().value_or(0);
  }
  std::int64_t put_token(net::Amqp10Connection& to, const std::string& token, const std::string& name = audience) {
    Amqp10Message message;
    message.application = {{"operation", {std::string("put-token")}},
                           {"type", {std::string("servicebus.windows.net:sastoken")}},
                           {"name", {name}}};
    message.value = {token};
    return status(to.request("$cbs", message, {}));
  }
  std::string amqp_token(std::chrono::seconds lives = 300s) { return token({.resource = audience, .lives = lives}); }
  /// One that may read the queue.
  std::unique_ptr<net::Amqp10Connection> reader() {
    auto made = connection();
    EXPECT_EQ(put_token(*made, amqp_token()), 202);
    const auto attached = made->attach(queue, {});
    EXPECT_TRUE(attached.has_value()) << (attached ? "" : attached.error().text());
    return made;
  }
  static std::vector<net::Amqp10Delivery> receive(net::Amqp10Connection& from, std::size_t most = 10) {
    auto got = from.receive(most, milliseconds(0), {});
    EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().text());
    return got ? std::move(*got) : std::vector<net::Amqp10Delivery>{};
  }
  static Amqp10Map about(const std::string& lock, Amqp10Map more = {}) {
    net::Amqp10List locks;
    locks.array = true;
    locks.items.push_back({*net::Amqp10Uuid::parse(lock)});
    more.push_back({"lock-tokens", {std::move(locks)}});
    return more;
  }
  std::string lock_of_first() { return bus().messages(queue).at(0).lock_token; }
  template <class T>
  static std::string code_of(const Result<T>& result) {
    return result ? "" : result.error().code;
  }
};

TEST_F(ServiceBusAmqpTest, AMessageIsLockedGivenAndCompleted) {
  put_in("hei", R"({"MessageId":"m-1","CorrelationId":"c-1","Label":"status"})");
  const auto ours = reader();
  const auto got = receive(*ours);
  ASSERT_THAT(got, SizeIs(1));
  const auto& message = got[0].message;
  EXPECT_EQ(text_of(message.data), "hei");
  EXPECT_EQ(message.message_id, "m-1");
  EXPECT_EQ(message.correlation_id, "c-1");
  EXPECT_EQ(message.subject, "status");
  EXPECT_EQ(message.delivery_count, 0U);
  EXPECT_EQ(net::find(message.annotations, "x-opt-sequence-number")->number(), 1);
  EXPECT_EQ(net::find(message.annotations, "x-opt-enqueued-time")->time(), clock_.now());
  EXPECT_EQ(net::find(message.annotations, "x-opt-locked-until")->time(), clock_.now() + 60s);
  EXPECT_EQ(lock_of_tag(got[0].tag), lock_of_first());
  EXPECT_EQ(head().status, 204) << "nobody gets it by REST while it is locked";
  EXPECT_TRUE(ours->settle(got[0].number, Amqp10Outcome::accepted).has_value());
  EXPECT_THAT(bus().messages(queue), IsEmpty());
  EXPECT_EQ(national_.audit().count({.simulator = "servicebus", .action = "complete", .subject = "1"}), 1U);
}

TEST_F(ServiceBusAmqpTest, WhatIsUnlockedComesAgainAndWhatIsRejectedIsADeadLetter) {
  put_in("en");
  put_in("to");
  const auto ours = reader();
  auto got = receive(*ours);
  ASSERT_THAT(got, SizeIs(2));
  EXPECT_TRUE(ours->settle(got[0].number, Amqp10Outcome::modified).has_value());
  EXPECT_TRUE(ours->settle(got[1].number, Amqp10Outcome::rejected).has_value());
  const auto again = receive(*ours);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].message.delivery_count, 1U);
  const auto dead = bus().messages(std::string(queue) + "/$deadletterqueue");
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(*dead[0].body, "to");
}

TEST_F(ServiceBusAmqpTest, ALockThatHasEndedIsLost) {
  put_in("en");
  const auto ours = reader();
  const auto got = receive(*ours);
  ASSERT_THAT(got, SizeIs(1));
  clock_.advance(61s);
  EXPECT_EQ(code_of(ours->settle(got[0].number, Amqp10Outcome::accepted)), "amqp10.lock_lost");
  EXPECT_THAT(bus().messages(queue), SizeIs(1));
}

TEST_F(ServiceBusAmqpTest, LocksAreRenewedAndSettledByTheirTokens) {
  put_in("en");
  const auto lock = text(properties(head()), "LockToken");
  const auto ours = connection();
  ASSERT_EQ(put_token(*ours, amqp_token()), 202);
  clock_.advance(50s);
  const auto renewed = ours->request(node, request("com.microsoft:renew-lock", about(lock)), {});
  EXPECT_EQ(status(renewed), 200);
  const auto* ends = net::find(*renewed->value.map(), "expirations");
  ASSERT_NE(ends, nullptr);
  EXPECT_EQ(ends->list()->items.at(0).time(), clock_.now() + 60s);
  clock_.advance(50s);
  const auto complete =
      request("com.microsoft:update-disposition", about(lock, {{"disposition-status", {std::string("completed")}}}));
  EXPECT_EQ(status(ours->request(node, complete, {})), 200);
  EXPECT_THAT(bus().messages(queue), IsEmpty());
  EXPECT_EQ(status(ours->request(node, complete, {})), 410);
  EXPECT_EQ(status(ours->request(node, request("com.microsoft:renew-lock", about(lock)), {})), 410);
  EXPECT_EQ(status(ours->request(node, request("com.microsoft:unheard-of", {}), {})), 501);
}

TEST_F(ServiceBusAmqpTest, MessagesAreLookedAtWithoutALock) {
  for (const char* body : {"en", "to", "tre"}) put_in(body);
  head();
  const auto ours = connection();
  ASSERT_EQ(put_token(*ours, amqp_token()), 202);
  const auto peek = [&](std::int64_t from) {
    return ours->request(
        node,
        request("com.microsoft:peek-message", {{"from-sequence-number", {from}}, {"message-count", {std::int32_t{2}}}}),
        {});
  };
  const auto peeked = peek(1);
  ASSERT_EQ(status(peeked), 200);
  const auto* messages = net::find(*peeked->value.map(), "messages")->list();
  ASSERT_THAT(messages->items, SizeIs(2));
  const auto& bytes = std::get<Bytes>(net::find(*messages->items[1].map(), "message")->is);
  EXPECT_EQ(text_of(net::decode_amqp10(bytes)->data), "to");
  EXPECT_EQ(status(peek(4)), 204);
}

TEST_F(ServiceBusAmqpTest, OnlyAGoodTokenOpens) {
  const auto ours = connection();
  EXPECT_EQ(code_of(ours->attach(queue, {})), "amqp10.unauthorized") << "nothing is open without one";
  EXPECT_EQ(put_token(*ours, token({.resource = audience, .key = "wrong"})), 401);
  EXPECT_EQ(put_token(*ours, token({.resource = audience, .policy_name = "Root"})), 401);
  EXPECT_EQ(put_token(*ours, amqp_token(-300s)), 401);
  EXPECT_EQ(put_token(*ours, token({.resource = "amqps://127.0.0.1/another"})), 401);
  EXPECT_EQ(put_token(*ours, amqp_token(), "amqps://elsewhere/" + std::string(queue)), 400);
  EXPECT_EQ(put_token(*ours, amqp_token()), 202);
  EXPECT_EQ(code_of(connection()->attach(queue, {})), "amqp10.unauthorized") << "it is this connection's";
  EXPECT_EQ(code_of(ours->request("another/$management", request("com.microsoft:renew-lock", {}), {})),
            "amqp10.unauthorized");
}

TEST_F(ServiceBusAmqpTest, ALinkEndsWithItsToken) {
  bus().change_rules([](ServiceBusRules& rules) { rules.clock_skew = 0s; });
  const auto ours = reader();
  EXPECT_THAT(receive(*ours), IsEmpty());
  clock_.advance(301s);
  EXPECT_EQ(code_of(ours->receive(1, 20s, {})), "amqp10.unauthorized");
}

TEST_F(ServiceBusAmqpTest, AQueueThatIsNotThereIsSaid) {
  bus().remove(queue);
  const auto ours = connection();
  ASSERT_EQ(put_token(*ours, amqp_token()), 202);
  EXPECT_EQ(code_of(ours->attach(queue, {})), "amqp10.not_found");
}

TEST_F(ServiceBusAmqpTest, LocksOutliveTheirLinkUnlessToldOtherwise) {
  for (const bool free : {false, true}) {
    bus().change_rules([&](ServiceBusRules& rules) { rules.locks_end_with_link = free; });
    put_in("en");
    auto ours = reader();
    EXPECT_THAT(receive(*ours), SizeIs(1));
    ours.reset();
    const auto limit = steady_clock::now() + 20s;
    while (free && !lock_of_first().empty() && steady_clock::now() < limit) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(lock_of_first().empty(), free);
    clock_.advance(61s);
    const auto other = reader();
    for (const auto& delivery : receive(*other)) (void)other->settle(delivery.number, Amqp10Outcome::accepted);
  }
}

TEST_F(ServiceBusAmqpTest, FaultsHappen) {
  put_in("en");
  arm("servicebus.amqp.token_refused", 1, queue);
  auto ours = connection();
  EXPECT_EQ(put_token(*ours, amqp_token()), 401);
  EXPECT_EQ(put_token(*ours, amqp_token()), 202);
  arm("servicebus.amqp.busy");
  EXPECT_EQ(code_of(ours->attach(queue, {})), "amqp10.busy");
  for (const std::string fault : {"servicebus.amqp.cut", "servicebus.amqp.detach", "servicebus.amqp.cut_after_lock"}) {
    SCOPED_TRACE(fault);
    ours = reader();
    arm(fault);
    EXPECT_EQ(code_of(ours->receive(1, 20s, {})), "amqp10.closed");
    clock_.advance(61s);
  }
  ours = reader();
  arm("servicebus.complete.503");
  arm("servicebus.complete.lock_lost", 1, "1");
  auto got = receive(*ours);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(code_of(ours->settle(got[0].number, Amqp10Outcome::accepted)), "amqp10.busy");
  clock_.advance(61s);
  got = receive(*ours);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(code_of(ours->settle(got[0].number, Amqp10Outcome::accepted)), "amqp10.lock_lost");
  EXPECT_THAT(bus().messages(queue), SizeIs(1));
}

}  // namespace
}  // namespace kanal::sim::testing

// The AMQP client with a real RabbitMQ.
#include "net/amqp_connection.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include "sim/rabbitmq_testing.hpp"

namespace kanal::sim {
namespace {

using namespace std::chrono;
using net::AmqpProperties;
using net::AmqpTable;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RabbitKeys;

class AmqpTest : public testing::RabbitTest {
 protected:
  void SetUp() override {
    RabbitTest::SetUp();
    ours_ = administrator();
    ASSERT_TRUE(ours_);
    ASSERT_TRUE(ours_->confirm_mode().has_value());
  }
  /// A consumer of a queue.
  std::unique_ptr<net::AmqpConnection> consumer(const std::string& queue, std::uint16_t prefetch = 10) {
    auto connection = administrator();
    EXPECT_TRUE(connection && connection->set_prefetch(prefetch) && connection->consume(queue));
    return connection;
  }
  std::unique_ptr<net::AmqpConnection> ours_;
};

TEST_F(AmqpTest, WrongPasswordsAreRefusedAndNotShown) {
  for (auto options : {client("a-wrong-one"), rabbit_.broker.administrator()}) {
    options.password = Secret("a-wrong-one");
    const auto connection = net::AmqpConnection::open(options);
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "amqp.refused");
    EXPECT_EQ(connection.error().disposition, Disposition::retry);
    EXPECT_THAT(connection.error().text(), HasSubstr("403 ACCESS_REFUSED"));
    EXPECT_THAT(connection.error().text(), Not(HasSubstr("a-wrong-one")));
  }
}

TEST_F(AmqpTest, PasswordsOfManyKilobytesAreTaken) {
  for (const std::size_t size : {5U * 1024, 8U * 1024, 60U * 1024}) {
    const auto password = new_uuid() + " " + std::string(size, 'j');
    rabbit_.auth.set_password(password);
    EXPECT_EQ(code_of(client(password)), "") << size;
    ASSERT_FALSE(rabbit_.auth.asked().empty());
    EXPECT_EQ(rabbit_.auth.asked().front().at("password"), password);
  }
  EXPECT_EQ(code_of(client(std::string(70'000, 'j'))), "amqp.protocol");
}

TEST_F(AmqpTest, RightsAreChecked) {
  auto options = client();
  options.vhost = "elsewhere";
  EXPECT_EQ(code_of(options), "amqp.refused");
  const auto open_queue = queue(*ours_);
  const std::string closed_queue = "closed." + new_uuid();
  ASSERT_TRUE(ours_->declare_queue(closed_queue, {}).has_value());
  const auto allowed = open(client())->consume(open_queue);
  EXPECT_TRUE(allowed.has_value());
  EXPECT_EQ(open(client())->consume(closed_queue).error().code, "amqp.refused");
  EXPECT_EQ(open(client())->declare_queue("open." + new_uuid(), {}).error().code, "amqp.refused");
  const auto unknown = open(client())->consume("open.unknown");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, "amqp.not_found");
  EXPECT_THAT(unknown.error().message, HasSubstr("404"));
}

TEST_F(AmqpTest, OnlyTheRightCertificateIsAccepted) {
  auto options = client();
  options.ca_pem = RabbitKeys::get().foreign_ca.certificate.pem();
  EXPECT_EQ(code_of(options), "amqp.tls");
  options.ca_pem.clear();
  EXPECT_EQ(code_of(options), "amqp.tls");
  options = client();
  options.host = "localhost";
  const auto connection = net::AmqpConnection::open(options);
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, "amqp.tls");
  EXPECT_THAT(connection.error().message, HasSubstr("ostname mismatch"));
}

TEST_F(AmqpTest, NamesAndAddressesOfACertificateAreVerified) {
  struct Case {
    const char* name;  ///< in the certificate
    const char* host;  ///< connected to
    bool accepted;
  };
  for (const auto& [name, host, accepted] :
       {Case{"127.0.0.1", "127.0.0.1", true}, Case{"localhost", "localhost", true},
        Case{"localhost", "127.0.0.1", false}, Case{"127.0.0.1", "localhost", false},
        Case{"127.0.0.2", "127.0.0.1", false}, Case{"*", "localhost", false}, Case{"other.test", "localhost", false}}) {
    kanal::testing::ManualClock clock;
    AuditTrail audit{clock};
    Faults faults;
    SilentLog log;
    const Environment environment{clock, audit, faults, log};
    SiteOptions at;
    at.tls = RabbitKeys::get().server({name});
    Site site("tls", at, environment);
    ASSERT_TRUE(site.start().has_value());
    net::AmqpOptions options = client();
    options.host = host;
    options.port = static_cast<std::uint16_t>(std::stoi(site.url().substr(site.url().rfind(':') + 1)));
    options.connect_timeout = seconds(10);
    const auto code = code_of(options);  // it is a web server after all
    EXPECT_EQ(code != "amqp.tls", accepted) << name << " " << host << " " << code;
    EXPECT_NE(code, "amqp.connect");
    EXPECT_NE(code, "");
  }
}

TEST_F(AmqpTest, HeadersAndPropertiesComeAsTheyWereSent) {
  const auto name = queue(*ours_);
  AmqpProperties properties;
  properties.expiration = "600000";
  properties.content_type = "application/octet-stream";
  properties.headers = AmqpTable{{"melding-id", "1d0c9b4e-6b1d-4c8c-9d1e-2f8a0d4b7004"},
                                 {"avsender-navn", "Bærum kommune"},
                                 {"number", std::int64_t{-5'000'000'000}},
                                 {"yes", true},
                                 {"empty", ""},
                                 {"large", std::string(8192, 'x')}};
  put(*ours_, name, bytes_of("body"), properties);
  const auto counted = ours_->count(name);
  ASSERT_TRUE(counted.has_value());
  EXPECT_EQ(counted->messages, 1U);
  EXPECT_EQ(counted->consumers, 0U);
  const auto theirs = consumer(name);
  const auto got = take(*theirs);
  EXPECT_EQ(got.routing_key, name);
  EXPECT_EQ(got.exchange, "");
  EXPECT_FALSE(got.redelivered);
  EXPECT_TRUE(got.properties.persistent);
  EXPECT_EQ(got.properties.expiration, "600000");
  EXPECT_EQ(got.properties.content_type, "application/octet-stream");
  EXPECT_EQ(got.properties.headers, properties.headers);
  EXPECT_EQ(text_of(got.body), "body");
  EXPECT_EQ(got.death_reason, "");
  EXPECT_EQ(ours_->count(name)->consumers, 1U);
}

TEST_F(AmqpTest, NoMoreThanThePrefetchComesAtOnce) {
  const auto name = queue(*ours_);
  for (int i = 0; i < 4; ++i) put(*ours_, name, bytes_of(std::to_string(i)));
  const auto theirs = consumer(name, 2);
  const auto first = take(*theirs);
  EXPECT_EQ(text_of(take(*theirs).body), "1");
  none(*theirs);
  ASSERT_TRUE(theirs->acknowledge(first.tag).has_value());
  EXPECT_EQ(text_of(take(*theirs).body), "2");
  none(*theirs);
}

TEST_F(AmqpTest, LargeBodiesComeWholeAndTooLargeOnesNot) {
  const auto name = queue(*ours_);
  const auto five = kanal::testing::pattern(5 * 1024 * 1024);
  put(*ours_, name, five);
  put(*ours_, name, kanal::testing::pattern(9 * 1024 * 1024));
  put(*ours_, name, {});
  const auto theirs = consumer(name);
  EXPECT_TRUE(take(*theirs).body == five);
  const auto large = take(*theirs);
  EXPECT_TRUE(large.too_large);
  EXPECT_TRUE(large.body.empty());
  const auto empty = take(*theirs);
  EXPECT_FALSE(empty.too_large);
  EXPECT_TRUE(empty.body.empty());
  ASSERT_TRUE(theirs->acknowledge(large.tag).has_value());
}

TEST_F(AmqpTest, WhatIsNotAcknowledgedComesAgain) {
  const auto name = queue(*ours_);
  put(*ours_, name, bytes_of("x"));
  EXPECT_FALSE(take(*consumer(name)).redelivered);
  {
    const auto theirs = consumer(name);
    const auto again = take(*theirs);
    EXPECT_TRUE(again.redelivered);
    ASSERT_TRUE(theirs->reject(again.tag, true).has_value());
    const auto third = take(*theirs);
    EXPECT_TRUE(third.redelivered);
    ASSERT_TRUE(theirs->reject(third.tag, false).has_value());
    none(*theirs);
  }
  EXPECT_EQ(ours_->count(name)->messages, 0U);
}

TEST_F(AmqpTest, AfterACancelWhatIsHereCanBeAcknowledged) {
  const auto name = queue(*ours_);
  for (int i = 0; i < 3; ++i) put(*ours_, name, bytes_of(std::to_string(i)));
  {
    const auto theirs = consumer(name, 2);
    const auto first = take(*theirs);
    const auto cancelled = theirs->cancel();
    ASSERT_TRUE(cancelled.has_value()) << cancelled.error().text();
    const auto second = take(*theirs);
    ASSERT_TRUE(theirs->acknowledge(first.tag).has_value());
    ASSERT_TRUE(theirs->acknowledge(second.tag).has_value());
    none(*theirs);
  }
  EXPECT_EQ(ours_->count(name)->messages, 1U);
}

TEST_F(AmqpTest, TheSocketTellsWhenSomethingComes) {
  const auto name = queue(*ours_);
  const auto theirs = consumer(name);
  for (auto got = theirs->receive(milliseconds(0));;) {
    ASSERT_TRUE(got.has_value());
    if (!*got) break;
  }
  put(*ours_, name, bytes_of("x"));
  pollfd wait{theirs->socket(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 30'000), 1);
  EXPECT_EQ(text_of(take(*theirs).body), "x");
}

TEST_F(AmqpTest, ADeletedQueueEndsItsConsumer) {
  const auto name = queue(*ours_);
  const auto theirs = consumer(name);
  ASSERT_TRUE(ours_->delete_queue(name).has_value());
  const auto error = error_of(*theirs);
  EXPECT_EQ(error.code, "amqp.closed");
  EXPECT_THAT(error.message, HasSubstr("cancelled"));
  EXPECT_EQ(theirs->consume(name).error().code, "amqp.closed");
}

TEST_F(AmqpTest, AStaleTagEndsTheChannel) {
  const auto theirs = consumer(queue(*ours_));
  ASSERT_TRUE(theirs->acknowledge(42).has_value());
  const auto error = error_of(*theirs);
  EXPECT_EQ(error.code, "amqp.protocol");
  EXPECT_THAT(error.message, HasSubstr("406 PRECONDITION_FAILED"));
}

TEST_F(AmqpTest, PublishedMessagesAreConfirmedAndTheirLossIsTold) {
  const auto name = queue(*ours_);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(ours_->publish("", name, {}, bytes_of("x")).has_value());
  const auto confirmed = ours_->wait_for_confirms(testing::patience);
  EXPECT_TRUE(confirmed.has_value()) << confirmed.error().text();
  EXPECT_EQ(ours_->count(name)->messages, 100U);
  ASSERT_TRUE(ours_->publish("", "no.such.queue", {}, bytes_of("lost")).has_value());
  const auto lost = ours_->wait_for_confirms(testing::patience);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, "amqp.not_found");
  EXPECT_THAT(lost.error().message, HasSubstr("312 NO_ROUTE"));
  ASSERT_TRUE(ours_->publish("", "no.such.queue", {}, bytes_of("lost"), false).has_value());
  EXPECT_TRUE(ours_->wait_for_confirms(testing::patience).has_value());
  ASSERT_TRUE(ours_->publish("no.such.exchange", "", {}, bytes_of("lost")).has_value());
  EXPECT_EQ(ours_->wait_for_confirms(testing::patience).error().code, "amqp.not_found");
}

TEST_F(AmqpTest, ExchangesAndBindingsRoute) {
  const auto name = queue(*ours_);
  const auto exchange = "exchange." + new_uuid();
  ASSERT_TRUE(ours_->declare_exchange(exchange, "direct").has_value());
  ASSERT_TRUE(ours_->bind(name, exchange, "key").has_value());
  ASSERT_TRUE(ours_->publish(exchange, "key", {}, bytes_of("x")).has_value());
  ASSERT_TRUE(ours_->wait_for_confirms(testing::patience).has_value());
  EXPECT_EQ(take(*consumer(name)).exchange, exchange);
}

TEST_F(AmqpTest, AQuorumQueueGivesUpAfterItsDeliveryLimit) {
  const auto dead = queue(*ours_);
  const auto name = queue(*ours_, {{"x-queue-type", "quorum"},
                                   {"x-delivery-limit", std::int64_t{2}},
                                   {"x-dead-letter-exchange", ""},
                                   {"x-dead-letter-routing-key", dead}});
  put(*ours_, name, bytes_of("poison"), {.headers = {{"melding-id", "m"}}});
  const auto theirs = consumer(name);
  for (int i = 0; i < 3; ++i) {  // the limit is of returns: a third one is one too many
    const auto got = take(*theirs);
    EXPECT_EQ(got.redelivered, i > 0);
    ASSERT_TRUE(theirs->reject(got.tag, true).has_value());
  }
  const auto buried = take(*consumer(dead));
  EXPECT_EQ(buried.death_reason, "delivery_limit");
  EXPECT_EQ(text_of(buried.body), "poison");
  EXPECT_EQ(buried.properties.headers.at("melding-id"), net::AmqpValue("m"));
  none(*theirs);
}

TEST_F(AmqpTest, WhatExpiresAndWhatIsRejectedIsToldApart) {
  const auto dead = queue(*ours_);
  const AmqpTable dying{{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", dead}};
  const auto short_lived = queue(*ours_, dying);
  put(*ours_, short_lived, bytes_of("late"), {.expiration = "1"});
  const auto graveyard = consumer(dead);
  const auto late = take(*graveyard);
  EXPECT_EQ(late.death_reason, "expired");
  EXPECT_EQ(text_of(late.body), "late");
  const auto refused = queue(*ours_, dying);
  put(*ours_, refused, bytes_of("bad"));
  const auto theirs = consumer(refused);
  ASSERT_TRUE(theirs->reject(take(*theirs).tag, false).has_value());
  EXPECT_EQ(take(*graveyard).death_reason, "rejected");
}

}  // namespace
}  // namespace kanal::sim

#include <gmock/gmock.h>

#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class FiksIoAmqpTest : public FiksIoBench {
 protected:
  /// The code of a login's error; empty when it got in.
  std::string login_with(const std::string& user, const std::string& password) const {
    auto options = login(other_);
    options.user = user;
    options.password = Secret(password);
    const auto connection = net::AmqpConnection::open(options);
    return connection ? "" : connection.error().code;
  }
  std::string last_refusal() const {
    const auto found = world().audit.find({.simulator = "fiksio", .vendor = other_, .action = "amqp.user.refused"});
    return found.empty() ? "" : found.back().detail;
  }
  static bool ended(net::AmqpConnection& connection) {
    return eventually([&] {
      const auto delivery = connection.receive(100ms);
      return !delivery && delivery.error().code != "amqp.timeout";
    });
  }
};

TEST_F(FiksIoAmqpTest, ALoginNeedsIntegrationPasswordAndToken) {
  EXPECT_EQ(login_with(other_, "annet " + token(municipality)), "");
  EXPECT_EQ(audited("amqp.user", other_), 1U);
  EXPECT_EQ(login_with(other_, "feil " + token(municipality)), "amqp.refused");
  EXPECT_THAT(last_refusal(), HasSubstr("another password"));
  EXPECT_EQ(login_with(other_, "annet  " + token(municipality)), "amqp.refused") << "split at the first space";
  EXPECT_EQ(login_with(other_, "annet"), "amqp.refused");
  EXPECT_EQ(login_with(other_, "annet " + token(agency)), "amqp.refused");
  EXPECT_THAT(last_refusal(), HasSubstr("organisation"));
  EXPECT_EQ(login_with(other_, "annet " + token(municipality, "ks:fiks", -1s)), "amqp.refused");
  EXPECT_THAT(last_refusal(), HasSubstr("token.expired"));
  EXPECT_EQ(login_with(other_, "annet " + token(municipality, "eformidling:dpo")), "amqp.refused");
  EXPECT_THAT(last_refusal(), HasSubstr("token.scope"));
  EXPECT_EQ(login_with(new_uuid(), "annet " + token(municipality)), "amqp.refused");
  for (const auto& entry : world().audit.find({.simulator = "fiksio", .vendor = other_})) {
    EXPECT_THAT(entry.detail + entry.subject, Not(HasSubstr("annet")));
    EXPECT_THAT(entry.detail + entry.subject, Not(HasSubstr(token(municipality).substr(0, 20))));
  }
}

TEST_F(FiksIoAmqpTest, ATokenThatExpiresLaterDoesNotEndTheConnection) {
  const auto connection = consumer(other_, receiver_);
  ASSERT_NE(connection, nullptr);
  world().clock.advance(1h);
  sent();
  EXPECT_EQ(text_of(next(*connection).body), "encrypted bytes");
}

TEST_F(FiksIoAmqpTest, OnlyTheIntegrationsOwnQueuesCanBeConsumed) {
  const auto refused = [&](const std::string& queue) {
    const auto connection = connect(other_);
    const auto consuming = connection->consume(queue);
    return consuming ? "" : consuming.error().code;
  };
  EXPECT_EQ(refused(fiks_io_queue(receiver_)), "");
  EXPECT_EQ(audited("amqp.resource", fiks_io_queue(receiver_)), 1U);
  EXPECT_EQ(refused(fiks_io_queue(sender_)), "amqp.refused");
  EXPECT_EQ(audited("amqp.resource.refused", fiks_io_queue(sender_)), 1U);
  EXPECT_EQ(refused(std::string(fiks_io_dead_queue)), "amqp.refused");
  EXPECT_EQ(refused(fiks_io_queue(new_uuid())), "amqp.refused");
}

TEST_F(FiksIoAmqpTest, NothingCanBeDeclaredPublishedOrDeleted) {
  const auto queue = fiks_io_queue(receiver_);
  const auto declared = connect(other_)->declare_queue("mine", {});
  ASSERT_FALSE(declared);
  EXPECT_EQ(declared.error().code, "amqp.refused");
  const auto removed = connect(other_)->delete_queue(queue);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, "amqp.refused");
  const auto connection = connect(other_);
  ASSERT_TRUE(connection->confirm_mode());
  static_cast<void>(connection->publish("", queue, {}, bytes_of("x")));
  EXPECT_FALSE(connection->wait_for_confirms(patience));
  EXPECT_EQ(waiting(receiver_), 0U);
}

TEST_F(FiksIoAmqpTest, AnotherVirtualHostIsRefused) {
  auto options = login(other_);
  options.vhost = "fiks";
  EXPECT_FALSE(net::AmqpConnection::open(options));
}

TEST_F(FiksIoAmqpTest, ConnectionsOfAnIntegrationCanBeEnded) {
  const auto mine = consumer(integration_, sender_);
  const auto theirs = consumer(other_, receiver_);
  ASSERT_TRUE(mine && theirs);
  ASSERT_TRUE(eventually([&] {  // the broker's list of connections is not always up to date
    static_cast<void>(fiks().close_connections(other_, "token expired"));
    const auto delivery = theirs->receive(200ms);
    return !delivery && delivery.error().code == "amqp.closed";
  }));
  const auto still = mine->receive(100ms);
  EXPECT_TRUE(still) << still.error().text();
  EXPECT_NE(connect(other_), nullptr) << "it may come again";
}

TEST_F(FiksIoAmqpTest, ConsumersCanBeCancelledAndComeAgain) {
  sent();
  EXPECT_EQ(fiks().cancel_consumers(receiver_).error().code, "fiksio.not_empty");
  const auto connection = consumer(other_, receiver_);
  ASSERT_TRUE(connection->acknowledge(next(*connection).tag));
  ASSERT_TRUE(eventually([&] { return waiting(receiver_) == 0; }));
  ASSERT_TRUE(fiks().cancel_consumers(receiver_));
  EXPECT_TRUE(ended(*connection));
  sent();
  const auto again = consumer(other_, receiver_);
  EXPECT_EQ(text_of(next(*again).body), "encrypted bytes");
  EXPECT_EQ(fiks().cancel_consumers(new_uuid()).error().code, "fiksio.account");
}

TEST_F(FiksIoAmqpTest, ABrokerThatIsKilledOrRestartedKeepsWhatItHas) {
  const auto connection = consumer(other_, receiver_);
  ASSERT_NE(connection, nullptr);
  const auto first = sent();
  EXPECT_EQ(header_of(next(*connection), "melding-id"), first);
  fiks().kill_broker();
  EXPECT_TRUE(ended(*connection));
  EXPECT_EQ(send_message().status, 500);
  const auto started = fiks().start_broker();
  ASSERT_TRUE(started) << started.error().text();
  std::string second;
  ASSERT_TRUE(eventually([&] {
    const auto answer = send_message();
    second = text(object_of(answer), "meldingId");
    return answer.status == 200;
  }));
  ASSERT_TRUE(fiks().restart_broker());
  const auto again = consumer(other_, receiver_);
  ASSERT_NE(again, nullptr);
  const auto redelivered = next(*again);
  EXPECT_EQ(header_of(redelivered, "melding-id"), first);
  EXPECT_EQ(header_of(next(*again), "melding-id"), second);
}

}  // namespace
}  // namespace kanal::sim::testing

// The AMQP 1.0 client against a broker that does as it is told, and against peers that are none.
#include "net/amqp10_connection.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "net/amqp10_testing.hpp"

namespace kanal::net {
namespace {

using namespace std::chrono;
using testing::Amqp10Script;
using testing::Amqp10ScriptedBroker;
using testing::Certificates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using testing::text_message;

constexpr milliseconds patience{20'000};

std::unique_ptr<Amqp10Connection> opened(const Amqp10Options& options) {
  auto connection = Amqp10Connection::open(options, {});
  EXPECT_TRUE(connection.has_value()) << (connection ? "" : connection.error().text());
  return connection ? std::move(*connection) : nullptr;
}

std::unique_ptr<Amqp10Connection> reading(const Amqp10ScriptedBroker& broker) {
  auto connection = opened(broker.options());
  if (!connection) return nullptr;
  const auto attached = connection->attach("queue", {});
  EXPECT_TRUE(attached.has_value()) << (attached ? "" : attached.error().text());
  return connection;
}

std::string code_of(const Amqp10Options& options) {
  const auto connection = Amqp10Connection::open(options, {});
  return connection ? "" : connection.error().code;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

std::uint16_t port_of(const testing::ScriptedPeer& peer) {
  const auto url = peer.url();
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

TEST(Amqp10ConnectionTest, MessagesComeAndAreSettled) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) { script.waiting = {text_message("en"), text_message("to")}; });
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  const auto got = connection->receive(5, patience, {});
  ASSERT_TRUE(got.has_value()) << got.error().text();
  ASSERT_THAT(*got, SizeIs(2)) << "all that waits comes with the first";
  EXPECT_EQ(text_of(got->at(0).message.data), "en");
  EXPECT_EQ(text_of(got->at(0).tag), "tag-1");
  EXPECT_FALSE(got->at(0).too_large);
  EXPECT_TRUE(connection->settle(got->at(0).number, Amqp10Outcome::accepted).has_value());
  EXPECT_TRUE(connection->settle(got->at(1).number, Amqp10Outcome::modified).has_value());
  EXPECT_EQ(code_of(connection->settle(got->at(1).number, Amqp10Outcome::accepted)), "amqp10.closed") << "only once";
  broker.change([](Amqp10Script& script) {
    EXPECT_THAT(script.outcomes,
                ElementsAre(Pair("tag-1", Amqp10Outcome::accepted), Pair("tag-2", Amqp10Outcome::modified)));
    EXPECT_EQ(script.host, "127.0.0.1");
  });
}

TEST(Amqp10ConnectionTest, NoMoreIsTakenThanIsAskedFor) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) {
    for (int i = 0; i < 5; ++i) script.waiting.push_back(text_message(std::to_string(i)));
  });
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  EXPECT_THAT(*connection->receive(2, milliseconds(0), {}), SizeIs(2));
  EXPECT_THAT(*connection->receive(2, milliseconds(0), {}), SizeIs(2));
  broker.change([](Amqp10Script& script) { EXPECT_THAT(script.waiting, SizeIs(1)); });
  EXPECT_THAT(*connection->receive(2, milliseconds(0), {}), SizeIs(1));
  EXPECT_THAT(*connection->receive(2, milliseconds(50), {}), IsEmpty());
  broker.change([](Amqp10Script& script) { script.waiting = {text_message("late")}; });
  std::this_thread::sleep_for(milliseconds(100));
  broker.change([](Amqp10Script& script) { EXPECT_THAT(script.waiting, SizeIs(1)) << "no credit is left there"; });
  EXPECT_THAT(*connection->receive(2, milliseconds(0), {}), SizeIs(1));
}

TEST(Amqp10ConnectionTest, AWaitEndsWithTheFirstMessage) {
  Amqp10ScriptedBroker broker;
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  const std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(100));
    broker.change([](Amqp10Script& script) { script.waiting = {text_message("en")}; });
  });
  EXPECT_THAT(*connection->receive(10, patience, {}), SizeIs(1));
}

TEST(Amqp10ConnectionTest, ABrokerThatKeepsCreditIsBorneWith) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) { script.drains = false; });
  auto options = broker.options();
  options.drain_timeout = milliseconds(50);
  const auto connection = opened(options);
  ASSERT_TRUE(connection && connection->attach("queue", {}));
  EXPECT_THAT(*connection->receive(2, milliseconds(0), {}), IsEmpty());
  broker.change([](Amqp10Script& script) { script.waiting = {text_message("en"), text_message("to")}; });
  EXPECT_THAT(*connection->receive(1, patience, {}), SizeIs(1));
  EXPECT_THAT(*connection->receive(1, patience, {}), SizeIs(1)) << "what came by the former credit";
}

TEST(Amqp10ConnectionTest, LargeMessagesComeWholeAndLargerOnesByTheirBeginning) {
  Amqp10ScriptedBroker broker;
  const auto large = std::string(text_of(kanal::testing::pattern(3'000'000)));
  auto message = text_message(large);
  message.message_id = "large";
  broker.change([&](Amqp10Script& script) { script.waiting = {message}; });
  auto connection = reading(broker);
  ASSERT_TRUE(connection);
  auto got = connection->receive(1, patience, {});
  ASSERT_TRUE(got && got->size() == 1);
  EXPECT_EQ(text_of(got->front().message.data), large);
  connection.reset();
  auto options = broker.options();
  options.max_message = 100'000;
  broker.change([&](Amqp10Script& script) { script.waiting = {message, text_message("next")}; });
  connection = opened(options);
  ASSERT_TRUE(connection && connection->attach("queue", {}));
  got = connection->receive(2, patience, {});
  ASSERT_TRUE(got && got->size() == 2);
  EXPECT_TRUE(got->at(0).too_large);
  EXPECT_EQ(got->at(0).message.message_id, "large");
  EXPECT_EQ(text_of(got->at(1).message.data), "next");
}

TEST(Amqp10ConnectionTest, RequestsAreAnsweredSideBySide) {
  Amqp10ScriptedBroker broker;
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  std::vector<std::jthread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&, i] {
      Amqp10Message request;
      request.value = {std::int64_t{i}};
      const auto answer = connection->request(i % 2 == 0 ? "$cbs" : "queue/$management", request, {});
      ASSERT_TRUE(answer.has_value()) << answer.error().text();
      EXPECT_EQ(answer->value.number(), i);
    });
  }
  askers.clear();
  broker.change([](Amqp10Script& script) {
    EXPECT_THAT(script.requests, SizeIs(8));
    EXPECT_THAT(script.links, SizeIs(4)) << "a pair for each node";
  });
}

TEST(Amqp10ConnectionTest, AnAnswerThatIsTooLargeIsToldAndTheNextOneComes) {
  Amqp10ScriptedBroker broker;
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  Amqp10Message request;
  request.value = {std::string(5'000'000, 'x')};
  broker.change([&](Amqp10Script& script) { script.answer = request; });
  EXPECT_EQ(code_of(connection->request("queue/$management", {}, {})), "amqp10.too_large");
  request.value = {std::string(3'000'000, 'x')};
  broker.change([&](Amqp10Script& script) { script.answer = request; });
  const auto answer = connection->request("queue/$management", {}, {});
  ASSERT_TRUE(answer.has_value()) << answer.error().text();
  EXPECT_EQ(answer->value.text().size(), 3'000'000U);
}

TEST(Amqp10ConnectionTest, ARequestThatIsNotAnsweredEnds) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) { script.answers = false; });
  auto options = broker.options();
  options.answer_timeout = milliseconds(100);
  const auto connection = opened(options);
  ASSERT_TRUE(connection);
  EXPECT_EQ(code_of(connection->request("$cbs", {}, {})), "amqp10.timeout");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(code_of(connection->request("$cbs", {}, stop.get_token())), "amqp10.stopped");
  broker.change([](Amqp10Script& script) { script.answers = true; });
  EXPECT_EQ(code_of(connection->request("$cbs", {}, {})), "");
}

TEST(Amqp10ConnectionTest, WhatTheBrokerRefusesIsTold) {
  const std::map<std::string, std::string> meanings{{"amqp:unauthorized-access", "amqp10.unauthorized"},
                                                    {"amqp:not-found", "amqp10.not_found"},
                                                    {"com.microsoft:server-busy", "amqp10.busy"},
                                                    {"something-new", "amqp10.closed"}};
  for (const auto& [condition, code] : meanings) {
    SCOPED_TRACE(condition);
    Amqp10ScriptedBroker broker;
    broker.change([&](Amqp10Script& script) { script.refuse_links = Amqp10Condition{condition, "no; sig=abc"}; });
    const auto connection = opened(broker.options());
    ASSERT_TRUE(connection);
    const auto attached = connection->attach("queue", {});
    EXPECT_EQ(code_of(attached), code);
    EXPECT_EQ(attached.error().disposition, Disposition::retry);
    EXPECT_THAT(attached.error().text(), HasSubstr(condition));
    EXPECT_THAT(attached.error().text(), Not(HasSubstr("abc"))) << "it could be a token";
    EXPECT_EQ(code_of(connection->request("$cbs", {}, {})), code);
    EXPECT_EQ(code_of(connection->receive(1, patience, {})), code);
  }
}

TEST(Amqp10ConnectionTest, AnOutcomeThatIsNotAcceptedIsTold) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) {
    script.waiting = {text_message("en")};
    script.refuse_outcomes = Amqp10Condition{"com.microsoft:message-lock-lost", "too late"};
  });
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  const auto got = connection->receive(1, patience, {});
  ASSERT_TRUE(got && got->size() == 1);
  EXPECT_EQ(code_of(connection->settle(got->front().number, Amqp10Outcome::accepted)), "amqp10.lock_lost");
}

TEST(Amqp10ConnectionTest, ALinkThatIsDetachedLeavesTheConnectionAlive) {
  Amqp10ScriptedBroker broker;
  broker.change([](Amqp10Script& script) { script.waiting = {text_message("en")}; });
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  const auto got = connection->receive(1, patience, {});
  ASSERT_TRUE(got && got->size() == 1);
  broker.change([](Amqp10Script& script) { script.detach = Amqp10Condition{"amqp:link:detach-forced", "idle"}; });
  EXPECT_EQ(code_of(connection->receive(1, patience, {})), "amqp10.closed");
  EXPECT_EQ(code_of(connection->settle(got->front().number, Amqp10Outcome::accepted)), "amqp10.closed");
  EXPECT_EQ(code_of(connection->request("$cbs", {}, {})), "");
  ASSERT_TRUE(connection->ended());
  EXPECT_THAT(connection->ended()->text(), HasSubstr("idle"));
}

TEST(Amqp10ConnectionTest, AConnectionThatEndsEndsEveryCall) {
  for (const bool politely : {true, false}) {
    SCOPED_TRACE(politely);
    Amqp10ScriptedBroker broker;
    const auto connection = reading(broker);
    ASSERT_TRUE(connection);
    const std::jthread later([&] {
      std::this_thread::sleep_for(milliseconds(100));
      broker.change([&](Amqp10Script& script) {
        script.cut = !politely;
        if (politely) script.close = Amqp10Condition{"amqp:connection:forced", "maintenance"};
      });
    });
    EXPECT_EQ(code_of(connection->receive(1, patience, {})), "amqp10.closed");
    EXPECT_EQ(code_of(connection->request("$cbs", {}, {})), "amqp10.closed");
    EXPECT_EQ(code_of(connection->settle(1, Amqp10Outcome::accepted)), "amqp10.closed");
    ASSERT_TRUE(connection->ended());
    if (politely) {
      EXPECT_THAT(connection->ended()->text(), HasSubstr("maintenance"));
    }
  }
}

TEST(Amqp10ConnectionTest, AWaitEndsWhenItIsStopped) {
  Amqp10ScriptedBroker broker;
  const auto connection = reading(broker);
  ASSERT_TRUE(connection);
  std::stop_source stop;
  const std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  const auto began = steady_clock::now();
  EXPECT_THAT(connection->receive(1, patience, stop.get_token()).value_or(std::vector<Amqp10Delivery>{}), IsEmpty());
  EXPECT_LT(steady_clock::now() - began, patience / 2);
}

TEST(Amqp10ConnectionTest, TlsIsVerified) {
  const auto& certificates = Certificates::get();
  const Amqp10ScriptedBroker broker(ServerTls{certificates.server, certificates.server_key});
  auto options = broker.options();
  options.tls = true;
  options.ca_pem = certificates.ca;
  EXPECT_EQ(code_of(options), "");
  options.host = "localhost";
  EXPECT_EQ(code_of(options), "amqp10.tls") << "its certificate is for the address only";
  options.host = "127.0.0.1";
  options.ca_pem = certificates.stranger;
  EXPECT_EQ(code_of(options), "amqp10.tls");
  options.ca_pem = "no certificate";
  EXPECT_EQ(code_of(options), "amqp10.tls");
}

TEST(Amqp10ConnectionTest, PeersThatAreNoBrokersAreErrors) {
  Amqp10Options options;
  options.host = "127.0.0.1";
  options.tls = false;
  options.connect_timeout = milliseconds(500);
  const testing::ScriptedPeer web([](testing::RawSocket& socket, int) {
    socket.receive();
    socket.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    socket.receive_all();
  });
  options.port = port_of(web);
  EXPECT_THAT(code_of(options), ::testing::AnyOf("amqp10.protocol", "amqp10.closed"));
  const testing::ScriptedPeer silent([](testing::RawSocket& socket, int) { socket.receive_all(); });
  options.port = port_of(silent);
  EXPECT_EQ(code_of(options), "amqp10.timeout");
  options.tls = true;
  EXPECT_EQ(code_of(options), "amqp10.connect");
  const testing::ScriptedPeer plain([](testing::RawSocket& socket, int) {
    socket.receive();
    socket.send("AMQP is not TLS, whatever comes");
    socket.receive_all();
  });
  options.port = port_of(plain);
  EXPECT_EQ(code_of(options), "amqp10.tls");
  options.host = "no-such-host.invalid";
  EXPECT_EQ(code_of(options), "amqp10.connect");
}

}  // namespace
}  // namespace kanal::net

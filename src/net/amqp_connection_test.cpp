// The AMQP client against brokers that are slow, silent, wrong or hostile. What a right one does is tested with
// RabbitMQ (sim/amqp_connection_test.cpp).
#include "net/amqp_connection.hpp"

#include <gmock/gmock.h>

#include "net/amqp_testing.hpp"

namespace kanal::net {
namespace {

using namespace std::chrono;
using testing::BrokerEnd;
using testing::Events;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedBroker;

constexpr milliseconds patience{testing::patience_ms};

std::unique_ptr<AmqpConnection> opened(const AmqpOptions& options) {
  auto connection = AmqpConnection::open(options);
  EXPECT_TRUE(connection.has_value()) << (connection ? "" : connection.error().text());
  return connection ? std::move(*connection) : nullptr;
}

std::string code_of(const AmqpOptions& options) {
  const auto connection = AmqpConnection::open(options);
  return connection ? "" : connection.error().code;
}

TEST(AmqpConnectionTest, TellsItsNameAndWhatItCanDo) {
  std::string start_ok;
  {
    const ScriptedBroker broker([&](BrokerEnd& end) {
      start_ok = end.greet().payload;
      end.close(403, "ACCESS_REFUSED");
      end.expect(AMQP_CONNECTION_CLOSE_OK_METHOD);
    });
    EXPECT_EQ(code_of(broker.options()), "amqp.refused");
  }
  for (const char* text :
       {"connection_name", "product", "Kanal", "authentication_failure_close", "consumer_cancel_notify",
        "connection.blocked", "PLAIN", "integration", "correct-horse-battery eyJhbGciOi"}) {
    EXPECT_THAT(start_ok, HasSubstr(text));
  }
}

TEST(AmqpConnectionTest, AFarewellThatRepeatsThePasswordIsNotShown) {
  for (const char* text : {"no: correct-horse-battery eyJhbGciOi.JIUzI1NiJ9.c2lnbmF0dXJl", "no: correct-horse-battery",
                           "no: eyJhbGciOi.JIUzI1NiJ9.c2lnbmF0dXJl"}) {
    const ScriptedBroker broker([text](BrokerEnd& end) {
      end.greet();
      end.close(403, text);
      end.wait_for_end();
    });
    const auto connection = AmqpConnection::open(broker.options());
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "amqp.refused");
    EXPECT_EQ(connection.error().disposition, Disposition::retry);
    EXPECT_THAT(connection.error().text(), HasSubstr("403"));
    EXPECT_THAT(connection.error().text(), Not(HasSubstr("horse")));
    EXPECT_THAT(connection.error().text(), Not(HasSubstr("eyJ")));
  }
}

TEST(AmqpConnectionTest, BrokersThatAreNoneAreErrors) {
  const ScriptedBroker hangs_up([](BrokerEnd& end) { end.greet(); });
  EXPECT_EQ(code_of(hangs_up.options()), "amqp.closed");
  const testing::ScriptedPeer web([](testing::RawSocket& socket, int) {
    socket.receive();
    socket.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    socket.receive_all();
  });
  auto options = hangs_up.options();
  options.port = static_cast<std::uint16_t>(std::stoi(web.url().substr(web.url().rfind(':') + 1)));
  EXPECT_EQ(code_of(options), "amqp.protocol");
  const ScriptedBroker silent([](BrokerEnd& end) { end.wait_for_end(); });
  options = silent.options();
  options.connect_timeout = milliseconds(300);
  EXPECT_EQ(code_of(options), "amqp.timeout");
  options.tls = true;
  EXPECT_EQ(code_of(options), "amqp.connect");
  options.host = "no-such-host.invalid";
  EXPECT_EQ(code_of(options), "amqp.connect");
  options.host = "127.0.0.1";
  options.password = Secret(std::string("a\0b", 3));
  EXPECT_EQ(code_of(options), "amqp.refused");
}

TEST(AmqpConnectionTest, TlsToAPlainBrokerIsNotAccepted) {
  const testing::ScriptedPeer plain([](testing::RawSocket& socket, int) {
    socket.receive();
    socket.send("AMQP is not TLS, whatever comes");
    socket.receive_all();
  });
  AmqpOptions options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(std::stoi(plain.url().substr(plain.url().rfind(':') + 1)));
  EXPECT_EQ(code_of(options), "amqp.tls");
  options.ca_pem = "no certificate";
  EXPECT_EQ(code_of(options), "amqp.tls");
}

TEST(AmqpConnectionTest, ABodyInManySmallFramesBecomesOneDelivery) {
  Events events;
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.deliver(7);
    events.wait_for("nothing yet");
    end.send_header(26);
    for (char c = 'a'; c <= 'y'; ++c) end.send_body(std::string(1, c));
    end.send_body("");
    events.wait_for("nothing yet", 2);
    end.send_body("z");
    end.wait_for_end();
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  for (int i = 0; i < 2; ++i) {
    const auto none = connection->receive(milliseconds(200));
    ASSERT_TRUE(none.has_value()) << none.error().text();
    EXPECT_FALSE(none->has_value());
    events.add("nothing yet");
  }
  const auto got = connection->receive(patience);
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_EQ((*got)->tag, 7U);
  EXPECT_EQ(text_of((*got)->body), "abcdefghijklmnopqrstuvwxyz");
}

TEST(AmqpConnectionTest, ADeliveryThatDoesNotEndIsATimeoutAndMayEndLater) {
  Events events;
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.deliver(1);
    end.send_header(2);
    end.send_body("a");
    events.wait_for("late");
    end.send_body("b");
    end.wait_for_end();
  });
  auto options = broker.options();
  options.body_timeout = milliseconds(100);
  const auto connection = opened(options);
  ASSERT_TRUE(connection);
  Result<std::optional<AmqpDelivery>> got;
  do {
    got = connection->receive(milliseconds(50));
  } while (got && !*got);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, "amqp.timeout");
  events.add("late");
  do {
    got = connection->receive(milliseconds(50));
  } while (!got && got.error().code == "amqp.timeout");
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_EQ(text_of((*got)->body), "ab");
}

TEST(AmqpConnectionTest, AnEndlessBodyIsNotKept) {
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.deliver(1);
    end.send_header(UINT64_MAX);
    end.send_body(std::string(60'000, 'x'));
    end.wait_for_end();
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  const auto got = connection->receive(milliseconds(300));
  ASSERT_TRUE(got.has_value());
  EXPECT_FALSE(got->has_value());
}

TEST(AmqpConnectionTest, FramesOutOfOrderEndTheConnection) {
  const std::vector<std::function<void(BrokerEnd&)>> wrongs{
      [](BrokerEnd& end) { end.send_body("x"); },
      [](BrokerEnd& end) { end.send_header(1); },
      [](BrokerEnd& end) { end.deliver(1), end.deliver(2); },
      [](BrokerEnd& end) { end.deliver(1), end.send_header(1), end.send_body("xy"); },
      [](BrokerEnd& end) { end.send_frame(3, 2, "x"); },
      [](BrokerEnd& end) { end.send_frame(2, 1, "short"); },
      [](BrokerEnd& end) { end.send_frame(1, 1, std::string("\0\x0a\0\x99", 4)); },
  };
  for (const auto& wrong : wrongs) {
    const ScriptedBroker broker([&](BrokerEnd& end) {
      end.welcome();
      wrong(end);
      end.wait_for_end();
    });
    const auto connection = opened(broker.options());
    ASSERT_TRUE(connection);
    const auto got = connection->receive(patience);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, "amqp.protocol");
    const auto again = connection->acknowledge(1);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, "amqp.closed");
  }
}

TEST(AmqpConnectionTest, TablesWithinTablesEndSomewhere) {
  // A header table of 9,000 tables, each in the one before.
  std::string nested;
  for (int i = 0; i < 9000; ++i) {
    const auto size = nested.size();
    std::string head("\x01kF", 3);
    for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(size >> shift & 0xffU);
    nested.insert(0, head);
  }
  std::string table("\x20\0", 2);
  for (int shift = 24; shift >= 0; shift -= 8) table += static_cast<char>(nested.size() >> shift & 0xffU);
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.deliver(1);
    end.send_raw_header(0, table + nested);
    end.wait_for_end();
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  const auto got = connection->receive(patience);
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_TRUE((*got)->properties.headers.empty());
}

TEST(AmqpConnectionTest, SilenceOfTwoHeartbeatsIsTheEndAndOursAreSent) {
  std::atomic<int> beats = 0;
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome(1);
    for (auto frame = end.read(); frame.type != 0; frame = end.read()) beats += frame.type == 8 ? 1 : 0;
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  const auto begin = steady_clock::now();
  const auto got = connection->receive(patience);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, "amqp.closed");
  EXPECT_THAT(got.error().message, HasSubstr("heartbeats"));
  EXPECT_GE(steady_clock::now() - begin, milliseconds(1500));
  EXPECT_GE(beats, 2);
}

TEST(AmqpConnectionTest, ABlockedBrokerIsToldAndPublishingWaits) {
  Events events;
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    amqp_connection_blocked_t blocked{amqp_cstring_bytes("low on memory")};
    end.send(0, AMQP_CONNECTION_BLOCKED_METHOD, &blocked);
    events.wait_for("blocked");
    amqp_connection_unblocked_t unblocked{};
    end.send(0, AMQP_CONNECTION_UNBLOCKED_METHOD, &unblocked);
    end.expect(AMQP_BASIC_PUBLISH_METHOD);
    events.add("published");
    end.send(0, AMQP_CONNECTION_BLOCKED_METHOD, &blocked);
    end.wait_for_end();
  });
  auto options = broker.options();
  options.rpc_timeout = seconds(5);
  const auto connection = opened(options);
  ASSERT_TRUE(connection);
  while (!connection->blocked()) ASSERT_TRUE(connection->receive(milliseconds(10)).has_value());
  events.add("blocked");
  const auto published = connection->publish("", "queue", {}, bytes_of("x"));
  EXPECT_TRUE(published.has_value()) << published.error().text();
  EXPECT_TRUE(events.wait_for("published"));
  while (!connection->blocked()) ASSERT_TRUE(connection->receive(milliseconds(10)).has_value());
}

TEST(AmqpConnectionTest, AnAnswerThatDoesNotComeIsATimeoutAndTheEnd) {
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.wait_for_end();
  });
  auto options = broker.options();
  options.rpc_timeout = milliseconds(200);
  const auto connection = opened(options);
  ASSERT_TRUE(connection);
  const auto consumed = connection->consume("queue");
  ASSERT_FALSE(consumed.has_value());
  EXPECT_EQ(consumed.error().code, "amqp.timeout");
  const auto received = connection->receive(milliseconds(0));
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, "amqp.closed");
}

TEST(AmqpConnectionTest, ABrokerThatReadsNothingDoesNotHoldUsForEver) {
  Events events;
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    events.wait_for("done");
  });
  auto options = broker.options();
  options.rpc_timeout = milliseconds(500);
  const auto connection = opened(options);
  ASSERT_TRUE(connection);
  const Bytes large(64 * 1024 * 1024);
  const auto published = connection->publish("", "queue", {}, large);
  events.add("done");
  ASSERT_FALSE(published.has_value());
  EXPECT_EQ(published.error().code, "amqp.timeout");
}

TEST(AmqpConnectionTest, WritingToABrokerThatHasGoneIsAnErrorWithItsLastWord) {
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.close(320, "CONNECTION_FORCED - token expired");
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  const Bytes large(1024 * 1024);
  Result<void> published;
  for (int i = 0; i < 1000 && published; ++i) published = connection->publish("", "queue", {}, large);
  ASSERT_FALSE(published.has_value());
  EXPECT_EQ(published.error().code, "amqp.closed");
  EXPECT_THAT(published.error().message, HasSubstr("320 CONNECTION_FORCED - token expired"));
}

TEST(AmqpConnectionTest, NamesThatTheWireCannotCarryAreRefused) {
  const ScriptedBroker broker([&](BrokerEnd& end) {
    end.welcome();
    end.wait_for_end();
  });
  const auto connection = opened(broker.options());
  ASSERT_TRUE(connection);
  const std::string name(256, 'n');
  EXPECT_EQ(connection->consume(name).error().code, "amqp.protocol");
  EXPECT_EQ(connection->declare_queue("queue", {{name, true}}).error().code, "amqp.protocol");
  EXPECT_EQ(connection->publish(name, "", {}, {}).error().code, "amqp.protocol");
  AmqpProperties properties;
  properties.expiration = name;
  EXPECT_EQ(connection->publish("", "", properties, {}).error().code, "amqp.protocol");
  EXPECT_EQ(connection->wait_for_confirms(milliseconds(0)).error().code, "amqp.protocol");
  EXPECT_TRUE(connection->receive(milliseconds(0)).has_value());  // and nothing has been harmed
}

}  // namespace
}  // namespace kanal::net

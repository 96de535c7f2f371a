// A broker that plays a script, frame by frame, for the tests of the AMQP client. Never included by product code.
#pragma once

#include <amqp.h>

#include <functional>
#include <string>
#include <utility>

#include "net/amqp_connection.hpp"
#include "net/net_testing.hpp"

namespace kanal::net::testing {

/// The broker's end of one connection.
class BrokerEnd {
 public:
  explicit BrokerEnd(RawSocket& socket) : socket_(socket) {}

  struct Frame {
    int type = 0;  ///< 0: the client has gone
    int channel = 0;
    std::string payload;
    [[nodiscard]] amqp_method_number_t method() const { return type == 1 ? number(payload, 0, 4) : 0; }
  };
  Frame read() {
    const std::string head = take(7);
    if (head.size() < 7) return {};
    Frame frame{static_cast<int>(number(head, 0, 1)), static_cast<int>(number(head, 1, 2)), take(number(head, 3, 4))};
    take(1);
    return frame;
  }
  /// Skips heartbeats; fails the test when another method comes.
  Frame expect(amqp_method_number_t method) {
    Frame frame = read();
    while (frame.type == 8) frame = read();
    EXPECT_EQ(frame.method(), method);
    return frame;
  }
  void send(int channel, amqp_method_number_t method, void* decoded) {
    std::string encoded(60'000, '\0');
    const int size = amqp_encode_method(method, decoded, {encoded.size(), encoded.data()});
    ASSERT_GE(size, 0);
    encoded.resize(static_cast<std::size_t>(size));
    send_frame(1, channel, big_endian(method, 4) + encoded);
  }
  void send_frame(int type, int channel, const std::string& payload) {
    socket_.send(big_endian(static_cast<std::uint64_t>(type), 1) + big_endian(static_cast<std::uint64_t>(channel), 2) +
                 big_endian(payload.size(), 4) + payload + '\xce');
  }
  void send_header(std::uint64_t body_size, amqp_basic_properties_t properties = {}) {
    std::string encoded(60'000, '\0');
    const int size = amqp_encode_properties(AMQP_BASIC_CLASS, &properties, {encoded.size(), encoded.data()});
    ASSERT_GE(size, 0);
    encoded.resize(static_cast<std::size_t>(size));
    send_raw_header(body_size, encoded);
  }
  void send_raw_header(std::uint64_t body_size, const std::string& properties) {
    send_frame(2, 1, big_endian(AMQP_BASIC_CLASS, 2) + big_endian(0, 2) + big_endian(body_size, 8) + properties);
  }
  void send_body(const std::string& piece) { send_frame(3, 1, piece); }
  void deliver(std::uint64_t tag) {
    amqp_basic_deliver_t method{};
    method.consumer_tag = amqp_cstring_bytes("c");
    method.delivery_tag = tag;
    method.exchange = amqp_cstring_bytes("");
    method.routing_key = amqp_cstring_bytes("queue");
    send(1, AMQP_BASIC_DELIVER_METHOD, &method);
  }
  void close(int code, const char* text) {
    amqp_connection_close_t method{};
    method.reply_code = static_cast<std::uint16_t>(code);
    method.reply_text = amqp_cstring_bytes(text);
    send(0, AMQP_CONNECTION_CLOSE_METHOD, &method);
  }

  /// The protocol header and start-ok of the client, which is returned.
  Frame greet() {
    EXPECT_EQ(take(8), std::string("AMQP\0\0\x09\x01", 8));
    amqp_connection_start_t start{};
    start.version_minor = 9;
    start.mechanisms = amqp_cstring_bytes("AMQPLAIN PLAIN");
    start.locales = amqp_cstring_bytes("en_US");
    send(0, AMQP_CONNECTION_START_METHOD, &start);
    return expect(AMQP_CONNECTION_START_OK_METHOD);
  }
  /// Until the channel is open.
  void welcome(std::uint16_t heartbeat = 0) {
    greet();
    amqp_connection_tune_t tune{2047, 131072, heartbeat};
    send(0, AMQP_CONNECTION_TUNE_METHOD, &tune);
    expect(AMQP_CONNECTION_TUNE_OK_METHOD);
    expect(AMQP_CONNECTION_OPEN_METHOD);
    amqp_connection_open_ok_t opened{};
    send(0, AMQP_CONNECTION_OPEN_OK_METHOD, &opened);
    expect(AMQP_CHANNEL_OPEN_METHOD);
    amqp_channel_open_ok_t channel{};
    send(1, AMQP_CHANNEL_OPEN_OK_METHOD, &channel);
  }
  /// Reads until the client has gone, and answers its farewell.
  void wait_for_end() {
    for (Frame frame = read(); frame.type != 0; frame = read()) {
      if (frame.method() != AMQP_CONNECTION_CLOSE_METHOD) continue;
      amqp_connection_close_ok_t closed{};
      send(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &closed);
    }
  }

 private:
  static std::uint32_t number(const std::string& bytes, std::size_t at, std::size_t size) {
    std::uint32_t out = 0;
    for (std::size_t i = at; i < at + size && i < bytes.size(); ++i)
      out = out << 8U | static_cast<unsigned char>(bytes[i]);
    return out;
  }
  static std::string big_endian(std::uint64_t value, int size) {
    std::string out;
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xffU);
    return out;
  }
  std::string take(std::size_t size) {
    while (rest_.size() < size) {
      const auto more = socket_.receive();
      if (more.empty()) return {};
      rest_ += more;
    }
    std::string out = rest_.substr(0, size);
    rest_.erase(0, size);
    return out;
  }

  RawSocket& socket_;
  std::string rest_;
};

/// Plays one script with each client.
class ScriptedBroker {
 public:
  explicit ScriptedBroker(std::function<void(BrokerEnd&)> play)
      : peer_([play = std::move(play)](RawSocket& socket, int) {
          BrokerEnd end(socket);
          play(end);
        }) {}
  /// Plain, and with short limits.
  [[nodiscard]] AmqpOptions options() const {
    AmqpOptions out;
    out.host = "127.0.0.1";
    const auto url = peer_.url();
    out.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    out.tls = false;
    out.user = "integration";
    out.password = Secret("correct-horse-battery eyJhbGciOi.JIUzI1NiJ9.c2lnbmF0dXJl");
    out.connection_name = "test";
    return out;
  }

 private:
  ScriptedPeer peer_;
};

}  // namespace kanal::net::testing

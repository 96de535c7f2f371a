#include "net/sntp_client.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>

#include <fmt/format.h>

namespace kanal::net {
namespace {

constexpr std::size_t packet_size = 48;
using Packet = std::array<unsigned char, packet_size>;
constexpr std::int64_t from_1900_to_1970 = 2'208'988'800;

struct Socket {
  int handle = -1;
  explicit Socket(int made) : handle(made) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (handle >= 0) ::close(handle);
  }
};

struct Target {
  std::string host;
  std::string port = "123";
};

/// `host`, `host:port`, `[::1]:port`; a bare IPv6 address has more than one colon.
Target target_of(const std::string& text) {
  const auto close = text.find(']');
  if (text.starts_with('[') && close != std::string::npos) {
    Target target{text.substr(1, close - 1)};
    if (text.size() > close + 2 && text[close + 1] == ':') target.port = text.substr(close + 2);
    return target;
  }
  const auto colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) return {text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

/// 64 bits, the upper half seconds since 1900; a first half below 1968 means the era after 2036.
Time time_of(const unsigned char* field) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8U | field[i];
  auto whole = static_cast<std::int64_t>(bits >> 32U);
  if (whole < 0x8000'0000) whole += 0x1'0000'0000;
  const auto fraction = static_cast<std::int64_t>((bits & 0xffff'ffffU) * 1'000'000 >> 32U);
  return Time(std::chrono::seconds(whole - from_1900_to_1970) + std::chrono::microseconds(fraction));
}

bool is_zero(const unsigned char* field) {
  static constexpr std::array<unsigned char, 8> zero{};
  return std::memcmp(field, zero.data(), zero.size()) == 0;
}

/// The transmit time is a number of chance instead: who cannot see the question cannot answer it (RFC 8915 section 5.7
/// does the same).
Packet question() {
  Packet packet{};
  packet[0] = 0x23;  // version 4, client
  std::random_device random;
  for (std::size_t i = 40; i < packet_size; i += 4) {
    const std::uint32_t word = random();
    std::memcpy(packet.data() + i, &word, sizeof word);
  }
  return packet;
}

/// What is wrong with an answer; empty when nothing is.
std::string fault_of(const Packet& answer) {
  const unsigned leap = answer[0] >> 6U;
  const unsigned mode = answer[0] & 7U;
  if (mode != 4) return "is no answer of a time server";
  if (answer[1] == 0) return "asks not to be used";
  if (leap == 3 || answer[1] > 15 || is_zero(answer.data() + 40)) return "is not synchronised itself";
  return {};
}

}  // namespace

Result<Duration> clock_offset(const std::string& host, std::chrono::milliseconds timeout, const Clock& clock) {
  const Target target = target_of(host);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int wrong = getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found); wrong != 0) {
    return retry("ntp.unreachable", "The time server " + host + " is not found: " + gai_strerror(wrong));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  const Socket socket(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Connected: the kernel drops what others send.
  if (socket.handle < 0 || ::connect(socket.handle, found->ai_addr, found->ai_addrlen) != 0) {
    return retry("ntp.unreachable", "The time server " + host + " cannot be reached: " + std::strerror(errno));
  }
  const Packet sent = question();
  const Time sent_at = clock.now();
  const Duration begin = clock.monotonic();
  if (::send(socket.handle, sent.data(), sent.size(), 0) != static_cast<ssize_t>(sent.size())) {
    return retry("ntp.unreachable", "The time server " + host + " cannot be reached: " + std::strerror(errno));
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd wait{socket.handle, POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) {
      return retry("ntp.unreachable", "The time server " + host + " does not answer");
    }
    Packet answer{};
    const auto got = ::recv(socket.handle, answer.data(), answer.size(), 0);
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      return retry("ntp.unreachable", "The time server " + host + " cannot be reached: " + std::strerror(errno));
    }
    // A late answer to an older question, or one that somebody guessed, is not ours: go on waiting.
    if (got != static_cast<ssize_t>(answer.size())) continue;
    if (std::memcmp(answer.data() + 24, sent.data() + 40, 8) != 0) continue;
    if (const auto fault = fault_of(answer); !fault.empty()) {
      return retry("ntp.answer", fmt::format("The time server {} {}", host, fault));
    }
    const Time received_at = sent_at + (clock.monotonic() - begin);
    return ((time_of(answer.data() + 32) - sent_at) + (time_of(answer.data() + 40) - received_at)) / 2;
  }
}

}  // namespace kanal::net

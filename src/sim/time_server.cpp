#include "sim/time_server.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kanal::sim {
namespace {

constexpr std::int64_t from_1900_to_1970 = 2'208'988'800;
using Packet = std::array<unsigned char, 48>;

void put_time(Packet& packet, std::size_t at, Time time) {
  const auto micros = time.time_since_epoch().count();
  const auto whole = static_cast<std::uint64_t>(micros / 1'000'000 + from_1900_to_1970) & 0xffff'ffffU;
  const auto fraction = (static_cast<std::uint64_t>(micros % 1'000'000) << 32U) / 1'000'000;
  const std::uint64_t bits = whole << 32U | fraction;
  for (std::size_t i = 0; i < 8; ++i) packet.at(at + i) = static_cast<unsigned char>(bits >> (56 - 8 * i));
}

}  // namespace

Result<void> TimeServer::start() {
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (socket_ < 0 || ::bind(socket_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return reject("sim.bind", "the simulated time server cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  return {};
}

void TimeServer::stop() {
  if (socket_ < 0) return;
  thread_ = {};
  ::close(socket_);
  socket_ = -1;
}

std::string TimeServer::host() const { return "127.0.0.1:" + std::to_string(port_); }

void TimeServer::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, 20) > 0) answer();
  }
}

void TimeServer::answer() {
  Packet asked{};
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  const auto got = ::recvfrom(socket_, asked.data(), asked.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  const unsigned version = asked[0] >> 3U & 7U;
  if (got != static_cast<ssize_t>(asked.size()) || (asked[0] & 7U) != 3 || version < 3 || version > 4) return;
  ++asked_;
  const Manner manner = manner_;
  if (manner == Manner::silent) return;
  const Time now = clock_.now() + Duration(offset_.load());
  Packet out{};
  out[0] = static_cast<unsigned char>((manner == Manner::unsynchronised ? 0xc0U : 0U) | version << 3U | 4U);
  out[1] = manner == Manner::kiss ? 0 : 2;
  std::copy_n(asked.begin() + 40, 8, out.begin() + 24);
  if (manner == Manner::stale) out[24] ^= 0xffU;
  put_time(out, 16, now - std::chrono::minutes(1));
  put_time(out, 32, now);
  put_time(out, 40, now);
  if (manner == Manner::echo) {
    out = asked;
    std::copy_n(asked.begin() + 40, 8, out.begin() + 24);
  }
  ::sendto(socket_, out.data(), out.size(), 0, reinterpret_cast<const sockaddr*>(&from), length);
}

}  // namespace kanal::sim

// How an AMQP 1.0 client reaches its broker. Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kanal::net {

struct Amqp10Options {
  std::string host;
  std::uint16_t port = 5671;
  bool tls = true;           ///< from the first byte
  std::string ca_pem{};      ///< trusted besides the system's store; chain and host name are always verified
  std::string container_id;  ///< what the broker's operators see
  std::chrono::milliseconds connect_timeout{10'000};  ///< to connect, and of everything until the broker has opened
  std::chrono::milliseconds answer_timeout{10'000};   ///< of requests, links and settlements
  std::chrono::milliseconds drain_timeout{2'000};     ///< how long the rest of a delivery is waited for
  std::chrono::milliseconds idle_timeout{60'000};     ///< a broker that is silent for so long has gone
  std::uint64_t max_message = 16ULL * 1024 * 1024;    ///< of a larger one only the beginning is kept
};

}  // namespace kanal::net

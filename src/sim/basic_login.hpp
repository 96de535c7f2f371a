// HTTP Basic, as SvarUt's SOAP service and SvarInn ask for it (RFC 7617, UTF-8).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http_server.hpp"

namespace kanal::sim {

struct BasicLogin {
  std::string username;
  std::string password;
};

/// From an Authorization header; nothing when it is another one.
[[nodiscard]] std::optional<BasicLogin> basic_login(std::string_view authorization);
/// 401 with a challenge.
[[nodiscard]] net::Response basic_challenge(std::string_view realm);

}  // namespace kanal::sim

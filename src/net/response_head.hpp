// The bytes in front of a response's body. Internal to this folder; pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "net/http_server.hpp"

namespace kanal::net {

/// How a response's end is found.
struct Framing {
  bool body = true;                     ///< false: HEAD, 204, 304
  std::optional<std::uint64_t> length;  ///< Content-Length, also of a body that is not sent
  bool chunked = false;                 ///< without length: chunks, or (false) until the connection closes
};

[[nodiscard]] Framing framing_of(const Response& response, bool head_request, bool http_1_1);

struct ConnectionHeader {
  bool keep_alive = true;
  bool http_1_1 = true;
};

/// Status line and headers. Framing, Connection, Date and Server are the server's: a handler's own are left out (its
/// Date counts). Control characters in values become spaces, so no value can end a header.
[[nodiscard]] std::string response_head(const Response& response, const Framing& framing, ConnectionHeader connection,
                                        const std::string& server_name, Time now);

/// RFC 9110 section 5.6.7: `Tue, 01 Sep 2026 08:00:00 GMT`.
[[nodiscard]] std::string http_date(Time time);

}  // namespace kanal::net

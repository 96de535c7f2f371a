// What any answer of a remote service tells beside its body, and its texts made fit for errors and logs. Pure
// functions, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {

/// A foreign text that may stand in an error or a log line: at most 300 bytes, no control characters, and neither
/// anything that looks like a JWT (`eyJ...`) nor a person number (exactly eleven digits) in it.
[[nodiscard]] std::string remote_text(std::string_view text);

/// `cause` with its message (and those of its own causes) through remote_text(): addresses hold identifiers of persons.
[[nodiscard]] std::string cause_text(const Error& cause);

/// RFC 9110 section 5.6.7, the preferred form only: `Tue, 01 Sep 2026 08:00:00 GMT`.
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text);

/// Our clock minus the server's by its `Date`; nothing without a readable one. Positive: ours is ahead.
[[nodiscard]] std::optional<std::chrono::seconds> clock_skew(const net::ClientResponse& response, Time now);

/// `Retry-After` in seconds or as a date, at most one hour.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const net::ClientResponse& response, Time now);

/// No answer to the question: 408, 429, 5xx, and redirects, which nobody follows.
[[nodiscard]] bool is_temporary(int status);

}  // namespace kanal::lookup

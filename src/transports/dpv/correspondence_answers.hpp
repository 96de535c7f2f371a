// Reading what Altinn Correspondence answers (dpv.md 5.2 to 5.4, 6.1 and 7). Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"
#include "ports/transport.hpp"

namespace kanal::transports::dpv {

/// The id of the correspondence that was made. `dpv.answer` (retry) when the answer holds none.
Result<std::string> read_created(std::string_view body);

/// Ids of the look-up, none when there is none.
Result<std::vector<std::string>> read_ids(std::string_view body);

/// What the overview tells (5.3): statuses in order, and whether there is more to come.
Result<ports::StatusReport> read_overview(std::string_view body);

/// `errorCode` of a problem document.
[[nodiscard]] std::optional<int> error_code(std::string_view body);

/// What a refusal means for the message (6.2, 6.3). Codes: `dpv.duplicate` (409: an earlier try got there), `dpv.token`
/// (401, retry), `dpv.away` (retry), `dpv.once` (retry, but not a second time), `dpv.refused` (reject). Its text names
/// Altinn's own code and words.
[[nodiscard]] Error error_of(const net::ClientResponse& response, std::string_view call, Time now);

/// What is remembered between two questions about a correspondence that seems to be gone: one answer proves nothing,
/// as a proxy without its service may say the same.
struct Missing {
  Time since{};
};
[[nodiscard]] std::optional<Missing> read_missing(std::string_view remembered);
[[nodiscard]] std::string write_missing(const Missing& missing);

}  // namespace kanal::transports::dpv

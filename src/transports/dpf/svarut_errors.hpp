// What an answer other than success means for the work (dpf.md 4.2), the same for all interfaces
// of KS.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"

namespace kanal::transports::dpf {

/// Who was not let in, and what to look at.
struct Caller {
  std::string account;   ///< `konto 5d0b..., integrasjon b7bb...`, `user havna`
  std::string settings;  ///< the properties to check when a login is refused
  std::string rights;    ///< what to check when a right is missing
};

/// `said`: what the answer's body tells, fit for logs; may be empty. `who` answered.
[[nodiscard]] Error error_of_answer(const net::ClientResponse& response, std::string_view call, const std::string& said,
                                    const Caller& caller, Time now, std::string_view who = "SvarUt");

}  // namespace kanal::transports::dpf

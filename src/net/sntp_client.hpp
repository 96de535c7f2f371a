// Asks a time server how far the machine's clock is off (SNTP, RFC 4330; operations.md section 5). One question, one
// answer over UDP; any thread.
//   packet = flags(1) stratum(1) poll(1) precision(1) root(12) reference(8) originate(8) receive(8) transmit(8)
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::net {

/// The server's clock minus ours: positive when ours is slow. `host` is a name or an address, with `:port` when it is
/// not 123. The time-out is for the answer; looking up the name has that of the system's resolver. Errors (all retry):
/// `ntp.unreachable`, `ntp.answer` (no answer to our question, or a server that is not synchronised itself).
Result<Duration> clock_offset(const std::string& host, std::chrono::milliseconds timeout, const Clock& clock);

}  // namespace kanal::net

// What each status of SvarUt means for the conversation (dpf.md 6.3). Pure function; any thread.
#pragma once

#include "ports/transport.hpp"
#include "transports/dpf/svarut_answers.hpp"

namespace kanal::transports::dpf {

/// `known` is false for a value that this version has not heard of: nothing is reported then.
struct Meaning {
  ports::StatusReport report;
  bool known = true;
};
[[nodiscard]] Meaning meaning_of(const ForsendelseStatus& status);

}  // namespace kanal::transports::dpf

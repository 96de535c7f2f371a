// The outermost JSON object of a DPE message (dpe.md section 4), read in one pass without holding the package. One
// call, one thread.
//
//   envelope ::= { "sbd": object, "asic"?: text | null }     in any order; other members are skipped
#pragma once

#include <optional>
#include <string>

#include "base/stream.hpp"

namespace kanal::transports::dpe {

/// What was found.
struct ScannedEnvelope {
  std::optional<std::string> sbd;  ///< its JSON text; not read yet
  bool has_asic = false;
  std::optional<Error> asic_error;  ///< what `asic_text` said to a piece of it; the rest was skipped
};

/// Reads to the end. The characters of `asic`, without escapes, go into `asic_text`, which is not finished; null: they
/// are skipped. `dpe.envelope` (reject) for anything that is no such object, is nested too deeply, or has a member
/// twice.
Result<ScannedEnvelope> scan_envelope(Source& from, Sink* asic_text);

}  // namespace kanal::transports::dpe

// MeldingSpesifikasjon, the part `metadata` of a message that is sent (dpfio.md 4). Pure.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "sim/fiks_io_types.hpp"

namespace kanal::sim {

/// Required members, types, UUIDs, pattern of the message type, least ttl; nothing unknown. `fiksio.metadata`.
Result<FiksIoMessage> read_fiks_io_metadata(std::string_view text, const FiksIoRules& rules);

}  // namespace kanal::sim

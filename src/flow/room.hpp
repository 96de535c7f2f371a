// Is there room for more? New messages are refused, and none fetched, while the disk still has a reserve, so that what
// is under way can always be finished.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "flow/settings.hpp"
#include "ports/blob_store.hpp"

namespace kanal::flow {

/// `spool.full` (retry) when `bytes` more would leave less than the reserve of the settings.
[[nodiscard]] Result<void> room_for(std::uint64_t bytes, const ports::BlobStore& blobs, const Settings& settings);

}  // namespace kanal::flow

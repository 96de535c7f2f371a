#include "flow/room.hpp"

#include <fmt/format.h>

#include "flow/submit.hpp"

namespace kanal::flow {

Result<void> room_for(std::uint64_t bytes, const ports::BlobStore& blobs, const Settings& settings) {
  if (settings.disk_reserve == 0) return {};
  const auto free = blobs.free_bytes();
  if (free >= settings.disk_reserve && free - settings.disk_reserve >= bytes) return {};
  return retry("spool.full",
               fmt::format("The disk of the gateway has {} left, of which {} are kept for what is under way "
                           "(kanal.disk.reserve): make room on the disk of kanal.data-folder, and send again",
                           size_text(free), size_text(settings.disk_reserve)));
}

}  // namespace kanal::flow

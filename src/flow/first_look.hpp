// The first look of a new store at an inbox that receives without a channel (channels.md, point 3): what would be
// taken, and whether somebody else is at it already, is kept and told before anything is taken.
#pragma once

#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

struct FirstLook {
  Time at{};
  int would_take = 0;
  int for_other_channels = 0;
  int begun_by_others = 0;  ///< of those that would be taken: somebody has begun to fetch them already
  bool allowed = false;
};

[[nodiscard]] std::optional<FirstLook> read_first_look(ports::View& view, const ServiceIdentifier& service,
                                                       const std::string& inbox);

/// Keeps and logs a look unless the inbox was allowed before; gives whether it may be taken from.
Result<bool> keep_first_look(ports::Store& store, const ServiceIdentifier& service, const std::string& inbox,
                             const FirstLook& look, Log& log);

/// From now on the inbox may be taken from. False when nothing waits for it.
Result<bool> allow_first_take(ports::Store& store, const ServiceIdentifier& service, const std::string& inbox);

}  // namespace kanal::flow

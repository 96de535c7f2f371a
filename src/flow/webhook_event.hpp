// The JSON of web-hook events (rest-api.md section 10). Pure.
#pragma once

#include <string>

#include "base/time.hpp"
#include "ports/records.hpp"

namespace kanal::flow {

/// What a new subscription's address is tried with.
[[nodiscard]] std::string ping_event(Time now);
/// `createdTs` is the status' own time, so that a repeated event is the same event.
[[nodiscard]] std::string status_event(const ports::FeedEntry& entry);

}  // namespace kanal::flow

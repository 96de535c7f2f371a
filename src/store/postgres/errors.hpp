// SQLSTATE codes as errors of the store.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace kanal::store::postgres {

/// The Error for a failed statement. `message` is the server's primary message, which names no values of rows.
[[nodiscard]] Error error_of(std::string_view sqlstate, std::string_view message);

/// Did the statement meet another transaction's work, so that its transaction should begin again?
[[nodiscard]] bool is_conflict(std::string_view sqlstate);

/// Is this server no place for writing (any more), so that the connection is worth nothing?
[[nodiscard]] bool leaves_connection_useless(std::string_view sqlstate);

}  // namespace kanal::store::postgres

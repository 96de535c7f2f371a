// How configuration values and what is said about them are shown to people: secrets hidden, long things shortened. Pure
// functions.
#pragma once

#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::ops {

/// `(hidden)` for a secret; passwords inside addresses and embedded files are hidden in any value; control characters
/// become `?`.
[[nodiscard]] std::string shown_value(std::string_view value, bool secret);

/// `file:12: key = "value": text`; without value when it is a secret.
[[nodiscard]] std::string sentence_about(const Origin& origin, std::string_view key, std::string_view value,
                                         bool secret, std::string_view text);

}  // namespace kanal::ops

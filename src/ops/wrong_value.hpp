// The refusal of a value that only its reader can judge.
#pragma once

#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::ops {

/// `config.value` (reject): where the value comes from, property, value, and the rule that it breaks.
[[nodiscard]] tl::unexpected<Error> wrong_value(const Config& config, const std::string& property,
                                                const std::string& value, std::string_view rule);

}  // namespace kanal::ops

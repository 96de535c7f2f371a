// `kanal config check | show | explain KEY`, as tables for people or as JSON. Exit codes: 0 in order, 1 faults (check)
// or unknown key (explain).
#pragma once

#include <ostream>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::ops {

/// All remarks and a last line that counts them. JSON: {"ok", "errors", "warnings", "remarks": [{"level", "key",
/// "value", "origin", "line", "text"}]}.
int config_check(const Config& config, std::ostream& out, bool json);

/// Every set key with value (secrets hidden) and origin. JSON: {"profiles", "settings": [{"key", "value", "origin",
/// "line"}]}.
int config_show(const Config& config, std::ostream& out, bool json);

/// Meaning, type, default, effective value and origin, environment name and state of one key. JSON: the same fields.
int config_explain(const Config& config, std::string_view key, std::ostream& out, bool json);

}  // namespace kanal::ops

// `kanal config check [FILE] | show | explain KEY | reference`, as tables for people or as JSON. Exit codes: 0 in
// order, 1 faults (check) or unknown key (explain).
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::ops {

/// One verdict per key that is set (wrong, unknown, not honoured, obsolete, not needed, used, as default; worst first)
/// with its origin, why and what to do; then what is missing, and a last line that counts. JSON: {"ok", "errors",
/// "warnings", "keys": [{"key", "value", "verdict", "origin", "line", "texts"}], "remarks": [{"level", "key", "value",
/// "origin", "line", "text"}]}. `more`: what others found, such as keystores that do not open.
int config_check(const Config& config, std::ostream& out, bool json, const std::vector<ConfigRemark>& more = {});

/// Every set key with value (secrets hidden) and origin. JSON: {"profiles", "settings": [{"key", "value", "origin",
/// "line"}]}.
int config_show(const Config& config, std::ostream& out, bool json);

/// Meaning, type, default, effective value and origin, environment name and state of one key; `reportees[0].orgId` is
/// one entry, `reportees[n].orgId` all that are set, `reportees` everything below it. JSON: the same fields.
int config_explain(const Config& config, std::string_view key, std::ostream& out, bool json);

/// docs/configuration.md: every setting, made from the catalogue.
[[nodiscard]] std::string configuration_reference();

}  // namespace kanal::ops

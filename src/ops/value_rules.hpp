// The rule each setting's value must keep: its type, and what the services demand (configuration.md, dpo.md 2,
// dpi.md 6.2, dpf.md 2). Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::ops {

/// The broken rule as a sentence (`must be nine digits`); nothing when the value is good. An empty value is good: it
/// stands for none.
[[nodiscard]] std::optional<std::string> broken_rule(const Setting& setting, std::string_view value);

/// The toggle of the message service that a key belongs to (`difi.move.feature.enableDPO`); empty for a key of all.
[[nodiscard]] std::string_view service_toggle(std::string_view key);

}  // namespace kanal::ops

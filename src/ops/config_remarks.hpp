// Printing what Config::check says, on one screen for the start and in full for `kanal config check`. Any thread.
#pragma once

#include <cstddef>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "ops/config.hpp"

namespace kanal::ops {

[[nodiscard]] std::string_view name_of(ConfigRemark::Level level);

/// `integrasjonspunkt-local.properties:12: difi.move.dpo.message-channel = "a b": must match ...`
[[nodiscard]] std::string text_of(const ConfigRemark& remark);

[[nodiscard]] bool has_errors(const std::vector<ConfigRemark>& remarks);

/// Fits a terminal together with the line that says how many are left out.
constexpr std::size_t one_screen = 22;

/// One line each, errors first; at most `lines` of them, but never fewer than all errors.
void print_remarks(std::ostream& out, const std::vector<ConfigRemark>& remarks, std::size_t lines = one_screen);

}  // namespace kanal::ops

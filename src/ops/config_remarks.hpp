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
/// `wrong`, `not honoured`, ...
[[nodiscard]] std::string_view name_of(Config::KeyVerdict::Kind kind);

/// `integrasjonspunkt-local.properties:12: difi.move.dpo.message-channel = "a b": must match ...`
[[nodiscard]] std::string text_of(const ConfigRemark& remark);

[[nodiscard]] bool has_errors(const std::vector<ConfigRemark>& remarks);

/// Fits a terminal of 24 lines together with the line that says how many are left out and the program's last word.
constexpr std::size_t one_screen = 22;

/// One sentence each, errors first and the most important ones before the others; at most `lines` lines of a terminal,
/// and then one that says how many are left out and which command shows them.
void print_remarks(std::ostream& out, const std::vector<ConfigRemark>& remarks, std::size_t lines = one_screen);

}  // namespace kanal::ops

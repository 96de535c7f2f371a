// Texts of configuration values as their types (configuration.md section 1, "Value types"). Pure functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanal::ops {

/// What the size `-1` gives.
constexpr std::uint64_t no_size_limit = std::numeric_limits<std::uint64_t>::max();

/// true/false, yes/no, on/off, 1/0 in any case.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
/// `500`, `10KB`, `2MB`, `1GB`, `1TB`; 1024-based, any case, a blank before the unit allowed; `-1`: no limit.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// `1500`, `1500ms`, `30s`, `5m`, `2h`, `1d`; never negative.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_milliseconds(std::string_view text);
/// Split at commas, trimmed, empty items dropped.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);
/// http or https and a host; `file:` addresses too (DPI writes to folders).
[[nodiscard]] bool is_url(std::string_view text);

}  // namespace kanal::ops

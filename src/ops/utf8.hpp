// UTF-8 as configuration files and log lines need it. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kanal::ops {

/// Length of the well-formed sequence at the front of `text` (1 to 4), 0 when there is none (RFC 3629: no overlong
/// forms, no surrogates).
[[nodiscard]] std::size_t utf8_length(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);
void append_utf8(std::string& to, char32_t point);
[[nodiscard]] std::string utf8_of_latin1(std::string_view text);

}  // namespace kanal::ops

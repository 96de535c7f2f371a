// UTF-8 as this folder needs it: strict decoding, encoding, and the older encodings that headers still carry. Pure
// functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kanal::formats {

/// Takes the first code point off `text`. Nothing, and `text` untouched, when it is empty or does not start with a
/// well-formed sequence (overlong forms and surrogates are refused, RFC 3629).
std::optional<char32_t> next_code_point(std::string_view& text);

[[nodiscard]] bool is_utf8(std::string_view text);

void append_utf8(std::string& to, char32_t code_point);

/// Every byte is a code point of its own.
[[nodiscard]] std::string utf8_from_latin1(std::string_view text);

}  // namespace kanal::formats

// UTF-8 as this folder needs it: strict decoding, encoding, and the older encodings that headers still carry. Pure
// functions, any thread.
#pragma once

#include <algorithm>
#include <cstddef>
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

[[nodiscard]] constexpr bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// How many characters a text in UTF-8 has.
[[nodiscard]] constexpr std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

/// `text` cut to so many characters.
[[nodiscard]] inline std::string shortened(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    if (!continues_character(text[end]) && count++ == most) break;
  }
  return std::string(text.substr(0, end));
}

[[nodiscard]] constexpr bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace kanal::formats

// Encodings of non-ASCII text in header values: RFC 5987 and RFC 2047. Pure functions, any thread. Nothing is returned
// for text that is broken or in a character set other than UTF-8, ISO-8859-1 and US-ASCII.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kanal::formats {

/// Replaces every `%XX` by its byte; nothing when a percent sign begins something else.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// `charset'language'percent-encoded` to UTF-8.
[[nodiscard]] std::optional<std::string> decode_extended_value(std::string_view text);

/// One or more `=?charset?B|Q?text?=`, separated by white space, to UTF-8.
[[nodiscard]] std::optional<std::string> decode_encoded_words(std::string_view text);

/// Header bytes as text: UTF-8 when they are, else ISO-8859-1.
[[nodiscard]] std::string decode_raw(std::string_view text);

[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] std::string_view without_white_space(std::string_view text);

/// RFC 9110 section 5.6.2: not empty, only token characters.
[[nodiscard]] bool is_token(std::string_view text);

}  // namespace kanal::formats

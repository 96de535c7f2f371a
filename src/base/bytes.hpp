// Views and owners of raw bytes, and their text forms (hex, base64). Pure functions, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kanal {

using ByteView = std::span<const std::byte>;
using Bytes = std::vector<std::byte>;

/// The same memory seen as bytes; the text must outlive the view.
[[nodiscard]] inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The same memory seen as text; no check of its encoding.
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Either case; nothing for an odd length or a foreign character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// Standard alphabet with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(ByteView bytes);
/// White space is skipped; padding may be absent; nothing for a foreign character.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// URL-safe alphabet without padding (RFC 4648 section 5), as JOSE uses it.
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// Strict: no padding, no white space, no foreign character.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace kanal

// RFC 5987 section 3.2:  ext-value = charset "'" [ language ] "'" *( pct-encoded / attr-char )
// RFC 2047 section 2:    encoded-word = "=?" charset "?" ("B" / "Q") "?" encoded-text "?="
//                        Q: "_" is a space, "=XX" a byte.  White space between two encoded words is not text.
#include "formats/header_values.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "formats/utf8.hpp"

namespace kanal::formats {

namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Replaces `escape` HEX HEX by the byte.
std::optional<std::string> unescape(std::string_view text, char escape) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != escape) {
      result.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte) return std::nullopt;
    result.push_back(static_cast<char>(byte->front()));
    i += 2;
  }
  return result;
}

std::optional<std::string> to_utf8(std::string_view charset, std::string bytes) {
  const std::string name = ascii_lower(charset);
  if (name == "iso-8859-1") return utf8_from_latin1(bytes);
  if (name != "utf-8" && name != "us-ascii") return std::nullopt;
  if (!is_utf8(bytes)) return std::nullopt;
  return bytes;
}

struct EncodedWord {
  std::string_view charset;
  char encoding;
  std::string_view text;
};

/// Takes one encoded word off `rest`.
std::optional<EncodedWord> take_encoded_word(std::string_view& rest) {
  if (!rest.starts_with("=?")) return std::nullopt;
  const auto charset_end = rest.find('?', 2);
  if (charset_end == std::string_view::npos || rest.size() < charset_end + 4 || rest[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const auto text_begin = charset_end + 3;
  const auto text_end = rest.find("?=", text_begin);
  if (text_end == std::string_view::npos) return std::nullopt;
  // RFC 2231 section 5: the charset may carry a language after an asterisk.
  const auto charset = rest.substr(2, charset_end - 2);
  const EncodedWord word{charset.substr(0, charset.find('*')), rest[charset_end + 1],
                         rest.substr(text_begin, text_end - text_begin)};
  rest.remove_prefix(text_end + 2);
  return word;
}

std::optional<std::string> bytes_of_word(const EncodedWord& word) {
  if (word.encoding == 'B' || word.encoding == 'b') {
    const auto bytes = from_base64(word.text);
    if (!bytes) return std::nullopt;
    return std::string(text_of(*bytes));
  }
  if (word.encoding != 'Q' && word.encoding != 'q') return std::nullopt;
  std::string text(word.text);
  std::ranges::replace(text, '_', ' ');
  return unescape(text, '=');
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string_view without_white_space(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

std::optional<std::string> percent_decode(std::string_view text) { return unescape(text, '%'); }

std::optional<std::string> decode_extended_value(std::string_view text) {
  constexpr std::string_view attr_chars = "!#$&+-.^_`|~%";
  const auto first = text.find('\'');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = text.find('\'', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto encoded = text.substr(second + 1);
  if (!std::ranges::all_of(
          encoded, [&](char c) { return is_alphanumeric(c) || attr_chars.find(c) != std::string_view::npos; })) {
    return std::nullopt;
  }
  auto bytes = percent_decode(encoded);
  if (!bytes) return std::nullopt;
  return to_utf8(text.substr(0, first), std::move(*bytes));
}

std::optional<std::string> decode_encoded_words(std::string_view text) {
  std::string result;
  std::string pending;  // a character may be cut between two words of one charset
  std::string_view charset;
  while (!text.empty()) {
    const auto word = take_encoded_word(text);
    if (!word) return std::nullopt;
    auto bytes = bytes_of_word(*word);
    if (!bytes) return std::nullopt;
    if (!pending.empty() && ascii_lower(word->charset) != ascii_lower(charset)) {
      auto decoded = to_utf8(charset, std::move(pending));
      if (!decoded) return std::nullopt;
      result += *decoded;
      pending.clear();
    }
    charset = word->charset;
    pending += *bytes;
    text = without_white_space(text);
  }
  auto decoded = to_utf8(charset.empty() ? "utf-8" : charset, std::move(pending));
  if (!decoded) return std::nullopt;
  return result + *decoded;
}

std::string decode_raw(std::string_view text) { return is_utf8(text) ? std::string(text) : utf8_from_latin1(text); }

}  // namespace kanal::formats

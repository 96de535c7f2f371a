// character = %x01-7F | C2-DF t | E0 A0-BF t | E1-EC t t | ED 80-9F t | EE-EF t t | F0 90-BF t t | F1-F3 t t t | F4
// 80-8F t t t         = 80-BF                                                     ; RFC 3629, without NUL
#include "store/postgres/text.hpp"

namespace kanal::store::postgres {
namespace {

unsigned char at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

/// Bytes of the character at the beginning of `text`; 0 when there is none that can be kept.
std::size_t character(std::string_view text) {
  const auto first = at(text, 0);
  if (first >= 0x01 && first <= 0x7f) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  if (at(text, 1) < low || at(text, 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at(text, i) < 0x80 || at(text, i) > 0xbf) return 0;
  }
  return length;
}

/// Where the first byte is that cannot be kept.
std::size_t good_until(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto length = character(text.substr(i));
    if (length == 0) break;
    i += length;
  }
  return i;
}

}  // namespace

std::optional<std::string> mended(std::string_view text) {
  auto good = good_until(text);
  if (good == text.size()) return std::nullopt;
  std::string whole;
  while (!text.empty()) {
    whole += text.substr(0, good);
    text.remove_prefix(good);
    if (!text.empty()) {
      whole += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
    good = good_until(text);
  }
  return whole;
}

}  // namespace kanal::store::postgres

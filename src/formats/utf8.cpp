// RFC 3629 section 4:
//   UTF8-2 = C2-DF tail    UTF8-3 = E0-EF 2tail (no surrogates)    UTF8-4 = F0-F4 3tail (up to U+10FFFF)
#include "formats/utf8.hpp"

namespace kanal::formats {

namespace {

struct Lead {
  std::size_t length;
  char32_t bits;
  char32_t smallest;  ///< below it the sequence would be overlong
};

std::optional<Lead> lead_of(unsigned char first) {
  if (first < 0x80) return Lead{1, first, 0};
  if (first >= 0xC2 && first <= 0xDF) return Lead{2, static_cast<char32_t>(first & 0x1F), 0x80};
  if (first >= 0xE0 && first <= 0xEF) return Lead{3, static_cast<char32_t>(first & 0x0F), 0x800};
  if (first >= 0xF0 && first <= 0xF4) return Lead{4, static_cast<char32_t>(first & 0x07), 0x10000};
  return std::nullopt;
}

}  // namespace

std::optional<char32_t> next_code_point(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto lead = lead_of(static_cast<unsigned char>(text.front()));
  if (!lead || text.size() < lead->length) return std::nullopt;
  char32_t code = lead->bits;
  for (std::size_t i = 1; i < lead->length; ++i) {
    const auto tail = static_cast<unsigned char>(text[i]);
    if ((tail & 0xC0) != 0x80) return std::nullopt;
    code = (code << 6) | (tail & 0x3F);
  }
  if (code < lead->smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(lead->length);
  return code;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!next_code_point(text)) return false;
  }
  return true;
}

void append_utf8(std::string& to, char32_t code) {
  const auto tail = [&](int shift) { to.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
  if (code < 0x80) {
    to.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    to.push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {
    to.push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6);
    tail(0);
  } else {
    to.push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string utf8_from_latin1(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) append_utf8(result, static_cast<unsigned char>(c));
  return result;
}

}  // namespace kanal::formats

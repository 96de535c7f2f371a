#include "formats/entry_name.hpp"

#include <algorithm>
#include <array>

#include "formats/utf8.hpp"

namespace kanal::formats {

namespace {

constexpr std::size_t longest_shown = 120;

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

bool has_drive_letter(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return name.size() >= 2 && name[1] == ':' && is_letter(name[0]);
}

/// Simple case folding (Unicode CaseFolding.txt, status C) of the blocks that names here are written in.
char32_t fold_case(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 0x20;
  if (c < 0xC0) return c;
  if (c <= 0xDE) return c == 0xD7 ? c : c + 0x20;
  if (c >= 0x100 && c <= 0x17F) {
    if (c == 0x130 || c == 0x131 || c == 0x138 || c == 0x149) return c;
    if (c == 0x178) return 0xFF;
    if (c == 0x17F) return 's';
    const bool upper_is_odd = (c >= 0x139 && c <= 0x148) || c >= 0x179;
    return (c % 2 == 1) == upper_is_odd ? c + 1 : c;
  }
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 0x20;
  if (c == 0x3C2) return 0x3C3;
  if (c >= 0x410 && c <= 0x42F) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  return c;
}

struct Decomposed {
  char base;
  char32_t mark;  ///< 0: the letter has no decomposition
};

/// Canonical decomposition of U+00E0..U+00FF (small letters: the case is folded before).
constexpr std::array<Decomposed, 32> small_latin1{{
    {'a', 0x300}, {'a', 0x301}, {'a', 0x302}, {'a', 0x303}, {'a', 0x308}, {'a', 0x30A}, {0, 0},       {'c', 0x327},
    {'e', 0x300}, {'e', 0x301}, {'e', 0x302}, {'e', 0x308}, {'i', 0x300}, {'i', 0x301}, {'i', 0x302}, {'i', 0x308},
    {0, 0},       {'n', 0x303}, {'o', 0x300}, {'o', 0x301}, {'o', 0x302}, {'o', 0x303}, {'o', 0x308}, {0, 0},
    {0, 0},       {'u', 0x300}, {'u', 0x301}, {'u', 0x302}, {'u', 0x308}, {'y', 0x301}, {0, 0},       {'y', 0x308},
}};

Result<void> refuse(std::string_view name, std::string_view why) {
  return reject("zip.name", "the file name \"" + printable_name(name) + "\" " + std::string(why));
}

}  // namespace

Result<void> check_entry_name(std::string_view name) {
  if (name.empty()) return refuse(name, "is empty");
  if (name.front() == '/' || has_drive_letter(name)) return refuse(name, "is absolute");
  for (std::string_view rest = name; !rest.empty();) {
    const auto c = next_code_point(rest);
    if (!c) return refuse(name, "is not UTF-8");
    if (*c == '\\') return refuse(name, "has a backslash");
    if (is_control(*c)) return refuse(name, "has a control character");
  }
  for (std::string_view rest = name; !rest.empty();) {
    const auto component = rest.substr(0, rest.find('/'));
    if (component.empty() || component == "." || component == "..") return refuse(name, "has an empty, . or .. part");
    rest.remove_prefix(std::min(rest.size(), component.size() + 1));
  }
  return {};
}

std::string entry_name_key(std::string_view name) {
  std::string key;
  key.reserve(name.size());
  while (const auto c = next_code_point(name)) {
    const char32_t folded = fold_case(*c);
    const auto parts = folded >= 0xE0 && folded <= 0xFF ? small_latin1[folded - 0xE0] : Decomposed{0, 0};
    if (parts.mark == 0) {
      append_utf8(key, folded);
    } else {
      key.push_back(parts.base);
      append_utf8(key, parts.mark);
    }
  }
  if (!key.empty() && key.back() == '/') key.pop_back();
  return key;
}

std::string printable_name(std::string_view name) {
  std::string shown;
  while (!name.empty()) {
    if (shown.size() >= longest_shown) return shown + "...";
    const auto c = next_code_point(name);
    if (!c) name.remove_prefix(1);
    append_utf8(shown, c && !is_control(*c) ? *c : U'?');
  }
  return shown;
}

}  // namespace kanal::formats

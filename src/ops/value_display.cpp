#include "ops/value_display.hpp"

#include <fmt/format.h>

#include "ops/key_names.hpp"
#include "ops/utf8.hpp"

namespace kanal::ops {
namespace {

constexpr std::size_t length_limit = 200;
constexpr std::string_view hidden = "(hidden)";

/// `https://user:secret@host` becomes `https://user:(hidden)@host`.
void hide_user_password(std::string& text) {
  const std::size_t start = text.find("://");
  if (start == std::string::npos) return;
  const std::size_t at = text.rfind('@', text.find_first_of("/?#", start + 3));
  const std::size_t colon = text.find(':', start + 3);
  if (at == std::string::npos || colon == std::string::npos || colon > at) return;
  text.replace(colon + 1, at - colon - 1, hidden);
}

/// `;PASSWORD=x` and `?token=x` in addresses of databases and services.
void hide_parameters(std::string& text) {
  for (const std::string_view name : {"password=", "passwd=", "pwd=", "token=", "secret=", "sig="}) {
    std::size_t from = 0;
    while ((from = lower(text).find(name, from)) != std::string::npos) {
      from += name.size();
      const std::size_t end = std::min(text.find_first_of(";&", from), text.size());
      text.replace(from, end - from, hidden);
      from += hidden.size();
    }
  }
}

/// What a terminal would act on, and what is no text, becomes `?`; cut at a whole character.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= length_limit) return out + "...";
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || first < 0x20 || first == 0x7F) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

std::string shown_value(std::string_view value, bool secret) {
  if (value.empty()) return {};
  if (secret) return std::string(hidden);
  if (value.starts_with("base64:")) return fmt::format("base64:({} characters)", value.size() - 7);
  if (value.size() > std::size_t{4} * length_limit) return printable(value.substr(0, length_limit)) + "...";
  std::string text(value);
  hide_user_password(text);
  hide_parameters(text);
  return printable(text);
}

std::string sentence_about(const Origin& origin, std::string_view key, std::string_view value, bool secret,
                           std::string_view text) {
  if (secret) return fmt::format("{}: {}: {}", origin.text(), key, text);
  return fmt::format("{}: {} = \"{}\": {}", origin.text(), key, shown_value(value, false), text);
}

}  // namespace kanal::ops

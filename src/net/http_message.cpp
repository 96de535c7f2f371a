// target      = path [ "?" query ] | ("http://" | "https://") authority [ path ] [ "?" query ] | "*"     RFC 9112 3.2
// query       = [ pair *( "&" pair ) ],  pair = name [ "=" value ]; "+" is a space (HTML form encoding)
// pct-encoded = "%" HEXDIG HEXDIG                                                                         RFC 3986 2.1
#include "net/http_message.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace kanal::net {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = ascii_lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

enum class Plus { literal, space };

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

/// The text after the authority of an absolute target; nothing for another scheme.
std::optional<std::string_view> without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto end = target.find_first_of("/?");
    if (end == 0 || target.empty()) return std::nullopt;
    return end == std::string_view::npos ? std::string_view{} : target.substr(end);
  }
  return std::nullopt;
}

bool decode_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& into) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), Plus::space);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space);
    if (!name || !value) return false;
    into.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::string_view header(const Headers& headers, std::string_view name) {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& entry) { return same_ignoring_case(entry.first, name); });
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, [](const auto& entry) { return std::string_view(entry.first); });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> parse_target(std::string_view target) {
  if (std::ranges::any_of(target, is_control)) return std::nullopt;
  if (target == "*") return Target{"*", {}};
  if (!target.starts_with('/')) {
    const auto rest = without_authority(target);
    if (!rest) return std::nullopt;
    target = *rest;
  }
  const auto mark = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, mark), Plus::literal);
  if (!path) return std::nullopt;
  Target out{path->empty() ? "/" : std::move(*path), {}};
  if (mark < target.size() && !decode_query(target.substr(mark + 1), out.query)) return std::nullopt;
  return out;
}

std::string url_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
    if (alphanumeric || marks.find(c) != std::string_view::npos || keep.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

}  // namespace kanal::net

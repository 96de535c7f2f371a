// range = "bytes=" ( first "-" [ last ] | "-" suffix-length )        RFC 9110 section 14.1.2; a list of ranges is
// ignored
#include "sim/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace kanal::sim {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

tl::expected<std::optional<ByteRange>, BadRange> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit) || header.find(',') != std::string_view::npos) return std::nullopt;
  header.remove_prefix(unit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos) return tl::unexpected(BadRange{});
  const auto first_text = header.substr(0, dash);
  const auto last_text = header.substr(dash + 1);
  if (first_text.empty()) {
    const auto suffix = number(last_text);
    if (!suffix || *suffix == 0 || size == 0) return tl::unexpected(BadRange{});
    const auto length = std::min(*suffix, size);
    return ByteRange{size - length, length};
  }
  const auto first = number(first_text);
  const auto last = last_text.empty() ? std::optional(size == 0 ? 0 : size - 1) : number(last_text);
  if (!first || !last || *first >= size || *last < *first) return tl::unexpected(BadRange{});
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

}  // namespace kanal::sim

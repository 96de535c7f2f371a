#include "ops/value_types.hpp"

#include <algorithm>
#include <charconv>

#include "ops/key_names.hpp"

namespace kanal::ops {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// Digits and one of `units`; nothing on overflow of `limit`.
std::optional<std::uint64_t> with_unit(std::string_view text, std::initializer_list<Unit> units, std::uint64_t limit) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = number<std::uint64_t>(text.substr(0, digits));
  if (!value) return std::nullopt;
  const std::string unit = lower(trimmed(text.substr(digits)));
  const auto* const found = std::ranges::find(units, unit, &Unit::name);
  if (found == units.end() || *value > limit / found->factor) return std::nullopt;
  return *value * found->factor;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) { return number<std::int64_t>(text); }

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text == "-1") return no_size_limit;
  constexpr std::uint64_t k = 1024;
  return with_unit(text, {{"", 1}, {"b", 1}, {"kb", k}, {"mb", k * k}, {"gb", k * k * k}, {"tb", k * k * k * k}},
                   no_size_limit - 1);
}

std::optional<std::chrono::milliseconds> parse_milliseconds(std::string_view text) {
  // A hundred years: sums of such times stay far from overflow.
  constexpr std::uint64_t limit = 100ULL * 366 * 24 * 3600 * 1000;
  const auto value =
      with_unit(text, {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}, limit);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const auto item = trimmed(text.substr(0, comma)); !item.empty()) items.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

bool is_url(std::string_view text) {
  if (text.find_first_of(" \t\r\n\"<>") != std::string_view::npos) return false;
  const std::string start = lower(text.substr(0, 8));
  if (start.starts_with("file:")) return text.size() > 5;
  const std::size_t scheme = start.starts_with("https://") ? 8 : start.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return false;
  const std::string_view host = text.substr(scheme, text.find_first_of("/?#", scheme) - scheme);
  return !host.empty() && host.front() != ':' && !host.ends_with('@');
}

}  // namespace kanal::ops

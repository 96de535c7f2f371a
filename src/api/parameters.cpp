// sort = property *( "," property ) [ "," ( "asc" | "desc" ) ]        rest-api.md 2.1; the direction in either case
#include "api/parameters.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "domain/partner.hpp"

namespace kanal::api {
namespace {

constexpr std::int64_t default_page_size = 10;
constexpr std::int64_t max_page_size = 2000;
constexpr std::int64_t max_page_number = 1'000'000'000;  // page * size stays a number

void read_sort(std::string_view text, std::vector<ports::SortKey>& into) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    if (end > begin) words.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool descending = !words.empty() && same_ignoring_case(words.back(), "desc");
  const bool has_direction = descending || (!words.empty() && same_ignoring_case(words.back(), "asc"));
  if (has_direction) words.pop_back();
  for (auto& word : words) into.push_back({std::move(word), descending});
}

bool is_service_identifier(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto* const first = text.data();
  const auto* const last = first + text.size();
  const auto [end, error] = std::from_chars(first, last, value);
  return error == std::errc{} && end == last ? std::optional(value) : std::nullopt;
}

std::optional<std::string> Parameters::given(std::string_view name) const {
  auto value = text(name);
  return value && !value->empty() ? value : std::nullopt;
}

void Parameters::refuse(std::string_view name, std::string_view value, std::string_view wanted) {
  wrong_.push_back({std::string(name), std::string(value), std::string(wanted)});
}

std::optional<std::string> Parameters::identifier(std::string_view name) const {
  const auto value = text(name);
  return value ? std::optional(domain::without_icd(*value)) : std::nullopt;
}

std::optional<bool> Parameters::boolean(std::string_view name) {
  const auto value = given(name);
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  refuse(name, *value, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Parameters::integer(std::string_view name) {
  const auto value = given(name);
  if (!value) return std::nullopt;
  const auto parsed = whole_number(*value);
  if (!parsed) refuse(name, *value, "a number");
  return parsed;
}

std::optional<ports::Direction> Parameters::direction(std::string_view name) {
  const auto value = given(name);
  if (!value) return std::nullopt;
  const auto parsed = ports::direction(*value);
  if (!parsed) refuse(name, *value, "OUTGOING or INCOMING");
  return parsed;
}

std::optional<domain::ReceiptStatus> Parameters::status(std::string_view name) {
  const auto value = given(name);
  if (!value) return std::nullopt;
  const auto parsed = domain::receipt_status(*value);
  if (!parsed) refuse(name, *value, "a status");
  return parsed;
}

std::optional<std::string> Parameters::service(std::string_view name) {
  auto value = given(name);
  if (value && !is_service_identifier(*value)) refuse(name, *value, "a service identifier");
  return value;
}

std::optional<std::chrono::sys_days> Parameters::date(std::string_view name) {
  const auto value = given(name);
  if (!value) return std::nullopt;
  const auto parsed = parse_date(*value);
  if (!parsed) refuse(name, *value, "a date (yyyy-MM-dd)");
  return parsed;
}

std::optional<Time> Parameters::date_time(std::string_view name) {
  auto value = given(name);
  if (!value) return std::nullopt;
  // A `+` that was not percent-encoded has become a blank on the way (rest-api.md section 14).
  std::ranges::replace(*value, ' ', '+');
  const auto parsed = parse_iso(*value);
  if (parsed) return parsed->utc;
  refuse(name, *value, "an ISO 8601 date-time with offset");
  return std::nullopt;
}

std::optional<std::pair<Time, Time>> Parameters::instant(std::string_view name) {
  const auto from = date_time(name);
  if (!from) return std::nullopt;
  const bool has_fraction = given(name)->find('.') != std::string::npos;
  const Duration length = has_fraction ? Duration(std::chrono::milliseconds(1)) : Duration(std::chrono::seconds(1));
  return std::pair(*from, *from + length);
}

ports::PageRequest Parameters::page(std::vector<ports::SortKey> default_sort) const {
  const auto at_least = [&](std::string_view name, std::int64_t least, std::int64_t otherwise) {
    const auto value = text(name);
    const auto number = value ? whole_number(*value) : std::nullopt;
    return number && *number >= least ? *number : otherwise;
  };
  ports::PageRequest page;
  page.page = std::min(at_least("page", 0, 0), max_page_number);
  page.size = std::min(at_least("size", 1, default_page_size), max_page_size);
  for (const auto& [name, value] : request_.query) {
    if (name == "sort") read_sort(value, page.sort);
  }
  if (page.sort.empty()) page.sort = std::move(default_sort);
  return page;
}

}  // namespace kanal::api

// traceparent = "00" "-" trace-id "-" parent-id "-" flags      32, 16 and 2 lower-case hexadecimal digits; ids not all
// zero
#include "api/trace.hpp"

#include <algorithm>

#include "base/ids.hpp"

namespace kanal::api {
namespace {

constexpr std::size_t trace_at = 3;
constexpr std::size_t trace_digits = 32;
constexpr std::size_t parent_at = 36;
constexpr std::size_t parent_digits = 16;
constexpr std::size_t whole = 55;

bool is_id(std::string_view digits) {
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::ranges::all_of(digits, hexadecimal) && digits.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string trace_id_of(std::string_view traceparent) {
  if (traceparent.size() == whole && traceparent.starts_with("00-") && traceparent[parent_at - 1] == '-' &&
      traceparent[parent_at + parent_digits] == '-' && is_id(traceparent.substr(trace_at, trace_digits)) &&
      is_id(traceparent.substr(parent_at, parent_digits))) {
    return std::string(traceparent.substr(trace_at, trace_digits));
  }
  std::string made = new_uuid();
  std::erase(made, '-');
  return made;
}

}  // namespace kanal::api

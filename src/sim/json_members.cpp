#include "sim/json_members.hpp"

#include <algorithm>

#include "base/time.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Members::Members(const json::value& value, std::string place, Violation& violation)
    : object_(value.if_object()), place_(std::move(place)), violation_(violation) {
  if (object_ == nullptr) note("is no object");
}

void Members::note(std::string_view what) {
  if (!violation_) violation_ = place_ + ": " + std::string(what);
}

bool Members::has(std::string_view name) const { return object_ != nullptr && object_->contains(name); }

const json::value* Members::optional(std::string_view name) {
  known_.emplace(name);
  return object_ != nullptr ? object_->if_contains(name) : nullptr;
}

const json::value* Members::required(std::string_view name) {
  const auto* value = optional(name);
  if (value == nullptr) note(std::string(name) + " is missing");
  return value;
}

std::optional<std::string> Members::optional_text(std::string_view name, const TextRule& rule) {
  const auto* value = optional(name);
  if (value == nullptr) return std::nullopt;
  const auto* text = value->if_string();
  if (text == nullptr) {
    note(std::string(name) + " is no text");
    return std::string{};
  }
  const auto length = characters(*text);
  if (length < rule.min || length > rule.max) {
    note(std::string(name) + " has " + std::to_string(length) + " characters, which is too " +
         (length < rule.min ? "short" : "long"));
  } else if (rule.good != nullptr && !rule.good(*text)) {
    note(std::string(name) + " is no " + std::string(rule.called));
  } else {
    return std::string(*text);
  }
  return std::string{};
}

std::string Members::text(std::string_view name, const TextRule& rule) {
  return required(name) != nullptr ? optional_text(name, rule).value_or("") : std::string{};
}

void Members::constant(std::string_view name, std::string_view value) {
  if (const auto given = text(name); given != value) note(std::string(name) + " must be " + std::string(value));
}

std::optional<std::int64_t> Members::optional_integer(std::string_view name) {
  const auto* value = optional(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  note(std::string(name) + " is no integer");
  return std::nullopt;
}

std::optional<bool> Members::optional_flag(std::string_view name) {
  const auto* value = optional(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  note(std::string(name) + " is neither true nor false");
  return std::nullopt;
}

void Members::no_others() {
  if (object_ == nullptr) return;
  for (const auto& member : *object_) {
    if (!known_.contains(std::string_view(member.key()))) note(std::string(member.key()) + " is not allowed");
  }
}

bool is_date_time(std::string_view text) {
  if (text.find('T') == std::string_view::npos || !parse_iso(text)) return false;
  const auto time = text.substr(text.find('T'));
  return time.ends_with('Z') || time.find_first_of("+-") != std::string_view::npos;
}

bool is_date(std::string_view text) { return parse_date(text).has_value(); }

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.find_first_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace kanal::sim

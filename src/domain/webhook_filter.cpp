// filter = part *( "&" part )      all parts must hold
// part   = name "=" value *( "," value )      one value must be equal, in either case
// name   = "status" / "serviceIdentifier" / "direction"
#include "domain/webhook_filter.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace kanal::domain {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

}  // namespace

std::optional<WebhookFilter> WebhookFilter::parse(std::string_view text) {
  WebhookFilter filter;
  for (const auto part : split(text, '&')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals + 1 == part.size()) return std::nullopt;
    const auto name = part.substr(0, equals);
    Part made{};
    if (name == "status") {
      made.name = Name::status;
    } else if (name == "serviceIdentifier") {
      made.name = Name::service_identifier;
    } else if (name == "direction") {
      made.name = Name::direction;
    } else {
      return std::nullopt;
    }
    for (const auto value : split(part.substr(equals + 1), ',')) made.values.emplace_back(value);
    filter.parts_.push_back(std::move(made));
  }
  return filter;
}

bool WebhookFilter::matches(const WebhookEvent& event) const {
  return std::ranges::all_of(parts_, [&](const Part& part) {
    const auto seen = part.name == Name::status               ? event.status
                      : part.name == Name::service_identifier ? event.service_identifier
                                                              : event.direction;
    return std::ranges::any_of(part.values, [&](const auto& value) { return same_ignoring_case(value, seen); });
  });
}

}  // namespace kanal::domain

// JSON text as this program accepts it from clients and counterparts. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.hpp"

namespace kanal::domain {

/// `json` with every control character inside a string literal written as `\u00XX`: old senders leave them
/// unescaped (messages.md section 1). Everything else, well-formed or not, stays as it is.
[[nodiscard]] std::string escape_control_characters(std::string_view json);

/// The value of a text, unescaped control characters allowed; `sbd.json` when it is none, or nested deeper than
/// `max_depth`. Numbers outside the 64-bit integers are read as the nearest double, so that writing and reading them
/// again changes nothing; one too large for that is refused.
Result<boost::json::value> parse_json(std::string_view text, std::size_t max_depth);

/// A member that is a text; empty when there is none, or it is no text.
[[nodiscard]] std::string text_member(const boost::json::object& object, std::string_view name);

/// The beginning of `text` for an error message, cut at a character border, with an ellipsis when cut.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace kanal::domain

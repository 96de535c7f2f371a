// JSON as the Java version prints it (rest-api.md section 1): indented, `"key" : value`, `[ a, b ]`, nulls left out by
// the makers. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "net/http_server.hpp"

namespace kanal::api {

/// Two blanks per level, objects on lines, arrays on one line.
[[nodiscard]] std::string write_pretty(const boost::json::value& value);

/// `text` when it is UTF-8; else with U+FFFD for every byte that is not: bytes of a request must not break the answer
/// about them.
[[nodiscard]] std::string as_utf8(std::string_view text);

[[nodiscard]] net::Response json_response(int status, const boost::json::value& body,
                                          std::string_view content_type = "application/json");
/// An answer without body (200 empty, 204).
[[nodiscard]] net::Response empty_response(int status);

}  // namespace kanal::api

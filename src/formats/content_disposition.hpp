// The Content-Disposition header as clients of the API send it (rest-api.md 4.3): `attachment; name=..; filename=..`,
// quoted or not, RFC 5987 `*` forms win, and RFC 2047 encoded words are understood. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace kanal::formats {

struct ContentDisposition {
  std::string type;
  std::optional<std::string> name;      ///< UTF-8
  std::optional<std::string> filename;  ///< UTF-8
};

/// Raw header text (ISO-8859-1 unless valid UTF-8). `disposition.malformed` with what is wrong.
Result<ContentDisposition> parse_content_disposition(std::string_view header);

}  // namespace kanal::formats

// The media type an uploaded file gets (rest-api.md 4.3). Pure function.
#pragma once

#include <string>
#include <string_view>

namespace kanal::api {

/// The declared type as given, or by the file's extension when that is blank or application/octet-stream.
[[nodiscard]] std::string file_mimetype(std::string_view declared, std::string_view filename);

}  // namespace kanal::api

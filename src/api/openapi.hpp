// The description of this API that it gives itself (openapi.json, embedded at build time).
#pragma once

#include <string_view>

namespace kanal::api {

/// OpenAPI 3.1, UTF-8. Its schemas keep to what JSON Schema draft 7 knows.
[[nodiscard]] std::string_view openapi_document();

}  // namespace kanal::api

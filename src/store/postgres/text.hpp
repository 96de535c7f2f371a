// Texts as PostgreSQL takes them: UTF-8 without NUL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kanal::store::postgres {

/// `text` with U+FFFD for every byte that cannot be kept; nothing when it can be kept as it is.
[[nodiscard]] std::optional<std::string> mended(std::string_view text);

}  // namespace kanal::store::postgres

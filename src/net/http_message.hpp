// The target of a request taken apart. Internal to this folder; pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kanal::net {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

/// Origin form (`/a?b=c`), absolute form (`http://host/a`) or `*`, percent-decoded. Nothing for any other form, a `%`
/// without two hexadecimal digits, an encoded NUL, a raw blank or control character.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace kanal::net

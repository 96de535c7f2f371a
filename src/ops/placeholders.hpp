// `${name}` and `${name:default}` in values, resolved recursively (configuration.md section 1). Pure functions, any
// thread. Bounded: 32 levels, 1000 substitutions, 1 MiB of text; a circle is an error, not a hang.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace kanal::ops {

/// The raw value of a name; nothing when it has none.
using PlaceholderLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Resolved {
  std::string text;
  std::vector<std::string> names;  ///< every name that was looked up
};

/// `\${` stands for `${` itself; `${` without its `}` is plain text. Error: `config.syntax`, naming the placeholder.
[[nodiscard]] Result<Resolved> resolve_placeholders(std::string_view text, const PlaceholderLookup& lookup);

}  // namespace kanal::ops

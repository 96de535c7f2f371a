// What the built-in profiles production, staging and dev change (configuration.md, columns P, S and D). Read-only
// tables.
#pragma once

#include <span>
#include <string_view>

namespace kanal::ops {

struct ProfileValue {
  std::string_view key;
  std::string_view value;
};

/// Empty for a name that is no built-in profile.
[[nodiscard]] std::span<const ProfileValue> profile_values(std::string_view profile);
[[nodiscard]] bool is_built_in_profile(std::string_view profile);

}  // namespace kanal::ops

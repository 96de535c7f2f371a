// What is said about a setting wherever it is described: commands and the reference. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ops/config.hpp"

namespace kanal::ops {

/// `size (500, 10KB, 2MB, 1GB)`
[[nodiscard]] std::string_view name_of_type(ValueType type);

/// `used`, `not honoured yet`, `obsolete`, `not needed`
[[nodiscard]] std::string_view name_of_state(Setting::State state);

/// A value that a built-in profile gives to a key.
struct ProfileDefault {
  std::string_view profile;
  std::string_view value;
};
[[nodiscard]] std::vector<ProfileDefault> profile_defaults(const Setting& setting);

/// Sections of the catalogue, by the first key of each; the reference has one table per section.
struct SettingSection {
  std::string_view first_key;
  std::string_view title;
};
[[nodiscard]] const std::vector<SettingSection>& setting_sections();

}  // namespace kanal::ops

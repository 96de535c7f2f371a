// What happens when an organisation has two installations that both receive: `kanal sandbox --fault duplicate-main`.
#pragma once

#include <ostream>
#include <string_view>

#include "app/sandbox/sandbox.hpp"

namespace kanal::app {

/// The fault's name, and that of the second installation.
inline constexpr std::string_view duplicate_main = "duplicate-main";
inline constexpr std::string_view duplicate_name = "agency-duplicate";

/// Sends letters between the agency's two installations and the municipality until the first one says that there is a
/// second, and prints what it says. False when it has not said so within a minute.
Result<bool> meet_the_duplicate(Sandbox& sandbox, std::ostream& out);

}  // namespace kanal::app

// What the configuration's own rules cannot see: whether keystores open with their passwords, addresses can be read and
// the mail settings make sense. All faults at once, before anything is started.
#pragma once

#include <vector>

#include "ops/config.hpp"

namespace kanal::app {

/// Errors only; silent about settings that Config::check() finds missing or wrong.
[[nodiscard]] std::vector<ops::ConfigRemark> preflight(const ops::Config& config);

}  // namespace kanal::app

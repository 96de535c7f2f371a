// The mailer that `difi.move.mail.*` asks for (configuration.md section 11).
#pragma once

#include <memory>

#include "base/time.hpp"
#include "ops/config.hpp"
#include "ports/mailer.hpp"

namespace kanal::app {

/// Null when no mail server is configured. Errors name the property and what to do. The clock outlives it.
Result<std::unique_ptr<ports::Mailer>> make_mailer(const ops::Config& config, const Clock& clock);

}  // namespace kanal::app

// The organisations of `<prefix>.<orgnr>.<member>` properties (configuration.md section 9).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "ops/config.hpp"

namespace kanal::transports::dpf {

/// The organisation numbers under `prefix` (`difi.move.fiks.ut.paa-vegne-av`, no dot at the end), however the keys are
/// spelt. `config.value` for an element that is not nine digits.
[[nodiscard]] Result<std::set<std::string>> on_behalf_organisations(const ops::Config& config, std::string_view prefix);

}  // namespace kanal::transports::dpf

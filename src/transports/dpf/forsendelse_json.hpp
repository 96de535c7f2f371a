// The `forsendelse` part of a REST call: `OrganisasjonForsendelse`, v3 (dpf.md 3.4). Pure function; any thread.
#pragma once

#include <string>

#include "transports/dpf/forsendelse.hpp"

namespace kanal::transports::dpf {

/// JSON text. Members without a value are left out.
[[nodiscard]] std::string write_json(const Forsendelse& forsendelse);

}  // namespace kanal::transports::dpf

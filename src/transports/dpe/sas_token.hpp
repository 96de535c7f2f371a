// The SAS token that opens the Service Bus (dpe.md 3.2). Pure function; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "base/time.hpp"

namespace kanal::transports::dpe {

/// `SharedAccessSignature sr=...&sig=...&se=...&skn=...` for everything below `resource`, an address without a query.
/// The key is the text as it is given out, not decoded.
[[nodiscard]] std::string sas_token(std::string_view resource, std::string_view policy, const Secret& key, Time expiry);

}  // namespace kanal::transports::dpe

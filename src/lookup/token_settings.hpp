// The Maskinporten client of a message service, as its `oidc.*` properties say (configuration.md, altinn-auth.md 3).
#pragma once

#include <string_view>

#include "lookup/token_source.hpp"
#include "ops/config.hpp"

namespace kanal::lookup {

/// Reads `<prefix>oidc.url`, `.audience`, `.clientId`, `.authenticationType`, `.jwk.path` and `.keystore.*`; `prefix`
/// ends with a dot. `own` signs when the service has no keystore of its own. `config.*` errors name origin, key, value
/// and rule.
Result<TokenClient> read_token_client(const ops::Config& config, std::string_view prefix, const crypto::Identity& own);

/// The identity in the keystore of `<prefix>keystore.*`; `own` when none but the organisation's is configured.
Result<crypto::Identity> read_service_identity(const ops::Config& config, std::string_view prefix,
                                               const crypto::Identity& own);

}  // namespace kanal::lookup

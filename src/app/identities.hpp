// The organisation's keystore and those of former certificates (asic-cms.md 8.2).
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "ops/config.hpp"

namespace kanal::app {

/// The entry of the keystore under `prefix` (`difi.move.org.keystore`). Errors name property and origin, never the
/// password.
Result<crypto::Identity> read_identity(const ops::Config& config, const std::string& prefix);

/// Current identity first, then `kanal.former-keystores[n]`, which still decrypt.
Result<std::vector<crypto::Identity>> read_identities(const ops::Config& config);

/// The API's TLS certificate (`difi.ssl.*`).
Result<crypto::Identity> read_server_identity(const ops::Config& config);

/// Is Maskinporten to be asked with another key than that of the organisation (difi.move.oidc.keystore.*)?
[[nodiscard]] bool has_own_oidc_keystore(const ops::Config& config);

}  // namespace kanal::app

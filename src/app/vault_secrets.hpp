// Reads the secrets that a configuration keeps in HashiCorp Vault.
#pragma once

#include "ops/config.hpp"

namespace kanal::app {

/// For ops::ConfigSources::vault.
Result<ops::VaultSecrets> read_vault_secrets(const ops::VaultAddress& address);

}  // namespace kanal::app

#include "app/vault_secrets.hpp"

#include "lookup/vault_client.hpp"

namespace kanal::app {

Result<ops::VaultSecrets> read_vault_secrets(const ops::VaultAddress& address) {
  net::ClientOptions options;
  options.ca_pem = address.ca_pem;
  net::HttpClient http(std::move(options));
  lookup::VaultClient vault(address.uri, address.token, http);
  ops::VaultSecrets secrets;
  auto texts = vault.read(address.path);
  if (!texts) return failed(std::move(texts));
  secrets.texts = std::move(*texts);
  if (address.resource_path.empty()) return secrets;
  auto resources = vault.read(address.resource_path);
  if (!resources) return failed(std::move(resources));
  secrets.resources = std::move(*resources);
  return secrets;
}

}  // namespace kanal::app

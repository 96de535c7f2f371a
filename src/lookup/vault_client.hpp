// HashiCorp Vault, token authentication, key/value secrets of version 1 and 2 (configuration.md section 1). Used at
// start, once; any thread.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {

class VaultClient {
 public:
  /// `uri` without a path, as `https://vault.agency.no:8200`. The client outlives this.
  VaultClient(std::string uri, Secret token, net::HttpClient& http);

  /// Everything at `path` (`secret/move`), whichever version the engine below it has. Values that are no text are given
  /// as JSON. Errors say which setting to look at, and never show the token: `vault.unreachable`, `vault.sealed`
  /// (retry), `vault.forbidden`, `vault.missing`, `vault.answer` (reject).
  Result<std::map<std::string, std::string>> read(const std::string& path);

 private:
  Result<std::string> real_path(const std::string& path);
  Result<net::ClientResponse> get(const std::string& path);
  [[nodiscard]] Error refused(const net::ClientResponse& response, const std::string& path) const;

  std::string uri_;
  Secret token_;
  net::HttpClient& http_;
};

}  // namespace kanal::lookup

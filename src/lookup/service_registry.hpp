// The Service Registry client (service-registry.md 3-6): signed answers verified against the JWK set, cached, error
// shapes kept apart. Thread-safe; calls may block.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "ports/directory.hpp"

namespace kanal::lookup {

struct ServiceRegistryOptions {
  std::string endpoint;        ///< no trailing slash
  bool signed_answers = true;  ///< difi.move.sign.enable
  std::string jwk_url;
  std::string pinned_organisation{};  ///< when set, the signing certificate's organisation number must be this
  std::vector<std::vector<std::string>>
      scope_sets;               ///< one token per service: a refused scope of one does not stop the others
  bool use_token = true;        ///< difi.move.oidc.enable
  std::optional<bool> print{};  ///< false: adds print=false
  std::chrono::seconds positive_ttl{300};
  std::chrono::seconds negative_ttl{45};
  std::chrono::hours stale_if_error{24};
  std::size_t max_entries = 50'000;
  std::chrono::milliseconds timeout{30'000};
  std::vector<ServiceIdentifier> services{};  ///< of this program, beside the national ones
  bool beta_features = false;                 ///< difi.move.feature.enableBetaFeatures: also services under trial
};

class ServiceRegistry final : public ports::Directory {
 public:
  ServiceRegistry(ServiceRegistryOptions options, TokenSource* tokens, net::HttpClient& http, Clock& clock, Log& log);
  ~ServiceRegistry() override;
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery& query) override;
  Result<ports::DirectoryEntity> entity(const std::string& identifier) override;
  Result<std::string> certificate(const Orgnr& organisation) override;
  /// Forgets everything cached.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::lookup

// Which scopes the token for the Service Registry asks for (service-registry.md section 2). One missing grant makes
// Maskinporten refuse the whole token; then each service's own scopes are tried, and the services that have none of
// theirs are left out for a while, so that they stop none of the others. Thread-safe; may block.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"

namespace kanal::lookup {

class RegistryScopes {
 public:
  RegistryScopes(std::vector<std::vector<std::string>> sets, TokenSource& tokens, Clock& clock, Log& log);
  /// A request for which a token is at hand. Errors are those of TokenSource::token().
  Result<TokenRequest> request();
  /// Tries all services again.
  void flush();

 private:
  [[nodiscard]] TokenRequest granted() const;
  Result<TokenRequest> probe();

  const std::vector<std::vector<std::string>> sets_;
  TokenSource& tokens_;
  Clock& clock_;
  Log& log_;
  std::mutex probing_;        ///< one probe at a time; taken before `mutex_`
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<std::optional<Duration>> refused_until_;
};

}  // namespace kanal::lookup

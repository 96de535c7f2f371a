// Checks a bearer token as the services do: signature by the issuer's key, expiry without any skew, and who acts by it:
// the system user's organisation, else `urn:altinn:orgNumber`, else the consumer (altinn-auth.md section 5,
// dpo.md 3.1). A token's signature is verified once; after that its text is the key to what is known about it.
// Thread-safe.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "sim/issuer.hpp"

namespace kanal::sim {

struct TokenFacts {
  std::string issuer;
  std::string client_id;     ///< the vendor
  std::string consumer;      ///< `consumer.ID` as written
  std::string actor;         ///< the organisation acted for, what follows the last colon
  bool system_user = false;  ///< the actor comes from authorization_details
  std::vector<std::string> scopes;
  Time expires{};
  boost::json::object claims;

  [[nodiscard]] bool has_scope(std::string_view scope) const;
};

class TokenCheck {
 public:
  /// The issuers must outlive the check.
  TokenCheck(const Clock& clock, std::vector<const Issuer*> issuers);

  /// From an Authorization header. Errors: `token.missing`, `token.malformed`, `token.issuer`, `token.signature`,
  /// `token.expired`.
  [[nodiscard]] Result<std::shared_ptr<const TokenFacts>> check(std::string_view authorization);

 private:
  [[nodiscard]] Result<std::shared_ptr<const TokenFacts>> verify(std::string_view token) const;

  const Clock& clock_;
  std::vector<const Issuer*> issuers_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const TokenFacts>> known_;
};

}  // namespace kanal::sim

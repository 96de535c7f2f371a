// The signed assertion of the JWT grant (altinn-auth.md section 3). Each is used for one request only. Pure but for
// reading a JWK file.
#pragma once

#include <string>

#include "base/time.hpp"
#include "lookup/token_source.hpp"

namespace kanal::lookup {

struct Assertion {
  std::string jwt;  ///< a secret while it lives
  std::string id;   ///< `jti`; may be logged
  Time expires;
};

/// A new assertion of `client` for `request`. `token.refused` when the JWK file cannot be used.
Result<Assertion> make_assertion(const TokenClient& client, const TokenRequest& request, Time now);

}  // namespace kanal::lookup

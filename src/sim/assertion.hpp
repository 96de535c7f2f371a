// The JWT grant that a client sends to Maskinporten, taken apart (altinn-auth.md section 3). Shape only: who may use it
// is Maskinporten's decision. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/time.hpp"
#include "crypto/jose.hpp"

namespace kanal::sim {

/// An error answer of an OAuth token endpoint.
struct OauthError {
  int status = 400;
  std::string error;        ///< `invalid_grant`, ...
  std::string description;  ///< begins with the MP code where there is one
};
template <class T>
using OauthResult = tl::expected<T, OauthError>;

[[nodiscard]] inline tl::unexpected<OauthError> oauth_error(int status, std::string error, std::string description) {
  return tl::unexpected<OauthError>(OauthError{status, std::move(error), std::move(description)});
}

/// The element of `authorization_details`.
struct SystemUserClaim {
  std::string organisation;  ///< nine digits
  std::optional<std::string> external_ref;
};

struct Assertion {
  crypto::Jws jws;
  std::string client_id;
  std::string audience;
  std::string id;  ///< jti
  std::vector<std::string> scopes;
  Time issued{};
  Time expires{};
  std::optional<std::string> consumer_org;
  bool on_behalf_of = false;  ///< iss_onbehalfof is present
  std::optional<SystemUserClaim> system_user;
  std::string kid;                                ///< either this
  std::vector<crypto::Certificate> certificates;  ///< or these, leaf first
};

[[nodiscard]] OauthResult<Assertion> read_assertion(std::string_view compact);

}  // namespace kanal::sim

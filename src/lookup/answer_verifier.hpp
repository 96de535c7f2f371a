// Checks the signed answers of the Service Registry (service-registry.md 4.1) and gives what is in them. Thread-safe;
// may block for the keys.
#pragma once

#include <string>
#include <string_view>

#include "lookup/jwk_cache.hpp"

namespace kanal::lookup {

class AnswerVerifier {
 public:
  /// `pinned_organisation`: when not empty, the organisation number that the signing certificate must carry.
  AnswerVerifier(JwkCache& keys, std::string pinned_organisation);
  /// The payload. `directory.signature` for anything that is not correctly signed, `directory.unavailable` while the
  /// keys are out of reach.
  Result<std::string> payload(std::string_view body);

 private:
  Result<void> check_certificate(const crypto::Jws& jws, const crypto::PublicKey& key) const;

  JwkCache& keys_;
  const std::string pinned_organisation_;
};

}  // namespace kanal::lookup

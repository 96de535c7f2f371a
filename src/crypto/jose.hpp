// JWT, JWS and JWK as Maskinporten and the Service Registry use them: RS256 only (altinn-auth.md section 3,
// service-registry.md 4.1). Values; any thread. Every text from outside is limited in size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "crypto/certificate_cache.hpp"

namespace kanal::crypto {

constexpr std::size_t max_jws_bytes = std::size_t{4} * 1024 * 1024;

/// `base64url(header).base64url(payload).base64url(signature)`; `alg` RS256 is added to the header.
std::string sign_jws(const PrivateKey& key, boost::json::object header, std::string_view payload);

/// A JWS taken apart; nothing verified.
struct Jws {
  boost::json::object header;
  std::string payload;        ///< decoded
  std::string signing_input;  ///< the first two parts as sent
  Bytes signature;
};
/// `jws.malformed` for anything but a compact JWS with a JSON object as header.
Result<Jws> parse_jws(std::string_view compact);

/// A public RSA key with its id.
class PublicKey {
 public:
  static Result<PublicKey> from_jwk(const boost::json::object& jwk);
  explicit PublicKey(const Certificate& certificate);
  explicit PublicKey(const PrivateKey& key);
  [[nodiscard]] bool verify_rs256(ByteView data, ByteView signature) const;
  /// By the `alg` of a JWS; false for algorithms that are no RSA signature with SHA-2.
  [[nodiscard]] bool verify(std::string_view algorithm, ByteView data, ByteView signature) const;
  /// `kty`, `n`, `e`, `use`=sig, `alg`=RS256, and `kid` when not empty.
  [[nodiscard]] boost::json::object jwk(std::string_view kid) const;
  /// RFC 7638 thumbprint, base64url of SHA-256.
  [[nodiscard]] std::string thumbprint() const;
  [[nodiscard]] bool same_as(const PublicKey& other) const;

 private:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key);
  std::shared_ptr<evp_pkey_st> key_;
};

/// Keys of a JWK set by `kid`; keys that are not RSA signature keys are skipped.
struct JwkSet {
  std::vector<std::pair<std::string, PublicKey>> keys;
  [[nodiscard]] const PublicKey* find(std::string_view kid) const;
};
Result<JwkSet> parse_jwk_set(std::string_view json);

/// A private RSA JWK file (altinn-auth.md 3.1): the key and its `kid`. `jwk.malformed`, `jwk.no_kid`.
struct PrivateJwk {
  PrivateKey key;
  std::string kid;
};
Result<PrivateJwk> parse_private_jwk(std::string_view json);

/// Certificates of the header's `x5c`, the signer's first. `jws.certificate` when there is none, or one is unreadable.
Result<std::vector<Certificate>> certificates_of(const Jws& jws, CertificateCache* known = nullptr);

/// Checks the signature with the key: any RSA signature with SHA-2 (RS256, RS384, RS512, PS256, PS384, PS512), as DPI's
/// suppliers may use (dpi.md 3.2). `jws.algorithm` for all others and for critical extensions, `jws.signature`.
Result<void> verify_any_rsa_jws(const Jws& jws, const PublicKey& key);

/// Checks `alg` = RS256 and the signature. `jws.algorithm`, `jws.signature`.
Result<void> verify_jws(const Jws& jws, const PublicKey& key);

}  // namespace kanal::crypto

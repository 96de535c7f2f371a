// A token issuer: a name, a signing key that can be rotated, and its public key set. Earlier keys stay in the set.
// Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "crypto/jose.hpp"

namespace kanal::sim {

class Issuer {
 public:
  /// Without a key it makes one, which takes a moment.
  explicit Issuer(std::string name, std::optional<crypto::PrivateKey> key = std::nullopt);
  Issuer(const Issuer&) = delete;
  Issuer& operator=(const Issuer&) = delete;

  /// The `iss` of its tokens. A simulator that is named by its own address sets it once it is bound.
  [[nodiscard]] std::string name() const;
  void set_name(std::string name);
  /// A signed token with these claims and `iss`.
  [[nodiscard]] std::string mint(boost::json::object claims) const;
  /// Is the token signed by one of the keys? `token.signature`.
  [[nodiscard]] Result<void> verify(const crypto::Jws& token) const;
  [[nodiscard]] boost::json::object jwks() const;
  /// Signs with a new key from now on.
  void rotate();

 private:
  struct Key {
    crypto::PrivateKey secret;
    crypto::PublicKey open;
    std::string id;
  };
  static Key make_key(crypto::PrivateKey secret);

  mutable std::mutex mutex_;
  std::string name_;
  std::vector<Key> keys_;  ///< newest last
};

}  // namespace kanal::sim

// Any bytes as JWS, JWK set or private JWK: no crash, what is read is what was sent, and nothing made up is ever
// verified.
#include <cstdint>
#include <cstdlib>

#include "crypto/jose.hpp"

using namespace kanal;

namespace {

const crypto::PublicKey& honest_key() {
  static const crypto::PublicKey key(crypto::PrivateKey::generate());
  return key;
}

void read_jws(std::string_view text) {
  const auto jws = crypto::parse_jws(text);
  if (!jws) return;
  if (!text.starts_with(jws->signing_input + ".") || jws->signature.empty()) std::abort();
  if (crypto::verify_jws(*jws, honest_key())) std::abort();
}

void read_keys(std::string_view text) {
  if (const auto set = crypto::parse_jwk_set(text)) {
    for (const auto& [kid, key] : set->keys) {
      if (set->find(kid) == nullptr) std::abort();
      const auto again = crypto::PublicKey::from_jwk(key.jwk(kid));
      if (!again || !again->same_as(key) || again->thumbprint() != key.thumbprint()) std::abort();
    }
  }
  if (const auto jwk = crypto::parse_private_jwk(text); jwk && jwk->kid.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_jws(text);
  read_keys(text);
  return 0;
}

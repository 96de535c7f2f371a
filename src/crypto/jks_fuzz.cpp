// Any bytes as a keystore. JKS entries are only opened when the digest at the end fits, so it is also put right.
#include <cstdint>

#include "crypto/digest.hpp"
#include "crypto/keystore.hpp"

using namespace kanal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)crypto::read_keystore(bytes, Secret("changeit"));

  Bytes jks = *from_hex("feedfeed");
  jks.insert(jks.end(), bytes.begin(), bytes.end());
  crypto::Hasher hasher(crypto::DigestAlgorithm::sha1);
  hasher.update(*from_hex("006300680061006e0067006500690074"));
  hasher.update(bytes_of("Mighty Aphrodite"));
  hasher.update(jks);
  const Bytes digest = hasher.finish();
  jks.insert(jks.end(), digest.begin(), digest.end());
  (void)crypto::read_keystore(jks, Secret("changeit"));
  return 0;
}

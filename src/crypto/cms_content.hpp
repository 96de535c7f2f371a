// Decrypts the content of a CMS structure as it arrives. Internal to crypto/. One object per stream, one thread.
#pragma once

#include "base/stream.hpp"
#include "crypto/ber.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {

/// A ContentEncryptionAlgorithmIdentifier.
struct ContentAlgorithm {
  const EVP_CIPHER* cipher = nullptr;
  bool gcm = false;
  Bytes iv{};
  std::size_t tag_size = 0;  ///< GCM only

  [[nodiscard]] std::size_t key_size() const { return static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)); }
};

/// `cms.algorithm` for anything but AES-CBC and AES-GCM, `cms.malformed` for bad parameters.
Result<ContentAlgorithm> read_content_algorithm(const BerNode& identifier);

/// Plaintext goes out in pieces of up to stream_chunk bytes. Nothing is good before finish() has said so.
class ContentDecryptor {
 public:
  /// `tag_follows`: GCM's tag is the end of the content itself, not delivered apart.
  ContentDecryptor(const ContentAlgorithm& algorithm, ByteView key, bool tag_follows, Sink& to);
  Result<void> write(ByteView ciphertext);
  /// Verifies padding (`cms.padding`) or tag (`cms.tag`). `mac` is the tag when it was delivered apart.
  Result<void> finish(ByteView mac);

 private:
  /// Decrypts the whole blocks among the gathered bytes that cannot be the tag.
  Result<void> drain();
  Result<void> decrypt(ByteView ciphertext);
  /// Hands on the plaintext but for its last `kept` bytes.
  Result<void> flush(std::size_t kept);
  Result<void> finish_cbc();
  Result<void> finish_gcm(ByteView mac);

  OwnedCipherContext context_;
  bool gcm_;
  std::size_t tag_size_;
  std::size_t held_back_;  ///< bytes of ciphertext at the end that may be the tag
  std::size_t kept_;       ///< bytes of plaintext at the end that may be padding
  Bytes gathered_{};       ///< small pieces of ciphertext, and always the bytes held back
  Bytes plain_{};
  std::size_t plain_size_ = 0;
  Sink& to_;
};

}  // namespace kanal::crypto

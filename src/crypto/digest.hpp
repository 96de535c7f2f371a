// Incremental digests and random bytes on OpenSSL. One object per stream, one thread at a time.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.hpp"

struct evp_md_ctx_st;

namespace kanal::crypto {

using Sha256Digest = std::array<std::byte, 32>;
using Md5Digest = std::array<std::byte, 16>;

enum class DigestAlgorithm { md5, sha1, sha256, sha384, sha512 };

class Hasher {
 public:
  explicit Hasher(DigestAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(ByteView bytes);
  /// The digest; the hasher is spent afterwards.
  [[nodiscard]] Bytes finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

[[nodiscard]] Sha256Digest sha256(ByteView bytes);
/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Sha256Digest hmac_sha256(ByteView key, ByteView bytes);
[[nodiscard]] Bytes digest(DigestAlgorithm algorithm, ByteView bytes);

/// Cryptographically strong random bytes.
[[nodiscard]] Bytes random_bytes(std::size_t count);

/// Comparison in constant time.
[[nodiscard]] bool equal(ByteView a, ByteView b);

}  // namespace kanal::crypto

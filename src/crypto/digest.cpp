#include "crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedDigest = Owned<EVP_MD, EVP_MD_free>;

OwnedDigest fetch(const char* name) {
  OwnedDigest digest(EVP_MD_fetch(nullptr, name, nullptr));
  require(digest != nullptr, name);
  return digest;
}

/// Fetched once: OpenSSL looks an algorithm up slowly.
const EVP_MD* fetched(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::md5: {
      static const OwnedDigest md5 = fetch("MD5");
      return md5.get();
    }
    case DigestAlgorithm::sha1: {
      static const OwnedDigest sha1 = fetch("SHA1");
      return sha1.get();
    }
    case DigestAlgorithm::sha256: {
      static const OwnedDigest sha256 = fetch("SHA256");
      return sha256.get();
    }
    case DigestAlgorithm::sha384: {
      static const OwnedDigest sha384 = fetch("SHA384");
      return sha384.get();
    }
    case DigestAlgorithm::sha512: {
      static const OwnedDigest sha512 = fetch("SHA512");
      return sha512.get();
    }
  }
  throw std::logic_error("no such digest algorithm");
}

}  // namespace

Hasher::Hasher(DigestAlgorithm algorithm) : context_(EVP_MD_CTX_new()) {
  require(context_ && EVP_DigestInit_ex2(context_.get(), fetched(algorithm), nullptr) == 1, "digest init");
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void Hasher::update(ByteView bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "digest update");
}

Bytes Hasher::finish() {
  Bytes out(static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())));
  require(EVP_DigestFinal_ex(context_.get(), output(out), nullptr) == 1, "digest final");
  return out;
}

Sha256Digest sha256(ByteView bytes) {
  Sha256Digest out{};
  require(EVP_Digest(bytes.data(), bytes.size(), output(out), nullptr, fetched(DigestAlgorithm::sha256), nullptr) == 1,
          "sha256");
  return out;
}

Sha256Digest hmac_sha256(ByteView key, ByteView bytes) {
  Sha256Digest out{};
  std::size_t length = 0;
  const auto* made =
      EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), output(out), out.size(), &length);
  require(made != nullptr && length == out.size(), "hmac");
  return out;
}

Bytes digest(DigestAlgorithm algorithm, ByteView bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  require(RAND_bytes_ex(nullptr, output(out), count, 0) == 1, "random bytes");
  return out;
}

bool equal(ByteView a, ByteView b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace kanal::crypto

// sealed = ciphertext (as long as the plaintext) tag (16 bytes)
#include "crypto/aead.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedCipher = Owned<EVP_CIPHER, EVP_CIPHER_free>;

/// Fetched once: OpenSSL looks an algorithm up slowly, and this runs per frame.
const EVP_CIPHER* aes_256_gcm() {
  static const OwnedCipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  require(cipher != nullptr, "AES-256-GCM");
  return cipher.get();
}

/// A context that has taken key, nonce and associated data.
OwnedCipherContext start(bool encrypt, const Key256& key, ByteView nonce, ByteView associated) {
  if (nonce.size() != gcm_nonce_size) throw std::logic_error("a GCM nonce has 12 bytes");
  OwnedCipherContext context(EVP_CIPHER_CTX_new());
  require(context &&
              EVP_CipherInit_ex2(context.get(), aes_256_gcm(), input(key), input(nonce), encrypt ? 1 : 0, nullptr) == 1,
          "AES-256-GCM init");
  int ignored = 0;
  require(associated.empty() || EVP_CipherUpdate(context.get(), nullptr, &ignored, input(associated),
                                                 static_cast<int>(associated.size())) == 1,
          "AES-256-GCM associated data");
  return context;
}

/// One piece is at most what OpenSSL's int can count.
constexpr std::size_t max_piece = std::size_t{1} << 30;

void transform(EVP_CIPHER_CTX* context, ByteView from, std::span<std::byte> to) {
  for (std::size_t at = 0; at < from.size(); at += max_piece) {
    const ByteView piece = from.subspan(at, std::min(max_piece, from.size() - at));
    int count = 0;
    require(
        EVP_CipherUpdate(context, output(to.subspan(at)), &count, input(piece), static_cast<int>(piece.size())) == 1,
        "AES-256-GCM update");
  }
}

}  // namespace

void gcm_seal_into(const Key256& key, ByteView nonce, ByteView plain, ByteView associated, std::span<std::byte> out) {
  if (out.size() != plain.size() + gcm_tag_size) throw std::logic_error("gcm_seal_into: wrong size of out");
  const QuietErrors quiet;
  const auto context = start(true, key, nonce, associated);
  transform(context.get(), plain, out);
  const auto tag = out.last(gcm_tag_size);
  int none = 0;
  require(EVP_EncryptFinal_ex(context.get(), output(tag), &none) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, gcm_tag_size, tag.data()) == 1,
          "AES-256-GCM tag");
}

Result<void> gcm_open_into(const Key256& key, ByteView nonce, ByteView sealed, ByteView associated,
                           std::span<std::byte> out) {
  if (sealed.size() < gcm_tag_size) return reject("aead.tag", "sealed data is shorter than its tag");
  if (out.size() != sealed.size() - gcm_tag_size) throw std::logic_error("gcm_open_into: wrong size of out");
  const QuietErrors quiet;
  const auto context = start(false, key, nonce, associated);
  transform(context.get(), sealed.first(out.size()), out);
  std::array<std::byte, gcm_tag_size> tag{};
  std::copy_n(sealed.end() - gcm_tag_size, gcm_tag_size, tag.begin());
  int none = 0;
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, gcm_tag_size, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), output(tag), &none) != 1) {
    OPENSSL_cleanse(out.data(), out.size());
    return reject("aead.tag", "sealed data was changed or belongs to another key");
  }
  return {};
}

Bytes gcm_seal(const Key256& key, ByteView nonce, ByteView plain, ByteView associated) {
  Bytes out(plain.size() + gcm_tag_size);
  gcm_seal_into(key, nonce, plain, associated, out);
  return out;
}

Result<Bytes> gcm_open(const Key256& key, ByteView nonce, ByteView sealed, ByteView associated) {
  Bytes out(sealed.size() < gcm_tag_size ? 0 : sealed.size() - gcm_tag_size);
  if (auto opened = gcm_open_into(key, nonce, sealed, associated, out); !opened) return failed(opened);
  return out;
}

}  // namespace kanal::crypto

// box    = version salt nonce ciphertext tag
// version = %x01
// salt   = 12 random bytes
// nonce  = 12 random bytes
// key of a box = HMAC-SHA-256(installation key, purpose NUL salt); AES-256-GCM with the context as associated data.
//
// A key of its own for every box: the installation key lives for years, and random nonces alone would limit it to
// 2^32 boxes (NIST SP 800-38D section 8.3).
#include "store/spool/sealing.hpp"

#include <algorithm>
#include <array>

#include "crypto/digest.hpp"

namespace kanal::store {
namespace {

constexpr std::byte version{1};
constexpr std::size_t salt_size = 12;

/// RFC 2104.
crypto::Key256 hmac_sha256(const crypto::Key256& key, ByteView first, ByteView second) {
  constexpr std::size_t block_size = 64;
  std::array<std::byte, block_size> inner_pad{};
  std::array<std::byte, block_size> outer_pad{};
  std::ranges::copy(key, inner_pad.begin());
  std::ranges::copy(key, outer_pad.begin());
  for (auto& b : inner_pad) b ^= std::byte{0x36};
  for (auto& b : outer_pad) b ^= std::byte{0x5c};
  crypto::Hasher inner(crypto::DigestAlgorithm::sha256);
  inner.update(inner_pad);
  inner.update(first);
  inner.update(second);
  crypto::Hasher outer(crypto::DigestAlgorithm::sha256);
  outer.update(outer_pad);
  outer.update(inner.finish());
  crypto::Key256 mac{};
  std::ranges::copy(outer.finish(), mac.begin());
  wipe(inner_pad);
  wipe(outer_pad);
  return mac;
}

crypto::Key256 box_key(const crypto::Key256& key, std::string_view purpose, ByteView salt) {
  Bytes label = copy_of(bytes_of(purpose));
  label.push_back(std::byte{0});
  return hmac_sha256(key, label, salt);
}

}  // namespace

void wipe(std::span<std::byte> secret) {
  volatile std::byte* const begin = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) begin[i] = std::byte{0};
}

Bytes seal_box(const crypto::Key256& key, std::string_view purpose, std::string_view context, ByteView plain) {
  Bytes box(box_overhead + plain.size());
  box[0] = version;
  const auto header = crypto::random_bytes(salt_size + crypto::gcm_nonce_size);
  std::ranges::copy(header, box.begin() + 1);
  const ByteView salt = ByteView(header).first(salt_size);
  const ByteView nonce = ByteView(header).subspan(salt_size);
  auto own_key = box_key(key, purpose, salt);
  crypto::gcm_seal_into(own_key, nonce, plain, bytes_of(context), std::span(box).subspan(1 + header.size()));
  wipe(own_key);
  return box;
}

Result<Bytes> open_box(const crypto::Key256& key, std::string_view purpose, std::string_view context, ByteView box) {
  if (box.size() < box_overhead || box[0] != version) {
    return reject("spool.sealed", "sealed data is damaged: restore it from a backup");
  }
  const ByteView salt = box.subspan(1, salt_size);
  const ByteView nonce = box.subspan(1 + salt_size, crypto::gcm_nonce_size);
  auto own_key = box_key(key, purpose, salt);
  auto plain = crypto::gcm_open(own_key, nonce, box.subspan(1 + salt_size + crypto::gcm_nonce_size), bytes_of(context));
  wipe(own_key);
  if (!plain) {
    return reject(
        "spool.sealed",
        "sealed data does not open: it is damaged, or the installation key is not the one it was sealed with");
  }
  return plain;
}

}  // namespace kanal::store

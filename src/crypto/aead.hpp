// AES-256-GCM for data at rest. Any thread.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::crypto {

using Key256 = std::array<std::byte, 32>;
constexpr std::size_t gcm_nonce_size = 12;
constexpr std::size_t gcm_tag_size = 16;

/// Ciphertext followed by the tag. A nonce must never be used twice with one key.
Bytes gcm_seal(const Key256& key, ByteView nonce, ByteView plain, ByteView associated);
/// `aead.tag` when a bit is wrong.
Result<Bytes> gcm_open(const Key256& key, ByteView nonce, ByteView sealed, ByteView associated);

/// The same into the caller's memory, without allocation: `out` holds plain.size() + gcm_tag_size (seal) or
/// sealed.size() - gcm_tag_size (open) bytes.
void gcm_seal_into(const Key256& key, ByteView nonce, ByteView plain, ByteView associated, std::span<std::byte> out);
Result<void> gcm_open_into(const Key256& key, ByteView nonce, ByteView sealed, ByteView associated,
                           std::span<std::byte> out);

}  // namespace kanal::crypto

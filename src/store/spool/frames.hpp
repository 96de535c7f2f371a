// The geometry of a blob's ciphertext and the sealing of one frame (grammar in frames.cpp). Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"

namespace kanal::store {

constexpr std::size_t frame_size = std::size_t{64} * 1024;  ///< plaintext of a full frame
constexpr std::size_t sealed_frame_size = frame_size + crypto::gcm_tag_size;

/// Number of the last frame of a blob with `size` bytes; it holds size % frame_size bytes, possibly none.
[[nodiscard]] constexpr std::uint64_t last_frame(std::uint64_t size) { return size / frame_size; }

/// Ciphertext bytes of a blob with `size` bytes; nothing for a size no file can have.
[[nodiscard]] constexpr std::optional<std::uint64_t> sealed_size(std::uint64_t size) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 60U;
  if (size > limit) return std::nullopt;
  return size + (last_frame(size) + 1) * crypto::gcm_tag_size;
}

/// Seals frame `number` into `out` (plain.size() + tag).
void seal_frame(const crypto::Key256& key, std::uint64_t number, bool last, ByteView plain, std::span<std::byte> out);
/// Opens frame `number` into `out` (sealed.size() - tag); its content counts only after success.
Result<void> open_frame(const crypto::Key256& key, std::uint64_t number, bool last, ByteView sealed,
                        std::span<std::byte> out);

}  // namespace kanal::store

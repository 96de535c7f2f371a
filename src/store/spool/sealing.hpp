// Small secrets and texts sealed under the installation key: blob keys and texts of store rows. Pure functions, any
// thread.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"

namespace kanal::store {

/// What a box holds; boxes of one purpose never open as another's.
namespace purpose {
constexpr std::string_view blob_key = "kanal blob key";
constexpr std::string_view text = "kanal text";
}  // namespace purpose

/// Bytes that sealing adds.
constexpr std::size_t box_overhead = 1 + 24 + crypto::gcm_tag_size;

Bytes seal_box(const crypto::Key256& key, std::string_view purpose, std::string_view context, ByteView plain);
/// `spool.sealed` when key, purpose, context or a bit is wrong.
Result<Bytes> open_box(const crypto::Key256& key, std::string_view purpose, std::string_view context, ByteView box);

/// Overwrites key material that is not needed any more.
void wipe(std::span<std::byte> secret);

}  // namespace kanal::store

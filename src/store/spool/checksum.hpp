// CRC-32 as zip and zlib define it, with the processor's carry-less multiplication where there is one: every payload
// byte passes here, and zlib alone takes as long for it as the encryption. Pure function, any thread.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace kanal::store {

/// The checksum of what `previous` covers followed by `bytes`; 0 covers nothing.
[[nodiscard]] std::uint32_t crc32(std::uint32_t previous, ByteView bytes);

}  // namespace kanal::store

// Base64 (RFC 4648 section 4) as streams: bytes in, text out, and the other way round. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace kanal::formats {

/// Writes base64 text with padding and without line breaks into `to`. finish() writes what is left, and does not
/// finish `to`.
class Base64Encoder final : public Sink {
 public:
  explicit Base64Encoder(Sink& to) : to_(to) {}
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

 private:
  Sink& to_;
  std::array<std::byte, 3> rest_{};
  std::size_t rest_size_ = 0;
};

/// Is pushed base64 text and pushes the bytes into `to`, which finish() does not finish. White space is skipped;
/// anything else outside the alphabet, text behind the padding and an incomplete end are `base64.malformed` (reject).
class Base64Decoder final : public Sink {
 public:
  explicit Base64Decoder(Sink& to) : to_(to) {}
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

 private:
  Result<void> take(char c, Bytes& out);

  Sink& to_;
  std::uint32_t group_ = 0;
  int count_ = 0;    ///< letters in `group_`
  int padding_ = 0;  ///< `=` so far
};

}  // namespace kanal::formats

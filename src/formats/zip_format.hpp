// The fixed parts of the zip format (PKWARE APPNOTE 6.3, section 4.3), shared by writer and reader. All numbers are
// little-endian.
//
//   archive    = *(local-header name extra data [descriptor]) *(central-header name extra comment)
//                [zip64-end zip64-locator] end comment
//   extra      = *(u16 id, u16 length, length bytes)
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace kanal::formats::zip {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t zip64_end_signature = 0x06064b50;
constexpr std::uint32_t zip64_locator_signature = 0x07064b50;
constexpr std::uint32_t end_signature = 0x06054b50;

constexpr std::size_t local_header_size = 30;
constexpr std::size_t central_header_size = 46;
constexpr std::size_t zip64_end_size = 56;
constexpr std::size_t zip64_locator_size = 20;
constexpr std::size_t end_size = 22;

constexpr std::uint16_t version_plain = 20;
constexpr std::uint16_t version_zip64 = 45;

constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflated = 8;

constexpr std::uint16_t flag_encrypted = 1U << 0;
constexpr std::uint16_t flag_descriptor = 1U << 3;
constexpr std::uint16_t flag_patch = 1U << 5;
constexpr std::uint16_t flag_strong_encryption = 1U << 6;
constexpr std::uint16_t flag_utf8 = 1U << 11;
constexpr std::uint16_t flag_masked = 1U << 13;

constexpr std::uint16_t extra_zip64 = 0x0001;
constexpr std::uint16_t extra_unicode_path = 0x7075;

/// A 16 or 32 bit field with all bits set: the number is in the zip64 extra field or record.
constexpr std::uint16_t in_zip64_16 = 0xffff;
constexpr std::uint32_t in_zip64_32 = 0xffffffff;

/// Reads a number at `offset`; the caller has checked that it is there.
template <std::unsigned_integral Number>
[[nodiscard]] Number load(ByteView from, std::size_t offset) {
  Number value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    value = static_cast<Number>((value << 8) | std::to_integer<Number>(from[offset + i]));
  }
  return value;
}

/// A record under construction.
class Record {
 public:
  template <std::unsigned_integral Number>
  Record& put(Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Record& u16(std::uint16_t value) { return put(value); }
  Record& u32(std::uint32_t value) { return put(value); }
  Record& u64(std::uint64_t value) { return put(value); }
  Record& text(std::string_view value) { return append(bytes_of(value)); }
  Record& append(ByteView value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// `value` for a 32 bit field, saturated when it lives in the zip64 extra field.
[[nodiscard]] constexpr std::uint32_t low32(std::uint64_t value) {
  return value >= in_zip64_32 ? in_zip64_32 : static_cast<std::uint32_t>(value);
}

}  // namespace kanal::formats::zip

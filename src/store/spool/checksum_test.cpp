#include "store/spool/checksum.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace kanal::store {
namespace {

TEST(Checksum, KnownValue) {
  EXPECT_EQ(crc32(0, bytes_of("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32(0, {}), 0U);
}

TEST(Checksum, NothingChangesNothing) {
  const std::uint32_t before = crc32(0, bytes_of("123456789"));
  EXPECT_EQ(crc32(before, {}), before);
  EXPECT_EQ(crc32(before, ByteView(Bytes{})), before);
}

TEST(Checksum, AgreesWithZlibAtEveryLengthAlignmentAndSplit) {
  Bytes bytes(1000);
  std::uint32_t state = 1;
  for (auto& b : bytes) {
    state = state * 1664525U + 1013904223U;
    b = static_cast<std::byte>(state >> 24U);
  }
  const auto expected = [](ByteView view) {
    return static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(view.data()), static_cast<uInt>(view.size())));
  };
  for (std::size_t start = 0; start < 17; ++start) {
    for (std::size_t length = 0; length + start <= bytes.size(); length += start % 3 + 1) {
      const auto view = ByteView(bytes).subspan(start, length);
      ASSERT_EQ(crc32(0, view), expected(view)) << start << " " << length;
      const auto half = view.first(length / 2);
      ASSERT_EQ(crc32(crc32(0, half), view.subspan(length / 2)), expected(view)) << start << " " << length;
    }
  }
}

}  // namespace
}  // namespace kanal::store

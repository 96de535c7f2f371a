#include "formats/base64_stream.hpp"

#include <gtest/gtest.h>

#include "base/testing.hpp"

namespace kanal::formats {
namespace {

template <class Stream>
Result<std::string> through(std::string_view text, std::size_t piece) {
  MemorySink sink(1 << 24);
  Stream stream(sink);
  while (!text.empty()) {
    const auto now = text.substr(0, piece);
    text.remove_prefix(now.size());
    if (auto written = stream.write(bytes_of(now)); !written) return failed(written);
  }
  if (auto finished = stream.finish(); !finished) return failed(finished);
  return std::string(text_of(sink.bytes()));
}

TEST(Base64Stream, EveryLengthInEveryPieceGoesThereAndBack) {
  for (std::size_t size = 0; size < 40; ++size) {
    const auto bytes = kanal::testing::pattern(size);
    for (std::size_t piece = 1; piece < 9; ++piece) {
      const auto encoded = through<Base64Encoder>(text_of(bytes), piece);
      ASSERT_TRUE(encoded);
      EXPECT_EQ(*encoded, to_base64(bytes));
      EXPECT_EQ(*through<Base64Decoder>(*encoded, piece), text_of(bytes));
    }
  }
}

TEST(Base64Stream, MuchIsTakenInChunks) {
  const auto bytes = kanal::testing::pattern(1'000'001);
  const auto encoded = through<Base64Encoder>(text_of(bytes), 1'000'001);
  EXPECT_EQ(*encoded, to_base64(bytes));
  EXPECT_EQ(*through<Base64Decoder>(*encoded, 700'000), text_of(bytes));
}

TEST(Base64Stream, WhiteSpaceAndMissingPaddingAreAllowed) {
  EXPECT_EQ(*through<Base64Decoder>("aGVp\r\n ZA", 3), "heid");
  EXPECT_EQ(*through<Base64Decoder>("", 1), "");
}

TEST(Base64Stream, WhatIsNoBase64IsRefused) {
  for (const auto* text : {"a", "aGVpZ", "aG-p", "aGVp=", "aG=p", "aA=", "aA===", "aA==aA==", "=", "aGV\x80"}) {
    const auto decoded = through<Base64Decoder>(text, 2);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, "base64.malformed") << text;
  }
}

}  // namespace
}  // namespace kanal::formats

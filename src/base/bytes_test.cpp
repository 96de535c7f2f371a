#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <random>

namespace kanal {
namespace {

TEST(Bytes, KnownVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), encoded);
    const auto decoded = from_base64(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(text_of(*decoded), plain);
  }
}

TEST(Bytes, RoundTripsOfRandomBytes) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (auto& b : bytes) b = static_cast<std::byte>(random());
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
}

TEST(Bytes, LenientBase64SkipsWhiteSpaceAndNeedsNoPadding) {
  EXPECT_EQ(text_of(from_base64("Zm9v\r\n YmE").value()), "fooba");
}

TEST(Bytes, ForeignCharactersAreRefused) {
  EXPECT_FALSE(from_base64("Zm9*"));
  EXPECT_FALSE(from_base64("Zm9v=YmFy"));
  EXPECT_FALSE(from_base64("Z"));
  EXPECT_FALSE(from_base64url("Zm8="));
  EXPECT_FALSE(from_base64url("Zm 8"));
  EXPECT_FALSE(from_base64url("ab+/"));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
}

}  // namespace
}  // namespace kanal

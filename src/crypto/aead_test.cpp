#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kanal::crypto {
namespace {

Key256 key_of(std::string_view hex) {
  Key256 key{};
  std::ranges::copy(*from_hex(hex), key.begin());
  return key;
}

const Key256 key = key_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
const Bytes nonce = *from_hex("cafebabefacedbaddecaf888");

// Test case 16 of the GCM specification.
TEST(Aead, KnownAnswer) {
  const Bytes plain = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
      "ba637b39");
  const Bytes associated = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes sealed = gcm_seal(key, nonce, plain, associated);
  EXPECT_EQ(to_hex(sealed),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393"
            "ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(gcm_open(key, nonce, sealed, associated).value(), plain);
}

TEST(Aead, EveryFlippedBitShows) {
  const Bytes plain = copy_of(bytes_of("seventeen bytes!!"));
  Bytes sealed = gcm_seal(key, nonce, plain, bytes_of("frame 1"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << (bit % 8))};
    const auto opened = gcm_open(key, nonce, sealed, bytes_of("frame 1"));
    ASSERT_FALSE(opened) << bit;
    EXPECT_EQ(opened.error().code, "aead.tag");
    sealed[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << (bit % 8))};
  }
  EXPECT_TRUE(gcm_open(key, nonce, sealed, bytes_of("frame 1")));
  EXPECT_FALSE(gcm_open(key, nonce, sealed, bytes_of("frame 2")));
  EXPECT_FALSE(gcm_open(key, *from_hex("cafebabefacedbaddecaf889"), sealed, bytes_of("frame 1")));
}

TEST(Aead, TooShortForATag) {
  for (std::size_t size = 0; size < gcm_tag_size; ++size) {
    EXPECT_EQ(gcm_open(key, nonce, Bytes(size), {}).error().code, "aead.tag");
  }
}

TEST(Aead, EmptyPlaintext) {
  const Bytes sealed = gcm_seal(key, nonce, {}, {});
  EXPECT_EQ(sealed.size(), gcm_tag_size);
  EXPECT_TRUE(gcm_open(key, nonce, sealed, {}).value().empty());
}

TEST(Aead, UnverifiedPlaintextIsWiped) {
  Bytes sealed = gcm_seal(key, nonce, bytes_of("top secret"), {});
  sealed.back() ^= std::byte{1};
  Bytes out(10, std::byte{0xAA});
  EXPECT_FALSE(gcm_open_into(key, nonce, sealed, {}, out));
  EXPECT_EQ(out, Bytes(10));
}

TEST(Aead, MisuseIsABrokenInvariant) {
  Bytes out(5);
  EXPECT_THROW(gcm_seal_into(key, nonce, bytes_of("plain"), {}, out), std::logic_error);
  EXPECT_THROW((void)gcm_seal(key, bytes_of("short"), bytes_of("plain"), {}), std::logic_error);
}

}  // namespace
}  // namespace kanal::crypto

#include "crypto/digest.hpp"

#include <gtest/gtest.h>

namespace kanal::crypto {
namespace {

TEST(Digest, KnownAnswers) {
  const ByteView abc = bytes_of("abc");
  EXPECT_EQ(to_hex(digest(DigestAlgorithm::md5, abc)), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(digest(DigestAlgorithm::sha1, abc)), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha256(abc)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(digest(DigestAlgorithm::sha384, abc)).substr(0, 16), "cb00753f45a35e8b");
  EXPECT_EQ(to_hex(digest(DigestAlgorithm::sha512, abc)).substr(0, 16), "ddaf35a193617aba");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  Hasher hasher(DigestAlgorithm::sha256);
  hasher.update(bytes_of("a"));
  Hasher moved = std::move(hasher);
  moved.update({});
  moved.update(bytes_of("bc"));
  EXPECT_EQ(moved.finish(), digest(DigestAlgorithm::sha256, bytes_of("abc")));
}

TEST(Digest, RandomBytesDiffer) {
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
  EXPECT_TRUE(random_bytes(0).empty());
}

TEST(Digest, Equal) {
  EXPECT_TRUE(equal(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal(bytes_of("abc"), bytes_of("ab")));
  EXPECT_TRUE(equal({}, {}));
}

// RFC 4231, test cases 2 and 6.
TEST(Hmac, IsThatOfTheStandard) {
  EXPECT_EQ(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes key(131, std::byte{0xaa});
  EXPECT_EQ(to_hex(hmac_sha256(key, bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace kanal::crypto

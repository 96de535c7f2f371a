#include "crypto/certificate_cache.hpp"

#include "crypto/crypto_test_support.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

TEST(CertificateCache, GivesTheSameCertificateAgain) {
  CertificateCache cache;
  const auto first = cache.from_pem(alice().certificate.pem());
  const auto again = cache.from_pem(alice().certificate.pem());
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->get(), again->get()) << "it was read twice";
  EXPECT_TRUE(cache.from_pem(bob().certificate.pem())->same_as(bob().certificate));
}

TEST(CertificateCache, RemembersNoFailures) {
  CertificateCache cache;
  EXPECT_FALSE(cache.from_pem("no certificate"));
  EXPECT_FALSE(cache.from_pem("no certificate"));
}

}  // namespace
}  // namespace kanal::crypto

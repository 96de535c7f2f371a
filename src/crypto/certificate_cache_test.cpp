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

TEST(CertificateCache, KnowsDerToo) {
  CertificateCache cache;
  const Bytes der = alice().certificate.der();
  const auto first = cache.from_der(der);
  const auto again = read_certificate(der, &cache);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->get(), again->get()) << "it was read twice";
  const auto alone = read_certificate(der, nullptr);
  ASSERT_TRUE(alone);
  EXPECT_NE(alone->get(), first->get());
  EXPECT_TRUE(alone->same_as(*first));
}

TEST(CertificateCache, RemembersNothingHuge) {
  // Strangers choose what comes with their messages.
  auto request = organisation("910000001");
  for (int i = 0; i < 1000; ++i) request.dns_names.push_back("host" + std::to_string(i) + ".example.no");
  const auto der = issue(test_ca(), request).certificate.der();
  CertificateCache cache;
  const auto first = cache.from_der(der);
  const auto again = cache.from_der(der);
  ASSERT_TRUE(first && again);
  EXPECT_NE(first->get(), again->get());
}

TEST(CertificateCache, RemembersNoFailures) {
  EXPECT_FALSE(CertificateCache().from_der(bytes_of("no certificate")));
  CertificateCache cache;
  EXPECT_FALSE(cache.from_pem("no certificate"));
  EXPECT_FALSE(cache.from_pem("no certificate"));
}

}  // namespace
}  // namespace kanal::crypto

#include "crypto/issue.hpp"

#include "crypto/cades.hpp"
#include "crypto/crypto_test_support.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

std::string as_text(const Certificate& certificate) {
  const TemporaryFolder folder;
  folder.write("c.pem", certificate.pem());
  EXPECT_EQ(run(folder, "openssl x509 -in c.pem -noout -text"), 0);
  return read_file(folder.path() / "output.txt");
}

TEST(Issue, OrganisationCertificate) {
  const std::string text = as_text(alice().certificate);
  EXPECT_NE(text.find("Digital Signature, Non Repudiation, Key Encipherment"), std::string::npos) << text;
  EXPECT_NE(text.find("organizationIdentifier = NTRNO-910000001"), std::string::npos) << text;
  EXPECT_NE(text.find("CA:FALSE"), std::string::npos);
  EXPECT_EQ(text.find("Alternative Name"), std::string::npos);
  EXPECT_TRUE(alice().key.matches(alice().certificate));
  ASSERT_EQ(alice().chain.size(), 1U);
  EXPECT_TRUE(alice().chain[0].same_as(test_ca().certificate));
}

TEST(Issue, ServerCertificate) {
  const Identity server =
      issue(test_ca(), {"localhost", "Kanal", "", {"localhost", "127.0.0.1", "::1", "a,b"}, start, end});
  const std::string text = as_text(server.certificate);
  EXPECT_NE(text.find("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:a,b"), std::string::npos)
      << text;
  EXPECT_NE(text.find("TLS Web Server Authentication"), std::string::npos) << text;
  EXPECT_EQ(server.certificate.organisation(), std::nullopt);
}

TEST(Issue, TheOpensslToolTrustsTheChain) {
  const TemporaryFolder folder;
  folder.write("ca.pem", test_ca().certificate.pem());
  folder.write("c.pem", alice().certificate.pem());
  EXPECT_EQ(run(folder, "openssl verify -x509_strict -attime 1800000000 -CAfile ca.pem c.pem"), 0)
      << read_file(folder.path() / "output.txt");
}

TEST(Issue, SerialNumbersDiffer) { EXPECT_NE(alice().certificate.serial(), bob().certificate.serial()); }

TEST(VerifyChain, Trusted) {
  EXPECT_TRUE(verify_chain(alice().certificate, {}, {test_ca().certificate}, noon));
  EXPECT_TRUE(verify_chain(alice().certificate, {}, {alice().certificate}, noon)) << "pinned as it stands";
}

TEST(VerifyChain, Intermediates) {
  // An issuer that may not issue: CA:FALSE.
  const Identity forged = issue(alice(), organisation("910000009"));
  EXPECT_EQ(code_of(verify_chain(forged.certificate, {alice().certificate}, {test_ca().certificate}, noon)),
            "certificate.untrusted");
}

TEST(VerifyChain, Untrusted) {
  const Identity other = make_ca("Kanal Test CA", start, end);
  EXPECT_EQ(code_of(verify_chain(alice().certificate, {}, {other.certificate}, noon)), "certificate.untrusted");
  EXPECT_EQ(code_of(verify_chain(alice().certificate, {test_ca().certificate}, {}, noon)), "certificate.untrusted");
}

TEST(VerifyChain, NotValidAtThatTime) {
  for (const Time when : {start - std::chrono::hours(24), end + std::chrono::hours(24)}) {
    EXPECT_EQ(code_of(verify_chain(alice().certificate, {}, {test_ca().certificate}, when)), "certificate.expired");
  }
}

}  // namespace
}  // namespace kanal::crypto

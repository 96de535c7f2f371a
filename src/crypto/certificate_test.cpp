#include "crypto/certificate.hpp"

#include "crypto/crypto_test_support.hpp"
#include "crypto/keystore.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

TEST(Certificate, PemWithAndWithoutItsLines) {
  const std::string pem = alice().certificate.pem();
  std::string bare = pem.substr(pem.find('\n') + 1);
  bare.resize(bare.find("-----END"));
  std::string one_line = bare;
  std::erase(one_line, '\n');
  for (const std::string& text : {pem, "a comment\n" + pem, pem + bob().certificate.pem(), bare, one_line}) {
    const auto read = Certificate::from_pem(text);
    ASSERT_TRUE(read) << text;
    EXPECT_TRUE(read->same_as(alice().certificate));
  }
}

TEST(Certificate, AllOfAPemText) {
  const std::string first = alice().certificate.pem();
  const std::string second = bob().certificate.pem();
  const auto both = read_pem_certificates("# ours\n" + first + "# theirs\n" + second);
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 2U);
  EXPECT_TRUE((*both)[0].same_as(alice().certificate));
  EXPECT_TRUE((*both)[1].same_as(bob().certificate));
  EXPECT_TRUE(read_pem_certificates("no certificate")->empty());
  EXPECT_EQ(code_of(read_pem_certificates(first + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
            "certificate.malformed");
}

TEST(Certificate, Unreadable) {
  const Bytes der = alice().certificate.der();
  const std::string pem = alice().certificate.pem();
  for (const std::string& text :
       {std::string(), std::string("no certificate"), std::string("-----BEGIN CERTIFICATE-----\n"),
        std::string("-----BEGIN RSA PRIVATE KEY-----\nAAAA"), pem.substr(0, 500), std::string(300'000, 'A')}) {
    EXPECT_EQ(code_of(Certificate::from_pem(text)), "certificate.malformed");
  }
  for (std::size_t length = 0; length < der.size(); ++length) {
    EXPECT_EQ(code_of(Certificate::from_der(ByteView(der).first(length))), "certificate.malformed");
  }
  Bytes longer = der;
  longer.push_back(std::byte{0});
  EXPECT_EQ(code_of(Certificate::from_der(longer)), "certificate.malformed");
}

TEST(Certificate, Properties) {
  const Certificate& certificate = alice().certificate;
  EXPECT_EQ(Certificate::from_der(certificate.der())->pem(), certificate.pem());
  EXPECT_EQ(certificate.not_before(), start);
  EXPECT_EQ(certificate.not_after(), end);
  EXPECT_TRUE(certificate.valid_at(start));
  EXPECT_TRUE(certificate.valid_at(end));
  EXPECT_FALSE(certificate.valid_at(start - std::chrono::seconds(1)));
  EXPECT_FALSE(certificate.valid_at(end + std::chrono::seconds(1)));
  EXPECT_EQ(
      certificate.subject(),
      "CN=Testetaten 910000001,serialNumber=910000001,organizationIdentifier=NTRNO-910000001,O=TESTETATEN ÆØÅ,C=NO");
  EXPECT_EQ(certificate.issuer(), "CN=Kanal Test CA,O=Kanal Test CA,C=NO");
  EXPECT_TRUE(certificate.is_rsa());
  EXPECT_FALSE(certificate.same_as(bob().certificate));
}

TEST(Certificate, SerialNumberInDecimal) {
  const auto c1 = Certificate::from_pem(read_file(shared_data() / "dpi/testkeys/bc-test-digdir.cer"));
  const auto der = Certificate::from_der(bytes_of(read_file(shared_data() / "dpi/testkeys/bc-test-digdir.cer")));
  ASSERT_TRUE(c1 || der);
  const Certificate& certificate = c1 ? *c1 : *der;
  EXPECT_TRUE(certificate.serial().find_first_not_of("0123456789") == std::string::npos) << certificate.serial();
  EXPECT_EQ(certificate.organisation(), Orgnr("991825827")) << certificate.subject();
}

TEST(Certificate, Organisation) {
  EXPECT_EQ(alice().certificate.organisation(), Orgnr("910000001"));
  EXPECT_EQ(test_ca().certificate.organisation(), std::nullopt);
  EXPECT_EQ(issue(test_ca(), organisation("12345")).certificate.organisation(), std::nullopt);
}

TEST(PrivateKey, ReadsAndWritesPem) {
  const auto key = PrivateKey::from_pem(alice().key.pem());
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->matches(alice().certificate));
  EXPECT_FALSE(key->matches(bob().certificate));
}

TEST(PrivateKey, Unreadable) {
  const TemporaryFolder folder;
  ASSERT_EQ(run(folder,
                "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem && "
                "openssl genrsa -aes128 -passout pass:secret -out encrypted.pem 2048"),
            0);
  EXPECT_EQ(code_of(PrivateKey::from_pem(read_file(folder.path() / "ec.pem"))), "key.not_rsa");
  EXPECT_EQ(code_of(PrivateKey::from_pem(read_file(folder.path() / "encrypted.pem"))), "key.malformed")
      << "and asks nobody for a password";
  EXPECT_EQ(code_of(PrivateKey::from_pem("")), "key.malformed");
  EXPECT_EQ(code_of(PrivateKey::from_pem(alice().certificate.pem())), "key.malformed");
  EXPECT_EQ(code_of(PrivateKey::from_pkcs8(bytes_of("0"))), "key.malformed");
  EXPECT_EQ(code_of(PrivateKey::from_pkcs8({})), "key.malformed");
}

TEST(PrivateKey, Rs256) {
  const Bytes signature = alice().key.sign_rs256(bytes_of("data"));
  EXPECT_EQ(signature.size(), 256U);
  EXPECT_TRUE(verify_rs256(alice().certificate, bytes_of("data"), signature));
  EXPECT_FALSE(verify_rs256(alice().certificate, bytes_of("date"), signature));
  EXPECT_FALSE(verify_rs256(bob().certificate, bytes_of("data"), signature));
  EXPECT_FALSE(verify_rs256(alice().certificate, bytes_of("data"), {}));
}

}  // namespace
}  // namespace kanal::crypto

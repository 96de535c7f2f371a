// JWS signatures other than RS256, and the certificates a JWS carries (dpi.md 3.2).
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <boost/json/serialize.hpp>

#include "crypto/crypto_test_support.hpp"
#include "crypto/jose.hpp"

namespace kanal::crypto {
namespace {

namespace json = boost::json;
using testing::alice;
using testing::bob;
using testing::code_of;
using testing::test_ca;

constexpr std::array<std::string_view, 6> names = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};

/// A signature made by OpenSSL with the digest and padding that an algorithm of `names` stands for.
Bytes sign_as(std::string_view name, std::string_view text, int salt_length = RSA_PSS_SALTLEN_DIGEST) {
  const auto* digest = name.ends_with("256") ? EVP_sha256() : name.ends_with("384") ? EVP_sha384() : EVP_sha512();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* padding = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context, &padding, digest, nullptr, alice().key.get()), 1);
  if (name.starts_with("PS")) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt_length), 1);
  }
  Bytes signature(512);
  std::size_t size = signature.size();
  EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  return signature;
}

Jws signed_as(std::string_view said, std::string_view done, json::object more = {},
              int salt_length = RSA_PSS_SALTLEN_DIGEST) {
  more["alg"] = said;
  const std::string input = to_base64url(bytes_of(json::serialize(more))) + '.' + to_base64url(bytes_of("text"));
  auto jws = parse_jws(input + '.' + to_base64url(sign_as(done, input, salt_length)));
  EXPECT_TRUE(jws);
  return std::move(*jws);
}

TEST(JoseAlgorithms, EachVerifiesWhatItSignedAndNothingElse) {
  const PublicKey key(alice().certificate);
  for (const auto said : names) {
    for (const auto done : names) {
      EXPECT_EQ(code_of(verify_any_rsa_jws(signed_as(said, done), key)), said == done ? "" : "jws.signature")
          << said << " made as " << done;
    }
    EXPECT_EQ(code_of(verify_any_rsa_jws(signed_as(said, said), PublicKey(bob().certificate))), "jws.signature");
  }
}

TEST(JoseAlgorithms, NoneOtherIsAccepted) {
  const PublicKey key(alice().certificate);
  for (const auto* name : {"none", "HS256", "HS512", "ES256", "rs256", "EdDSA", "RS1", ""}) {
    EXPECT_EQ(code_of(verify_any_rsa_jws(signed_as(name, "RS256"), key)), "jws.algorithm") << name;
  }
  auto unnamed = signed_as("RS256", "RS256");
  unnamed.header.erase("alg");
  EXPECT_EQ(code_of(verify_any_rsa_jws(unnamed, key)), "jws.algorithm");
}

/// What Maskinporten and the Service Registry sign is still taken with RS256 alone.
TEST(JoseAlgorithms, OthersDoNotReachThoseWhoWantRs256) {
  const PublicKey key(alice().certificate);
  for (const auto name : names) {
    EXPECT_EQ(code_of(verify_jws(signed_as(name, name), key)), name == "RS256" ? "" : "jws.algorithm") << name;
  }
}

TEST(JoseAlgorithms, ASaltIsAsLongAsTheDigest) {
  const PublicKey key(alice().certificate);
  for (const int length : {0, 20, 31, 33}) {
    EXPECT_EQ(code_of(verify_any_rsa_jws(signed_as("PS256", "PS256", {}, length), key)), "jws.signature") << length;
  }
}

TEST(JoseAlgorithms, CriticalExtensionsAreAlwaysRefused) {
  const PublicKey key(alice().certificate);
  for (const auto name : names) {
    EXPECT_EQ(code_of(verify_any_rsa_jws(signed_as(name, name, {{"crit", {"exp"}}}), key)), "jws.algorithm");
  }
}

json::value entry(const Certificate& certificate) { return json::string(to_base64(certificate.der())); }

Result<std::vector<Certificate>> certificates_in(const json::value& x5c) {
  const auto jws = parse_jws(sign_jws(alice().key, {{"x5c", x5c}}, "text"));
  EXPECT_TRUE(jws);
  return certificates_of(*jws);
}

TEST(JoseCertificates, ComeInTheirOrder) {
  const auto both = certificates_in(json::array{entry(alice().certificate), entry(test_ca().certificate)});
  ASSERT_TRUE(both) << both.error().text();
  ASSERT_EQ(both->size(), 2U);
  EXPECT_TRUE(both->front().same_as(alice().certificate));
  EXPECT_TRUE(both->back().same_as(test_ca().certificate));
}

TEST(JoseCertificates, AreThere) {
  const auto jws = parse_jws(sign_jws(alice().key, {}, "text"));
  ASSERT_TRUE(jws);
  EXPECT_EQ(code_of(certificates_of(*jws)), "jws.certificate");
}

TEST(JoseCertificates, AreAllReadableOrNone) {
  const json::value good = entry(alice().certificate);
  std::string cut = to_base64(alice().certificate.der());
  cut.resize(cut.size() / 8 * 4);
  for (const json::value& x5c :
       {json::value(nullptr), json::value("text"), json::value(good.as_string()), json::value(json::object{}),
        json::value(json::array{}), json::value(json::array{""}), json::value(json::array{"AAAA"}),
        json::value(json::array{"!"}), json::value(json::array{1}), json::value(json::array{nullptr}),
        json::value(json::array{good, "AAAA"}), json::value(json::array{cut})}) {
    EXPECT_EQ(code_of(certificates_in(x5c)), "jws.certificate") << json::serialize(x5c).substr(0, 60);
  }
  json::array many;
  while (many.size() < 10) many.push_back(good);
  EXPECT_EQ(code_of(certificates_in(many)), "");
  many.push_back(good);
  EXPECT_EQ(code_of(certificates_in(many)), "jws.certificate") << "eleven";
}

}  // namespace
}  // namespace kanal::crypto

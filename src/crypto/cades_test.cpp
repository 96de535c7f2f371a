#include "crypto/cades.hpp"

#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

const ByteView content = bytes_of("<ASiCManifest/>");

Bytes signature_of(const Identity& signer) {
  auto made = sign_detached(signer, content, noon);
  EXPECT_TRUE(made) << made.error().text();
  return *made;
}

class Cades : public ::testing::Test {
 protected:
  std::string output() const { return read_file(folder_.path() / "output.txt"); }
  /// A signature made by the openssl tool with alice's key.
  Bytes made_by_tool(const std::string& options) {
    folder_.write("content", text_of(content));
    folder_.write("cert.pem", alice().certificate.pem());
    folder_.write("key.pem", alice().key.pem());
    folder_.write("bob.pem", bob().certificate.pem());
    folder_.write("bobkey.pem", bob().key.pem());
    EXPECT_EQ(
        run(folder_,
            "openssl cms -sign -binary -outform DER -in content -out sig -signer cert.pem -inkey key.pem " + options),
        0)
        << output();
    return copy_of(bytes_of(read_file(folder_.path() / "sig")));
  }
  const TemporaryFolder folder_{};
};

TEST_F(Cades, RoundTrip) {
  const auto check = verify_detached(signature_of(alice()), content);
  ASSERT_TRUE(check) << check.error().text();
  EXPECT_TRUE(check->signer.same_as(alice().certificate));
  EXPECT_FALSE(check->sha1);
}

TEST_F(Cades, EmptyContent) {
  const auto made = sign_detached(alice(), {}, noon);
  ASSERT_TRUE(made);
  EXPECT_TRUE(verify_detached(*made, {}));
  EXPECT_EQ(code_of(verify_detached(*made, content)), "cades.signature");
}

TEST_F(Cades, HoldsTheChainTheTimeAndTheSigningCertificate) {
  folder_.write("sig", text_of(signature_of(alice())));
  ASSERT_EQ(run(folder_, "openssl cms -cmsout -print -inform DER -in sig"), 0);
  const std::string text = output();
  EXPECT_NE(text.find("id-smime-aa-signingCertificateV2"), std::string::npos) << text;
  EXPECT_NE(text.find("Jan  1 12:00:00 2026 GMT"), std::string::npos) << text;
  EXPECT_NE(text.find("eContent: <ABSENT>"), std::string::npos);
  EXPECT_NE(text.find("algorithm: sha256"), std::string::npos);
  EXPECT_EQ(text.find("S/MIME Capabilities"), std::string::npos);
  EXPECT_NE(text_of(signature_of(alice())).find(text_of(test_ca().certificate.der())), std::string_view::npos)
      << "the CA goes along";
}

TEST_F(Cades, TheOpensslToolVerifiesOurs) {
  folder_.write("sig", text_of(signature_of(alice())));
  folder_.write("content", text_of(content));
  folder_.write("ca.pem", test_ca().certificate.pem());
  EXPECT_EQ(run(folder_,
                "openssl cms -verify -cades -binary -inform DER -in sig -content content -CAfile ca.pem -purpose any "
                "-attime 1800000000 -out back"),
            0)
      << output();
}

TEST_F(Cades, WeVerifyItsForms) {
  EXPECT_TRUE(verify_detached(made_by_tool("-md sha256"), content));
  EXPECT_TRUE(verify_detached(made_by_tool("-md sha512 -cades"), content));
  EXPECT_TRUE(verify_detached(made_by_tool("-md sha256 -noattr"), content));
  EXPECT_TRUE(verify_detached(made_by_tool("-md sha256 -keyid"), content));
  const auto old = verify_detached(made_by_tool("-md sha1"), content);
  ASSERT_TRUE(old) << old.error().text();
  EXPECT_TRUE(old->sha1);
}

TEST_F(Cades, RefusedForms) {
  EXPECT_EQ(code_of(verify_detached(made_by_tool("-md md5"), content)), "cades.algorithm");
  EXPECT_EQ(code_of(verify_detached(made_by_tool("-nodetach"), content)), "cades.malformed");
  EXPECT_EQ(code_of(verify_detached(made_by_tool("-signer bob.pem -inkey bobkey.pem"), content)), "cades.signers");
  EXPECT_EQ(code_of(verify_detached(made_by_tool("-nocerts"), content)), "cades.signature");
}

TEST_F(Cades, ChangedContentOrSignature) {
  EXPECT_EQ(code_of(verify_detached(signature_of(alice()), bytes_of("<ASiCManifest />"))), "cades.signature");
  Bytes changed = signature_of(alice());
  changed.back() ^= std::byte{1};
  EXPECT_EQ(code_of(verify_detached(changed, content)), "cades.signature");
}

TEST_F(Cades, NoBitFlipLetsAnotherSignerIn) {
  Bytes signature = signature_of(alice());
  for (std::size_t at = 0; at < signature.size(); ++at) {
    signature[at] ^= std::byte{4};
    const auto check = verify_detached(signature, content);
    // The other certificates in the file are not signed; the signer itself must stay.
    EXPECT_TRUE(!check || check->signer.same_as(alice().certificate)) << "byte " << at;
    signature[at] ^= std::byte{4};
  }
}

TEST_F(Cades, Malformed) {
  const Bytes signature = signature_of(alice());
  for (std::size_t length = 0; length < signature.size(); length += 7) {
    EXPECT_EQ(code_of(verify_detached(ByteView(signature).first(length), content)), "cades.malformed");
  }
  Bytes longer = signature;
  longer.push_back(std::byte{0});
  EXPECT_EQ(code_of(verify_detached(longer, content)), "cades.malformed");
  EXPECT_EQ(code_of(verify_detached(Bytes(2'000'000), content)), "cades.malformed");
  EXPECT_EQ(code_of(verify_detached(encrypted(alice().certificate, content), content)), "cades.malformed");
}

TEST_F(Cades, KeyThatDoesNotBelongToTheCertificate) {
  EXPECT_EQ(code_of(sign_detached({bob().key, alice().certificate, {}}, content, noon)), "cades.key");
}

class PublishedContainer : public Cades {
 protected:
  Result<SignatureCheck> check(const std::string& name) {
    const auto container = shared_data() / "asic/containers" / (name + ".asice");
    EXPECT_EQ(run(folder_, "unzip -o -q '" + container.string() +
                               "' && cp META-INF/*.p7s sig.p7s && cp META-INF/*anifest.xml manifest.xml"),
              0)
        << output();
    return verify_detached(bytes_of(read_file(folder_.path() / "sig.p7s")),
                           bytes_of(read_file(folder_.path() / "manifest.xml")));
  }
};

TEST_F(PublishedContainer, ValidOneIsSha1) {
  const auto valid = check("asic-cades-test-valid");
  ASSERT_TRUE(valid) << valid.error().text();
  EXPECT_TRUE(valid->sha1);
}

TEST_F(PublishedContainer, InvalidSignatureIsRefused) { EXPECT_FALSE(check("asic-cades-test-invalid-signature")); }

}  // namespace
}  // namespace kanal::crypto

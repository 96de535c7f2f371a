#include "crypto/signed_data.hpp"

#include <algorithm>

#include "crypto/cades.hpp"
#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

const ByteView content = bytes_of("<ASiCManifest/>");

bool holds(ByteView bytes, ByteView part) { return !std::ranges::search(bytes, part).empty(); }

class SignedData : public ::testing::Test {
 protected:
  Bytes made_by_tool(const std::string& options) {
    folder_.write("content", text_of(content));
    folder_.write("cert.pem", alice().certificate.pem());
    folder_.write("key.pem", alice().key.pem());
    EXPECT_EQ(run(folder_,
                  "openssl cms -sign -binary -outform DER -in content -out sig -signer cert.pem -inkey "
                  "key.pem -md sha256 " +
                      options),
              0);
    return copy_of(bytes_of(read_file(folder_.path() / "sig")));
  }
  const TemporaryFolder folder_{};
  const Bytes signature_ = *sign_detached(alice(), content, noon);
};

TEST_F(SignedData, CertificatesAreTakenOut) {
  const auto parts = take_certificates(signature_, nullptr);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->certificates.size(), 2U);
  for (const auto& certificate : parts->certificates) {
    EXPECT_TRUE(certificate.same_as(alice().certificate) || certificate.same_as(test_ca().certificate));
    EXPECT_TRUE(holds(signature_, certificate.der()));
    EXPECT_FALSE(holds(parts->rest, certificate.der()));
  }
  folder_.write("rest", text_of(parts->rest));
  EXPECT_EQ(run(folder_, "openssl cms -cmsout -inform DER -in rest -outform DER -out again && cmp rest again"), 0);
}

TEST_F(SignedData, WhatIsKnownIsNotReadAgain) {
  CertificateCache known;
  const auto first = verify_detached(signature_, content, &known);
  const auto again = verify_detached(signature_, content, &known);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->signer.get(), again->signer.get());
  ASSERT_EQ(again->chain.size(), 1U);
  EXPECT_EQ(first->chain.front().get(), again->chain.front().get());
}

TEST_F(SignedData, OtherFormsAreLeftToOthers) {
  EXPECT_FALSE(take_certificates({}, nullptr));
  EXPECT_FALSE(take_certificates(content, nullptr));
  EXPECT_FALSE(take_certificates(made_by_tool("-nocerts"), nullptr));
  EXPECT_FALSE(take_certificates(encrypted(alice().certificate, content), nullptr));
  for (std::size_t length = 0; length < signature_.size(); ++length) {
    EXPECT_FALSE(take_certificates(ByteView(signature_).first(length), nullptr)) << length;
  }
  Bytes longer = signature_;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(take_certificates(longer, nullptr));
  // Of indefinite length, and verified all the same.
  ASSERT_EQ(signature_.at(1), std::byte{0x82});
  Bytes stream{std::byte{0x30}, std::byte{0x80}};
  stream.insert(stream.end(), signature_.begin() + 4, signature_.end());
  stream.insert(stream.end(), 2, std::byte{0});
  EXPECT_FALSE(take_certificates(stream, nullptr));
  EXPECT_TRUE(verify_detached(stream, content));
}

TEST_F(SignedData, ACertificateThatCannotBeRead) {
  const auto der = test_ca().certificate.der();
  Bytes changed = signature_;
  const auto at = std::ranges::search(changed, der);
  ASSERT_FALSE(at.empty());
  *(at.begin() + 4) = std::byte{0x04};  // no SEQUENCE where there must be one
  EXPECT_FALSE(take_certificates(changed, nullptr));
  EXPECT_EQ(code_of(verify_detached(changed, content)), "cades.malformed");
}

}  // namespace
}  // namespace kanal::crypto

#include "sim/fiks_io_cms.hpp"

#include <gmock/gmock.h>

#include "crypto/cms_test_message.hpp"

namespace kanal::sim {
namespace {

using crypto::testing::MessageForm;
using crypto::testing::MessageWriter;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string verdict(const MessageForm& form) {
  const auto message = MessageWriter(form).write(bytes_of("hello"));
  const auto good = check_fiks_io_cms(message);
  return good ? "good" : good.error().message;
}

TEST(FiksIoCms, TheOneProfileIsGoodInEveryForm) {
  EXPECT_EQ(verdict({}), "good");
  EXPECT_EQ(verdict({.indefinite = false}), "good");
  EXPECT_EQ(verdict({.segment = 0}), "good");
  EXPECT_EQ(verdict({.null_parameters = false}), "good");
}

TEST(FiksIoCms, OtherAlgorithmsAreNamed) {
  EXPECT_THAT(verdict({.oaep = false}), HasSubstr("rsaEncryption"));
  EXPECT_THAT(verdict({.hash = "SHA1"}), HasSubstr("rsaesOaep sha1 mgf1"));
  EXPECT_THAT(verdict({.mask_hash = "SHA1"}), HasSubstr("mgf1 sha1"));
  EXPECT_THAT(verdict({.default_parameters = true}), HasSubstr("has envelopedData rsaesOaep data aes256-CBC"));
  EXPECT_THAT(verdict({.cipher = "AES-128-CBC"}), HasSubstr("aes128-CBC"));
  EXPECT_THAT(verdict({.cipher = "AES-256-GCM"}), HasSubstr("aes256-GCM"));
  EXPECT_THAT(verdict({.cipher = "AES-256-GCM", .authenticated = true}), HasSubstr("authEnvelopedData"));
  MessageForm two;
  two.recipients_after = {MessageWriter({}).recipient_info()};
  EXPECT_THAT(verdict(two), HasSubstr("mgf1 sha256 rsaesOaep"));
}

TEST(FiksIoCms, WhatIsNoCmsIsSaidToBeNone) {
  EXPECT_THAT(check_fiks_io_cms(bytes_of("PK\3\4 and so on")).error().message, StartsWith("the CMS has "));
  EXPECT_THAT(check_fiks_io_cms(bytes_of("")).error().message, StartsWith("the CMS has "));
  EXPECT_THAT(check_fiks_io_cms(bytes_of("\xff\xff\xff\xff\xff\xff\xff")).error().message,
              StartsWith("this is no CMS"));
}

}  // namespace
}  // namespace kanal::sim

// Every form of CMS that another program may send, and the faults of asic-cms.md section 10.
#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

void expect_readable(const MessageForm& form, const char* what) {
  SCOPED_TRACE(what);
  for (const std::size_t size : {0, 1, 16, 999, 1000, 1001, 70'000}) {
    const Bytes plain = pattern(size);
    const Bytes cms = message(form, plain);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, cms.size()}) {
      if (piece == 1 && size > 2000) continue;
      const auto back = decrypted({alice()}, cms, piece);
      ASSERT_TRUE(back) << size << " bytes: " << back.error().text();
      ASSERT_TRUE(*back == plain) << size << " bytes";
    }
  }
}

std::string refusal(const MessageForm& form) { return code_of(decrypted({alice()}, message(form, pattern(100)))); }

TEST(CmsForms, Lengths) {
  expect_readable({}, "indefinite, segments of 1000");
  expect_readable({.indefinite = false}, "definite, segments of 1000");
  expect_readable({.indefinite = false, .segment = 0}, "definite, one primitive octet string");
  expect_readable({.indefinite = true, .segment = 0}, "indefinite around one primitive octet string");
  expect_readable({.segment = 17}, "odd segments");
  expect_readable({.segment = 100'000}, "one large segment");
  expect_readable({.nested_segments = true}, "segments within segments");
  expect_readable({.originator = true, .attributes_after = true}, "optional parts present");
}

TEST(CmsForms, SegmentsOfOneByte) {
  const Bytes plain = pattern(3000);
  EXPECT_EQ(decrypted({alice()}, message({.segment = 1}, plain), 5).value(), plain);
  EXPECT_EQ(decrypted({alice()}, message({.cipher = "id-aes256-GCM", .segment = 1}, plain), 5).value(), plain);
}

TEST(CmsForms, KeyTransports) {
  expect_readable({.oaep = false}, "PKCS#1 v1.5");
  expect_readable({.null_parameters = false}, "hash identifiers without NULL");
  expect_readable({.hash = "SHA1", .mask_hash = "SHA1", .default_parameters = true}, "OAEP defaults");
  expect_readable({.hash = "SHA1", .mask_hash = "SHA1"}, "OAEP SHA-1 written out");
  expect_readable({.hash = "SHA256", .mask_hash = "SHA1"}, "mixed hashes");
  expect_readable({.hash = "SHA512", .mask_hash = "SHA256"}, "mixed hashes the other way");
  expect_readable({.label = "a label"}, "OAEP label");
  expect_readable({.by_key_id = true}, "subject key identifier");
}

TEST(CmsForms, Ciphers) {
  expect_readable({.cipher = "AES-128-CBC"}, "AES-128-CBC");
  expect_readable({.cipher = "AES-192-CBC"}, "AES-192-CBC");
  expect_readable({.cipher = "id-aes256-GCM"}, "GCM in EnvelopedData");
  expect_readable({.cipher = "id-aes256-GCM", .indefinite = false, .segment = 0}, "GCM in EnvelopedData, definite");
  expect_readable({.cipher = "id-aes256-GCM", .authenticated = true}, "AuthEnvelopedData");
  expect_readable({.cipher = "id-aes128-GCM", .authenticated = true, .indefinite = false, .attributes_after = true},
                  "AuthEnvelopedData, definite");
}

TEST(CmsForms, OurRecipientStandsAnywhere) {
  const Bytes other = MessageWriter({.recipient = &bob()}).recipient_info();
  const Bytes agreement = element(0xA1, {element(0x02, pattern(1)), element(0x04, pattern(20))});
  expect_readable({.recipients_before = {other}}, "second");
  expect_readable({.recipients_before = {agreement, other}, .recipients_after = {other}}, "in the middle");
  EXPECT_EQ(code_of(decrypted({alice()}, message({.recipient = &bob(), .recipients_before = {agreement}}, pattern(9)))),
            "cms.recipient");
}

TEST(CmsForms, ManyRecipientsWithOurNameCostLittle) {
  const Bytes wrong = MessageWriter({.key_size = 7}).recipient_info();
  EXPECT_EQ(refusal({.recipients_before = std::vector<Bytes>(100, wrong)}), "cms.key");
}

TEST(CmsForms, UnreasonablyManyRecipients) {
  const Bytes other = MessageWriter({.recipient = &bob()}).recipient_info();
  EXPECT_EQ(refusal({.recipients_before = std::vector<Bytes>(1000, other)}), "cms.malformed");
}

TEST(CmsForms, UnknownAlgorithms) {
  EXPECT_EQ(refusal({.content_algorithm = "1.2.840.113549.3.7"}), "cms.algorithm");
  EXPECT_EQ(refusal({.key_algorithm = "1.2.840.113549.1.1.10"}), "cms.algorithm");
  EXPECT_EQ(refusal({.hash = "MD5"}), "cms.algorithm");
  EXPECT_EQ(refusal({.mask_hash = "MD5"}), "cms.algorithm");
  EXPECT_EQ(refusal({.authenticated = true}), "cms.algorithm") << "CBC cannot authenticate";
  EXPECT_EQ(refusal({.cipher = "id-aes256-GCM", .authenticated = true, .authenticated_attributes = true}),
            "cms.algorithm");
}

TEST(CmsForms, KeyOfAnotherLengthThanTheCipherNeeds) { EXPECT_EQ(refusal({.key_size = 16}), "cms.key"); }

TEST(CmsForms, OtherKindsOfFiles) {
  const Bytes signed_data = element(0x30, {oid("1.2.840.113549.1.7.2"), element(0xA0, element(0x30, Bytes()))});
  const Bytes no_content = element(0x30, {oid("1.2.840.113549.1.7.3")});
  for (const ByteView other : {bytes_of("PK\3\4 a zip"), bytes_of("-----BEGIN CMS-----"), bytes_of("<xml/>"),
                               ByteView(signed_data), ByteView(no_content)}) {
    EXPECT_EQ(code_of(decrypted({alice()}, other)), "cms.not_cms");
  }
  EXPECT_EQ(code_of(decrypted({alice()}, ByteView())), "cms.truncated");
}

TEST(CmsForms, BytesAfterTheEnd) {
  Bytes cms = message({}, pattern(10));
  cms.push_back(std::byte{0});
  EXPECT_EQ(code_of(decrypted({alice()}, cms)), "cms.trailing");
  EXPECT_EQ(code_of(decrypted({alice()}, cms, 1)), "cms.trailing");
}

TEST(CmsForms, StructureWithMissingParts) {
  const Bytes type = oid("1.2.840.113549.1.7.3");
  const Bytes version = element(0x02, pattern(1));
  const auto package = [&](std::initializer_list<ByteView> parts) {
    return element(0x30, {type, element(0xA0, element(0x30, parts))});
  };
  const Bytes no_content = element(
      0x30, {oid("1.2.840.113549.1.7.1"), element(0x30, {oid("2.16.840.1.101.3.4.1.42"), element(0x04, pattern(16))})});
  const Bytes recipients = element(0x31, MessageWriter({}).recipient_info());
  for (const Bytes& cms : {package({}), package({version}), package({version, element(0x31, Bytes())}),
                           package({version, recipients, no_content}), package({version, version}),
                           package({version, recipients, version}),
                           package({version, element(0x31, element(0x30, version)), no_content})}) {
    EXPECT_EQ(code_of(decrypted({alice()}, cms)), "cms.malformed");
  }
  const Bytes short_iv = element(
      0x30, {oid("1.2.840.113549.1.7.1"), element(0x30, {oid("2.16.840.1.101.3.4.1.42"), element(0x04, pattern(8))})});
  EXPECT_EQ(code_of(decrypted({alice()}, package({version, recipients, short_iv}))), "cms.malformed");
}

TEST(CmsForms, DamagedContent) {
  // Definite lengths without segments: the last bytes are the last cipher blocks.
  const MessageForm form{.indefinite = false, .segment = 0};
  const Bytes plain = pattern(31);
  Bytes cms = message(form, plain);
  cms[cms.size() - 17] ^= std::byte{1};  // changes the padding byte
  EXPECT_EQ(code_of(decrypted({alice()}, cms)), "cms.padding");

  for (const bool authenticated : {false, true}) {
    for (const std::size_t from_end : {1U, 20U, 40U}) {
      Bytes sealed = message(
          {.cipher = "id-aes256-GCM", .authenticated = authenticated, .indefinite = false, .segment = 0}, plain);
      sealed[sealed.size() - from_end] ^= std::byte{1};
      EXPECT_EQ(code_of(decrypted({alice()}, sealed)), "cms.tag") << from_end;
    }
  }
}

TEST(CmsForms, ContentThatIsNoWholeNumberOfBlocks) {
  const Bytes recipients = element(0x31, MessageWriter({}).recipient_info());
  for (const std::size_t size : {0, 5, 17}) {
    const Bytes content = element(
        0x30, {oid("1.2.840.113549.1.7.1"), element(0x30, {oid("2.16.840.1.101.3.4.1.42"), element(0x04, pattern(16))}),
               element(0x80, pattern(size))});
    const Bytes cms = element(0x30, {oid("1.2.840.113549.1.7.3"),
                                     element(0xA0, element(0x30, {element(0x02, pattern(1)), recipients, content}))});
    EXPECT_EQ(code_of(decrypted({alice()}, cms)), "cms.padding") << size;
  }
}

}  // namespace
}  // namespace kanal::crypto

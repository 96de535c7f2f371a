// Our own encryptor and decryptor against each other, and the published samples.
#include "crypto/cms.hpp"

#include "crypto/cms_test_message.hpp"
#include "crypto/keystore.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

constexpr std::array<std::size_t, 10> sizes = {0, 1, 15, 16, 17, 999, 1000, 1001, 64 * 1024, 1024 * 1024};

TEST(Cms, RoundTripOfEverySizeInEveryPiece) {
  for (const std::size_t size : sizes) {
    const Bytes plain = pattern(size);
    for (const std::size_t piece : {1, 7, 1000, 65536}) {
      if (piece < 7 && size > 64 * 1024) continue;
      SCOPED_TRACE(std::to_string(size) + " bytes in pieces of " + std::to_string(piece));
      const auto back = decrypted({alice()}, encrypted(alice().certificate, plain, piece), piece);
      ASSERT_TRUE(back) << back.error().text();
      EXPECT_TRUE(*back == plain);
    }
  }
}

TEST(Cms, SmallWritesDoNotMakeSmallSegments) {
  const Bytes plain = pattern(100'000);
  EXPECT_EQ(encrypted(alice().certificate, plain, 1).size(), encrypted(alice().certificate, plain, 65536).size());
}

TEST(Cms, Pkcs1RoundTrip) {
  const Bytes plain = pattern(1234);
  const Bytes cms = encrypted(alice().certificate, plain, 1000, KeyTransport::pkcs1_v15);
  EXPECT_EQ(decrypted({alice()}, cms).value(), plain);
}

TEST(Cms, WritesTheDocumentedAlgorithms) {
  const Bytes cms = encrypted(alice().certificate, pattern(10));
  const std::string_view text = text_of(cms);
  for (const char* wanted : {"1.2.840.113549.1.7.3", "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.8",
                             "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.1.42"}) {
    EXPECT_NE(text.find(text_of(oid(wanted))), std::string_view::npos) << wanted;
  }
  EXPECT_TRUE(text.starts_with("\x30\x80")) << "indefinite length";
  const Bytes old = encrypted(alice().certificate, pattern(10), 10, KeyTransport::pkcs1_v15);
  EXPECT_EQ(text_of(old).find(text_of(oid("1.2.840.113549.1.1.7"))), std::string_view::npos);
}

TEST(Cms, TruncationAtEveryByteIsAnError) {
  for (const Bytes& cms :
       {encrypted(alice().certificate, pattern(40)), message({.indefinite = false}, pattern(40)),
        message({.cipher = "id-aes256-GCM"}, pattern(40)),
        message({.cipher = "id-aes256-GCM", .authenticated = true, .attributes_after = true}, pattern(40))}) {
    ASSERT_TRUE(decrypted({alice()}, cms));
    for (std::size_t length = 0; length < cms.size(); ++length) {
      EXPECT_EQ(code_of(decrypted({alice()}, ByteView(cms).first(length))), "cms.truncated")
          << length << " of " << cms.size();
    }
  }
}

TEST(Cms, BitFlipsInCbcNeverCrash) {
  Bytes cms = encrypted(alice().certificate, pattern(20));
  for (std::size_t at = 0; at < cms.size(); ++at) {
    const std::byte bit{static_cast<unsigned char>(1U << (at % 8))};
    cms[at] ^= bit;
    (void)decrypted({alice()}, cms);
    cms[at] ^= bit;
  }
}

TEST(Cms, BitFlipsInGcmNeverDeliverOtherPlaintext) {
  const Bytes plain = pattern(50);
  for (const bool authenticated : {false, true}) {
    Bytes cms = message({.cipher = "id-aes256-GCM", .authenticated = authenticated}, plain);
    for (std::size_t at = 0; at < cms.size(); ++at) {
      const std::byte bit{static_cast<unsigned char>(1U << (at % 8))};
      cms[at] ^= bit;
      const auto back = decrypted({alice()}, cms);
      EXPECT_TRUE(!back || *back == plain) << "byte " << at;
      cms[at] ^= bit;
    }
  }
}

TEST(Cms, SomebodyElsesPackageNamesItsRecipient) {
  const auto back = decrypted({bob()}, encrypted(alice().certificate, pattern(10)));
  ASSERT_EQ(code_of(back), "cms.recipient");
  EXPECT_NE(back.error().text().find(alice().certificate.serial()), std::string::npos) << back.error().text();
  EXPECT_EQ(code_of(decrypted({}, encrypted(alice().certificate, pattern(10)))), "cms.recipient");
}

TEST(Cms, WrongKeyForTheRightCertificate) {
  const Identity mixed{bob().key, alice().certificate, {}};
  EXPECT_EQ(code_of(decrypted({mixed}, encrypted(alice().certificate, pattern(10)))), "cms.key");
  // PKCS#1 v1.5: with implicit rejection the key may by chance have the right length; then the padding shows it.
  const auto old =
      code_of(decrypted({mixed}, encrypted(alice().certificate, pattern(10), 10, KeyTransport::pkcs1_v15)));
  EXPECT_TRUE(old == "cms.key" || old == "cms.padding") << old;
}

TEST(Cms, PreviousKeysOfTheKeyRingAreTried) {
  const Bytes plain = pattern(100);
  EXPECT_EQ(decrypted({bob(), alice()}, encrypted(alice().certificate, plain)).value(), plain);
  const Identity broken{bob().key, alice().certificate, {}};
  EXPECT_EQ(decrypted({broken, alice()}, encrypted(alice().certificate, plain)).value(), plain);
}

TEST(Cms, EllipticCurveCertificateIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(
      run(folder,
          "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=ec -out c.pem"),
      0);
  const auto certificate = Certificate::from_pem(read_file(folder.path() / "c.pem"));
  ASSERT_TRUE(certificate);
  MemorySink out(1000);
  const auto sink = make_cms_encryptor(*certificate, KeyTransport::oaep_sha256, out);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, "cms.recipient");
}

class FailingSink final : public Sink {
 public:
  Result<void> write(ByteView) override { return retry("disk.full", "the disk is full"); }
  Result<void> finish() override { return {}; }
};

TEST(Cms, ErrorsOfTheSinkPassUnchanged) {
  FailingSink full;
  auto encryptor = make_cms_encryptor(alice().certificate, KeyTransport::oaep_sha256, full);
  ASSERT_TRUE(encryptor);
  const auto pushed = push(**encryptor, pattern(500'000), 65536);
  EXPECT_EQ(code_of(pushed), "disk.full");
  EXPECT_EQ(pushed.error().disposition, Disposition::retry);

  const auto decryptor = make_cms_decryptor({alice()}, full);
  EXPECT_EQ(code_of(push(*decryptor, encrypted(alice().certificate, pattern(500'000)), 65536)), "disk.full");
  EXPECT_EQ(code_of(decryptor->finish()), "disk.full") << "a failure stays";
}

TEST(Cms, AnEncryptorThatIsNotFinishedLeavesNoCompletePackage) {
  MemorySink out(no_limit);
  {
    auto sink = make_cms_encryptor(alice().certificate, KeyTransport::oaep_sha256, out);
    ASSERT_TRUE((*sink)->write(pattern(200'000)));
  }
  EXPECT_EQ(code_of(decrypted({alice()}, out.bytes())), "cms.truncated");
}

TEST(Cms, PublishedSamples) {
  const auto folder = shared_data() / "dpi/samples/complete";
  const auto entries = read_keystore(bytes_of(read_file(folder / "eksempel.jks")), Secret("changeit"));
  ASSERT_TRUE(entries) << entries.error().text();
  const Identity identity = find_identity(*entries, "eksempel").value();
  for (const char* name : {"digital", "digital-avsenderidentifikator", "digital-pa-vegne-av", "utskrift"}) {
    const std::string cms = read_file(folder / (std::string(name) + "-dokumentpakke.cms"));
    const std::string zip = read_file(folder / (std::string(name) + "-dokumentpakke.zip"));
    ASSERT_FALSE(zip.empty());
    for (const std::size_t piece : {1, 999, 65536}) {
      const auto back = decrypted({identity}, bytes_of(cms), piece);
      ASSERT_TRUE(back) << name << ": " << back.error().text();
      EXPECT_TRUE(text_of(*back) == zip) << name;
    }
  }
}

}  // namespace
}  // namespace kanal::crypto

// CMS alone, both ways: forms that services other than DPO use, at every size.
#include "crypto/cms.hpp"
#include "tests/interop/exchange.hpp"

namespace kanal::interop {
namespace {

using ::testing::HasSubstr;

class Envelope : public Exchange {
 protected:
  Answer java_encrypts(const std::string& plain, const Arguments& options) {
    Arguments arguments{{"in", folder_.write("plain", plain).string()},
                        {"out", path("cms")},
                        {"recipient", all_.municipality.certificate.string()}};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return ask("encrypt", arguments);
  }
  Result<std::string> we_decrypt(ByteView cms) {
    MemorySink plain(std::uint64_t{1} << 30U);
    const auto decryptor = crypto::make_cms_decryptor({all_.agency.identity, all_.municipality.identity}, plain);
    if (auto written = decryptor->write(cms); !written) return failed(written);
    if (auto ended = decryptor->finish(); !ended) return failed(ended);
    return std::string(text_of(plain.bytes()));
  }
};

TEST_F(Envelope, JavaReadsOurs) {
  for (const auto& [transport, described] :
       {std::pair{crypto::KeyTransport::oaep_sha256, "oaep 2.16.840.1.101.3.4.2.1 mgf1 2.16.840.1.101.3.4.2.1"},
        std::pair{crypto::KeyTransport::pkcs1_v15, "1.2.840.113549.1.1.1"}}) {
    for (const std::size_t size : sizes) {
      SCOPED_TRACE(size);
      const std::string plain = noise(size);
      FileSink cms(path("cms"));
      auto cipher = crypto::make_cms_encryptor(all_.municipality.identity.certificate, transport, cms);
      ASSERT_TRUE(cipher) << cipher.error().text();
      ASSERT_TRUE((*cipher)->write(bytes_of(plain)));
      ASSERT_TRUE((*cipher)->finish());
      ASSERT_TRUE(cms.finish());
      Arguments arguments{{"in", path("cms")}, {"out", path("back")}};
      all_.municipality.act(arguments);
      const auto answer = ask("decrypt", arguments);
      ASSERT_TRUE(answer.ok) << answer.reason;
      EXPECT_EQ(answer.one("key-transport"), described);
      EXPECT_TRUE(content("back") == plain);
    }
  }
}

TEST_F(Envelope, WeReadJavas) {
  const std::vector<Arguments> forms{{{"cipher", "AES256-CBC"}, {"transport", "oaep-sha256"}},
                                     {{"cipher", "AES128-CBC"}, {"transport", "oaep-sha1"}},
                                     {{"cipher", "AES256-CBC"}, {"transport", "oaep-sha256-mgf1-sha1"}},
                                     {{"cipher", "AES256-CBC"}, {"transport", "pkcs1"}, {"segment", "17"}},
                                     {{"cipher", "AES256-CBC"}, {"recipients", "ber"}, {"segment", "65536"}},
                                     {{"cipher", "AES256-GCM"}, {"transport", "oaep-sha256"}},
                                     {{"cipher", "AES256-GCM"}, {"transport", "pkcs1"}, {"segment", "15"}},
                                     {{"cipher", "AES256-GCM"}, {"authenticated", "yes"}}};
  for (const auto& form : forms) {
    for (const std::size_t size : sizes) {
      SCOPED_TRACE(::testing::PrintToString(form) + " " + std::to_string(size));
      const std::string plain = noise(size);
      const auto answer = java_encrypts(plain, form);
      ASSERT_TRUE(answer.ok) << answer.reason;
      const auto back = we_decrypt(bytes_of(content("cms")));
      ASSERT_TRUE(back) << back.error().text();
      EXPECT_TRUE(*back == plain);
    }
  }
}

/// Ciphertext and tag are the last octets before the end markers.
TEST_F(Envelope, AChangedBitIsNoticedWhereTheFormCanTell) {
  for (const auto& [cipher, code] : Arguments{{"AES256-CBC", "cms.padding"}, {"AES256-GCM", "cms.tag"}}) {
    ASSERT_TRUE(java_encrypts(noise(1'600), {{"cipher", cipher}}).ok);
    const std::string cms = content("cms");
    ASSERT_TRUE(we_decrypt(bytes_of(cms)));
    const std::size_t content_end = cms.find_last_not_of('\0');
    std::string damaged = cms;
    damaged[content_end] = static_cast<char>(damaged[content_end] ^ 0x40);
    const auto back = we_decrypt(bytes_of(damaged));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, code);
    for (const std::size_t cut : {1, 10, 500}) {
      const auto shorter = we_decrypt(bytes_of(cms).first(cms.size() - cut));
      ASSERT_FALSE(shorter);
      EXPECT_EQ(shorter.error().code, "cms.truncated");
    }
  }
}

}  // namespace
}  // namespace kanal::interop

// The openssl command line tool reads ours, and we read what it writes.
#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

class CmsOpenssl : public ::testing::Test {
 protected:
  CmsOpenssl() {
    folder_.write("cert.pem", alice().certificate.pem());
    folder_.write("key.pem", alice().key.pem());
    folder_.write("plain", text_of(plain_));
  }
  std::string output() const { return read_file(folder_.path() / "output.txt"); }

  const Bytes plain_ = pattern(150'001);
  const TemporaryFolder folder_{};
};

TEST_F(CmsOpenssl, ItReadsOurs) {
  for (const KeyTransport transport : {KeyTransport::oaep_sha256, KeyTransport::pkcs1_v15}) {
    folder_.write("ours", text_of(encrypted(alice().certificate, plain_, 1000, transport)));
    ASSERT_EQ(
        run(folder_, "openssl cms -decrypt -binary -inform DER -in ours -recip cert.pem -inkey key.pem -out back"), 0)
        << output();
    EXPECT_TRUE(read_file(folder_.path() / "back") == text_of(plain_));
  }
}

TEST_F(CmsOpenssl, WeReadIts) {
  const std::string oaep = " -recip cert.pem -keyopt rsa_padding_mode:oaep";
  const std::string sha256 = oaep + " -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256";
  for (const std::string& options : std::vector<std::string>{
           "-aes256 cert.pem", "-aes128 -stream cert.pem", "-aes256 -stream" + sha256, "-aes256" + sha256,
           "-aes192" + oaep, "-aes256 -keyid cert.pem", "-aes-256-gcm" + sha256, "-aes-256-gcm -stream" + sha256}) {
    SCOPED_TRACE(options);
    ASSERT_EQ(run(folder_, "openssl cms -encrypt -binary -outform DER -in plain -out theirs " + options), 0)
        << output();
    const std::string theirs = read_file(folder_.path() / "theirs");
    for (const std::size_t piece : {7, 65536}) {
      const auto back = decrypted({bob(), alice()}, bytes_of(theirs), piece);
      ASSERT_TRUE(back) << back.error().text();
      EXPECT_TRUE(*back == plain_);
    }
  }
}

TEST_F(CmsOpenssl, EllipticCurveRecipientIsNotUs) {
  ASSERT_EQ(run(folder_,
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=ec -out "
                "ec.pem && "
                "openssl cms -encrypt -binary -outform DER -aes256 -in plain -out theirs ec.pem"),
            0)
      << output();
  EXPECT_EQ(code_of(decrypted({alice()}, bytes_of(read_file(folder_.path() / "theirs")))), "cms.recipient");
}

}  // namespace
}  // namespace kanal::crypto

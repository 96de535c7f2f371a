// Java reads what we write, front to back: java.util.zip and Bouncy Castle, as most receivers do.
#include "crypto/cms.hpp"
#include "formats/zip_testing.hpp"
#include "tests/interop/exchange.hpp"

namespace kanal::interop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto sha256_oid = "2.16.840.1.101.3.4.2.1";

class PackageToJava : public Exchange {
 protected:
  /// Java finds the SBD and every document as they were.
  void expect_read(const domain::Sbd& sbd, const std::vector<Document>& documents) {
    write_ours(sbd, documents, "sbd.zip");
    const auto answer = java_reads("sbd.zip", all_.municipality);
    ASSERT_TRUE(answer.ok) << answer.reason;
    EXPECT_EQ(content("unpacked/sbd.json"), domain::write_sbd(sbd));
    const auto read = answer.all("document");
    ASSERT_EQ(read.size(), documents.size() + 1);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      EXPECT_EQ(read[i + 1].at(0), documents[i].name);
      EXPECT_TRUE(content("unpacked/" + std::to_string(i + 1)) == documents[i].content) << documents[i].name;
    }
  }
};

TEST_F(PackageToJava, EverySize) {
  for (const std::size_t size : sizes) {
    SCOPED_TRACE(size);
    expect_read(make_sbd(all_.agency, all_.municipality), {{"a.pdf", "application/pdf", noise(size)},
                                                           {"a.xml", "application/xml", std::string(size, ' ')},
                                                           {"b.txt", "text/plain", noise(size)}});
  }
}

TEST_F(PackageToJava, EveryName) { expect_read(make_sbd(all_.agency, all_.municipality), documents_with_names()); }

TEST_F(PackageToJava, WithoutFilesThereIsOnlyTheSbd) {
  const auto sbd = make_sbd(all_.agency, all_.municipality);
  write_ours(sbd, {}, "sbd.zip");
  const auto answer = java_reads("sbd.zip", all_.municipality);
  ASSERT_TRUE(answer.ok) << answer.reason;
  EXPECT_THAT(answer.all("package-entry"), ElementsAre(ElementsAre("sbd.json", "stored")));
  EXPECT_EQ(content("unpacked/sbd.json"), domain::write_sbd(sbd));
}

TEST_F(PackageToJava, ItSeesTheProfileThatWasPromised) {
  write_ours(make_sbd(all_.agency, all_.municipality),
             {{"brev.pdf", "application/pdf", noise(100)}, {"notat.txt", "text/plain", "notat"}}, "sbd.zip");
  const auto answer = java_reads("sbd.zip", all_.municipality);
  ASSERT_TRUE(answer.ok) << answer.reason;
  EXPECT_THAT(answer.all("package-entry"),
              ElementsAre(ElementsAre("sbd.json", "stored"), ElementsAre("asic.zip", "deflated")));
  EXPECT_EQ(answer.one("key-transport"), std::string("oaep ") + sha256_oid + " mgf1 " + sha256_oid);
  EXPECT_EQ(answer.one("content-encryption"), "2.16.840.1.101.3.4.1.42");  // AES-256-CBC
  EXPECT_EQ(answer.one("sender"), all_.agency.party());
  EXPECT_EQ(answer.one("receiver"), all_.municipality.party());
  EXPECT_THAT(answer.all("main"), ElementsAre(ElementsAre("brev.pdf", "application/pdf")));
  const auto documents = answer.all("document");
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_THAT(documents[1], ElementsAre("brev.pdf", "stored", sha256_hex(noise(100))));
  EXPECT_THAT(documents[2], ElementsAre("notat.txt", "deflated", sha256_hex("notat")));
  EXPECT_EQ(answer.one("signature-digest"), sha256_oid);
  EXPECT_EQ(answer.one("signer"), sha256_hex(text_of(all_.agency.identity.certificate.der())));
  EXPECT_EQ(answer.one("issuer"), sha256_hex(text_of(all_.authority.certificate.der())));
}

/// That the tests above can fail: a Java that accepts anything would prove nothing.
class JavaAsJudge : public PackageToJava {
 protected:
  /// The files of a good container.
  std::vector<formats::testing::File> good_files() {
    write_ours(make_sbd(all_.agency, all_.municipality), {{"a.pdf", "application/pdf", "content"}}, "sbd.zip");
    const auto read = we_read("sbd.zip");
    EXPECT_TRUE(read && read->package) << (read ? "damage" : read.error().text());
    const auto files = formats::testing::unpack(load(*read->package));
    EXPECT_TRUE(files);
    return *files;
  }
  /// Java's opinion of a container of these files.
  Answer judge(const std::vector<formats::testing::File>& files) {
    MemorySink cms(1 << 20);
    auto cipher =
        crypto::make_cms_encryptor(all_.municipality.identity.certificate, crypto::KeyTransport::oaep_sha256, cms);
    EXPECT_TRUE((*cipher)->write(bytes_of(formats::testing::make_zip(files))));
    EXPECT_TRUE((*cipher)->finish());
    return judge_cms(text_of(cms.bytes()));
  }
  Answer judge_cms(std::string_view cms) {
    folder_.write("sbd.zip", formats::testing::make_zip({{"sbd.json", "{}"}, {"asic.zip", std::string(cms)}}));
    return java_reads("sbd.zip", all_.municipality);
  }
};

TEST_F(JavaAsJudge, RefusesWhatIsWrong) {
  const auto good = good_files();
  ASSERT_EQ(good.size(), 6U);
  const auto untouched = judge(good);
  EXPECT_TRUE(untouched.ok) << untouched.reason;

  auto files = good;
  files[2].content = "Content";
  EXPECT_THAT(judge(files).reason, HasSubstr("a digest differs: a.pdf"));
  files = good;
  files[3].content += " ";
  EXPECT_THAT(judge(files).reason, HasSubstr("message-digest attribute value does not match"));
  files = good;
  files[4].content.back() = static_cast<char>(files[4].content.back() ^ 1);
  EXPECT_THAT(judge(files).reason, HasSubstr("the signature is wrong"));
  files = good;
  files[0].deflated = true;
  EXPECT_THAT(judge(files).reason, HasSubstr("mimetype is not stored"));
  files = good;
  files.insert(files.begin() + 3, {"extra.pdf", "x"});
  EXPECT_THAT(judge(files).reason, HasSubstr("the manifest does not list the files there are"));
}

TEST_F(JavaAsJudge, RefusesAnothersPackageAndACutOne) {
  write_ours(make_sbd(all_.agency, all_.municipality), {{"a.pdf", "application/pdf", noise(3'000)}}, "sbd.zip");
  EXPECT_THAT(java_reads("sbd.zip", all_.agency).reason, HasSubstr("encrypted for somebody else"));
  const auto entries = formats::testing::unpack(content("sbd.zip"));
  ASSERT_TRUE(entries);
  const std::string& cms = entries->at(1).content;
  EXPECT_TRUE(judge_cms(cms).ok);
  for (const std::size_t cut : {1, 8, 20, 1'000}) {
    EXPECT_FALSE(judge_cms(std::string_view(cms).substr(0, cms.size() - cut)).ok) << cut;
  }
  std::string damaged = cms;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  EXPECT_FALSE(judge_cms(damaged).ok);
}

}  // namespace
}  // namespace kanal::interop

// We read what Java writes: java.util.zip's data descriptors and Bouncy Castle's CMS, as the reference product does it.
#include "formats/zip_testing.hpp"
#include "tests/interop/exchange.hpp"

namespace kanal::interop {
namespace {

using ::testing::Contains;
using ::testing::Not;

class PackageFromJava : public Exchange {
 protected:
  /// The verdict on a package from `sender`: a code, or nothing.
  std::string verdict_on(const Organisation& sender, const Arguments& options = {}) {
    const auto written = java_writes(make_sbd(all_.agency, all_.municipality), {{"a.pdf", "application/pdf", "x"}},
                                     "sbd.zip", sender, options);
    EXPECT_TRUE(written.ok) << written.reason;
    const auto read = we_read("sbd.zip");
    EXPECT_TRUE(read) << read.error().text();
    EXPECT_NE(read->package.has_value(), read->damage.has_value());
    return read->damage ? read->damage->code : "";
  }

  /// We find the SBD and every document as they were.
  void expect_read(const std::vector<Document>& documents, const Arguments& options = {}) {
    const auto sbd = make_sbd(all_.agency, all_.municipality);
    const auto written = java_writes(sbd, documents, "sbd.zip", all_.agency, options);
    ASSERT_TRUE(written.ok) << written.reason;
    const auto read = we_read("sbd.zip");
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(domain::write_sbd(read->sbd), domain::write_sbd(sbd));
    ASSERT_FALSE(read->damage) << read->damage->text();
    ASSERT_TRUE(read->package);
    const auto files = formats::testing::unpack(load(*read->package));
    ASSERT_TRUE(files) << files.error().text();
    // mimetype before them; ASiCManifest.xml, signature and manifest.xml behind
    ASSERT_EQ(files->size(), documents.size() + 4);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      EXPECT_EQ((*files)[i + 1].name, documents[i].name);
      EXPECT_TRUE((*files)[i + 1].content == documents[i].content) << documents[i].name;
    }
  }
};

TEST_F(PackageFromJava, EverySize) {
  for (const std::size_t size : sizes) {
    SCOPED_TRACE(size);
    expect_read({{"a.pdf", "application/pdf", noise(size)}, {"a.xml", "application/xml", "<a>" + noise(size / 2)}});
  }
}

TEST_F(PackageFromJava, EveryName) { expect_read(documents_with_names()); }

TEST_F(PackageFromJava, EveryForm) {
  const std::vector<Document> documents{{"a.pdf", "application/pdf", noise(100'000)}};
  for (const auto& [key, value] : Arguments{{"cipher", "AES256-CBC"},
                                            {"cipher", "AES256-GCM"},
                                            {"transport", "pkcs1"},
                                            {"transport", "oaep-sha1"},
                                            {"segment", "65536"},
                                            {"recipients", "ber"},
                                            {"level", "0"},
                                            {"times", "yes"},
                                            {"digest", "SHA1"},
                                            {"digest", "SHA256"},
                                            {"digest", "SHA512"}}) {
    SCOPED_TRACE(key + " " + value);
    expect_read(documents, {{key, value}});
  }
}

TEST_F(PackageFromJava, WithoutFilesThereIsOnlyTheSbd) {
  const auto sbd = make_sbd(all_.agency, all_.municipality);
  ASSERT_TRUE(java_writes(sbd, {}, "sbd.zip", all_.agency).ok);
  const auto read = we_read("sbd.zip");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(domain::write_sbd(read->sbd), domain::write_sbd(sbd));
  EXPECT_FALSE(read->package);
  EXPECT_FALSE(read->damage);
}

TEST_F(PackageFromJava, WhatTheBrokerAddsIsSkipped) {
  expect_read({{"a.pdf", "application/pdf", "x"}}, {{"extra", "manifest.xml"}, {"extra", "recipients.xml"}});
}

TEST_F(PackageFromJava, Sha1IsLogged) {
  EXPECT_EQ(verdict_on(all_.agency, {{"digest", "SHA256"}}), "");
  EXPECT_THAT(log_.events, Not(Contains("sha1_signature")));
  EXPECT_EQ(verdict_on(all_.agency, {{"digest", "SHA1"}}), "");
  EXPECT_THAT(log_.events, Contains("sha1_signature"));
}

TEST_F(PackageFromJava, OthersAreRefused) {
  EXPECT_EQ(verdict_on(all_.agency, {{"digest", "MD5"}}), "asic.algorithm");
  EXPECT_EQ(verdict_on(all_.municipality), "dpo.signer") << "signed by another organisation than the sender";
  EXPECT_EQ(verdict_on(all_.impostor), "certificate.untrusted");
  settings_.trusted_signers.clear();
  EXPECT_EQ(verdict_on(all_.impostor), "") << "the chain is not checked without anchors";
}

TEST_F(PackageFromJava, AnothersPackageIsDamageNotLoss) {
  const auto sbd = make_sbd(all_.agency, all_.municipality);
  ASSERT_TRUE(java_writes(sbd, {{"a.pdf", "application/pdf", "x"}}, "sbd.zip", all_.agency).ok);
  FileSource file(path("sbd.zip"));
  const auto read = dpo::read_package(store(file), {all_.agency.identity}, settings_, clock_, log_, spool_);
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_TRUE(read->damage);
  EXPECT_EQ(read->damage->code, "cms.recipient");
  EXPECT_EQ(read->sbd.document.instance_identifier, sbd.document.instance_identifier);
}

}  // namespace
}  // namespace kanal::interop

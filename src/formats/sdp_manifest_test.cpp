#include "formats/sdp_manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/testing.hpp"
#include "formats/xml_schema.hpp"
#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

SdpManifest full() {
  SdpManifest manifest;
  manifest.mailbox = "kari.nordvik#7QXD";
  manifest.organisation = "0192:311222333";
  manifest.sender_identifier = "byggesak";
  manifest.invoice_reference = "BS-2026-17";
  manifest.main = {"vedtak.pdf", "application/pdf", "Vedtak & <klage>", "NO",
                   SdpManifest::Metadata{"lenke.xml", "application/xml"}};
  manifest.attachments = {{"kart.png", "image/png", "Kårt", "NO", {}}};
  return manifest;
}

const XmlSchema& schema() {
  static const auto loaded = XmlSchema::load(kanal::testing::shared_data() / "dpi/xsd/sdp-manifest.xsd");
  EXPECT_TRUE(loaded) << loaded.error().text();
  return *loaded;
}

void expect_valid(const std::string& xml) {
  const auto breach = schema().validate(bytes_of(xml));
  ASSERT_TRUE(breach) << breach.error().text();
  EXPECT_FALSE(*breach) << (*breach)->text << "\n" << xml;
}

TEST(SdpManifest, IsValidAndReadAsItWasWritten) {
  auto print = full();
  print.mailbox.reset();
  print.sender_identifier.clear();
  print.invoice_reference.clear();
  print.main.metadata.reset();
  print.attachments.clear();
  for (const auto& manifest : {full(), print}) {
    const auto xml = write_sdp_manifest(manifest);
    ASSERT_TRUE(xml) << xml.error().text();
    expect_valid(*xml);
    const auto read = read_sdp_manifest(bytes_of(*xml));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->mailbox, manifest.mailbox);
    EXPECT_EQ(read->organisation, manifest.organisation);
    EXPECT_EQ(read->sender_identifier, manifest.sender_identifier);
    EXPECT_EQ(read->invoice_reference, manifest.invoice_reference);
    EXPECT_EQ(read->main.title, manifest.main.title);
    EXPECT_EQ(read->main.language, "NO");
    EXPECT_EQ(read->main.metadata.has_value(), manifest.main.metadata.has_value());
    ASSERT_EQ(read->attachments.size(), manifest.attachments.size());
    if (!manifest.attachments.empty()) {
      EXPECT_EQ(read->attachments[0].href, "kart.png");
    }
  }
}

TEST(SdpManifest, RefusesWhatTheSchemaForbids) {
  const auto code = [](auto change) {
    auto manifest = full();
    change(manifest);
    const auto xml = write_sdp_manifest(manifest);
    return xml ? "" : xml.error().code;
  };
  EXPECT_EQ(code([](auto&) {}), "");
  EXPECT_EQ(code([](auto& m) { m.main.href = "a.p"; }), "manifest.value") << "three characters";
  EXPECT_EQ(code([](auto& m) { m.main.href = "å.pd"; }), "") << "four characters of five bytes";
  EXPECT_EQ(code([](auto& m) { m.main.href = std::string(101, 'a'); }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.title = ""; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.title = std::string(256, 't'); }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.language = "nob"; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.mime = ""; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.organisation = "311222333"; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.mailbox = ""; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.invoice_reference = std::string(41, 'f'); }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.sender_identifier = std::string(101, 's'); }), "manifest.value");
  const auto attach = [](SdpManifest& m, int count) {
    m.attachments.clear();
    for (int i = 0; i < count; ++i) m.attachments.push_back({fmt::format("{:04}", i), "a/b", "T", "NO", {}});
  };
  EXPECT_EQ(code([&](auto& m) { attach(m, 200); }), "");
  EXPECT_EQ(code([&](auto& m) { attach(m, 201); }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.title = " \n"; }), "manifest.value") << "blank";
  EXPECT_EQ(code([](auto& m) { m.main.title = "two\nlines\tof text"; }), "");
  EXPECT_EQ(code([](auto& m) { m.attachments[0].metadata = {"data.xml", std::string(101, 'm')}; }), "manifest.value");
  EXPECT_EQ(code([](auto& m) { m.main.metadata->href = "a"; }), "manifest.value");
}

/// XML would lose them, and a file would have another name in the manifest than in the package.
TEST(SdpManifest, RefusesCharactersThatXmlLoses) {
  for (const std::string text : {"abc\x01", "abcd\xFF", "abc\xEF\xBF\xBF", "abc\xC3"}) {
    for (const int field : {0, 1, 2, 3, 4, 5, 6, 7}) {
      auto m = full();
      std::string* const fields[] = {&m.main.href,           &m.main.mime, &m.main.title,        &m.main.metadata->href,
                                     &m.main.metadata->mime, &*m.mailbox,  &m.sender_identifier, &m.invoice_reference};
      *fields[field] = text;
      const auto xml = write_sdp_manifest(m);
      ASSERT_FALSE(xml) << field;
      EXPECT_EQ(xml.error().code, "manifest.value") << field;
    }
  }
  auto m = full();
  m.main.href = "a\tb.pdf";
  EXPECT_FALSE(write_sdp_manifest(m)) << "attributes lose tabs";
}

TEST(SdpManifest, FilesHaveNamesOfTheirOwn) {
  const auto good = [](auto change) {
    auto m = full();
    m.attachments.push_back(
        {"plan.png", "image/png", "Plan", "NO", SdpManifest::Metadata{"data.xml", "application/xml"}});
    change(m);
    return write_sdp_manifest(m).has_value();
  };
  EXPECT_TRUE(good([](auto&) {}));
  EXPECT_FALSE(good([](auto& m) { m.attachments[0].href = "vedtak.pdf"; }));
  EXPECT_FALSE(good([](auto& m) { m.attachments[0].href = "Vedtak.PDF"; }));
  EXPECT_FALSE(good([](auto& m) { m.attachments[0].href = "plan.png"; }));
  EXPECT_FALSE(good([](auto& m) { m.main.metadata->href = "plan.png"; }));
  EXPECT_FALSE(good([](auto& m) { m.attachments[1].metadata->href = "vedtak.pdf"; }));
  EXPECT_TRUE(good([](auto& m) { m.attachments[1].metadata->href = "lenke.xml"; })) << "metadata may be shared";
}

TEST(SdpManifest, ErrorsShowNoValue) {
  auto manifest = full();
  manifest.organisation = "01017012345";
  const auto xml = write_sdp_manifest(manifest);
  ASSERT_FALSE(xml);
  EXPECT_EQ(xml.error().text().find("01017012345"), std::string::npos);
}

TEST(SdpManifest, AttachmentsHaveMetadataToo) {
  auto manifest = full();
  manifest.attachments[0].metadata = {"bevis.xml", "application/vnd.difi.dpi.bevis+xml"};
  const auto xml = write_sdp_manifest(manifest);
  ASSERT_TRUE(xml) << xml.error().text();
  expect_valid(*xml);
  const auto read = read_sdp_manifest(bytes_of(*xml));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_TRUE(read->attachments[0].metadata);
  EXPECT_EQ(read->attachments[0].metadata->href, "bevis.xml");
  EXPECT_EQ(read->attachments[0].metadata->mime, "application/vnd.difi.dpi.bevis+xml");
}

/// The schema lets others leave them out.
TEST(SdpManifest, ReadsDocumentsWithoutTitle) {
  const auto xml = testing::replaced(*write_sdp_manifest(full()), "<tittel lang=\"NO\">K\xC3\xA5rt</tittel>", "");
  expect_valid(xml);
  const auto read = read_sdp_manifest(bytes_of(xml));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->attachments[0].title, "");
  EXPECT_EQ(read->main.title, "Vedtak & <klage>");
  EXPECT_EQ(write_sdp_manifest(*read).error().code, "manifest.value") << "ours have one";
}

TEST(SdpManifest, ReadsThePublishedOnes) {
  for (const std::string name : {"digital", "digital-avsenderidentifikator", "digital-pa-vegne-av", "utskrift"}) {
    const auto path = kanal::testing::shared_data() / "dpi/samples/complete" / (name + "-dokumentpakke.zip");
    const auto files = testing::unpack(kanal::testing::read_file(path));
    ASSERT_TRUE(files) << name;
    const auto xml = std::ranges::find(*files, "manifest.xml", &testing::File::name)->content;
    const auto manifest = read_sdp_manifest(bytes_of(xml));
    ASSERT_TRUE(manifest) << name << ": " << manifest.error().text();
    EXPECT_EQ(manifest->mailbox.has_value(), name != "utskrift") << name;
    const auto again = write_sdp_manifest(*manifest);
    ASSERT_TRUE(again) << name;
    expect_valid(*again);
  }
}

TEST(SdpManifest, RefusesOtherDocuments) {
  for (const std::string xml : {"", "<manifest/>", "<x xmlns=\"http://begrep.difi.no/sdp/schema_v10\"/>",
                                "<manifest xmlns=\"http://begrep.difi.no/sdp/schema_v10\"/>"}) {
    EXPECT_EQ(read_sdp_manifest(bytes_of(xml)).error().code, "manifest.xml") << xml;
  }
}

}  // namespace
}  // namespace kanal::formats

// Packages as we write them, and that we read what we wrote.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "formats/asic.hpp"
#include "formats/zip_testing.hpp"
#include "transports/dpo/package_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

domain::Sbd sample_sbd() { return domain::read_sbd(sbd_text())->sbd; }

Sealing sealing() { return {PackageKeys::get().sender, PackageKeys::get().receiver.certificate, package_time}; }

std::vector<formats::testing::File> entries_of(MemoryBlobs& blobs, const ports::BlobRef& package) {
  auto files = formats::testing::unpack(blobs.content(package));
  EXPECT_TRUE(files) << files.error().text();
  return files ? *files : std::vector<formats::testing::File>{};
}

std::string decrypted(const std::string& cms) {
  MemorySink plain(std::uint64_t{1} << 30);
  const auto cipher = crypto::make_cms_decryptor({PackageKeys::get().receiver}, plain);
  EXPECT_TRUE(cipher->write(bytes_of(cms)));
  EXPECT_TRUE(cipher->finish());
  return std::string(text_of(plain.bytes()));
}

Result<ports::InboundDocument> read_back(MemoryBlobs& blobs, const ports::BlobRef& package) {
  FixedClock clock;
  SilentLog log;
  return read_package(package, {PackageKeys::get().receiver}, package_settings(), clock, log, blobs);
}

TEST(WritePackage, WithoutFilesIsTheSbdAlone) {
  MemoryBlobs blobs;
  const auto sbd = sample_sbd();
  const auto package = write_package(sbd, {}, {PackageKeys::get().sender, {}, package_time}, blobs);
  ASSERT_TRUE(package) << package.error().text();
  const auto entries = entries_of(blobs, *package);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].name, "sbd.json");
  EXPECT_FALSE(entries[0].deflated);
  EXPECT_EQ(entries[0].content, domain::write_sbd(sbd));
}

TEST(WritePackage, WithFilesIsSbdThenEncryptedContainer) {
  MemoryBlobs blobs;
  const auto package = write_package(sample_sbd(), two_files(blobs), sealing(), blobs);
  ASSERT_TRUE(package) << package.error().text();
  const auto entries = entries_of(blobs, *package);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "sbd.json");
  EXPECT_EQ(entries[1].name, "asic.zip");
  EXPECT_TRUE(entries[1].deflated);
  EXPECT_THAT(entries[1].content, ::testing::Not(HasSubstr("vedtak.pdf"))) << "names are secret too";

  const auto inner = decrypted(entries[1].content);
  MemorySource source(bytes_of(inner));
  const auto contents = formats::verify_asic(source, {});
  ASSERT_TRUE(contents) << contents.error().text();
  std::vector<std::string> names;
  for (const auto& entry : contents->documents) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("manifest.xml", "arkivmelding.xml", "vedtak.pdf"));
  EXPECT_TRUE(contents->signer.same_as(PackageKeys::get().sender.certificate));
  EXPECT_THAT(inner, HasSubstr("<mottaker>\n      <organisasjon authority=\"iso6523-actorid-upis\">0192:910076787"));
  EXPECT_THAT(inner, HasSubstr("href=\"arkivmelding.xml\"")) << "the first file is the main document";
}

TEST(WritePackage, TellsSizeAndMd5OfWhatItWrote) {
  MemoryBlobs blobs;
  const auto package = write_package(sample_sbd(), two_files(blobs), sealing(), blobs);
  ASSERT_TRUE(package) << package.error().text();
  const auto content = blobs.content(*package);
  EXPECT_EQ(package->size, content.size());
  EXPECT_EQ(to_hex(package->md5), to_hex(crypto::digest(crypto::DigestAlgorithm::md5, bytes_of(content))));
}

TEST(WritePackage, FilesNeedACertificate) {
  MemoryBlobs blobs;
  const auto files = two_files(blobs);
  const auto package = write_package(sample_sbd(), files, {PackageKeys::get().sender, {}, package_time}, blobs);
  ASSERT_FALSE(package);
  EXPECT_EQ(package.error().code, "dpo.package");
  EXPECT_EQ(package.error().disposition, Disposition::bug);
  EXPECT_EQ(blobs.count(), 2U);
}

TEST(WritePackage, AFailureLeavesNothingBehind) {
  MemoryBlobs blobs;
  const auto refuse = [&](const std::vector<ports::Attachment>& files, const std::string& code) {
    const auto before = blobs.count();
    const auto package = write_package(sample_sbd(), files, sealing(), blobs);
    ASSERT_FALSE(package) << code;
    EXPECT_EQ(package.error().code, code);
    EXPECT_EQ(blobs.count(), before) << code;
  };
  auto twice = two_files(blobs);
  twice[1].filename = "ARKIVMELDING.xml";
  refuse(twice, "asic.name");
  auto escaping = two_files(blobs);
  escaping[1].filename = "../vedtak.pdf";
  refuse(escaping, "asic.name");
  auto changed = two_files(blobs);
  changed[0].blob.crc32 ^= 1U;
  refuse(changed, "zip.content_changed");
  auto lost = two_files(blobs);
  ASSERT_TRUE(blobs.remove(lost[1].blob.id));
  refuse(lost, "spool.damaged");
  const auto files = two_files(blobs);
  blobs.fail_after(0, Error{"spool.full", "no room", Disposition::retry, {}, {}});
  refuse(files, "spool.full");
}

/// A message with any channel, id, file contents, types and names.
RC_GTEST_PROP(PackageProperty, WhatIsWrittenIsReadBack, ()) {
  MemoryBlobs blobs;
  auto sbd = sample_sbd();
  sbd.document.instance_identifier = new_uuid();
  if (*rc::gen::arbitrary<bool>()) {
    sbd.set_message_channel(*rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z'))));
  }
  sbd.body.as_object()["text"] = *rc::gen::container<std::string>(rc::gen::inRange('\x20', '\x7f'));
  const auto types = std::vector<std::string>{"application/pdf", "text/plain", "application/xml", ""};
  std::vector<ports::Attachment> files;
  std::map<std::string, std::string> expected;
  const auto count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    ports::Attachment file;
    file.filename = std::to_string(i) + *rc::gen::element<std::string>(".pdf", " og blåbær.txt", "&<\">.xml", "");
    file.mimetype = *rc::gen::elementOf(types);
    const auto content = *rc::gen::arbitrary<std::string>();
    file.blob = blobs.put(content);
    expected[file.filename] = content;
    files.push_back(std::move(file));
  }
  const auto package = write_package(sbd, files, sealing(), blobs);
  RC_ASSERT(package.has_value());
  const auto document = read_back(blobs, *package);
  RC_ASSERT(document.has_value());
  RC_ASSERT(!document->damage.has_value());
  RC_ASSERT(domain::write_sbd(document->sbd) == domain::write_sbd(sbd));
  RC_ASSERT(document->package.has_value() == !files.empty());
  if (files.empty()) return;
  const auto inner = formats::testing::unpack(blobs.content(*document->package));
  RC_ASSERT(inner.has_value());
  for (const auto& file : *inner) {
    if (const auto found = expected.find(file.name); found != expected.end()) {
      RC_ASSERT(file.content == found->second);
      expected.erase(found);
    }
  }
  RC_ASSERT(expected.empty());
}

}  // namespace
}  // namespace kanal::transports::dpo::testing

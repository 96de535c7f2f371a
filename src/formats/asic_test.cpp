#include "formats/asic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "crypto/cades.hpp"
#include "crypto/digest.hpp"
#include "formats/asic_testing.hpp"
#include "formats/xml.hpp"
#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

using ::testing::ElementsAre;
using testing::File;
using ::testing::HasSubstr;
using testing::make_zip;
using testing::unpack;

using testing::document;
using testing::signer;
using testing::signing_time;
using testing::TextSource;

const AsicParties& parties() {
  static const AsicParties both{"0192:311222333", "0192:987654325"};
  return both;
}

Result<std::string> write(const std::vector<AsicDocument>& documents) {
  MemorySink sink(100'000'000);
  if (auto written = write_asic(documents, parties(), signer(), signing_time, sink); !written) return failed(written);
  return std::string(text_of(sink.bytes()));
}

Result<AsicContents> verify(std::string_view zip) {
  MemorySource source(bytes_of(zip));
  return verify_asic(source, {});
}

std::string code_of(std::string_view zip) {
  const auto contents = verify(zip);
  return contents ? "" : contents.error().code;
}

std::vector<AsicDocument> two_documents() {
  return {document("arkivmelding.xml", "application/xml", "<arkivmelding/>" + std::string(5'000, ' ')),
          document("blåbær & bær.pdf", "application/pdf", "%PDF-1.7 " + std::string(5'000, 'x'))};
}

/// A good container's entries.
std::vector<File> good_files() {
  const auto zip = write(two_documents());
  EXPECT_TRUE(zip) << zip.error().text();
  auto files = unpack(*zip);
  EXPECT_TRUE(files);
  return *files;
}

File& find(std::vector<File>& files, std::string_view part) {
  const auto found = std::ranges::find_if(files, [&](const File& f) { return f.name.find(part) != std::string::npos; });
  EXPECT_NE(found, files.end()) << part;
  return *found;
}

/// Signs a manifest anew, after a test has changed it.
void sign_again(std::vector<File>& files) {
  const auto signature = crypto::sign_detached(signer(), bytes_of(find(files, "ASiCManifest").content), signing_time);
  ASSERT_TRUE(signature);
  find(files, ".p7s").content = text_of(*signature);
}

void replace_in(std::string& text, std::string_view from, std::string_view to) {
  ASSERT_NE(text.find(from), std::string::npos) << from;
  text = testing::replaced(text, from, to);
}

TEST(WriteAsic, PutsEntriesInTheOrderThatPeersKnow) {
  const auto files = good_files();
  ASSERT_EQ(files.size(), 7U);
  EXPECT_EQ(files[0].name, "mimetype");
  EXPECT_EQ(files[0].content, "application/vnd.etsi.asic-e+zip");
  EXPECT_EQ(files[1].name, "manifest.xml");
  EXPECT_EQ(files[2].name, "arkivmelding.xml");
  EXPECT_EQ(files[3].name, "blåbær & bær.pdf");
  EXPECT_EQ(files[4].name, "META-INF/ASiCManifest.xml");
  EXPECT_THAT(files[5].name, ::testing::MatchesRegex("META-INF/signature-[0-9a-f-]+\\.p7s"));
  EXPECT_EQ(files[6].name, "META-INF/manifest.xml");
}

TEST(WriteAsic, APlainContainerHasNoInnerManifestAndMarksItsRootFile) {
  auto documents = two_documents();
  documents.push_back(document("manifest.xml", "application/xml", "<mine/>"));
  MemorySink sink(100'000'000);
  ASSERT_TRUE(write_plain_asic(documents, signer(), signing_time, sink));
  const auto files = unpack(text_of(sink.bytes()));
  ASSERT_TRUE(files);
  std::vector<std::string> names;
  for (const auto& file : *files) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("mimetype", "arkivmelding.xml", "blåbær & bær.pdf", "manifest.xml",
                                 "META-INF/ASiCManifest.xml", ::testing::StartsWith("META-INF/signature-"),
                                 "META-INF/manifest.xml"));
  const auto& covered = (*files)[4].content;
  EXPECT_THAT(covered, HasSubstr("URI=\"arkivmelding.xml\" MimeType=\"application/xml\" Rootfile=\"true\">"));
  EXPECT_EQ(covered.find("Rootfile"), covered.rfind("Rootfile"));
  const auto contents = verify(text_of(sink.bytes()));
  ASSERT_TRUE(contents) << contents.error().text();
  EXPECT_EQ(contents->documents.size(), 3U);
  MemorySink nothing(100);
  EXPECT_EQ(write_plain_asic({}, signer(), signing_time, nothing).error().code, "asic.no_documents");
}

TEST(WriteAsic, BeginsWithTheMagicBytes) {
  const auto zip = write(two_documents());
  ASSERT_TRUE(zip);
  EXPECT_EQ(zip->substr(0, 10), std::string_view("PK\3\4\x14\0\0\0\0\0", 10));
  EXPECT_EQ(zip->substr(30, 39), "mimetypeapplication/vnd.etsi.asic-e+zip");
  EXPECT_TRUE(zip->ends_with("mimetype=application/vnd.etsi.asic-e+zip"));
}

TEST(WriteAsic, DeflatesTextAndStoresTheRest) {
  const std::string content(10'000, 'x');
  const std::vector<std::pair<std::string, bool>> types{
      {"text/plain; charset=utf-8", true},
      {"application/XML", true},
      {"application/json", true},
      {"application/xhtml+xml", true},
      {"image/svg+xml", true},
      {"application/ld+json", true},
      {"application/pdf", false},
      {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", false},
      {"application/octet-stream", false},
      {"", false}};
  std::vector<AsicDocument> documents;
  for (const auto& [type, deflated] : types)
    documents.push_back(document(std::to_string(documents.size()), type, content));
  const auto zip = write(documents);
  ASSERT_TRUE(zip) << zip.error().text();
  const auto contents = verify(*zip);
  ASSERT_TRUE(contents) << contents.error().text();
  ASSERT_EQ(contents->documents.size(), types.size() + 1);
  for (std::size_t i = 0; i < types.size(); ++i)
    EXPECT_EQ(contents->documents[i + 1].stored, !types[i].second) << types[i].first;
}

TEST(WriteAsic, NamesPartiesAndMainDocumentInTheInnerManifest) {
  auto files = good_files();
  const auto manifest = XmlDocument::parse(bytes_of(files[1].content));
  ASSERT_TRUE(manifest) << manifest.error().text();
  const auto root = manifest->root();
  EXPECT_EQ(root.name(), "manifest");
  EXPECT_EQ(root.namespace_uri(), "");
  EXPECT_EQ(root.child("mottaker")->child("organisasjon")->text(), "0192:987654325");
  EXPECT_EQ(root.child("avsender")->child("organisasjon")->text(), "0192:311222333");
  EXPECT_EQ(root.child("avsender")->child("organisasjon")->attribute("authority"), "iso6523-actorid-upis");
  EXPECT_EQ(root.child("hoveddokument")->attribute("href"), "arkivmelding.xml");
  EXPECT_EQ(root.child("hoveddokument")->attribute("mime"), "application/xml");
  EXPECT_EQ(root.child("hoveddokument")->child("tittel")->text(), "Hoveddokument");
}

TEST(WriteAsic, ListsEveryFileInBothManifests) {
  auto files = good_files();
  const auto listing = XmlDocument::parse(bytes_of(files[6].content));
  ASSERT_TRUE(listing) << listing.error().text();
  std::vector<std::string> listed;
  for (const auto& entry : listing->root().children("file-entry")) listed.push_back(*entry.attribute("full-path"));
  EXPECT_THAT(listed, ElementsAre("/", "manifest.xml", "arkivmelding.xml", "blåbær & bær.pdf"));
  const auto covering = XmlDocument::parse(bytes_of(files[4].content));
  ASSERT_TRUE(covering);
  EXPECT_EQ(covering->root().namespace_uri(), "http://uri.etsi.org/02918/v1.2.1#");
  EXPECT_EQ(covering->root().child("SigReference")->attribute("URI"), files[5].name);
  const auto references = covering->root().children("DataObjectReference");
  ASSERT_EQ(references.size(), 3U);
  EXPECT_EQ(references[0].attribute("URI"), "manifest.xml");
  EXPECT_EQ(references[2].child("DigestValue")->text(), to_base64(crypto::sha256(bytes_of(files[3].content))));
}

TEST(WriteAsic, RefusesDocumentsThatCannotBePacked) {
  EXPECT_EQ(write({}).error().code, "asic.no_documents");
  for (const auto* name : {"META-INF/x", "meta-inf/manifest.xml", "manifest.xml", "mimetype", "Manifest.XML", "../up",
                           "/abs", "", "folder/"}) {
    const auto written = write({document(name, "text/plain", "x")});
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, "asic.name") << name;
  }
  EXPECT_EQ(write({document("a", "", "x"), document("A", "", "y")}).error().code, "asic.name");
}

TEST(WriteAsic, NoticesContentThatChanged) {
  for (const auto* type : {"text/plain", "application/pdf"}) {
    for (const auto* now : {"what is there noW", "what is there", "what is there now and more"}) {
      auto changed = document("a", type, "what is there now");
      changed.open = [now]() -> Result<std::unique_ptr<Source>> { return std::make_unique<TextSource>(now); };
      const auto written = write({changed});
      ASSERT_FALSE(written) << type << now;
      EXPECT_EQ(written.error().code, "zip.content_changed");
      EXPECT_EQ(written.error().disposition, Disposition::bug);
    }
  }
}

TEST(WriteAsic, PassesOnErrorsOfADocument) {
  auto broken = document("a", "text/plain", "x");
  broken.open = []() -> Result<std::unique_ptr<Source>> { return retry("disk.read", "cannot read"); };
  EXPECT_EQ(write({broken}).error().code, "disk.read");
}

TEST(VerifyAsic, AcceptsOurOwn) {
  const auto zip = write(two_documents());
  ASSERT_TRUE(zip);
  const auto contents = verify(*zip);
  ASSERT_TRUE(contents) << contents.error().text();
  ASSERT_EQ(contents->documents.size(), 3U);
  EXPECT_EQ(contents->documents[0].name, "manifest.xml");
  EXPECT_EQ(contents->documents[1].name, "arkivmelding.xml");
  EXPECT_EQ(contents->documents[2].name, "blåbær & bær.pdf");
  EXPECT_TRUE(contents->signer.same_as(signer().certificate));
  EXPECT_FALSE(contents->sha1_signature);
}

struct Sample {
  const char* name;
  const char* code;
};

class PublishedContainer : public ::testing::TestWithParam<Sample> {};

TEST_P(PublishedContainer, IsJudgedByItsFault) {
  const auto path = kanal::testing::shared_data() / "asic" / "containers" / (std::string(GetParam().name) + ".asice");
  const auto contents = verify(kanal::testing::read_file(path));
  EXPECT_EQ(contents ? "" : contents.error().code, GetParam().code) << (contents ? "" : contents.error().text());
}

INSTANTIATE_TEST_SUITE_P(Samples, PublishedContainer,
                         ::testing::Values(Sample{"asic-cades-test-valid", ""},
                                           Sample{"asic-cades-test-invalid-manifest", "asic.manifest"},
                                           Sample{"asic-cades-test-invalid-signature", "asic.signature"},
                                           Sample{"asic-cades-test-invalid-sigreference", "asic.manifest"},
                                           Sample{"asic-cades-test-invalid-metadata-file", "asic.metadata"},
                                           Sample{"asic-general-test-invalid-mime", "asic.mimetype"},
                                           Sample{"asic-xades-external-dss", "asic.no_signature"},
                                           Sample{"asic-xades-external-digidoc4j", "asic.no_signature"},
                                           Sample{"asic-xades-external-sdp", "asic.no_signature"}));

TEST(VerifyAsic, CountsTheOldSampleAsSha1) {
  const auto path = kanal::testing::shared_data() / "asic" / "containers" / "asic-cades-test-valid.asice";
  const auto contents = verify(kanal::testing::read_file(path));
  ASSERT_TRUE(contents) << contents.error().text();
  EXPECT_TRUE(contents->sha1_signature);
  EXPECT_EQ(contents->documents.size(), 2U);
}

TEST(VerifyAsic, JudgesTheMimetype) {
  auto files = good_files();
  EXPECT_EQ(code_of(make_zip(files)), "");
  auto none = files;
  none.erase(none.begin());
  EXPECT_EQ(code_of(make_zip(none)), "") << "absent is accepted";
  auto last = none;
  last.push_back(files.front());
  EXPECT_EQ(code_of(make_zip(last)), "asic.mimetype") << "not first";
  for (const std::string& content :
       {std::string("application/vnd.etsi.asic-e+zip\n"), std::string("application/vnd.etsi.asic-e+zi"),
        std::string("application/vnd.etsi.asic-s+zip"), std::string()}) {
    files.front().content = content;
    EXPECT_EQ(code_of(make_zip(files)), "asic.mimetype") << content;
  }
}

TEST(VerifyAsic, NoticesAChangedDocument) {
  auto files = good_files();
  files[3].content[100] ^= 1;
  EXPECT_EQ(code_of(make_zip(files)), "asic.digest");
}

TEST(VerifyAsic, NoticesAddedAndRemovedFiles) {
  auto more = good_files();
  more.push_back({"extra.txt", "x"});
  EXPECT_EQ(code_of(make_zip(more)), "asic.unsigned_file");
  auto fewer = good_files();
  fewer.erase(fewer.begin() + 3);
  EXPECT_EQ(code_of(make_zip(fewer)), "asic.missing_file");
  auto folder = good_files();
  folder.push_back({"folder/", ""});
  EXPECT_EQ(code_of(make_zip(folder)), "asic.unsigned_file");
}

TEST(VerifyAsic, NoticesAnotherFileUnderASignedName) {
  auto files = good_files();
  std::swap(files[2].content, files[3].content);
  EXPECT_EQ(code_of(make_zip(files)), "asic.digest");
}

TEST(VerifyAsic, NoticesAChangedManifest) {
  auto files = good_files();
  replace_in(files[4].content, "    <SigReference", "   <SigReference");
  EXPECT_EQ(code_of(make_zip(files)), "asic.signature") << "one space less";
}

TEST(VerifyAsic, NoticesADamagedSignature) {
  auto files = good_files();
  auto& signature = files[5].content;
  signature[signature.size() - 5] ^= 1;
  EXPECT_EQ(code_of(make_zip(files)), "asic.signature");
  signature = "no CMS";
  EXPECT_EQ(code_of(make_zip(files)), "asic.signature");
  signature.clear();
  EXPECT_EQ(code_of(make_zip(files)), "asic.signature");
}

TEST(VerifyAsic, RefusesContainersWithoutASignature) {
  auto unsigned_one = good_files();
  unsigned_one.erase(unsigned_one.begin() + 4, unsigned_one.begin() + 6);
  EXPECT_EQ(code_of(make_zip(unsigned_one)), "asic.no_signature");
  auto no_p7s = good_files();
  no_p7s.erase(no_p7s.begin() + 5);
  EXPECT_EQ(code_of(make_zip(no_p7s)), "asic.no_signature");
  auto no_manifest = good_files();
  no_manifest.erase(no_manifest.begin() + 4);
  EXPECT_EQ(code_of(make_zip(no_manifest)), "asic.manifest");
  EXPECT_EQ(code_of(make_zip({})), "asic.no_signature");
}

TEST(VerifyAsic, RefusesASecondSignatureSet) {
  auto manifests = good_files();
  manifests.push_back({"META-INF/ASiCManifest1.xml", manifests[4].content});
  EXPECT_EQ(code_of(make_zip(manifests)), "asic.manifest");
  auto signatures = good_files();
  signatures.push_back({"META-INF/signature-2.p7s", signatures[5].content});
  EXPECT_EQ(code_of(make_zip(signatures)), "asic.manifest");
  auto xades = good_files();
  xades.push_back({"META-INF/signatures.xml", "<x/>"});
  EXPECT_EQ(code_of(make_zip(xades)), "asic.manifest");
}

TEST(VerifyAsic, RefusesUnknownMetadata) {
  auto files = good_files();
  files.push_back({"META-INF/evil.class", "x"});
  EXPECT_EQ(code_of(make_zip(files)), "asic.metadata");
  files.back().name = "meta-inf/evil.class";
  EXPECT_EQ(code_of(make_zip(files)), "asic.metadata");
}

TEST(VerifyAsic, CapsTheSizeOfMetadata) {
  for (const auto* name :
       {"META-INF/manifest.xml", "META-INF/ASiCManifest.xml", "META-INF/signature.p7s", "META-INF/signatures.xml"}) {
    const std::string large = std::string(16 * 1024 * 1024 + 1, 'x');
    EXPECT_EQ(code_of(make_zip({{name, large}})), "zip.too_large") << name;
  }
}

struct Change {
  const char* what;
  const char* from;
  const char* to;
  const char* code;
};

TEST(VerifyAsic, JudgesEveryPartOfASignedManifest) {
  const auto base = good_files();
  for (const auto& [what, from, to, code] : {
           Change{"nothing", "", "", ""},
           Change{"old namespace", "http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#", ""},
           Change{"older namespace", "http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/2918/v1.2.1#", ""},
           Change{"foreign namespace", "http://uri.etsi.org/02918/v1.2.1#", "urn:x", "asic.manifest"},
           Change{"old digest URI", "http://www.w3.org/2001/04/xmlenc#sha256",
                  "http://www.w3.org/2000/09/xmldsig#sha256", ""},
           Change{"SHA-1 digest", "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1",
                  "asic.algorithm"},
           Change{"no algorithm", " Algorithm=", " Other=", "asic.algorithm"},
           Change{"foreign digest elements", "http://www.w3.org/2000/09/xmldsig#", "urn:x", "asic.manifest"},
           Change{"percent-encoded name", "blåbær &amp; bær.pdf", "bl%C3%A5b%C3%A6r%20%26%20b%C3%A6r.pdf", ""},
           Change{"wrong name", "blåbær", "tyttebær", "asic.missing_file"},
           Change{"a name in META-INF", "blåbær &amp; bær.pdf", "META-INF/manifest.xml", "asic.manifest"},
           Change{"a file twice", "blåbær &amp; bær.pdf", "arkivmelding.xml", "asic.manifest"},
           Change{"no name", "URI=\"arkivmelding.xml\"", "URI=\"\"", "asic.manifest"},
           Change{"another signature", "META-INF/signature-", "META-INF/signatur-", "asic.manifest"},
           Change{"DOCTYPE", "<ASiCManifest ", "<!DOCTYPE ASiCManifest [<!ENTITY x 'y'>]><ASiCManifest ",
                  "asic.manifest"},
           Change{"no XML", "</ASiCManifest>", "", "asic.manifest"},
           Change{"another root", "ASiCManifest", "AsicManifest", "asic.manifest"},
           Change{"no digest value", "ds:DigestValue", "ds:Other", "asic.manifest"},
           Change{"no base64", "<ds:DigestValue>", "<ds:DigestValue>*", "asic.manifest"},
           Change{"short digest", "</ds:DigestValue>", "</ds:DigestValue><!-- -->", ""},
           Change{"no references", "DataObjectReference", "OtherReference", "asic.manifest"},
       }) {
    auto files = base;
    if (*from != '\0') replace_in(files[4].content, from, to);
    sign_again(files);
    EXPECT_EQ(code_of(make_zip(files)), code) << what;
  }
}

TEST(VerifyAsic, AManifestWithoutSignatureUriMeansTheDefaultName) {
  auto files = good_files();
  replace_in(files[4].content, " URI=\"" + files[5].name + "\"", "");
  sign_again(files);
  EXPECT_EQ(code_of(make_zip(files)), "asic.manifest");
  files[5].name = "META-INF/signature.p7s";
  EXPECT_EQ(code_of(make_zip(files)), "");
}

TEST(VerifyAsic, AcceptsAnyOrderOfTheOtherEntries) {
  auto files = good_files();
  std::ranges::reverse(files.begin() + 1, files.end());
  EXPECT_EQ(code_of(make_zip(files)), "");
}

TEST(VerifyAsic, GivesTheErrorsOfTheZip) {
  const auto zip = write(two_documents());
  ASSERT_TRUE(zip);
  EXPECT_EQ(code_of("no zip"), "zip.not_zip");
  EXPECT_EQ(code_of(zip->substr(0, zip->size() - 1)), "zip.truncated");
  MemorySource source(bytes_of(*zip));
  ZipLimits limits;
  limits.max_entries = 6;
  EXPECT_EQ(verify_asic(source, limits).error().code, "zip.too_many");
}

TEST(VerifyAsic, NeverAcceptsADamagedByteOfWhatIsSigned) {
  const auto zip = write({document("a.pdf", "application/pdf", "content")});
  ASSERT_TRUE(zip);
  const auto good = unpack(*zip);
  for (std::size_t at = 0; at < zip->size(); at += 7) {
    auto damaged = *zip;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    if (!verify(damaged)) continue;
    const auto files = unpack(damaged);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), good->size());
    for (std::size_t i = 0; i < good->size(); ++i) ASSERT_EQ((*files)[i].content, (*good)[i].content) << at;
  }
}

}  // namespace
}  // namespace kanal::formats

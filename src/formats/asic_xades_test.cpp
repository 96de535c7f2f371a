// XAdES containers: ours, those of the published packages and of other producers, and all that must be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "formats/asic_testing.hpp"
#include "formats/xml_canonical.hpp"
#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

using testing::document;
using ::testing::ElementsAre;
using testing::File;
using testing::make_zip;
using testing::replaced;
using testing::signer;
using testing::signing_time;
using testing::unpack;

constexpr std::string_view manifest_xml = "<manifest/>";

Result<std::string> write(const std::vector<AsicDocument>& documents) {
  MemorySink sink(100'000'000);
  auto written = write_xades_asic(documents, manifest_xml, signer(), signing_time, sink);
  if (!written) return failed(written);
  return std::string(text_of(sink.bytes()));
}

Result<AsicContents> verify(std::string_view zip) {
  MemorySource source(bytes_of(zip));
  return verify_xades_asic(source, {});
}

std::string code_of(std::string_view zip) {
  const auto verified = verify(zip);
  return verified ? "" : verified.error().code;
}

const std::string& good() {
  static const std::string zip =
      *write({document("brev.pdf", "application/pdf", "%PDF-1.7"), document("kart.png", "image/png", "png")});
  return zip;
}

/// The good container with one file changed.
std::string changed(const std::string& name, const std::function<std::string(std::string)>& change) {
  auto files = *unpack(good());
  const auto file = std::ranges::find(files, name, &File::name);
  EXPECT_NE(file, files.end());
  file->content = change(file->content);
  return make_zip(files);
}
std::string with_signatures(const std::string& from, const std::string& to) {
  return changed("META-INF/signatures.xml", [&](const std::string& xml) {
    EXPECT_NE(xml.find(from), std::string::npos) << from;
    return replaced(xml, from, to);
  });
}

TEST(XadesContainer, ReadsItsOwn) {
  const auto files = unpack(good());
  ASSERT_TRUE(files);
  std::vector<std::string> names;
  for (const auto& file : *files) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("mimetype", "manifest.xml", "brev.pdf", "kart.png", "META-INF/signatures.xml",
                                 "META-INF/manifest.xml"));
  const auto verified = verify(good());
  ASSERT_TRUE(verified) << verified.error().text();
  EXPECT_TRUE(verified->signer.same_as(signer().certificate));
  EXPECT_EQ(verified->signer_chain.size(), signer().chain.size());
  ASSERT_EQ(verified->documents.size(), 3U);
  EXPECT_EQ(verified->documents[1].name, "brev.pdf");
}

TEST(XadesContainer, NamesOfEveryScript) {
  for (const std::string name : {"Søknad om støtte.pdf", "a+b & c.txt", "50% <rabatt>.txt", "文書.pdf", "it's.txt"}) {
    const auto zip = write({document(name, "text/plain", "x")});
    ASSERT_TRUE(zip) << zip.error().text();
    const auto verified = verify(*zip);
    ASSERT_TRUE(verified) << name << ": " << verified.error().text();
    EXPECT_EQ(verified->documents[1].name, name);
  }
}

TEST(XadesContainer, NamesThatLookLikeOneAnotherEncoded) {
  const std::vector<AsicDocument> alike{document("a b.txt", "text/plain", "1"), document("a+b.txt", "text/plain", "2"),
                                        document("a%20b.txt", "text/plain", "3"),
                                        document("a%2Bb.txt", "text/plain", "3")};
  const auto zip = write(alike);
  ASSERT_TRUE(zip) << zip.error().text();
  EXPECT_EQ(code_of(*zip), "");
  auto files = *unpack(*zip);
  std::ranges::find(files, "a b.txt", &File::name)->content = "2";
  std::ranges::find(files, "a+b.txt", &File::name)->content = "1";
  EXPECT_EQ(code_of(make_zip(files)), "asic.digest");
}

TEST(XadesContainer, NamesAreEncodedAsFormsDo) {
  const auto files = *unpack(*write({document("på én side.pdf", "application/pdf", "x")}));
  const auto xml = std::ranges::find(files, "META-INF/signatures.xml", &File::name)->content;
  EXPECT_NE(xml.find("URI=\"p%C3%A5+%C3%A9n+side.pdf\""), std::string::npos) << xml;
}

TEST(XadesContainer, TypesWithSpecialCharacters) {
  const auto zip = write({document("a.xml", "text/xml; charset=\"utf-8\" <&>", "<x/>")});
  ASSERT_TRUE(zip);
  EXPECT_EQ(code_of(*zip), "");
}

/// What is written must be what other canonical forms give, whatever text comes from outside.
TEST(XadesContainer, TypesOfAnyText) {
  for (const std::string type :
       {"a/b\r\n", "a/b\t'", "a/\xC3\xA5", "a/\xFF", "a/\x01", "a/\xEF\xBF\xBF", "&quot;&apos;&#13;"}) {
    const auto zip = write({document("abcd", type, "x")});
    ASSERT_TRUE(zip);
    EXPECT_EQ(code_of(*zip), "") << type;
  }
}

TEST(XadesContainer, SignsOnlyWithTheKeyOfTheCertificate) {
  auto other = signer();
  other.key = crypto::PrivateKey::generate();
  MemorySink sink(100'000);
  const auto written = write_xades_asic({document("abcd", "text/plain", "x")}, manifest_xml, other, signing_time, sink);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "asic.key");
  EXPECT_TRUE(sink.bytes().empty());
}

TEST(XadesContainer, RefusesWhatCannotBePacked) {
  EXPECT_EQ(write({}).error().code, "asic.no_documents");
  EXPECT_EQ(write({document("META-INF/x", "text/plain", "x")}).error().code, "asic.name");
  EXPECT_EQ(write({document("manifest.xml", "text/xml", "x")}).error().code, "asic.name");
}

TEST(XadesContainer, EveryChangeIsSeen) {
  EXPECT_EQ(code_of(changed("brev.pdf", [](auto) { return "%PDF-1.8"; })), "asic.digest");
  EXPECT_EQ(code_of(changed("manifest.xml", [](auto) { return "<manifest></manifest>"; })), "asic.digest");
  EXPECT_EQ(code_of(with_signatures("image/png", "image/gif")), "asic.signature") << "the properties";
  EXPECT_EQ(code_of(with_signatures("URI=\"kart.png\"", "URI=\"brev.pdf\"")), "asic.signature") << "what is signed";
  EXPECT_EQ(code_of(changed("META-INF/signatures.xml",
                            [](std::string xml) {
                              auto& c = xml[xml.find("<SignatureValue>") + 20];
                              c = c == 'A' ? 'B' : 'A';
                              return xml;
                            })),
            "asic.signature");
  auto extra = *unpack(good());
  extra.push_back({"ekstra.txt", "x", false});
  EXPECT_EQ(code_of(make_zip(extra)), "asic.unsigned_file");
  auto less = *unpack(good());
  std::erase_if(less, [](const auto& file) { return file.name == "kart.png"; });
  EXPECT_EQ(code_of(make_zip(less)), "asic.missing_file");
}

TEST(XadesContainer, WhiteSpaceThatIsNotSignedMayChange) {
  EXPECT_EQ(code_of(with_signatures("</SignatureValue><KeyInfo>", "</SignatureValue>\n  <KeyInfo>\n")), "");
  EXPECT_EQ(code_of(with_signatures("<SignedProperties Id=\"SignedProperties\"><Signed",
                                    "<SignedProperties Id=\"SignedProperties\">\n<Signed")),
            "asic.signature")
      << "in what is signed it may not";
}

TEST(XadesContainer, AnotherSignersCertificateDoesNotFit) {
  const auto ca =
      crypto::make_ca("Other CA", signing_time - std::chrono::hours(1), signing_time + std::chrono::hours(1));
  const auto in_signature = "<X509Certificate>" + to_base64(signer().certificate.der());
  const auto other = "<X509Certificate>" + to_base64(ca.certificate.der()) + "</X509Certificate>" + in_signature;
  EXPECT_EQ(code_of(with_signatures(in_signature, other)), "asic.signature");
}

/// Attacks that leave what was signed where it is, and let something else be read.
TEST(XadesContainer, NothingIsPutInThePlaceOfWhatWasSigned) {
  EXPECT_EQ(code_of(with_signatures("<KeyInfo>", "<Object><x Id=\"SignedProperties\"></x></Object><KeyInfo>")),
            "asic.manifest")
      << "an id twice";
  EXPECT_EQ(code_of(with_signatures("</Signature></XAdESSignatures>",
                                    "</Signature><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"></Signature>"
                                    "</XAdESSignatures>")),
            "asic.manifest")
      << "two signatures";
  EXPECT_EQ(code_of(with_signatures("Target=\"#Signature\"", "Target=\"#Other\"")), "asic.manifest");
  EXPECT_EQ(code_of(with_signatures("<XAdESSignatures", "<!DOCTYPE x []><XAdESSignatures")), "asic.manifest");
  EXPECT_EQ(code_of(with_signatures("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512")), "asic.algorithm");
  EXPECT_EQ(code_of(with_signatures("<SignedInfo><CanonicalizationMethod "
                                    "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"",
                                    "<SignedInfo><CanonicalizationMethod "
                                    "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments\"")),
            "asic.algorithm");
  EXPECT_EQ(code_of(with_signatures("Type=\"http://uri.etsi.org/01903#SignedProperties\" ", "")), "asic.manifest");
}

TEST(XadesContainer, ExactlyOneSetOfSignatures) {
  auto none = *unpack(good());
  std::erase_if(none, [](const auto& file) { return file.name == "META-INF/signatures.xml"; });
  EXPECT_EQ(code_of(make_zip(none)), "asic.no_signature");
  auto two = *unpack(good());
  two.push_back({"META-INF/signatures2.xml", "<x/>", false});
  EXPECT_EQ(code_of(make_zip(two)), "asic.manifest");
  auto both = *unpack(good());
  both.push_back({"META-INF/signature.p7s", "x", false});
  EXPECT_EQ(code_of(make_zip(both)), "asic.manifest");
}

/// Each element of a canonical form costs the square of the namespaces in scope.
TEST(XadesContainer, CrowdsOfNamespacesAreRefused) {
  const auto code = [](int namespaces, int elements) {
    std::string xml = "<a";
    for (int i = 0; i < namespaces; ++i) xml += fmt::format(" xmlns:p{}=\"urn:x\"", i);
    xml += ">";
    for (int i = 0; i < elements; ++i) xml += "<b/>";
    return code_of(with_signatures("<KeyInfo>", "<KeyInfo>" + xml + "</a>"));
  };
  EXPECT_EQ(code(10, 1'000), "");
  EXPECT_EQ(code(40, 1), "asic.manifest");
  EXPECT_EQ(code(200, 90'000), "asic.manifest");
  EXPECT_EQ(code(1, 100'001), "asic.manifest");
}

void set_between(std::string& xml, std::string_view begin, std::string_view end, std::string_view value) {
  const auto at = xml.find(begin);
  const auto stop = at == std::string::npos ? at : xml.find(end, at + begin.size());
  ASSERT_NE(stop, std::string::npos) << begin;
  xml.replace(at + begin.size(), stop - at - begin.size(), value);
}

std::string canonical_text_of(const std::string& xml, const std::vector<std::string>& path, Canonicalisation form) {
  const auto document = XmlDocument::parse(bytes_of(xml));
  EXPECT_TRUE(document) << document.error().text();
  auto element = document->root();
  for (const auto& name : path) element = element.child(name).value();
  return canonical(*document, element, form).value();
}

/// The good container with a change that its signer made: digest of the properties and signature fit, so that only the
/// rule in question can refuse it.
std::string signed_code(std::string_view from, std::string_view to,
                        Canonicalisation properties = Canonicalisation::inclusive,
                        Canonicalisation info = Canonicalisation::inclusive) {
  return code_of(changed("META-INF/signatures.xml", [&](const std::string& original) {
    EXPECT_NE(original.find(from), std::string::npos) << from;
    auto xml = replaced(original, from, to);
    const auto digest = crypto::sha256(bytes_of(
        canonical_text_of(xml, {"Signature", "Object", "QualifyingProperties", "SignedProperties"}, properties)));
    const auto reference = xml.find("#SignedProperties\"");
    auto rest = xml.substr(reference);
    set_between(rest, "<DigestValue>", "<", to_base64(digest));
    xml = xml.substr(0, reference) + rest;
    const auto value = signer().key.sign_rs256(bytes_of(canonical_text_of(xml, {"Signature", "SignedInfo"}, info)));
    set_between(xml, "<SignatureValue>", "<", to_base64(value));
    return xml;
  }));
}

constexpr std::string_view inclusive_uri = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
constexpr std::string_view inclusive_11_uri = "http://www.w3.org/2006/12/xml-c14n11";
constexpr std::string_view exclusive_uri = "http://www.w3.org/2001/10/xml-exc-c14n#";

TEST(XadesContainer, EveryCanonicalForm) {
  EXPECT_EQ(signed_code("<SignedInfo>", "<SignedInfo>"), "") << "signing anew changes nothing";
  for (const auto& [uri, form] : {std::pair{inclusive_uri, Canonicalisation::inclusive},
                                  {inclusive_11_uri, Canonicalisation::inclusive_11},
                                  {exclusive_uri, Canonicalisation::exclusive}}) {
    EXPECT_EQ(signed_code(inclusive_uri, uri, form, form), "") << uri;
  }
  EXPECT_EQ(signed_code(inclusive_uri, exclusive_uri), "asic.signature") << "another form than it says";
  EXPECT_EQ(
      signed_code(fmt::format("<Transforms><Transform Algorithm=\"{}\"></Transform></Transforms>", inclusive_uri), ""),
      "")
      << "without transforms, it is Canonical XML 1.0";
}

/// Rules that a signature by the right key must keep, too.
TEST(XadesContainer, WhatIsSignedMustStillBeRight) {
  const auto transform = fmt::format("<Transform Algorithm=\"{}\"></Transform>", inclusive_uri);
  const auto certificate_digest = to_base64(crypto::digest(crypto::DigestAlgorithm::sha1, signer().certificate.der()));
  const auto other_digest = to_base64(crypto::digest(crypto::DigestAlgorithm::sha1, signer().chain.front().der()));
  const auto sha256 = to_base64(crypto::digest(crypto::DigestAlgorithm::sha256, signer().certificate.der()));
  const auto serial = "X509SerialNumber>" + signer().certificate.serial();
  const std::string sha1_uri = "http://www.w3.org/2000/09/xmldsig#sha1";
  const std::string sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
  struct Case {
    const char* what;
    std::string from, to;
    const char* code;
  };
  for (const auto& [what, from, to, code] : std::vector<Case>{
           {"digest of another certificate", certificate_digest, other_digest, "asic.signature"},
           {"no digest of a certificate", certificate_digest, "", "asic.signature"},
           {"another kind of digest", sha1_uri, sha256_uri, "asic.signature"},
           {"SHA-256 of the certificate", sha1_uri + "\"></ns2:DigestMethod><ns2:DigestValue>" + certificate_digest,
            sha256_uri + "\"></ns2:DigestMethod><ns2:DigestValue>" + sha256, ""},
           {"MD5 of the certificate", sha1_uri, "http://www.w3.org/2001/04/xmldsig-more#md5", "asic.signature"},
           {"another serial number", serial, serial + "1", "asic.signature"},
           {"no certificate", "SigningCertificate>", "Nothing>", "asic.manifest"},
           {"an issuer written otherwise", "X509IssuerName>", "X509IssuerName>x", ""},
           {"two transforms", transform, transform + transform, "asic.manifest"},
           {"a foreign transform", transform, "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
            "asic.manifest"},
           {"one more transform", transform, transform + "<Other></Other>", "asic.manifest"},
           {"two lists of transforms", "<Transforms>", "<Transforms></Transforms><Transforms>", "asic.manifest"},
           {"a transform of a file", "URI=\"brev.pdf\">", "URI=\"brev.pdf\"><Transforms>" + transform + "</Transforms>",
            "asic.manifest"},
           {"no id", "<SignedProperties Id=\"SignedProperties\">", "<SignedProperties>", "asic.manifest"},
           {"the whole document", "URI=\"kart.png\"", "URI=\"\"", "asic.manifest"},
           {"a part of the document", "URI=\"kart.png\"", "URI=\"#Signature\"", "asic.manifest"},
           {"something on the net", "URI=\"kart.png\"", "URI=\"http://127.0.0.1/kart.png\"", "asic.missing_file"},
           {"a file in META-INF", "URI=\"kart.png\"", "URI=\"META-INF/manifest.xml\"", "asic.manifest"},
           {"the same, encoded", "URI=\"kart.png\"", "URI=\"META-INF%2Fmanifest.xml\"", "asic.missing_file"},
           {"mimetype", "URI=\"kart.png\"", "URI=\"mimetype\"", "asic.missing_file"},
           {"a file twice", "URI=\"kart.png\"", "URI=\"brev.pdf\"", "asic.manifest"},
           {"percent-encoded", "URI=\"kart.png\"", "URI=\"kart%2epng\"", ""},
           {"SHA-1 of files", "kart.png\"><DigestMethod Algorithm=\"" + sha256_uri,
            "kart.png\"><DigestMethod Algorithm=\"" + sha1_uri, "asic.algorithm"},
           {"an old namespace", "http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#", ""},
           {"an older one", "http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/2918/v1.2.1#", ""},
           {"a foreign one", "http://uri.etsi.org/02918/v1.2.1#", "urn:x", "asic.manifest"},
           {"RSA with SHA-1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "asic.algorithm"},
           {"HMAC", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "asic.algorithm"},
       }) {
    EXPECT_EQ(signed_code(from, to), code) << what;
  }
}

/// The signed properties stay as they are, and others are put where a careless reader looks for them.
TEST(XadesContainer, PropertiesElsewhereAreNotThoseOfTheSignature) {
  const auto files = *unpack(good());
  const auto xml = std::ranges::find(files, "META-INF/signatures.xml", &File::name)->content;
  const auto begin = xml.find("<Object>");
  const auto object = xml.substr(begin, xml.find("</Object>") + 9 - begin);
  const auto forged = replaced(replaced(object, "application/pdf", "text/html"), "Id=\"SignedProperties\"", "");
  EXPECT_EQ(code_of(with_signatures(object, object + forged)), "asic.manifest") << "a second object";
  EXPECT_EQ(code_of(with_signatures(object, forged)), "asic.manifest") << "without an id";
  EXPECT_EQ(code_of(with_signatures(
                object, replaced(forged, "<SignedProperties ", "<SignedProperties Id=\"SignedProperties\""))),
            "asic.signature")
      << "with that id";
  const auto moved = "<Other>" + object + "</Other></XAdESSignatures>";
  EXPECT_EQ(code_of(changed("META-INF/signatures.xml",
                            [&](const auto& text) {
                              return replaced(replaced(text, object, forged), "</XAdESSignatures>", moved);
                            })),
            "asic.manifest")
      << "the true ones outside";
  EXPECT_EQ(code_of(with_signatures(object, replaced(object, "<SignedProperties ",
                                                     "<UnsignedProperties>" + forged +
                                                         "</UnsignedProperties>"
                                                         "<SignedProperties "))),
            "")
      << "what is not signed is not read";
}

TEST(XadesContainer, CanonicalFormsOfOddNamespacesAreRefused) {
  EXPECT_EQ(code_of(with_signatures("<SignedInfo>", "<SignedInfo><x xmlns=\"relative\"></x>")), "asic.manifest");
}

TEST(XadesContainer, NeverAcceptsADamagedByteOfWhatIsSigned) {
  const auto& zip = good();
  const auto before = *unpack(zip);
  for (std::size_t at = 0; at < zip.size(); at += 5) {
    auto damaged = zip;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    if (!verify(damaged)) continue;
    const auto files = unpack(damaged);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), before.size());
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_EQ((*files)[i].name, before[i].name) << at;
      ASSERT_EQ((*files)[i].content, before[i].content) << at;
    }
  }
}

TEST(XadesContainer, ReadsThePublishedPackages) {
  for (const std::string name : {"digital", "digital-avsenderidentifikator", "digital-pa-vegne-av", "utskrift"}) {
    const auto path = kanal::testing::shared_data() / "dpi/samples/complete" / (name + "-dokumentpakke.zip");
    const auto verified = verify(kanal::testing::read_file(path));
    ASSERT_TRUE(verified) << name << ": " << verified.error().text();
    EXPECT_TRUE(verified->signer.organisation()) << name;
  }
}

TEST(XadesContainer, ReadsThoseOfOtherProducers) {
  const std::map<std::string, std::string> expected{{"asic-xades-external-dss", ""},
                                                    {"asic-xades-external-digidoc4j", ""},
                                                    {"asic-xades-external-sdp", ""},
                                                    {"asic-cades-test-valid", "asic.no_signature"},
                                                    {"asic-general-test-invalid-mime", "asic.mimetype"}};
  for (const auto& [name, code] : expected) {
    const auto path = kanal::testing::shared_data() / "asic/containers" / (name + ".asice");
    const auto verified = verify(kanal::testing::read_file(path));
    EXPECT_EQ(verified ? "" : verified.error().code, code) << name << ": " << (verified ? "" : verified.error().text());
  }
}

}  // namespace
}  // namespace kanal::formats

// Published packages through the product's own reader, from the broker's zip to the verdict. What the parts say of them
// alone is tested beside the parts.
#include <algorithm>

#include <boost/json/parse.hpp>

#include "crypto/cms.hpp"
#include "crypto/jose.hpp"
#include "formats/asic.hpp"
#include "formats/sdp_manifest.hpp"
#include "formats/zip_testing.hpp"
#include "tests/interop/exchange.hpp"

namespace kanal::interop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

struct Sample {
  std::string name;
  std::string code;    ///< of the damage; empty: none
  std::string reason;  ///< part of it, where several faults share a code
};

/// The organisation in the certificate that signed the CAdES samples.
constexpr auto sample_signer = "991825827";

const std::vector<Sample> containers{
    {"asic-cades-test-valid", "", ""},
    {"asic-cades-test-invalid-manifest", "asic.manifest", "it is not an ASiCManifest"},
    {"asic-cades-test-invalid-signature", "asic.signature", ""},
    {"asic-cades-test-invalid-sigreference", "asic.manifest", "refers to the signature"},
    {"asic-cades-test-invalid-metadata-file", "asic.metadata", ""},
    {"asic-general-test-invalid-mime", "asic.mimetype", ""},
    {"asic-xades-external-dss", "asic.no_signature", "XAdES"},
    {"asic-xades-external-digidoc4j", "asic.no_signature", "XAdES"},
    {"asic-xades-external-sdp", "asic.no_signature", "XAdES"}};

const std::vector<std::string> dpi_packages{"digital", "digital-avsenderidentifikator", "digital-pa-vegne-av",
                                            "utskrift"};

class Samples : public Exchange {
 protected:
  Samples() {
    settings_.trusted_signers.clear();
    settings_.processors = {sample_signer};
  }

  /// Our verdict on this CMS as the broker would give it to us.
  ports::InboundDocument read_cms(std::string_view cms, const crypto::Identity& own) {
    const std::string package =
        formats::testing::make_zip({{"sbd.json", domain::write_sbd(make_sbd(all_.agency, all_.municipality)), true},
                                    {"asic.zip", std::string(cms), true}});
    const auto read = dpo::read_package(store(package), {own}, settings_, clock_, log_, spool_);
    EXPECT_TRUE(read) << read.error().text();
    return *read;
  }
  ports::InboundDocument read_container(std::string_view container) {
    MemorySink cms(1 << 24);
    auto cipher =
        crypto::make_cms_encryptor(all_.municipality.identity.certificate, crypto::KeyTransport::oaep_sha256, cms);
    EXPECT_TRUE((*cipher)->write(bytes_of(container)));
    EXPECT_TRUE((*cipher)->finish());
    return read_cms(text_of(cms.bytes()), all_.municipality.identity);
  }
  static std::filesystem::path container_folder() { return kanal::testing::shared_data() / "asic/containers"; }
  static std::filesystem::path dpi_folder() { return kanal::testing::shared_data() / "dpi/samples/complete"; }
  static std::vector<std::string> stems(const std::filesystem::path& folder, std::string_view extension) {
    std::vector<std::string> found;
    for (const auto& item : std::filesystem::directory_iterator(folder)) {
      if (item.path().extension() == extension) found.push_back(item.path().stem().string());
    }
    return found;
  }
  static crypto::Identity dpi_receiver() {
    const auto entries = crypto::read_keystore(bytes_of(read_file(dpi_folder() / "eksempel.jks")), Secret("changeit"));
    EXPECT_TRUE(entries) << entries.error().text();
    return crypto::find_identity(*entries, "eksempel").value();
  }
};

TEST_F(Samples, NoneIsForgotten) {
  std::vector<std::string> names;
  for (const auto& sample : containers) names.push_back(sample.name);
  EXPECT_THAT(stems(container_folder(), ".asice"), UnorderedElementsAreArray(names));
  names.clear();
  for (const auto& name : dpi_packages) names.push_back(name + "-dokumentpakke");
  EXPECT_THAT(stems(dpi_folder(), ".cms"), UnorderedElementsAreArray(names));
}

TEST_F(Samples, EachContainerIsJudgedByItsOwnFault) {
  for (const auto& sample : containers) {
    SCOPED_TRACE(sample.name);
    const std::string container = read_file(container_folder() / (sample.name + ".asice"));
    const auto read = read_container(container);
    EXPECT_EQ(read.damage ? read.damage->code : "", sample.code);
    EXPECT_THAT(read.damage ? read.damage->text() : "", HasSubstr(sample.reason));
    ASSERT_EQ(read.package.has_value(), sample.code.empty());
    if (read.package) {
      EXPECT_TRUE(load(*read.package) == container);
    }
  }
  EXPECT_THAT(log_.events, ElementsAre("sha1_signature")) << "of the valid one";
}

TEST_F(Samples, TheValidContainerIsGoodForItsSignersMessagesOnly) {
  settings_.processors.clear();
  const auto read = read_container(read_file(container_folder() / "asic-cades-test-valid.asice"));
  EXPECT_FALSE(read.package);
  ASSERT_TRUE(read.damage);
  EXPECT_EQ(read.damage->code, "dpo.signer");
  EXPECT_THAT(read.damage->text(), HasSubstr(sample_signer));
}

TEST_F(Samples, DpiPackagesDecryptToTheZipBesideThem) {
  const auto receiver = dpi_receiver();
  for (const auto& name : dpi_packages) {
    SCOPED_TRACE(name);
    const std::string cms = read_file(dpi_folder() / (name + "-dokumentpakke.cms"));
    settings_.verify = dpo::VerifyPolicy::off;
    const auto read = read_cms(cms, receiver);
    EXPECT_FALSE(read.damage);
    ASSERT_TRUE(read.package);
    EXPECT_TRUE(load(*read.package) == read_file(dpi_folder() / (name + "-dokumentpakke.zip")));

    // Signed as DPI does it, which DPO must not take for CAdES.
    settings_.verify = dpo::VerifyPolicy::require;
    const auto refused = read_cms(cms, receiver);
    EXPECT_FALSE(refused.package);
    ASSERT_TRUE(refused.damage);
    EXPECT_EQ(refused.damage->code, "asic.no_signature");
    EXPECT_THAT(refused.damage->text(), HasSubstr("XAdES"));
  }
}

/// All parts of a published message belong together: letter, package and what is in it, all by the same organisation.
TEST_F(Samples, DpiMessagesAreWholeAndSignedByTheirSender) {
  const auto receiver = dpi_receiver();
  for (const auto& name : dpi_packages) {
    SCOPED_TRACE(name);
    const auto jws = crypto::parse_jws(read_file(dpi_folder() / (name + "-forretningsmelding.jwt")));
    ASSERT_TRUE(jws) << jws.error().text();
    const auto certificates = crypto::certificates_of(*jws);
    ASSERT_TRUE(certificates) << certificates.error().text();
    const crypto::PublicKey key(certificates->front());
    EXPECT_TRUE(crypto::verify_any_rsa_jws(*jws, key));
    EXPECT_TRUE(crypto::verify_jws(*jws, key)) << "RS256, as it happens";

    const std::string cms = read_file(dpi_folder() / (name + "-dokumentpakke.cms"));
    const auto letter = boost::json::parse(jws->payload).at("standardBusinessDocument").as_object();
    const std::string type = name == "utskrift" ? "utskrift" : "digital";
    const auto& fingerprint = letter.at(type).at("dokumentpakkefingeravtrykk");
    EXPECT_EQ(fingerprint.at("digestMethod").as_string(), "http://www.w3.org/2001/04/xmlenc#sha256");
    EXPECT_EQ(fingerprint.at("digestValue").as_string(), to_base64(crypto::sha256(bytes_of(cms))));

    MemorySink plain(1 << 24);
    const auto decryptor = crypto::make_cms_decryptor({receiver}, plain);
    ASSERT_TRUE(decryptor->write(bytes_of(cms)));
    ASSERT_TRUE(decryptor->finish());
    EXPECT_TRUE(text_of(plain.bytes()) == read_file(dpi_folder() / (name + "-dokumentpakke.zip")));
    MemorySource zip(plain.bytes());
    const auto contents = formats::verify_xades_asic(zip, {});
    ASSERT_TRUE(contents) << contents.error().text();
    EXPECT_TRUE(contents->signer.organisation() == certificates->front().organisation());

    const auto files = formats::testing::unpack(text_of(plain.bytes()));
    ASSERT_TRUE(files);
    const auto inner = std::ranges::find(*files, "manifest.xml", &formats::testing::File::name);
    ASSERT_NE(inner, files->end());
    const auto manifest = formats::read_sdp_manifest(bytes_of(inner->content));
    ASSERT_TRUE(manifest) << manifest.error().text();
    EXPECT_EQ(manifest->organisation,
              std::string(letter.at(type).at("avsender").at("virksomhetsidentifikator").at("value").as_string()));
    EXPECT_EQ(manifest->mailbox.has_value(), type == "digital");
    ASSERT_EQ(contents->documents.size(), 2U);
    EXPECT_EQ(contents->documents.back().name, manifest->main.href);
  }
}

TEST_F(Samples, DpiMessagesDoNotSurviveAChange) {
  for (const auto& name : dpi_packages) {
    SCOPED_TRACE(name);
    auto jws = crypto::parse_jws(read_file(dpi_folder() / (name + "-forretningsmelding.jwt")));
    ASSERT_TRUE(jws);
    const crypto::PublicKey key(crypto::certificates_of(*jws).value().front());
    jws->signing_input.back() = jws->signing_input.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(crypto::verify_any_rsa_jws(*jws, key).error().code, "jws.signature");

    auto files = formats::testing::unpack(read_file(dpi_folder() / (name + "-dokumentpakke.zip")));
    ASSERT_TRUE(files);
    (*files)[2].content.back() ^= 1;
    const std::string changed = formats::testing::make_zip(*files);
    MemorySource zip(bytes_of(changed));
    EXPECT_EQ(formats::verify_xades_asic(zip, {}).error().code, "asic.digest");
  }
}

/// The key from a JKS file, written anew as PKCS#12, is the same key to Java.
TEST_F(Samples, JavaDecryptsThemWithTheKeystoreThatWeConverted) {
  const Bytes keystore = crypto::write_pkcs12(dpi_receiver(), "eksempel", Secret("changeit"));
  const auto answer = ask("decrypt", {{"in", (dpi_folder() / "digital-dokumentpakke.cms").string()},
                                      {"out", path("back.zip")},
                                      {"keystore", folder_.write("eksempel.p12", text_of(keystore)).string()},
                                      {"alias", "eksempel"},
                                      {"password", "changeit"}});
  ASSERT_TRUE(answer.ok) << answer.reason;
  EXPECT_TRUE(content("back.zip") == read_file(dpi_folder() / "digital-dokumentpakke.zip"));
}

}  // namespace
}  // namespace kanal::interop

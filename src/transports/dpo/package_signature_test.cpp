// The container inside a package: for whom it is encrypted, who signed it, and what the policy makes of that
// (asic-cms.md 6 and 7). Whatever is wrong with it, the SBD has been read.
#include <gmock/gmock.h>

#include "crypto/cades.hpp"
#include "formats/zip_testing.hpp"
#include "transports/dpo/package_reading_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

namespace samples = domain::samples;
using namespace std::string_view_literals;
using formats::testing::File;
using formats::testing::make_zip;
using formats::testing::replaced;
using ::testing::HasSubstr;

/// Further signers.
struct Signers {
  const PackageKeys& keys = PackageKeys::get();
  crypto::Identity processor =
      crypto::issue(keys.ca, {"Processor", "Processor", processor_number, {}, keys.from, keys.until});
  crypto::Identity expired =
      crypto::issue(keys.ca, {"Sender", "Sender", sender_number, {}, keys.from, keys.from + std::chrono::days(365)});
  crypto::Identity foreign_ca = crypto::make_ca("Foreign CA", keys.from, keys.until);
  crypto::Identity pretender =
      crypto::issue(foreign_ca, {"Sender", "Sender", sender_number, {}, keys.from, keys.until});
  crypto::Identity nameless = crypto::issue(keys.ca, {"Server", "Server", "", {"localhost"}, keys.from, keys.until});
  static const Signers& get() {
    static const Signers signers;
    return signers;
  }
};

class PackageSignature : public PackageReading {
 protected:
  static std::string with(const std::string& container, const boost::json::value& sbd = samples::arkivmelding()) {
    return packed(sbd_text(sbd), encrypted(container));
  }
  static std::vector<File> files() { return *formats::testing::unpack(container()); }
  static File& find(std::vector<File>& files, std::string_view part) {
    return *std::ranges::find_if(files, [&](const File& f) { return f.name.find(part) != std::string::npos; });
  }
  /// After a test has changed the signed manifest.
  static void sign_again(std::vector<File>& files) {
    const auto& manifest = find(files, "ASiCManifest").content;
    find(files, ".p7s").content =
        text_of(*crypto::sign_detached(PackageKeys::get().sender, bytes_of(manifest), package_time));
  }
};

TEST_F(PackageSignature, AChangedContainerIsDamage) {
  auto changed = files();
  find(changed, "vedtak").content += "!";
  expect_damage(with(make_zip(changed)), "asic.digest");
  auto added = files();
  added.push_back({"mer.pdf", "x"});
  expect_damage(with(make_zip(added)), "asic.unsigned_file");
  auto less = files();
  std::erase_if(less, [](const File& f) { return f.name == "vedtak.pdf"; });
  expect_damage(with(make_zip(less)), "asic.missing_file");
  auto unsigned_files = files();
  std::erase_if(unsigned_files, [](const File& f) { return f.name.ends_with(".p7s"); });
  expect_damage(with(make_zip(unsigned_files)), "asic.no_signature");
  auto manifest = files();
  find(manifest, "ASiCManifest").content += " ";
  expect_damage(with(make_zip(manifest)), "asic.signature");
  auto twice = files();
  twice.push_back({"META-INF/ASiCManifest1.xml", "<a/>"});
  expect_damage(with(make_zip(twice)), "asic.manifest");
  auto other = files();
  other[0].content = "application/vnd.etsi.asic-e+zop";
  expect_damage(with(make_zip(other)), "asic.mimetype");
}

TEST_F(PackageSignature, ADoctypeInTheManifestIsRefused) {
  auto changed = files();
  auto& manifest = find(changed, "ASiCManifest").content;
  manifest = replaced(manifest, "<ASiCManifest ",
                      "<!DOCTYPE ASiCManifest [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
                      "<ASiCManifest ");
  sign_again(changed);
  expect_damage(with(make_zip(changed)), "asic.manifest");
}

TEST_F(PackageSignature, AnUnsafeContainerIsDamage) {
  const auto zip = make_zip({{"mimetype", "x"}, {"0123456789", "x"}});
  expect_damage(with(replaced(zip, "0123456789", "../../etc/")), "zip.name");
  expect_damage(with(replaced(zip, "0123456789", "/etc/passw")), "zip.name");
  expect_damage(with(replaced(zip, "0123456789", "mimetype\0\0"sv)), "zip.name");
  expect_damage(with(replaced(make_zip({{"doc.txt", "x"}, {"dxc.txt", "x"}}), "dxc", "DOC")), "zip.duplicate");
  expect_damage(with(make_zip({{"bomb", std::string(std::size_t{8} << 20, '\0'), true}})), "zip.bomb");
  std::vector<File> many;
  for (int i = 0; i <= 50; ++i) many.push_back({std::to_string(i), ""});
  expect_damage(with(make_zip(many)), "zip.too_many");
  settings_.limits.max_total_size = 20'000;
  expect_damage(with(make_zip({{"large", std::string(20'001, 'x'), true}})), "zip.too_large");
}

TEST_F(PackageSignature, ACutContainerIsDamage) {
  const auto whole = container();
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    const auto document = read(with(whole.substr(0, size)));
    ASSERT_TRUE(document) << size;
    ASSERT_TRUE(document->damage) << size;
    ASSERT_THAT(document->damage->code, ::testing::AnyOf("zip.truncated", "zip.not_zip")) << size;
  }
}

TEST_F(PackageSignature, ACutOrForeignCmsIsDamage) {
  const auto whole = encrypted(container());
  for (std::size_t size = 1; size < whole.size(); size += 101) {
    const auto document = read(packed(sbd_text(), whole.substr(0, size)));
    ASSERT_TRUE(document) << size;
    ASSERT_TRUE(document->damage) << size;
    ASSERT_EQ(document->damage->code, "cms.truncated") << size;
  }
  expect_damage(packed(sbd_text(), container()), "cms.not_cms");
  expect_damage(packed(sbd_text(), whole + "x"), "cms.trailing");
  const auto& keys = PackageKeys::get();
  expect_damage(packed(sbd_text(), encrypted(container(), keys.sender.certificate)), "cms.recipient");
}

TEST_F(PackageSignature, AFormerKeyStillOpens) {
  const auto& keys = PackageKeys::get();
  const auto package = packed(sbd_text(), encrypted(container(), keys.sender.certificate));
  keys_.push_back(keys.sender);
  expect_accepted(package);
}

TEST_F(PackageSignature, OnlyTheSenderMaySign) {
  const auto& signers = Signers::get();
  expect_damage(with(container(PackageKeys::get().receiver)), "dpo.signer");
  expect_damage(with(container(signers.nameless)), "dpo.signer");
  const auto by_processor = with(container(signers.processor));
  const auto refused = read(by_processor);
  ASSERT_TRUE(refused && refused->damage);
  EXPECT_THAT(refused->damage->text(), HasSubstr("signed by organisation 991825827, but sent by 987464291"));
  EXPECT_THAT(refused->damage->text(), HasSubstr("kanal.asic.processors")) << "what to do";
  settings_.processors = {"999999999", processor_number};
  expect_accepted(by_processor);
  expect_damage(with(container(PackageKeys::get().receiver)), "dpo.signer");
}

TEST_F(PackageSignature, OnBehalfOfEitherNumberMaySign) {
  auto sbd = samples::arkivmelding();
  samples::set(sbd, "/standardBusinessDocumentHeader/sender/0/identifier/value", "\"0192:991825827:987464291\"");
  expect_accepted(with(container(), sbd));
  expect_accepted(with(container(Signers::get().processor), sbd));
  expect_damage(with(container(PackageKeys::get().receiver), sbd), "dpo.signer");
}

TEST_F(PackageSignature, ASenderThatIsNoOrganisationSignsNothing) {
  auto sbd = samples::arkivmelding();
  samples::set(sbd, "/standardBusinessDocumentHeader/sender/0/identifier/value", "\"somebody\"");
  expect_damage(with(container(), sbd), "dpo.signer");
  samples::set(sbd, "/standardBusinessDocumentHeader/sender", "[]");
  expect_damage(with(container(), sbd), "dpo.signer");
}

TEST_F(PackageSignature, TheChainIsCheckedWhenThereAreAnchors) {
  const auto& signers = Signers::get();
  const auto pretended = with(container(signers.pretender));
  expect_accepted(pretended);
  settings_.trusted_signers = {PackageKeys::get().ca.certificate};
  expect_damage(pretended, "certificate.untrusted");
  expect_damage(with(container(signers.expired)), "certificate.expired");
  expect_accepted(with(container()));
}

TEST_F(PackageSignature, CertificatesBetweenSignerAndAnchorComeWithTheSignature) {
  const auto& keys = PackageKeys::get();
  auto issuing = crypto::issue_ca(keys.ca, "Issuing CA", keys.from, keys.until);
  const auto signer = crypto::issue(issuing, {"Sender", "Sender", sender_number, {}, keys.from, keys.until});
  settings_.trusted_signers = {keys.ca.certificate};
  expect_accepted(with(container(signer)));
  auto alone = signer;
  alone.chain.clear();
  expect_damage(with(container(alone)), "certificate.untrusted");
}

TEST_F(PackageSignature, WarnAcceptsAndLogs) {
  settings_.verify = VerifyPolicy::warn;
  expect_accepted(with(container(PackageKeys::get().receiver)));
  EXPECT_THAT(log_.text(), HasSubstr("package_not_verified message_id=0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001 "
                                     "reason=signed by organisation 910076787"));
  expect_accepted(with(container()));
  EXPECT_EQ(log_.count("package_not_verified"), 1);
}

TEST_F(PackageSignature, OffDoesNotLook) {
  settings_.verify = VerifyPolicy::off;
  expect_accepted(with("anything"));
  expect_accepted(with(container(PackageKeys::get().receiver)));
  EXPECT_EQ(log_.text(), "");
  expect_damage(packed(sbd_text(), "anything"), "cms.not_cms");
}

}  // namespace
}  // namespace kanal::transports::dpo::testing

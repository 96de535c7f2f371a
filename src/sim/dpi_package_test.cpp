// The four published messages through the supplier's eyes, and what a supplier objects to.
#include "sim/dpi_package.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"
#include "crypto/keystore.hpp"

namespace kanal::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string sample(const std::string& name) {
  return kanal::testing::read_file(kanal::testing::shared_data() / "dpi/samples/complete" / name);
}

const crypto::Identity& recipient() {
  static const crypto::Identity identity = [] {
    const auto entries = crypto::read_keystore(bytes_of(sample("eksempel.jks")), Secret("changeit"));
    return *crypto::find_identity(*entries, "eksempel");
  }();
  return identity;
}

DpiMessage message_of(const std::string& name) {
  const auto message = read_dpi_message(sample(name + "-forretningsmelding.json"));
  EXPECT_TRUE(message.has_value()) << name;
  return message.value_or(DpiMessage{});
}

Result<ReceivedPackage> open(const std::string& package, const DpiMessage& message) {
  const kanal::testing::TemporaryFolder folder;
  auto reader = PackageReader::make(recipient(), folder.path());
  if (!reader) return failed(reader);
  // In pieces of a length that fits nothing.
  for (std::size_t at = 0; at < package.size(); at += 777) (*reader)->write(bytes_of(package.substr(at, 777)));
  EXPECT_EQ((*reader)->size(), package.size());
  return (*reader)->finish(message);
}

class PublishedPackages : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedPackages, Open) {
  const std::string name = GetParam();
  const auto message = message_of(name);
  const auto package = open(sample(name + "-dokumentpakke.cms"), message);
  ASSERT_TRUE(package.has_value()) << package.error().text();
  EXPECT_EQ(package->fingerprint, message.digest);
  ASSERT_FALSE(package->documents.empty());
  EXPECT_FALSE(package->documents[0].title.empty());
  EXPECT_GT(package->documents[0].size, 0U);
  EXPECT_EQ(package->documents[0].sha256.size(), 64U);
}
INSTANTIATE_TEST_SUITE_P(All, PublishedPackages,
                         ::testing::Values("digital", "digital-avsenderidentifikator", "digital-pa-vegne-av",
                                           "utskrift"));

TEST(PackageReader, HoldsThePackageAgainstItsMessage) {
  const auto package = sample("digital-dokumentpakke.cms");
  auto message = message_of("digital");
  message.mailbox = "somebody#ELSE";
  EXPECT_THAT(open(package, message).error().message, HasSubstr("mottaker"));
  message = message_of("digital");
  message.organisation = "999999999";
  EXPECT_THAT(open(package, message).error().message, HasSubstr("avsender"));
  EXPECT_EQ(open(package.substr(0, package.size() / 2), message_of("digital")).error().code, "package.digest");
  EXPECT_EQ(open(package, message_of("utskrift")).error().code, "package.digest");
}

TEST(SupplierObjection, GoesByTheTypeOfTheMessage) {
  const auto with = [](const char* mime, bool metadata = false) {
    ReceivedDocument document;
    document.href = "fil";
    document.mime = mime;
    document.metadata = metadata;
    return std::vector{document};
  };
  EXPECT_THAT(supplier_objection(DpiType::utskrift, with("application/pdf")), IsEmpty());
  EXPECT_THAT(supplier_objection(DpiType::utskrift, with("image/png")), HasSubstr("image/png"));
  EXPECT_THAT(supplier_objection(DpiType::digital, with("image/png")), IsEmpty());
  EXPECT_THAT(supplier_objection(DpiType::digital, with("application/x-msdownload")), HasSubstr("fil"));
  EXPECT_THAT(supplier_objection(DpiType::digital, with("application/vnd.difi.dpi.lenke+xml", true)), IsEmpty());
}

}  // namespace
}  // namespace kanal::sim

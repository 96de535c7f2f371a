// Packages from the broker as documents: what is refused, what is damage, what is tolerated (dpo.md 4, 5, 7.2 and 12).
#include <gmock/gmock.h>

#include "formats/zip_testing.hpp"
#include "transports/dpo/package_reading_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

namespace samples = domain::samples;
using namespace std::string_view_literals;
using formats::testing::make_zip;
using ::testing::HasSubstr;

using ReadPackage = PackageReading;

TEST_F(ReadPackage, TakesAMessageWithFiles) {
  const auto inner = container();
  const auto document = read(packed(sbd_text(), encrypted(inner)));
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_EQ(document->sbd.document.instance_identifier, "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001");
  EXPECT_FALSE(document->damage);
  ASSERT_TRUE(document->package);
  EXPECT_EQ(blobs_.content(*document->package), inner) << "the client gets the container as it was signed";
}

TEST_F(ReadPackage, TakesASbdAlone) {
  const auto document = read(packed(sbd_text()));
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_FALSE(document->package);
  EXPECT_FALSE(document->damage);
}

TEST_F(ReadPackage, RefusesWhatIsNoZip) {
  expect_refused("", "zip.not_zip");
  expect_refused("PK", "zip.not_zip");
  expect_refused("<html>503 Service Unavailable</html>", "zip.not_zip");
  expect_refused(encrypted(container()), "zip.not_zip");
  expect_refused(std::string(100'000, '\0'), "zip.not_zip");
}

TEST_F(ReadPackage, RefusesAPackageCutAnywhere) {
  const auto whole = packed(sbd_text(), encrypted("not even a container"));
  for (std::size_t size = 4; size < whole.size(); ++size) {
    const auto document = read(whole.substr(0, size));
    ASSERT_FALSE(document) << size;
    ASSERT_EQ(document.error().disposition, Disposition::reject) << size;
    ASSERT_THAT(document.error().code, ::testing::StartsWith("zip.")) << size;
  }
}

TEST_F(ReadPackage, NeedsASbd) {
  expect_refused(make_zip({}), "dpo.no_sbd");
  expect_refused(make_zip({{"SBD.json", sbd_text()}}), "dpo.no_sbd");
  expect_refused(make_zip({{"folder/sbd.json", sbd_text()}}), "dpo.no_sbd");
  expect_refused(make_zip({{"asic.zip", encrypted(container())}}), "dpo.no_sbd");
}

TEST_F(ReadPackage, TheOldXmlSbdIsRefusedAndLogged) {
  expect_refused(make_zip({{"content.xml", "<StandardBusinessDocument/>"}}), "dpo.no_sbd");
  EXPECT_THAT(log_.text(), HasSubstr("legacy_xml_sbd"));
}

TEST_F(ReadPackage, ToleratesOtherEntriesAndAnyOrder) {
  const auto document = read(make_zip({{"recipients.xml", "<r/>"},
                                       {"asic.zip", encrypted(container()), true},
                                       {"manifest.xml", "<m/>", true},
                                       {"sbd.json", sbd_text(), true}}));
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_TRUE(document->package);
}

TEST_F(ReadPackage, RefusesTooManyEntries) {
  std::vector<formats::testing::File> files{{"sbd.json", sbd_text()}};
  for (int i = 1; i <= 100; ++i) files.push_back({std::to_string(i), ""});
  expect_refused(make_zip(files), "zip.too_many");
  files.pop_back();
  EXPECT_TRUE(read(make_zip(files)));
}

TEST_F(ReadPackage, RefusesBombs) {
  const std::string zeros(std::size_t{8} << 20, '\0');
  settings_.limits.max_ratio = 100;
  expect_refused(make_zip({{"sbd.json", sbd_text()}, {"bomb", zeros, true}}), "zip.bomb");
  expect_refused(make_zip({{"sbd.json", zeros, true}}), "zip.bomb");
  settings_.limits.max_ratio = 100'000;
  settings_.limits.max_total_size = 1 << 20;
  expect_refused(make_zip({{"sbd.json", sbd_text()}, {"bomb", zeros, true}}), "zip.too_large");
}

TEST_F(ReadPackage, RefusesASbdThatIsTooLarge) {
  expect_refused(make_zip({{"sbd.json", sbd_text() + std::string(domain::max_sbd_bytes, ' '), true}}),
                 "stream.too_large");
}

TEST_F(ReadPackage, RefusesNamesThatEscape) {
  using formats::testing::replaced;
  const auto zip = make_zip({{"sbd.json", sbd_text()}, {"0123456789", "x"}});
  for (const std::string_view name : {"../456789a"sv, "/absolute0"sv, "C:\\windows"sv, "a/../../b0"sv, "a/..//b/0x"sv,
                                      "a\0bcdefghi"sv, "\xff\xfe bytes__"sv}) {
    ASSERT_EQ(name.size(), 10U) << name;
    expect_refused(replaced(zip, "0123456789", name), "zip.name");
  }
}

TEST_F(ReadPackage, RefusesTwoSbds) {
  using formats::testing::replaced;
  const auto zip = make_zip({{"sbd.json", sbd_text()}, {"SBX.json", sbd_text()}});
  expect_refused(replaced(zip, "SBX.json", "sbd.json"), "zip.duplicate");
  expect_refused(replaced(zip, "SBX.json", "SBD.JSON"), "zip.duplicate");
}

TEST_F(ReadPackage, ABrokenEntryBehindAGoodSbdIsDamage) {
  // One bit of the packed container: the zip's CRC tells, but whose message it is can still be said.
  auto zip = packed(sbd_text(), encrypted(container()));
  zip.at(zip.find("asic.zip") + 2000) ^= 1;
  expect_damage(zip, "zip.malformed");
  auto other = make_zip({{"sbd.json", sbd_text()}, {"recipients.xml", "<recipients/>"}});
  other.at(other.find("<recipients/>") + 3) ^= 1;
  expect_damage(other, "zip.malformed");
}

TEST_F(ReadPackage, ABrokenSbdEntryIsRefused) {
  auto zip = packed(sbd_text());
  zip.at(zip.find("headerVersion")) ^= 1;
  expect_refused(zip, "zip.malformed");
}

TEST_F(ReadPackage, AFullSpoolIsNoFaultOfThePackage) {
  const auto raw = blobs_.put(packed(sbd_text(), encrypted(container())));
  blobs_.fail_after(0, Error{"spool.full", "no room", Disposition::retry, {}, {}});
  const auto document = read(raw);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, "spool.full");
  EXPECT_EQ(document.error().disposition, Disposition::retry);
  EXPECT_EQ(blobs_.count(), 1U);
}

TEST_F(ReadPackage, RefusesBrokenSbds) {
  const auto refused_with = [&](std::string_view pointer, std::string_view json, const std::string& code) {
    auto sbd = samples::arkivmelding();
    samples::set(sbd, pointer, json);
    expect_refused(packed(sbd_text(sbd)), code);
  };
  expect_refused(packed("{"), "sbd.json");
  expect_refused(packed("[]"), "sbd.json");
  expect_refused(packed(""), "sbd.json");
  refused_with("/third", "{}", "sbd.members");
  refused_with("/standardBusinessDocumentHeader/documentIdentification/type", "\"avtalt\"", "sbd.members");
  refused_with("/standardBusinessDocumentHeader/documentIdentification/type", "\"brev\"", "sbd.type_unknown");
  refused_with("/standardBusinessDocumentHeader/documentIdentification/type", "null", "sbd.type_missing");
  refused_with("/standardBusinessDocumentHeader/sender", "{}", "sbd.json");
  auto sbd = samples::arkivmelding();
  samples::remove(sbd, "/arkivmelding");
  expect_refused(packed(sbd_text(sbd)), "sbd.members");
}

TEST_F(ReadPackage, RefusesIdsThatAreNone) {
  for (const char* id : {"\"not-a-uuid\"", "null", "\"\"", "\"0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a00\""}) {
    auto sbd = samples::arkivmelding();
    samples::set(sbd, "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier", id);
    expect_refused(packed(sbd_text(sbd), encrypted(container())), "dpo.message_id");
    sbd = samples::arkivmelding();
    samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/0/instanceIdentifier", id);
    expect_refused(packed(sbd_text(sbd)), "dpo.conversation_id");
  }
}

TEST_F(ReadPackage, RefusesDeepJson) {
  for (const std::string open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    expect_refused(packed(deep), "sbd.json");
    auto sbd = sbd_text();
    sbd.replace(sbd.find("\"vedtak.pdf\""), 12, deep);
    expect_refused(packed(sbd), "sbd.json");
  }
}

TEST_F(ReadPackage, ReadsWhatOtherSystemsWrite) {
  const auto text = sbd_text();
  const auto accepted = [&](const std::string& sbd) {
    const auto document = read(packed(sbd));
    EXPECT_TRUE(document) << document.error().text() << sbd;
    return document ? document->sbd : domain::Sbd{};
  };
  // Reversed members.
  const auto value = samples::arkivmelding();
  accepted("{\"arkivmelding\":" + boost::json::serialize(value.at("arkivmelding")) +
           ",\"standardBusinessDocumentHeader\":" + boost::json::serialize(value.at("standardBusinessDocumentHeader")) +
           "}");
  // Unknown members inside.
  auto sbd = samples::arkivmelding();
  samples::set(sbd, "/standardBusinessDocumentHeader/novelty", "[1,{}]");
  samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/0/novelty", "null");
  samples::set(sbd, "/arkivmelding/novelty", "{\"a\":1}");
  EXPECT_TRUE(accepted(sbd_text(sbd)).body.as_object().contains("novelty"));
  // The upper-case scope types of old senders.
  sbd = samples::arkivmelding();
  samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/0/type", "\"CONVERSATION_ID\"");
  samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/1/type", "\"MESSAGE_CHANNEL\"");
  samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/1/identifier", "\"fagsys-A\"");
  const auto old = accepted(sbd_text(sbd));
  EXPECT_EQ(old.conversation_id().str(), "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111");
  EXPECT_EQ(old.message_channel(), "fagsys-A");
}

TEST_F(ReadPackage, AChannelThatNamesNothingIsNone) {
  for (const std::string scope :
       {R"({"type":"MessageChannel","instanceIdentifier":"x"})", R"({"type":"MessageChannel","identifier":null})",
        R"({"type":"MessageChannel","identifier":""})", R"({"type":"MessageChannel","identifier":"  "})"}) {
    auto sbd = samples::arkivmelding();
    samples::set(sbd, "/standardBusinessDocumentHeader/businessScope/scope/1", scope);
    const auto document = read(packed(sbd_text(sbd)));
    ASSERT_TRUE(document) << scope;
    EXPECT_EQ(document->sbd.message_channel(), std::nullopt) << scope;
  }
}

TEST_F(ReadPackage, OfTwoChannelsTheFirstThatNamesOneCounts) {
  auto sbd = samples::arkivmelding();
  auto& scopes = sbd.at_pointer("/standardBusinessDocumentHeader/businessScope/scope").as_array();
  scopes.push_back({{"type", "MessageChannel"}, {"identifier", ""}});
  scopes.push_back({{"type", "MessageChannel"}, {"identifier", "A"}});
  scopes.push_back({{"type", "MessageChannel"}, {"identifier", "B"}});
  const auto document = read(packed(sbd_text(sbd)));
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_EQ(document->sbd.message_channel(), "A");
}

TEST_F(ReadPackage, TimesComeInManyForms) {
  const auto ttl_of = [&](std::string_view json) -> std::optional<Time> {
    auto sbd = samples::arkivmelding();
    samples::set(
        sbd, "/standardBusinessDocumentHeader/businessScope/scope/0/scopeInformation/0/expectedResponseDateTime", json);
    const auto document = read(packed(sbd_text(sbd)));
    EXPECT_TRUE(document) << document.error().text();
    const auto time = document ? document->sbd.expected_response() : std::nullopt;
    return time ? std::optional(time->utc) : std::nullopt;
  };
  const auto at = [](const char* text) { return parse_iso(text)->utc; };
  EXPECT_EQ(ttl_of("\"2026-09-02T09:15:00\""), at("2026-09-02T07:15:00Z")) << "summer";
  EXPECT_EQ(ttl_of("\"2026-12-02T09:15:00\""), at("2026-12-02T08:15:00Z")) << "winter, although read in summer";
  EXPECT_EQ(ttl_of("1788340500"), at("2026-09-02T09:15:00Z"));
  EXPECT_EQ(ttl_of("1788340500.5"), at("2026-09-02T09:15:00.5Z"));
  EXPECT_EQ(ttl_of("null"), std::nullopt) << "lives for ever";
  EXPECT_EQ(ttl_of("\"2020-01-01T00:00:00Z\""), at("2020-01-01T00:00:00Z")) << "a passed one is the flow's matter";
  auto sbd = samples::arkivmelding();
  samples::set(sbd, "/standardBusinessDocumentHeader/documentIdentification/creationDateAndTime", "\"yesterday\"");
  expect_refused(packed(sbd_text(sbd)), "sbd.json");
}

}  // namespace
}  // namespace kanal::transports::dpo::testing

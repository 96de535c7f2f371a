#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "domain/sbd.hpp"
#include "domain/sbd_samples.hpp"

namespace kanal::domain {
namespace {

namespace json = boost::json;
using samples::arkivmelding;

constexpr std::string_view header = "/standardBusinessDocumentHeader";

Result<SbdReading> read(const json::value& document) { return read_sbd(json::serialize(document)); }

std::string rejection(std::string_view text) {
  const auto reading = read_sbd(text);
  return reading ? "accepted" : reading.error().code;
}

std::string rejection_of(const json::value& document) { return rejection(json::serialize(document)); }

/// The document with one member of the header set to another value.
json::value with(std::string_view pointer, std::string_view value) {
  auto document = arkivmelding();
  samples::set(document, std::string(header) + std::string(pointer), value);
  return document;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

TEST(SbdReader, ReadsEveryMember) {
  const auto reading = read(arkivmelding());
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_TRUE(reading->violations.empty());
  const auto& sbd = reading->sbd;
  EXPECT_EQ(sbd.header_version, "1.0");
  EXPECT_EQ(sbd.sender_value(), "0192:987464291");
  EXPECT_EQ(sbd.sender.front().authority, "iso6523-actorid-upis");
  EXPECT_EQ(sbd.receiver_value(), "0192:910076787");
  EXPECT_EQ(sbd.document.standard, "urn:no:difi:arkivmelding:xsd::arkivmelding");
  EXPECT_EQ(sbd.document.type_version, "2.0");
  EXPECT_EQ(sbd.message_id().str(), "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001");
  EXPECT_EQ(sbd.document.type, "arkivmelding");
  EXPECT_EQ(sbd.document.creation, parse_iso("2026-09-01T09:15:00+02:00"));
  EXPECT_EQ(sbd.conversation_id().str(), "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111");
  EXPECT_EQ(sbd.process(), "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  EXPECT_EQ(sbd.expected_response(), parse_iso("2026-09-02T09:15:00+02:00"));
  EXPECT_EQ(sbd.find_scope(scope_type::sender_ref)->instance_identifier, "sak-2026-118");
  EXPECT_EQ(sbd.find_scope(scope_type::parent_id), nullptr);
  EXPECT_EQ(sbd.body_text("hoveddokument"), "vedtak.pdf");
  EXPECT_EQ(sbd.body_text("sikkerhetsnivaa"), "");
}

TEST(SbdReader, MemberOrderDoesNotMatter) {
  const auto folder = kanal::testing::shared_data() / "rest";
  const auto ordered = read_sbd(kanal::testing::read_file(folder / "StandardBusinessDocument.json"));
  const auto unordered = read_sbd(kanal::testing::read_file(folder / "StandardBusinessDocument-unordered.json"));
  ASSERT_TRUE(ordered);
  ASSERT_TRUE(unordered);
  EXPECT_EQ(to_json(ordered->sbd), to_json(unordered->sbd));
  EXPECT_TRUE(ordered->violations.empty());
  EXPECT_EQ(ordered->sbd.sender_value(), "9908:910077473");
}

TEST(SbdReader, ReadsThePublishedTemplate) {
  auto text = kanal::testing::read_file(kanal::testing::shared_data() / "rest" / "sbd_docs_template.json");
  const std::string uuid = "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111";
  for (const auto& [placeholder, value] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"<avsenderidentifikator>", "0192:987464291"},
           {"<mottakeridentifikator>", "0192:910076787"},
           {"<dokumenttype>", "urn:no:difi:avtalt:xsd::avtalt"},
           {"<meldingsidentifikator>", uuid},
           {"<konversasjonsIdentifikator>", uuid},
           {"<prosessidentifikator>", "urn:no:difi:profile:avtalt:avtalt:ver1.0"},
           {"<leveringsfrist>", "2026-09-02T09:15:00+02:00"},
           {"<forretningsmeldingnavn>", "avtalt"},
           {"<UUID>", uuid}}) {
    text = replaced(std::move(text), placeholder, value);
  }
  const auto reading = read_sbd(text);
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_TRUE(reading->violations.empty());
  EXPECT_EQ(reading->sbd.find_scope(scope_type::sender_ref)->identifier, uuid);
  // The template misspells this member; unknown ones are ignored.
  EXPECT_EQ(reading->sbd.find_scope(scope_type::receiver_ref)->identifier, std::nullopt);
}

TEST(SbdReader, RefusesWhatIsNoJson) {
  for (const std::string_view text : {"", "{", "[]", "\"x\"", "null", "{} x", "{\"a\":1,}", "{\"a\":\"\xff\"}"}) {
    EXPECT_EQ(rejection(text), "sbd.json") << text;
  }
}

TEST(SbdReader, RefusesOtherMembers) {
  EXPECT_EQ(rejection("{}"), "sbd.members");
  auto third = arkivmelding();
  samples::set(third, "/extra", "{}");
  EXPECT_EQ(rejection_of(third), "sbd.members");
  auto without_body = arkivmelding();
  samples::remove(without_body, "/arkivmelding");
  EXPECT_EQ(rejection_of(without_body), "sbd.members");
  auto without_header = arkivmelding();
  samples::remove(without_header, header);
  EXPECT_EQ(rejection_of(without_header), "sbd.members");
  auto null_header = arkivmelding();
  samples::set(null_header, header, "null");
  EXPECT_EQ(rejection_of(null_header), "sbd.members");
  EXPECT_EQ(rejection_of(with("/documentIdentification/type", R"("avtalt")")), "sbd.members");
}

TEST(SbdReader, RefusesAMissingType) {
  for (const std::string_view type : {"null", R"("")", "1"}) {
    EXPECT_EQ(rejection_of(with("/documentIdentification/type", type)), "sbd.type_missing") << type;
  }
  EXPECT_EQ(rejection_of(with("/documentIdentification", "null")), "sbd.type_missing");
}

TEST(SbdReader, RefusesAnUnknownTypeAndNamesTheKnownOnes) {
  const auto reading = read(with("/documentIdentification/type", R"("feil")"));
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, "sbd.type_unknown");
  EXPECT_EQ(reading.error().message,
            "Unknown NextMove document type feil. Expected one of the following values: arkivmelding, avtalt, digital, "
            "digital_dpv, print, innsynskrav, publisering, fiksio, dialogmelding");
}

TEST(SbdReader, QuotesOnlyTheBeginningOfAHugeType) {
  const auto reading = read(with("/documentIdentification/type", '"' + std::string(10'000, 'x') + '"'));
  ASSERT_FALSE(reading);
  EXPECT_LT(reading.error().message.size(), 500U);
}

TEST(SbdReader, RefusesMembersOfOtherJsonTypes) {
  for (const auto& [pointer, value] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"/headerVersion", "1.0"},
           {"/sender", "{}"},
           {"/sender", "[1]"},
           {"/sender", "[null]"},
           {"/sender/0/identifier", R"("0192:987464291")"},
           {"/sender/0/identifier/value", "987464291"},
           {"/receiver/0/contactInformation", "{}"},
           {"/documentIdentification/standard", "[]"},
           {"/documentIdentification/multipleType", R"("true")"},
           {"/documentIdentification/creationDateAndTime", "true"},
           {"/documentIdentification/creationDateAndTime", R"("yesterday")"},
           {"/documentIdentification/creationDateAndTime", "1e300"},
           {"/manifest", "[]"},
           {"/manifest", R"({"manifestItem":{}})"},
           {"/businessScope", "[]"},
           {"/businessScope/scope", "{}"},
           {"/businessScope/scope/0/identifier", "1"},
           {"/businessScope/scope/0/scopeInformation", "{}"},
           {"/businessScope/scope/0/scopeInformation/0/expectedResponseDateTime", R"("")"}}) {
    const auto reading = read(with(pointer, value));
    ASSERT_FALSE(reading) << pointer << " " << value;
    EXPECT_EQ(reading.error().code, "sbd.json") << pointer << " " << value;
  }
  auto text_as_header = arkivmelding();
  samples::set(text_as_header, header, "1");
  EXPECT_EQ(rejection_of(text_as_header), "sbd.json");
  for (const std::string_view body : {"null", "[]", "1", R"("x")"}) {
    auto document = arkivmelding();
    samples::set(document, "/arkivmelding", body);
    EXPECT_EQ(rejection_of(document), "sbd.json") << body;
  }
}

TEST(SbdReader, SaysWhichMemberIsWrong) {
  const auto reading = read(with("/businessScope/scope/0/identifier", "1"));
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().message,
            "standardBusinessDocumentHeader.businessScope.scope[].identifier must be a string");
}

TEST(SbdReader, BoundsSizeDepthAndCount) {
  const auto text = json::serialize(arkivmelding());
  EXPECT_EQ(rejection(text + std::string(max_sbd_bytes - text.size(), ' ')), "accepted");
  EXPECT_EQ(rejection(text + std::string(max_sbd_bytes - text.size() + 1, ' ')), "sbd.json");

  const auto nested = [](std::size_t levels) {
    auto document = arkivmelding();
    samples::set(document, "/arkivmelding/x", "0");
    return replaced(json::serialize(document), "\"x\":0",
                    "\"x\":" + std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_EQ(rejection(nested(max_sbd_depth - 2)), "accepted");
  EXPECT_EQ(rejection(nested(max_sbd_depth - 1)), "sbd.json");

  auto many = arkivmelding();
  auto& scopes = many.at_pointer(std::string(header) + "/businessScope/scope").as_array();
  const auto scope = scopes.back();
  while (scopes.size() < 100) scopes.push_back(scope);
  EXPECT_EQ(rejection_of(many), "accepted");
  scopes.push_back(scope);
  EXPECT_EQ(rejection_of(many), "sbd.json");
}

TEST(SbdReader, IgnoresUnknownMembersAndNulls) {
  auto document = with("/businessService", R"({"x":1})");
  samples::set(document, std::string(header) + "/manifest", "null");
  samples::set(document, std::string(header) + "/businessScope/scope/1/identifier", "null");
  samples::set(document, std::string(header) + "/sender/0/extra", "[]");
  const auto reading = read(document);
  ASSERT_TRUE(reading);
  EXPECT_TRUE(reading->violations.empty());
  EXPECT_EQ(json::value(to_json(reading->sbd)), arkivmelding());
}

TEST(SbdReader, AcceptsUnescapedControlCharacters) {
  const auto text = replaced(json::serialize(arkivmelding()), "vedtak.pdf", "ved\ttak\n\x01.pdf");
  const auto reading = read_sbd(text);
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_EQ(reading->sbd.body_text("hoveddokument"), "ved\ttak\n\x01.pdf");
}

TEST(SbdReader, TypeIsMatchedIgnoringCaseAndKeptAsGiven) {
  auto document = with("/documentIdentification/type", R"("ARKIVMELDING")");
  const auto reading = read(document);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->sbd.document.type, "ARKIVMELDING");
  const auto written = to_json(reading->sbd);
  EXPECT_TRUE(written.contains("ARKIVMELDING"));
  // What was written can be read again, under the name it was given.
  EXPECT_EQ(rejection_of(json::value(written)), "accepted");
}

TEST(SbdReader, KeepsOffsetsAndReadsOtherFormsOfTime) {
  const auto creation = [](std::string_view value) {
    return read(with("/documentIdentification/creationDateAndTime", value)).value().sbd.document.creation.value();
  };
  EXPECT_EQ(format_iso(creation(R"("2026-09-01T09:15:00.5-03:30")")), "2026-09-01T09:15:00.5-03:30");
  EXPECT_EQ(format_iso(creation(R"("2026-09-01T09:15:00Z")")), "2026-09-01T09:15:00Z");
  // The offset of that date, not of today.
  EXPECT_EQ(format_iso(creation(R"("2026-07-01T09:15:00")")), "2026-07-01T09:15:00+02:00");
  EXPECT_EQ(format_iso(creation(R"("2026-01-01T09:15:00")")), "2026-01-01T09:15:00+01:00");
  EXPECT_EQ(format_iso(creation("1788250500")), "2026-09-01T08:15:00Z");
  EXPECT_EQ(format_iso(creation("1788250500.25")), "2026-09-01T08:15:00.25Z");
  EXPECT_EQ(format_iso(creation("-1")), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_iso(creation("253402300799")), "9999-12-31T23:59:59Z");
  EXPECT_EQ(rejection_of(with("/documentIdentification/creationDateAndTime", "1788250500000")), "sbd.json");
}

TEST(SbdReader, ReadsLegacyScopeTypesAsCanonical) {
  for (const auto& [legacy, canonical] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"CONVERSATION_ID", scope_type::conversation_id},
           {"PARENT_ID", scope_type::parent_id},
           {"SENDER_REF", scope_type::sender_ref},
           {"RECEIVER_REF", scope_type::receiver_ref},
           {"JOURNALPOST_ID", scope_type::journalpost_id},
           {"MESSAGE_CHANNEL", scope_type::message_channel}}) {
    const auto reading = read(with("/businessScope/scope/0/type", '"' + std::string(legacy) + '"'));
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->sbd.scopes.front().type, canonical);
    EXPECT_TRUE(validate_header(reading->sbd, std::nullopt).empty());
  }
}

TEST(SbdReader, CountsManifestItemsWhenTheSenderDidNot) {
  const auto count = [](std::string_view manifest) {
    return json::serialize(read(with("/manifest", manifest)).value().sbd.manifest->at("numberOfItems"));
  };
  constexpr std::string_view items =
      R"("manifestItem":[{"mimeTypeQualifierCode":"application/pdf","uniformResourceIdentifier":"a.pdf"}])";
  EXPECT_EQ(count("{" + std::string(items) + "}"), "1");
  EXPECT_EQ(count("{\"numberOfItems\":7," + std::string(items) + "}"), "7");
}

TEST(SbdReader, KeepsTheBodyAsItIs) {
  auto document = arkivmelding();
  constexpr std::string_view content =
      R"({"a":null,"b":[],"c":{"d":[1,-2,18446744073709551615,true]},"beløp":1234.56,"e":0.1,"f":"\u0000\"\\"})";
  samples::set(document, "/arkivmelding/content", content);
  const auto reading = read(document);
  ASSERT_TRUE(reading);
  const auto written = json::parse(write_sbd(reading->sbd));
  EXPECT_EQ(written.at_pointer("/arkivmelding/content"), json::parse({content.data(), content.size()}));
}

}  // namespace
}  // namespace kanal::domain

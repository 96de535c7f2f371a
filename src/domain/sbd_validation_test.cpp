// Each rule of messages.md section 2, in the words of rest-api.md section 11.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sbd.hpp"
#include "domain/sbd_samples.hpp"

namespace kanal::domain {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string header = "standardBusinessDocumentHeader.";
const Time before_expiry = parse_iso("2026-09-02T07:14:59Z")->utc;

struct Case {
  json::value document = samples::arkivmelding();
  Case& set(std::string_view pointer, std::string_view value) {
    samples::set(document, "/standardBusinessDocumentHeader" + std::string(pointer), value);
    return *this;
  }
  Case& remove(std::string_view pointer) {
    samples::remove(document, "/standardBusinessDocumentHeader" + std::string(pointer));
    return *this;
  }
};

/// What the API reports: both lists, one after the other.
std::vector<Violation> violations(const Case& test, std::optional<Time> now = before_expiry) {
  auto reading = read_sbd(json::serialize(test.document));
  if (!reading) return {{"unreadable", reading.error().code, reading.error().message}};
  auto found = std::move(reading->violations);
  for (auto& violation : validate_header(reading->sbd, now)) found.push_back(std::move(violation));
  return found;
}

/// `path code message`, the path without the header's name.
std::vector<std::string> lines(const Case& test, std::optional<Time> now = before_expiry) {
  std::vector<std::string> out;
  for (const auto& violation : violations(test, now)) {
    const auto path = violation.path.starts_with(header) ? violation.path.substr(header.size()) : violation.path;
    out.push_back(path + " " + violation.code + " " + violation.message);
  }
  return out;
}

TEST(SbdValidation, AValidDocumentHasNone) { EXPECT_THAT(lines({}), IsEmpty()); }

TEST(SbdValidation, MissingMembersAreReportedOnce) {
  for (const std::string_view pointer :
       {"/headerVersion", "/documentIdentification/standard", "/documentIdentification/typeVersion", "/businessScope",
        "/businessScope/scope"}) {
    std::string path(pointer.substr(1));
    std::ranges::replace(path, '/', '.');
    EXPECT_THAT(lines(Case().remove(pointer)), ElementsAre(path + " NotNull must not be null"));
    EXPECT_THAT(lines(Case().set(pointer, "null")), ElementsAre(path + " NotNull must not be null"));
  }
}

TEST(SbdValidation, PartnersNeedAnIdentifierWithBothMembers) {
  for (const std::string party : {"sender", "receiver"}) {
    EXPECT_THAT(lines(Case().remove("/" + party + "/0/identifier")),
                ElementsAre(party + "[].identifier NotNull must not be null"));
    EXPECT_THAT(lines(Case().remove("/" + party + "/0/identifier/value")),
                ElementsAre(party + "[].identifier.value NotNull must not be null"));
    EXPECT_THAT(lines(Case().remove("/" + party + "/0/identifier/authority")),
                ElementsAre(party + "[].identifier.authority NotNull must not be null"));
    EXPECT_THAT(lines(Case().set("/" + party + "/0/contactInformation", R"([{"contact":"Ola"},{"faxNumber":"1"}])")),
                ElementsAre(party + "[].contactInformation[].contact NotNull must not be null"));
  }
}

TEST(SbdValidation, PartnersMayBeAbsentButNotTwo) {
  EXPECT_THAT(lines(Case().remove("/sender").remove("/receiver")), IsEmpty());
  for (const std::string party : {"sender", "receiver"}) {
    const std::string two = R"([{"identifier":{"authority":"iso6523-actorid-upis","value":"0192:987464291"}},
                                {"identifier":{"authority":"iso6523-actorid-upis","value":"0192:910076787"}}])";
    EXPECT_THAT(lines(Case().set("/" + party, two)), ElementsAre(party + " Size size must be between 0 and 1"));
  }
}

TEST(SbdValidation, SenderMustBeAnIdentifierReceiverIsLookedAtLater) {
  const std::string refused =
      "sender[].identifier.value SenderValue {no.difi.meldingsutveksling.validation.IntegrasjonspunktOrganization}";
  EXPECT_THAT(lines(Case().set("/sender/0/identifier/value", R"("9908:910077473")")), ElementsAre(refused));
  EXPECT_THAT(lines(Case().set("/sender/0/identifier/value", R"("")")), ElementsAre(refused));
  EXPECT_THAT(lines(Case().set("/sender/0/identifier/value", R"("her-id:8143060")")), IsEmpty());
  EXPECT_THAT(lines(Case().set("/receiver/0/identifier/value", R"("9908:910077473")")), IsEmpty());
}

TEST(SbdValidation, MessageIdIsAUuidWhenGiven) {
  const std::string id = "/documentIdentification/instanceIdentifier";
  EXPECT_THAT(lines(Case().remove(id)), IsEmpty());
  EXPECT_THAT(lines(Case().set(id, R"("0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001")")), IsEmpty());
  const auto found = violations(Case().set(id, R"("1-2-3-4-5")"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().path, header + "documentIdentification.instanceIdentifier");
  EXPECT_EQ(found.front().code, "UUID");
  EXPECT_EQ(found.front().message, "'1-2-3-4-5' is not a UUID.");
  EXPECT_EQ(found.front().rejected, json::value("1-2-3-4-5"));
}

TEST(SbdValidation, TypeMustBeKnown) {
  Sbd sbd;
  sbd.document.type = "brev";
  const auto found = validate_header(sbd, std::nullopt);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().path, header + "documentIdentification.type");
  EXPECT_EQ(found.front().code, "MessageType");
  EXPECT_EQ(found.front().message, "Must be a NextMove message type");
  sbd.document.type = "ArkivMelding";
  EXPECT_TRUE(validate_header(sbd, std::nullopt).empty());
}

TEST(SbdValidation, ManifestNeedsCompleteItems) {
  const std::string empty = "manifest.manifestItem NotEmpty must not be empty";
  EXPECT_THAT(lines(Case().set("/manifest", "{}")), ElementsAre(empty));
  EXPECT_THAT(lines(Case().set("/manifest", R"({"manifestItem":[]})")), ElementsAre(empty));
  EXPECT_THAT(lines(Case().set("/manifest", R"({"manifestItem":[{}]})")),
              ElementsAre("manifest.manifestItem[].mimeTypeQualifierCode NotNull must not be null",
                          "manifest.manifestItem[].uniformResourceIdentifier NotNull must not be null"));
}

TEST(SbdValidation, AtLeastOneScope) {
  EXPECT_THAT(lines(Case().set("/businessScope/scope", "[]")),
              ElementsAre("businessScope.scope Size size must be between 1 and 2147483647"));
}

TEST(SbdValidation, ScopeTypesAreThoseOfTheList) {
  const auto not_expected = [](std::string_view type) {
    return "businessScope.scope[].type OneOf '" + std::string(type) +
           "' is not expected. Allowed values are: [JournalpostId, ConversationId, ParentId, SenderRef, ReceiverRef, "
           "MessageChannel]";
  };
  for (const std::string_view type : {"senderRef", "Conversation", "SENDERREF", ""}) {
    EXPECT_THAT(lines(Case().set("/businessScope/scope/1/type", '"' + std::string(type) + '"')),
                ElementsAre(not_expected(type)));
  }
  EXPECT_THAT(lines(Case().remove("/businessScope/scope/1/type")),
              ElementsAre("businessScope.scope[].type NotNull must not be null"));
}

TEST(SbdValidation, OnlyTheConversationIdIsAUuid) {
  const std::string id = "/businessScope/scope/0/instanceIdentifier";
  EXPECT_THAT(lines(Case().set("/businessScope/scope/1/instanceIdentifier", R"("free text")")), IsEmpty());
  EXPECT_THAT(lines(Case().remove(id)), IsEmpty());
  EXPECT_THAT(lines(Case().set(id, R"("")")), IsEmpty());
  const auto found = violations(Case().set(id, R"("free text")"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().path, header + "businessScope.scope[]");
  EXPECT_EQ(found.front().code, "SbdScopeConditionalInstanceIdentifierUuid");
  EXPECT_TRUE(found.front().message.starts_with("'{\"type\":\"ConversationId\",\"instanceIdentifier\":\"free text\""));
  EXPECT_TRUE(found.front().message.ends_with("' is not a UUID."));
}

TEST(SbdValidation, TimeToLiveMustBeInTheFuture) {
  const Time expiry = parse_iso("2026-09-02T07:15:00Z")->utc;
  const auto found = violations({}, expiry);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().path, header + "businessScope.scope[].scopeInformation[].expectedResponseDateTime");
  EXPECT_EQ(found.front().code, "Future");
  EXPECT_EQ(found.front().message, "must be a future date");
  EXPECT_EQ(found.front().rejected, json::value("2026-09-02T09:15:00+02:00"));
  EXPECT_THAT(lines({}, expiry - Duration(1)), IsEmpty());
  EXPECT_THAT(lines({}, std::nullopt), IsEmpty());
}

TEST(SbdValidation, AllViolationsAreReportedTogether) {
  Case test;
  test.remove("/headerVersion").remove("/documentIdentification/standard").remove("/sender/0/identifier/value");
  test.set("/documentIdentification/instanceIdentifier", R"("x")").set("/businessScope/scope/1/type", R"("y")");
  std::vector<std::string> codes;
  for (const auto& violation : violations(test, parse_iso("2027-01-01T00:00:00Z")->utc))
    codes.push_back(violation.code);
  EXPECT_THAT(codes, UnorderedElementsAre("NotNull", "NotNull", "NotNull", "UUID", "OneOf", "Future"));
}

}  // namespace
}  // namespace kanal::domain

#include "flow/status_document.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace kanal::flow {
namespace {

namespace json = boost::json;
using domain::ReceiptStatus;

const Time now = parse_iso("2026-08-19T10:16:07.5+02:00")->utc;

StatusSettings settings() {
  return {.document_type = "urn:no:difi:eformidling:xsd::status",
          .arkivmelding_process = "urn:no:difi:profile:arkivmelding:response:ver1.0",
          .avtalt_process = "urn:no:difi:profile:avtalt:response:ver1.0",
          .einnsyn_process = "urn:no:difi:profile:einnsyn:response:ver1.0",
          .ttl = std::chrono::hours(24)};
}

/// The message of dpo.md 5.5, from channel fagsys-A.
domain::Sbd message() {
  domain::Sbd sbd;
  sbd.header_version = "1.0";
  sbd.sender.push_back({"iso6523-actorid-upis", "0192:310700002"});
  sbd.receiver.push_back({"iso6523-actorid-upis", "0192:310701378"});
  sbd.document.standard = "urn:no:difi:arkivmelding:xsd::arkivmelding";
  sbd.document.type_version = "1.0";
  sbd.document.instance_identifier = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01";
  sbd.document.type = "arkivmelding";
  sbd.scopes.push_back({"ConversationId",
                        "7a9b2a64-1f5a-4a0e-a7a3-94c6b8d0e502",
                        "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
                        {{parse_iso("2026-08-20T10:15:30.123456+02:00"), {}, {}}}});
  sbd.scopes.push_back({"SenderRef", "sak-2026-118", {}, {}});
  sbd.scopes.push_back({"MessageChannel", "c2f7f3a1-55a0-4f6e-9d43-0a8f2f3b9e03", "fagsys-A", {}});
  sbd.body = json::object{{"sikkerhetsnivaa", 3}};
  return sbd;
}

std::optional<domain::Sbd> mottatt(const domain::Sbd& about) {
  return make_status(about, ReceiptStatus::mottatt, settings(), now);
}

TEST(StatusDocument, IsTheOneOfTheSpecification) {
  const auto status = mottatt(message());
  ASSERT_TRUE(status);
  EXPECT_EQ(json::value(domain::to_json(*status)), json::parse(R"({
    "standardBusinessDocumentHeader": {
      "headerVersion": "1.0",
      "sender": [{ "identifier": { "value": "0192:310701378", "authority": "iso6523-actorid-upis" } }],
      "receiver": [{ "identifier": { "value": "0192:310700002", "authority": "iso6523-actorid-upis" } }],
      "documentIdentification": {
        "standard": "urn:no:difi:eformidling:xsd::status",
        "typeVersion": "2.0",
        "instanceIdentifier": "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01",
        "type": "status",
        "creationDateAndTime": "2026-08-19T10:16:02.5+02:00"
      },
      "businessScope": {
        "scope": [
          {
            "type": "ConversationId",
            "instanceIdentifier": "7a9b2a64-1f5a-4a0e-a7a3-94c6b8d0e502",
            "identifier": "urn:no:difi:profile:arkivmelding:response:ver1.0",
            "scopeInformation": [{ "expectedResponseDateTime": "2026-08-20T10:16:07.5+02:00" }]
          },
          {
            "type": "MessageChannel",
            "instanceIdentifier": "c2f7f3a1-55a0-4f6e-9d43-0a8f2f3b9e03",
            "identifier": "fagsys-A"
          }
        ]
      }
    },
    "status": { "status": "MOTTATT" }
  })"));
}

TEST(StatusDocument, KeepsTheRulesOfTheHeader) {
  const auto reading = domain::read_sbd(domain::write_sbd(mottatt(message()).value()));
  ASSERT_TRUE(reading);
  EXPECT_TRUE(reading->violations.empty());
  EXPECT_TRUE(domain::validate_header(reading->sbd, now).empty());
}

TEST(StatusDocument, CarriesTheStatusAndTheTimeToLiveOfTheSettings) {
  auto changed = settings();
  changed.ttl = std::chrono::hours(2);
  const auto status = make_status(message(), ReceiptStatus::levert, changed, now);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->body_text("status"), "LEVERT");
  EXPECT_EQ(status->expected_response()->utc, now + std::chrono::hours(2));
}

TEST(StatusDocument, ProcessFollowsTheTypeOfTheOriginal) {
  const auto process = [](std::string_view type) {
    auto about = message();
    about.document.type = type;
    const auto status = mottatt(about);
    return status ? status->process() : "none";
  };
  for (const std::string_view type : {"arkivmelding", "ARKIVMELDING", "arkivmelding_kvittering"}) {
    EXPECT_EQ(process(type), settings().arkivmelding_process) << type;
  }
  EXPECT_EQ(process("avtalt"), settings().avtalt_process);
  for (const std::string_view type : {"innsynskrav", "publisering", "einnsyn_kvittering"}) {
    EXPECT_EQ(process(type), settings().einnsyn_process) << type;
  }
  // A status is never answered by a status.
  for (const std::string_view type : {"status", "digital", "digital_dpv", "print", "fiksio", "dialogmelding",
                                      "dialogmelding_kvittering", "unknown", ""}) {
    EXPECT_EQ(process(type), "none") << type;
  }
}

TEST(StatusDocument, NeedsAProcess) {
  auto without = settings();
  without.arkivmelding_process.clear();
  EXPECT_FALSE(make_status(message(), ReceiptStatus::mottatt, without, now));
}

TEST(StatusDocument, NeedsSomebodyAndSomethingToAnswer) {
  auto about = message();
  about.sender.clear();
  EXPECT_FALSE(mottatt(about));
  about = message();
  about.receiver.clear();
  EXPECT_FALSE(mottatt(about));
  about = message();
  about.document.instance_identifier.clear();
  EXPECT_FALSE(mottatt(about));
  about = message();
  std::erase_if(about.scopes, [](const domain::Scope& scope) { return scope.type == "ConversationId"; });
  EXPECT_FALSE(mottatt(about));
}

TEST(StatusDocument, CopiesTheChannelExactlyOnce) {
  auto about = message();
  about.scopes.push_back({"MessageChannel", "another-id", "fagsys-B", {}});
  about.scopes.insert(about.scopes.begin(), {"MessageChannel", "blank-id", "", {}});
  const auto status = mottatt(about);
  ASSERT_TRUE(status);
  EXPECT_EQ(std::ranges::count(status->scopes, "MessageChannel", &domain::Scope::type), 1);
  EXPECT_EQ(status->message_channel(), "fagsys-A");
  EXPECT_EQ(status->find_scope("MessageChannel")->instance_identifier, "c2f7f3a1-55a0-4f6e-9d43-0a8f2f3b9e03");
}

TEST(StatusDocument, BlankOrAbsentChannelGivesNoScope) {
  for (const std::optional<std::string>& channel :
       {std::optional<std::string>(), std::optional<std::string>(""), std::optional<std::string>(" ")}) {
    auto about = message();
    about.find_scope("MessageChannel")->identifier = channel;
    EXPECT_EQ(mottatt(about).value().scopes.size(), 1U);
  }
}

TEST(Receipt, IsRead) {
  domain::Sbd sbd;
  sbd.document.type = "arkivmelding_kvittering";
  sbd.body = json::parse(R"({"receiptType":"WARNING","relatedToMessageId":"0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01",
                             "messages":[{"code":"A-17","text":"Ukjent saksansvarlig"}]})");
  const auto receipt = read_receipt(sbd);
  EXPECT_EQ(receipt.receipt_type, "WARNING");
  EXPECT_EQ(receipt.related_to_message_id.str(), "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01");
  EXPECT_EQ(json::parse(receipt.raw), sbd.body);
}

TEST(Receipt, MissingMembersAreEmpty) {
  domain::Sbd sbd;
  sbd.body = json::object{{"receiptType", 1}};
  const auto receipt = read_receipt(sbd);
  EXPECT_EQ(receipt.receipt_type, "");
  EXPECT_TRUE(receipt.related_to_message_id.empty());
  EXPECT_EQ(receipt.raw, R"({"receiptType":1})");
}

}  // namespace
}  // namespace kanal::flow

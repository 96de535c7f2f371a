// Rows of rules_test.cpp: the header's constraints, as JSON body and as part of a form (messages.md 2, rest-api.md 11).
#include "api/testing_rules.hpp"

namespace kanal::api::testing {
namespace {

const std::string not_null = "must not be null";
const std::string senders_text = "{no.difi.meldingsutveksling.validation.IntegrasjonspunktOrganization}";

std::string header(const std::string& path) { return "standardBusinessDocumentHeader." + path; }

/// One violation of a JSON body.
Rule broken(std::string name, json::value document, std::string code, const std::string& path, std::string text,
            std::vector<std::string> codes = {}) {
  return {std::move(name),
          "messages 2",
          [document = std::move(document)](RuleStage& stage) { return stage.post_json(document); },
          400,
          exception::not_valid,
          "Validation failed for object='standardBusinessDocument'. Error count: 1",
          {{std::move(code), header(path), std::move(text), std::move(codes)}}};
}

Rule missing(std::string name, const std::string& parent, const std::string& member, const std::string& path) {
  return broken(std::move(name), without(sbd(), parent, member), "NotNull", path, not_null);
}

json::value with_scope(json::object scope) {
  auto document = sbd();
  document.at_pointer(at::header + "/businessScope/scope").as_array().push_back(std::move(scope));
  return document;
}

json::value with_header(const std::string& member, json::value value) {
  auto document = sbd();
  document.at_pointer(at::header).as_object()[member] = std::move(value);
  return document;
}

json::value doubled(const std::string& member) {
  auto document = sbd();
  auto& all = document.at_pointer(at::header + "/" + member).as_array();
  all.push_back(json::value(all.front()));
  return document;
}

json::value without_all() { return without(without(sbd(), at::header, "headerVersion"), at::document, "typeVersion"); }

}  // namespace

std::vector<Rule> header_rules() {
  const std::string sender = at::header + "/sender/0/identifier";
  const std::string receiver = at::header + "/receiver/0/identifier";
  const std::string future = "businessScope.scope[].scopeInformation[].expectedResponseDateTime";
  return {
      broken("header_version", without(sbd(), at::header, "headerVersion"), "NotNull", "headerVersion", not_null,
             {"NotNull.standardBusinessDocument.standardBusinessDocumentHeader.headerVersion",
              "NotNull.standardBusinessDocumentHeader.headerVersion", "NotNull.headerVersion", "NotNull"}),
      broken("sender_authority", without(sbd(), sender, "authority"), "NotNull", "sender[].identifier.authority",
             not_null,
             {"NotNull.standardBusinessDocument.standardBusinessDocumentHeader.sender[].identifier.authority",
              "NotNull.standardBusinessDocument.standardBusinessDocumentHeader.sender.identifier.authority",
              "NotNull.standardBusinessDocumentHeader.sender[].identifier.authority",
              "NotNull.standardBusinessDocumentHeader.sender.identifier.authority", "NotNull.authority", "NotNull"}),
      missing("sender_value", sender, "value", "sender[].identifier.value"),
      missing("sender_identifier", at::header + "/sender/0", "identifier", "sender[].identifier"),
      missing("receiver_value", receiver, "value", "receiver[].identifier.value"),
      missing("receiver_authority", receiver, "authority", "receiver[].identifier.authority"),
      missing("receiver_identifier", at::header + "/receiver/0", "identifier", "receiver[].identifier"),
      missing("standard", at::document, "standard", "documentIdentification.standard"),
      missing("type_version", at::document, "typeVersion", "documentIdentification.typeVersion"),
      missing("business_scope", at::header, "businessScope", "businessScope"),
      missing("scope", at::header + "/businessScope", "scope", "businessScope.scope"),
      broken("null_is_missing", with(sbd(), at::document + "/standard", json::value()), "NotNull",
             "documentIdentification.standard", not_null),
      broken("two_senders", doubled("sender"), "Size", "sender", "size must be between 0 and 1"),
      broken("two_receivers", doubled("receiver"), "Size", "receiver", "size must be between 0 and 1"),
      broken("no_scopes", with(sbd(), at::header + "/businessScope/scope", json::array{}), "Size",
             "businessScope.scope", "size must be between 1 and 2147483647"),
      broken("sender_9908", with(sbd(), sender + "/value", "9908:" + own), "SenderValue", "sender[].identifier.value",
             senders_text),
      broken("sender_is_no_identifier", with(sbd(), sender + "/value", "somebody"), "SenderValue",
             "sender[].identifier.value", senders_text),
      broken("message_id", sbd("1-2-3-4-5"), "UUID", "documentIdentification.instanceIdentifier",
             "'1-2-3-4-5' is not a UUID."),
      broken(
          "conversation_id",
          with(with(sbd(), at::scope + "/instanceIdentifier", "c-1"), at::scope + "/scopeInformation", json::array{}),
          "SbdScopeConditionalInstanceIdentifierUuid", "businessScope.scope[]",
          R"('{"type":"ConversationId","instanceIdentifier":"c-1","identifier":")" + process + "\"}' is not a UUID."),
      broken("scope_type", with_scope({{"type", "senderref"}}), "OneOf", "businessScope.scope[].type",
             "'senderref' is not expected. Allowed values are: [JournalpostId, ConversationId, ParentId, SenderRef, "
             "ReceiverRef, MessageChannel]"),
      broken("scope_without_type", with_scope({{"identifier", "x"}}), "NotNull", "businessScope.scope[].type",
             not_null),
      broken("time_to_live_is_now", with(sbd(), at::ttl, start_time), "Future", future, "must be a future date"),
      broken("time_to_live_was_yesterday", with(sbd(), at::ttl, "2026-08-31T09:15:00Z"), "Future", future,
             "must be a future date"),
      broken("contact",
             with(sbd(), at::header + "/sender/0",
                  [] {
                    auto participant = sbd().at_pointer(at::header + "/sender/0");
                    participant.as_object()["contactInformation"] = json::array{json::object{{"faxNumber", "1"}}};
                    return participant;
                  }()),
             "NotNull", "sender[].contactInformation[].contact", not_null),
      broken("manifest_without_items", with_header("manifest", json::object{{"manifestItem", json::array{}}}),
             "NotEmpty", "manifest.manifestItem", "must not be empty"),
      {"free_text_references", "messages 2",
       [](RuleStage& stage) {
         const json::object scope{{"type", "SenderRef"}, {"instanceIdentifier", "sak-2026-118"}, {"identifier", "x"}};
         const auto reply = stage.post_json(with_scope(scope));
         EXPECT_EQ(reply.at(at::header + "/businessScope/scope/1"), json::value(scope));
         return reply;
       },
       200},
      {"blank_ids_are_made_for_every_scope", "messages 2",
       [](RuleStage& stage) {
         const auto reply = stage.post_json(with_scope({{"type", "SenderRef"}, {"instanceIdentifier", ""}}));
         EXPECT_TRUE(is_uuid(reply.text_at(at::header + "/businessScope/scope/1/instanceIdentifier")));
         return reply;
       },
       200},
      {"all_violations_together",
       "5.1 no. 2",
       [](RuleStage& stage) { return stage.post_json(without_all()); },
       400,
       exception::not_valid,
       "Validation failed for object='standardBusinessDocument'. Error count: 2",
       {{"NotNull", header("headerVersion"), not_null},
        {"NotNull", header("documentIdentification.typeVersion"), not_null}}},
      {"all_violations_of_a_form",
       "4.1",
       [](RuleStage& stage) { return post_form(stage, {sbd_form(without_all())}); },
       400,
       exception::constraint,
       "createAndSendMessage.sbd.standardBusinessDocumentHeader.headerVersion: must not be null, "
       "createAndSendMessage.sbd.standardBusinessDocumentHeader.documentIdentification.typeVersion: must not be null",
       {{"NotNull", "createAndSendMessage.sbd." + header("headerVersion"), not_null, {"NotNull"}},
        {"NotNull",
         "createAndSendMessage.sbd." + header("documentIdentification.typeVersion"),
         not_null,
         {"NotNull"}}}},
  };
}

}  // namespace kanal::api::testing

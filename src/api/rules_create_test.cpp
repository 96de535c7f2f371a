// Rows of rules_test.cpp: creating messages (rest-api.md 4.1, 4.2, 5.1, 9; messages.md 1 to 3).
#include "api/testing_rules.hpp"

namespace kanal::api::testing {
namespace {

const std::string types =
    "arkivmelding, avtalt, digital, digital_dpv, print, innsynskrav, publisering, fiksio, dialogmelding";
const std::string identifier_syntax =
    "an identifier is 0192:<organisation number>, optionally with :<part>, or a person number of 11 digits with valid "
    "control digits, or the UUID of a FIKS IO account";

std::function<Reply(RuleStage&)> posting(json::value document) {
  return [document = std::move(document)](RuleStage& stage) { return stage.post_json(document); };
}
std::function<Reply(RuleStage&)> posting_text(std::string body) {
  return [body = std::move(body)](RuleStage& stage) {
    return stage.call("POST", "/api/messages/out", body, {{"Content-Type", "application/json"}});
  };
}

json::value of_type(const std::string& type) {
  auto document = without(with(sbd(), at::document + "/type", type), "", "arkivmelding");
  document.as_object()[type] = json::object{};
  return document;
}

json::value with_receiver(const std::string& value) {
  return with(sbd(), at::header + "/receiver/0/identifier/value", value);
}

/// A control character inside a text, as old senders write it.
std::string with_raw_control_character() {
  auto text = json::serialize(with(sbd(), at::header + "/headerVersion", "1.0@"));
  text.replace(text.find('@'), 1, "\t");
  return text;
}

Rule accepted(std::string name, std::string section, json::value document) {
  return {std::move(name), std::move(section), posting(std::move(document)), 200};
}

Rule unreadable(std::string name, std::string section, json::value document, const std::string& why) {
  return {std::move(name),         std::move(section),        posting(std::move(document)), 400,
          exception::not_readable, "JSON parse error: " + why};
}

json::value third_member() {
  auto document = sbd();
  document.as_object()["avtalt"] = json::object{};
  return document;
}

}  // namespace

std::vector<Rule> create_rules() {
  const std::string sender = at::header + "/sender/0/identifier/";
  const std::string members =
      "an SBD has exactly two members, standardBusinessDocumentHeader and the business message; ";
  return {
      accepted("complete", "4.2", sbd()),
      accepted("type_in_capitals", "messages 1", of_type("ARKIVMELDING")),
      accepted("unknown_member_in_the_body", "messages 1",
               with(sbd(), "/arkivmelding", json::object{{"securityLevel", 4}})),
      accepted("epoch_number_as_date_time", "messages 1",
               with(sbd(), at::document + "/creationDateAndTime", 1788000000)),
      accepted("sender_without_prefix", "messages 3", with(sbd(), sender + "value", own)),
      accepted("sender_with_part", "9", with(sbd(), sender + "value", "0192:" + own + ":" + other)),
      accepted("empty_receiver_list_is_none", "messages 2",
               with(with(sbd(), at::header + "/receiver/0/identifier/value", "0192:" + other), at::header + "/sender",
                    json::array{})),
      {"control_character_inside_a_text", "messages 1", posting_text(with_raw_control_character()), 200},
      {"no_body", "5.1 no. 1", posting_text(""), 400, exception::not_readable,
       "JSON parse error: no JSON near byte 0: incomplete JSON"},
      unreadable("array", "5.1 no. 1", json::array{}, "an SBD must be a JSON object"),
      unreadable("third_member", "messages 1", third_member(), members + "this one has 3"),
      unreadable("no_business_message", "messages 1", without(sbd(), "", "arkivmelding"), members + "this one has 1"),
      unreadable("type_missing", "messages 1", without(sbd(), at::document, "type"),
                 "the header needs documentIdentification.type, the name of the business message"),
      unreadable("single_value_for_an_array", "messages 1",
                 with(sbd(), at::header + "/sender", sbd().at_pointer(at::header + "/sender/0")),
                 "standardBusinessDocumentHeader.sender must be an array of at most 100 objects"),
      unreadable(
          "bad_date_time", "messages 1", with(sbd(), at::ttl, "tomorrow"),
          "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime must "
          "be a date-time such as 2026-09-01T09:15:00+02:00"),
      {"unknown_type", "5.1 no. 4", posting(of_type("brev")), 400, exception::own("UnknownMessageTypeException"),
       "Unknown NextMove document type brev. Expected one of the following values: " + types},
      {"feil_is_no_message", "messages 4", posting(of_type("feil")), 400, exception::own("UnknownMessageTypeException"),
       "Unknown NextMove document type feil. Expected one of the following values: " + types},
      {"unknown_authority", "messages 3", posting(with(sbd(), sender + "authority", "other")), 400,
       exception::own("InvalidPartnerIdentifierException"),
       "sender: the authority of a sender or receiver must be iso6523-actorid-upis or nhn-actorid"},
      {"receiver_is_no_identifier", "messages 3", posting(with_receiver("12345678901")), 400,
       exception::own("InvalidPartnerIdentifierException"), "receiver: " + identifier_syntax},
      {"receiver_9908", "messages 3", posting(with_receiver("9908:" + other)), 400,
       exception::own("InvalidPartnerIdentifierException"),
       "receiver: the prefix 9908: is no longer valid; write 0192:<organisation number>"},
      {"no_process", "5.1 no. 6", posting(without(sbd(), at::scope, "identifier")), 400,
       exception::own("MissingProcessException"),
       "SBD missing process: set `identifier` of the ConversationId scope to the process"},
      {"no_process_and_no_receiver", "5.1 no. 6",
       posting(without(without(sbd(), at::scope, "identifier"), at::header, "receiver")), 400,
       exception::own("MissingProcessException"),
       "SBD missing process: set `identifier` of the ConversationId scope to the process"},
      {"no_receiver", "5.1 no. 11", posting(without(sbd(), at::header, "receiver")), 400,
       exception::own("ServiceNotEnabledException"), "Service UNKNOWN is not enabled"},
      {"print_without_receiver", "5.1 no. 5", posting(without(of_type("print"), at::header, "receiver")), 400,
       exception::own("ServiceNotEnabledException"), "Service DPI is not enabled"},
      {"receiver_refuses_the_process",
       "5.1 no. 5",
       [](RuleStage& stage) {
         stage.directory.error = Error{"directory.refused", "no such process", Disposition::reject, {}, {}};
         return stage.post_json(sbd());
       },
       400,
       exception::own("ReceiverDoesNotAcceptProcessException"),
       "Receiver do not accept the document process " + process,
       {},
       "no such process"},
      {"receiver_refuses_the_document_type",
       "5.1 no. 5",
       [](RuleStage& stage) {
         stage.directory.records[0].document_types = {"urn:no:difi:avtalt:xsd::avtalt"};
         return stage.post_json(sbd());
       },
       400,
       exception::own("ReceiverDoesNotAcceptProcessException"),
       "Receiver do not accept the document process " + process,
       {},
       "The receiver does not accept the document type " + arkivmelding_standard + " for this process"},
      {"registry_away", "11",
       [](RuleStage& stage) {
         stage.directory.error = Error{"directory.unavailable", "no answer", Disposition::retry, {}, {}};
         return stage.post_json(sbd());
       },
       503, exception::own("ServiceRegistryUnavailableException"), "no answer"},
      {"same_create_twice", "5.1 no. 8",
       [](RuleStage& stage) {
         stage.create();
         return stage.post_json(sbd());
       },
       400, exception::own("MessageAlreadyExistsException"),
       "Message with messageId = " + message_1 + " already exists"},
      {"id_in_other_case", "12 no. 33",
       [](RuleStage& stage) {
         stage.create();
         return stage.post_json(sbd("0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001"));
       },
       400, exception::own("MessageAlreadyExistsException"),
       "Message with messageId = 0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001 already exists"},
      {"id_of_an_incoming_message", "5.1 no. 8",
       [](RuleStage& stage) {
         stage.arrive(message_1);
         return stage.post_json(sbd());
       },
       400, exception::own("MessageAlreadyExistsException"),
       "Message with messageId = " + message_1 + " already exists"},
      {"own_certificate", "5.1 no. 9",
       [](RuleStage& stage) {
         stage.certificate.error = Error{"certificate.invalid", "expired yesterday", Disposition::reject, {}, {}};
         return stage.post_json(sbd());
       },
       400, exception::own("InvalidCertificateException"), "expired yesterday"},
      {"standard_of_another_type", "5.1 no. 13",
       posting(with(sbd(), at::document + "/standard", arkivmelding_standard + "_kvittering")), 400,
       exception::own("MessageTypeDoesNotFitDocumentTypeException"),
       "Message type arkivmelding does not match the document type " + arkivmelding_standard + "_kvittering"},
      {"another_channel", "5.1 no. 14",
       [](RuleStage& stage) {
         stage.transport->channel = "arkiv";
         auto document = sbd();
         document.at_pointer(at::header + "/businessScope/scope")
             .as_array()
             .push_back(json::object{{"type", "MessageChannel"}, {"identifier", "sak"}});
         return stage.post_json(document);
       },
       400, exception::own("MessageChannelInvalidException"), "Valid channels: arkiv, but found sak in SBDH"},
      {"time_to_live_without_offset_is_that_of_its_date", "messages 1",
       [](RuleStage& stage) {
         // Created in summer for a day in winter.
         const auto reply = stage.post_json(with(sbd(), at::ttl, "2026-12-01T09:15:00"));
         EXPECT_EQ(reply.text_at(at::ttl), "2026-12-01T09:15:00+01:00");
         EXPECT_EQ(stage.get("/api/conversations/messageId/" + message_1).text_at("/expiry"),
                   "2026-12-01T09:15:00+01:00");
         return reply;
       },
       200},
      {"offset_is_kept", "messages 1",
       [](RuleStage& stage) {
         const auto reply = stage.post_json(with(sbd(), at::ttl, "2026-12-01T09:15:00.25-05:00"));
         EXPECT_EQ(reply.text_at(at::ttl), "2026-12-01T09:15:00.25-05:00");
         return reply;
       },
       200},
  };
}

}  // namespace kanal::api::testing

// POST /api/messages/out: rest-api.md 4.2, 5.1, 9 and the violations of section 11.
#include <regex>

#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out";
const std::string not_readable = "org.springframework.http.converter.HttpMessageNotReadableException";
const std::string expected_types =
    "arkivmelding, avtalt, digital, digital_dpv, print, innsynskrav, publisering, fiksio, dialogmelding";

class Create : public ApiStage {
 protected:
  bool exists(const std::string& id) {
    bool there = false;
    look([&](ports::View& view) { there = view.conversation_exists(MessageId(id)); });
    return there;
  }
};

json::value violation(const std::string& code, const std::string& field, const std::string& message,
                      json::value rejected = {}) {
  const std::string plain = std::regex_replace(field, std::regex(R"(\[\])"), "");
  json::array codes;
  for (const std::string& prefix : {code + ".standardBusinessDocument.", code + "."}) {
    codes.emplace_back(prefix + field);
    if (plain != field) codes.emplace_back(prefix + plain);
  }
  codes.emplace_back(code + "." + plain.substr(plain.rfind('.') + 1));
  codes.emplace_back(code);
  json::object out{{"codes", codes}, {"defaultMessage", message}, {"objectName", "standardBusinessDocument"},
                   {"field", field}, {"bindingFailure", false},   {"code", code}};
  if (!rejected.is_null()) out["rejectedValue"] = std::move(rejected);
  return out;
}

std::string field(const std::string& rest) { return "standardBusinessDocumentHeader." + rest; }

TEST_F(Create, AnswersWithTheDocument) {
  const auto created = post_json(sbd());
  EXPECT_EQ(created.status, 200);
  EXPECT_EQ(created.header("Content-Type"), "application/json");
  EXPECT_EQ(created.body(), sbd()) << created.text;
  EXPECT_EQ(statuses(message_1), std::vector<std::string>{"OPPRETTET"});
}

TEST_F(Create, FillsDefaults) {
  auto document = without(without(sbd(), at::document, "instanceIdentifier"), at::document, "creationDateAndTime");
  document = without(without(document, at::scope, "scopeInformation"), at::header, "sender");
  document = with(document, at::scope + "/instanceIdentifier", "");
  const auto created = post_json(document);
  ASSERT_EQ(created.status, 200) << created.text;
  EXPECT_TRUE(is_uuid(created.text_at(at::document + "/instanceIdentifier")));
  EXPECT_TRUE(is_uuid(created.text_at(at::scope + "/instanceIdentifier")));
  EXPECT_EQ(created.text_at(at::document + "/creationDateAndTime"), start_time);
  // The service's own time to live, 48 hours here.
  EXPECT_EQ(created.text_at(at::ttl), "2026-09-03T10:00:00+02:00");
  EXPECT_EQ(created.text_at(at::header + "/sender/0/identifier/value"), "0192:" + own);
}

TEST_F(Create, AcceptsMembersInEitherOrder) {
  const auto document = sbd();
  json::object turned;
  turned["arkivmelding"] = document.at("arkivmelding");
  turned["standardBusinessDocumentHeader"] = document.at("standardBusinessDocumentHeader");
  const auto created = post_json(turned);
  ASSERT_EQ(created.status, 200) << created.text;
  EXPECT_LT(created.text.find("\"standardBusinessDocumentHeader\" : {"), created.text.find("\"arkivmelding\" : {"));
}

TEST_F(Create, IgnoresUnknownMembersInside) {
  auto document = sbd();
  document.at_pointer(at::document).as_object()["more"] = 1;
  EXPECT_EQ(post_json(document).status, 200);
}

TEST_F(Create, RewritesSendersOnBehalfOf) {
  struct Row {
    std::string given, stored, identifier;
  };
  const std::string third = "974720760";
  const std::vector<Row> rows = {
      {"0192:" + own, "0192:" + own, own},
      {own, "0192:" + own, own},
      {"0192:" + third, "0192:" + own + ":" + third, third},
      {"0192:" + own + ":" + third, "0192:" + own + ":" + third, third},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.given);
    const auto id = new_uuid();
    const auto created = post_json(with(sbd(id), at::header + "/sender/0/identifier/value", row.given));
    ASSERT_EQ(created.status, 200) << created.text;
    EXPECT_EQ(created.text_at(at::header + "/sender/0/identifier/value"), row.stored);
    EXPECT_EQ(get("/api/conversations/messageId/" + id).text_at("/senderIdentifier"), row.identifier);
  }
}

TEST_F(Create, AsksTheRegistryForReceiverProcessLevelAndConversation) {
  ASSERT_EQ(post_json(sbd()).status, 200);
  ASSERT_EQ(directory.asked.size(), 1U);
  EXPECT_EQ(directory.asked[0].identifier, other);
  EXPECT_EQ(directory.asked[0].process, process);
  EXPECT_EQ(directory.asked[0].security_level, 3);
  EXPECT_EQ(directory.asked[0].conversation_id, conversation_1);
  EXPECT_TRUE(certificate.checked_against_register);
}

TEST_F(Create, FillsAConfiguredChannelAndTellsWhatIsAnswered) {
  arrive(message_2);
  transport->channel = "arkiv";
  auto receipt = sbd(message_1, "arkivmelding_kvittering");
  receipt.at("arkivmelding_kvittering") = json::object{{"receiptType", "OK"}, {"relatedToMessageId", message_2}};
  const auto created = post_json(receipt);
  ASSERT_EQ(created.status, 200) << created.text;
  EXPECT_EQ(created.text_at(at::header + "/businessScope/scope/1/identifier"), "arkiv");
  EXPECT_TRUE(is_uuid(created.text_at(at::header + "/businessScope/scope/1/instanceIdentifier")));
  ASSERT_EQ(transport->contexts.size(), 1U);
  ASSERT_TRUE(transport->contexts[0].answered);
  EXPECT_EQ(transport->contexts[0].answered->message_id, MessageId(message_2));
}

TEST_F(Create, RefusesUnreadableDocuments) {
  auto third_member = sbd();
  third_member.as_object()["more"] = json::object{};
  auto foreign_body = without(sbd(), "", "arkivmelding");
  foreign_body.as_object()["avtalt"] = json::object{};
  const std::vector<std::string> bodies = {
      "",
      "{",
      "[]",
      json::serialize(third_member),
      json::serialize(foreign_body),
      json::serialize(without(sbd(), "", "arkivmelding")),
      json::serialize(without(sbd(), at::document, "type")),
      json::serialize(with(sbd(), at::header + "/sender", json::object{})),
      json::serialize(with(sbd(), at::ttl, "tomorrow")),
      std::string(100, '[') + std::string(100, ']'),
      "{\"\xFF\": 1}",
  };
  for (const auto& body : bodies) {
    SCOPED_TRACE(body);
    const auto reply = call("POST", path, body, {{"Content-Type", "application/json"}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.text_at("/exception"), not_readable);
    EXPECT_TRUE(reply.at("/message").as_string().starts_with("JSON parse error: ")) << reply.text;
  }
  EXPECT_FALSE(exists(message_1));
}

TEST_F(Create, RefusesByRule) {
  auto unknown_type = with(sbd(), at::document + "/type", "brev");
  unknown_type.as_object()["brev"] = json::object{};
  unknown_type = without(unknown_type, "", "arkivmelding");
  struct Row {
    std::string name;
    json::value document;
    std::string exception, message;
  };
  const std::string sender = at::header + "/sender/0/identifier/";
  const std::vector<Row> rows = {
      {"unknown type", unknown_type, "UnknownMessageTypeException",
       "Unknown NextMove document type brev. Expected one of the following values: " + expected_types},
      {"process absent", without(sbd(), at::scope, "identifier"), "MissingProcessException",
       "SBD missing process: set `identifier` of the ConversationId scope to the process"},
      {"conversation scope absent", with(sbd(), at::scope + "/type", "SenderRef"), "MissingProcessException",
       "SBD missing process: set `identifier` of the ConversationId scope to the process"},
      {"unknown authority", with(sbd(), sender + "authority", "other"), "InvalidPartnerIdentifierException",
       "sender: the authority of a sender or receiver must be iso6523-actorid-upis or nhn-actorid"},
      {"no receiver", without(sbd(), at::header, "receiver"), "ServiceNotEnabledException",
       "Service UNKNOWN is not enabled"},
      {"standard of another type", with(sbd(), at::document + "/standard", arkivmelding_standard + "_kvittering"),
       "MessageTypeDoesNotFitDocumentTypeException",
       "Message type arkivmelding does not match the document type " + arkivmelding_standard + "_kvittering"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    expect_error(post_json(row.document), refusal(row.exception, row.message, path));
  }
  EXPECT_FALSE(exists(message_1));
}

TEST_F(Create, RefusesWhatTheRegistryRefuses) {
  auto expected =
      refusal("ReceiverDoesNotAcceptProcessException", "Receiver do not accept the document process " + process, path);
  expected.description =
      "The receiver does not accept the document type " + arkivmelding_standard + " for this process";
  directory.records[0].document_types = {"urn:no:difi:avtalt:xsd::avtalt"};
  expect_error(post_json(sbd()), expected);
  directory.error = Error{"directory.not_found", "Identifier not found", Disposition::reject, {}, {}};
  expected.description = "Identifier not found";
  expect_error(post_json(sbd()), expected);
}

TEST_F(Create, AsksToComeBackWhenTheRegistryIsAway) {
  directory.error = Error{"directory.unavailable", "the Service Registry does not answer", Disposition::retry, {}, {}};
  const auto reply = post_json(sbd());
  expect_error(reply, {503, "Service Unavailable", own_exceptions + "ServiceRegistryUnavailableException",
                       "the Service Registry does not answer", path});
  EXPECT_EQ(reply.header("Retry-After"), "30");
}

TEST_F(Create, RefusesADisabledService) {
  directory.records[0].service = ServiceIdentifier("DPV");
  expect_error(post_json(sbd()), refusal("ServiceNotEnabledException", "Service DPV is not enabled", path));
  auto print =
      with(with(sbd(message_1, "print"), at::document + "/standard", "urn:no:difi:digitalpost:xsd:fysisk::print"),
           at::header + "/receiver", json::array{});
  expect_error(post_json(print), refusal("ServiceNotEnabledException", "Service DPI is not enabled", path));
}

TEST_F(Create, RefusesAnInvalidCertificate) {
  certificate.error = Error{"certificate.invalid", "the certificate expired yesterday", Disposition::reject, {}, {}};
  expect_error(post_json(sbd()), refusal("InvalidCertificateException", "the certificate expired yesterday", path));
}

TEST_F(Create, RefusesAnotherChannel) {
  transport->channel = "arkiv";
  auto document = sbd();
  document.at_pointer(at::header + "/businessScope/scope")
      .as_array()
      .push_back(json::object{{"type", "MessageChannel"}, {"identifier", "sak"}});
  expect_error(post_json(document),
               refusal("MessageChannelInvalidException", "Valid channels: arkiv, but found sak in SBDH", path));
}

TEST_F(Create, RefusesAUsedMessageId) {
  create();
  const auto used =
      refusal("MessageAlreadyExistsException", "Message with messageId = " + message_1 + " already exists", path);
  expect_error(post_json(sbd()), used);
  // Deleting the message does not free its id; deleting the conversation does.
  ASSERT_EQ(call("DELETE", "/api/messages/out/" + message_1).status, 200);
  expect_error(post_json(sbd()), used);
  ASSERT_EQ(call("DELETE", "/api/conversations/messageId/" + message_1).status, 200);
  EXPECT_EQ(post_json(sbd()).status, 200);
}

TEST_F(Create, ComparesIdsWithoutCaseAndInBothDirections) {
  arrive(message_2);
  std::string upper = message_2;
  for (auto& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(post_json(sbd(upper)).text_at("/exception"), own_exceptions + "MessageAlreadyExistsException");
}

TEST_F(Create, ReportsAllViolationsTogether) {
  auto document = without(sbd("no-uuid"), at::header, "headerVersion");
  document = with(document, at::ttl, "2026-08-31T09:15:00+02:00");
  auto& scopes = document.at_pointer(at::header + "/businessScope/scope").as_array();
  scopes.push_back(json::object{{"type", "Conversation"}});
  auto& senders = document.at_pointer(at::header + "/sender").as_array();
  const json::value two = {senders[0], senders[0]};
  senders.push_back(senders[0]);
  const auto reply = post_json(document);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), "org.springframework.web.bind.MethodArgumentNotValidException");
  EXPECT_EQ(reply.text_at("/message"), "Validation failed for object='standardBusinessDocument'. Error count: 5");
  const json::array expected = {
      violation("NotNull", field("headerVersion"), "must not be null"),
      violation("Size", field("sender"), "size must be between 0 and 1", two),
      violation("UUID", field("documentIdentification.instanceIdentifier"), "'no-uuid' is not a UUID.", "no-uuid"),
      violation("Future", field("businessScope.scope[].scopeInformation[].expectedResponseDateTime"),
                "must be a future date", "2026-08-31T09:15:00+02:00"),
      violation(
          "OneOf", field("businessScope.scope[].type"),
          "'Conversation' is not expected. Allowed values are: [JournalpostId, ConversationId, ParentId, SenderRef, "
          "ReceiverRef, MessageChannel]",
          "Conversation"),
  };
  EXPECT_EQ(reply.at("/errors"), expected) << reply.text;
}

TEST_F(Create, ReportsEverySingleViolation) {
  struct Row {
    std::string name;
    json::value document;
    std::string code, field;
  };
  const std::string sender = at::header + "/sender/0/identifier";
  const std::vector<Row> rows = {
      {"standard", without(sbd(), at::document, "standard"), "NotNull", "documentIdentification.standard"},
      {"type version", without(sbd(), at::document, "typeVersion"), "NotNull", "documentIdentification.typeVersion"},
      {"business scope", without(sbd(), at::header, "businessScope"), "NotNull", "businessScope"},
      {"scopes", with(sbd(), at::header + "/businessScope/scope", json::array{}), "Size", "businessScope.scope"},
      {"sender value", without(sbd(), sender, "value"), "NotNull", "sender[].identifier.value"},
      {"sender 9908", with(sbd(), sender + "/value", "9908:" + own), "SenderValue", "sender[].identifier.value"},
      {"conversation id", with(sbd(), at::scope + "/instanceIdentifier", "c-1"),
       "SbdScopeConditionalInstanceIdentifierUuid", "businessScope.scope[]"},
      {"ttl is now", with(sbd(), at::ttl, start_time), "Future",
       "businessScope.scope[].scopeInformation[].expectedResponseDateTime"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto reply = post_json(row.document);
    ASSERT_EQ(reply.status, 400) << reply.text;
    ASSERT_EQ(reply.at("/errors").as_array().size(), 1U) << reply.text;
    EXPECT_EQ(reply.text_at("/errors/0/code"), row.code);
    EXPECT_EQ(reply.text_at("/errors/0/field"), field(row.field));
  }
}

TEST_F(Create, WantsJson) {
  const std::string media = "org.springframework.web.HttpMediaTypeNotSupportedException";
  const std::string body = json::serialize(sbd());
  expect_error(call("POST", path, body, {{"Content-Type", "text/plain"}}),
               {415, "Unsupported Media Type", media, "Content-Type 'text/plain' is not supported", path});
  expect_error(call("POST", path, body), {415, "Unsupported Media Type", media, "Content-Type is missing", path});
  EXPECT_EQ(call("POST", path, body, {{"Content-Type", "application/jsonp"}}).status, 415);
  EXPECT_EQ(call("POST", path, body, {{"Content-Type", "Application/JSON; charset=utf-8"}}).status, 200);
}

TEST_F(Create, RefusesAnEndlessDocument) {
  const std::string body(domain::max_sbd_bytes + 1, ' ');
  const ErrorBody too_large{413, "Payload Too Large",
                            "org.springframework.web.multipart.MaxUploadSizeExceededException",
                            "The document is larger than 1 MB", path};
  expect_error(call("POST", path, body, {{"Content-Type", "application/json"}}), too_large);
  expect_error(call_chunked("POST", path, body, {{"Content-Type", "application/json"}}), too_large);
}

}  // namespace
}  // namespace kanal::api::testing

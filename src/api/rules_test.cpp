// Every documented rule of the API, one row each (rest-api.md sections 1 to 11, messages.md). The rows are in
// rules_*_test.cpp beside this file.
#include <boost/json/value_from.hpp>

#include "api/testing_rules.hpp"

namespace kanal::api::testing {
namespace {

class Rules : public RuleStage, public ::testing::WithParamInterface<Rule> {};

TEST_P(Rules, Hold) {
  const auto& rule = GetParam();
  const auto reply = rule.ask(*this);
  ASSERT_EQ(reply.status, rule.status) << reply.text;
  if (rule.status < 400) return;
  const auto body = reply.body();
  EXPECT_EQ(body.at("status"), rule.status);
  const auto* exception = body.as_object().if_contains("exception");
  EXPECT_EQ(exception == nullptr ? "" : std::string(exception->as_string()), rule.exception);
  EXPECT_EQ(body.at("message"), json::value(rule.message));
  const auto* description = body.as_object().if_contains("description");
  EXPECT_EQ(description == nullptr ? "" : std::string(description->as_string()), rule.description);
  const auto* errors = body.as_object().if_contains("errors");
  ASSERT_EQ(errors == nullptr ? 0 : errors->as_array().size(), rule.errors.size()) << reply.text;
  for (std::size_t i = 0; i < rule.errors.size(); ++i) {
    const auto& wanted = rule.errors[i];
    const auto& given = errors->as_array()[i];
    EXPECT_EQ(given.at("code"), json::value(wanted.code));
    EXPECT_EQ(given.at("field"), json::value(wanted.field));
    EXPECT_EQ(given.at("defaultMessage"), json::value(wanted.text));
    EXPECT_EQ(given.at("codes").as_array().back(), json::value(wanted.code));
    if (wanted.codes.empty()) continue;
    EXPECT_EQ(given.at("codes"), json::value_from(wanted.codes));
  }
}

std::string name_of(const ::testing::TestParamInfo<Rule>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Create, Rules, ::testing::ValuesIn(create_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Header, Rules, ::testing::ValuesIn(header_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Files, Rules, ::testing::ValuesIn(file_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Send, Rules, ::testing::ValuesIn(send_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Inbox, Rules, ::testing::ValuesIn(inbox_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Queries, Rules, ::testing::ValuesIn(query_rules()), name_of);
INSTANTIATE_TEST_SUITE_P(Http, Rules, ::testing::ValuesIn(http_rules()), name_of);

/// Something wrong with a document that is created, and what the client is told of it alone.
struct Defect {
  std::string name;
  std::function<void(RuleStage&, json::value&)> make;
  std::string exception;
};

/// In the order in which they are looked for (rest-api.md 5.1). The process comes before the registry because it is
/// part of the question.
const std::vector<Defect>& defects() {
  static const std::vector<Defect> all = {
      {"no header version",
       [](RuleStage&, json::value& document) { document = without(document, at::header, "headerVersion"); },
       exception::not_valid},
      {"unknown authority",
       [](RuleStage&, json::value& document) {
         document = with(document, at::header + "/sender/0/identifier/authority", "other");
       },
       exception::own("InvalidPartnerIdentifierException")},
      {"no process", [](RuleStage&, json::value& document) { document = without(document, at::scope, "identifier"); },
       exception::own("MissingProcessException")},
      {"refused by the registry",
       [](RuleStage& stage, json::value&) {
         stage.directory.error = Error{"directory.not_found", "nobody", Disposition::reject, {}, {}};
       },
       exception::own("ReceiverDoesNotAcceptProcessException")},
      {"used id",
       [](RuleStage& stage, json::value& document) {
         stage.arrive(message_2);
         document = with(document, at::document + "/instanceIdentifier", message_2);
       },
       exception::own("MessageAlreadyExistsException")},
      {"own certificate",
       [](RuleStage& stage, json::value&) {
         stage.certificate.error = Error{"certificate.invalid", "expired", Disposition::reject, {}, {}};
       },
       exception::own("InvalidCertificateException")},
      {"service off",
       [](RuleStage& stage, json::value&) { stage.directory.records[0].service = ServiceIdentifier("DPV"); },
       exception::own("ServiceNotEnabledException")},
      {"standard of another type",
       [](RuleStage&, json::value& document) {
         document = with(document, at::document + "/standard", arkivmelding_standard + "_kvittering");
       },
       exception::own("MessageTypeDoesNotFitDocumentTypeException")},
      {"another channel",
       [](RuleStage& stage, json::value& document) {
         stage.transport->channel = "arkiv";
         document.at_pointer(at::header + "/businessScope/scope")
             .as_array()
             .push_back(json::object{{"type", "MessageChannel"}, {"identifier", "sak"}});
       },
       exception::own("MessageChannelInvalidException")},
  };
  return all;
}

class Order : public RuleStage, public ::testing::WithParamInterface<std::pair<std::size_t, std::size_t>> {};

TEST_P(Order, TheFirstThingWrongIsTold) {
  const auto [first, second] = GetParam();
  auto document = sbd();
  defects()[second].make(*this, document);
  if (first != second) defects()[first].make(*this, document);
  const auto reply = post_json(document);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), defects()[first].exception)
      << defects()[first].name << " and " << defects()[second].name << "\n"
      << reply.text;
  EXPECT_EQ(get("/api/messages/out").at("/totalElements"), 0);
}

std::vector<std::pair<std::size_t, std::size_t>> pairs() {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (std::size_t first = 0; first < defects().size(); ++first) {
    for (std::size_t second = first; second < defects().size(); ++second) out.emplace_back(first, second);
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Create, Order, ::testing::ValuesIn(pairs()));

}  // namespace
}  // namespace kanal::api::testing

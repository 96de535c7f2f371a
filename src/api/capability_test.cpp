// GET /api/capabilities/{receiverIdentifier}: rest-api.md section 3.
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/capabilities/" + other;

class Capabilities : public ApiStage {};

TEST_F(Capabilities, ListsWhatAReceiverTakes) {
  directory.records[0].document_types = {arkivmelding_standard, "urn:no:example::unheard-of"};
  const json::value expected = {
      {"capabilities",
       json::array{json::object{
           {"process", process},
           {"serviceIdentifier", "DPO"},
           {"documentTypes", json::array{json::object{{"type", "arkivmelding"}, {"standard", arkivmelding_standard}},
                                         json::object{{"standard", "urn:no:example::unheard-of"}}}}}}}};
  const auto reply = get(path);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body(), expected) << reply.text;
}

TEST_F(Capabilities, ShowsAddressesAndMailbox) {
  auto& record = directory.records[0];
  record.service = ServiceIdentifier("DPI");
  record.raw = json::parse(R"({"orgnrPostkasse":"984661185","postkasseAdresse":"ola.testesen#1A2B","fysiskPost":false,
    "postAddress":{"name":"Ola Testesen","street":"Storgata 1","postalCode":"0155","postalArea":"OSLO","country":"Norway","x":1},
    "returnAddress":{"name":"Prøve kommune","street":null}})")
                   .as_object();
  const auto reply = get(path);
  EXPECT_EQ(reply.at("/capabilities/0/digitalPostAddress"),
            (json::object{{"supplier", "984661185"}, {"address", "ola.testesen#1A2B"}}));
  EXPECT_EQ(reply.at("/capabilities/0/postAddress"), (json::object{{"name", "Ola Testesen"},
                                                                   {"street", "Storgata 1"},
                                                                   {"postalCode", "0155"},
                                                                   {"postalArea", "OSLO"},
                                                                   {"country", "Norway"}}));
  EXPECT_EQ(reply.at("/capabilities/0/returnAddress"), (json::object{{"name", "Prøve kommune"}}));
}

TEST_F(Capabilities, PassesTheQueryOn) {
  ASSERT_EQ(get("/api/capabilities/0192:" + other + "?securityLevel=4&process=" + process).status, 200);
  ASSERT_EQ(get(path + "?securityLevel=&process=").status, 200);
  ASSERT_EQ(directory.asked.size(), 2U);
  EXPECT_EQ(directory.asked[0].identifier, other);
  EXPECT_EQ(directory.asked[0].security_level, 4);
  EXPECT_EQ(directory.asked[0].process, process);
  EXPECT_EQ(directory.asked[1].security_level, std::nullopt);
  EXPECT_EQ(directory.asked[1].process, std::nullopt);
}

TEST_F(Capabilities, ReportsFailures) {
  struct Row {
    Error error;
    int status;
    std::string reason, exception;
  };
  const std::vector<Row> rows = {
      {{"directory.not_found", "nobody by that number", Disposition::reject, {}, {}},
       404,
       "Not Found",
       own_exceptions + "IdentifierNotFoundException"},
      {{"directory.signature", "bad signature", Disposition::reject, {}, {}},
       500,
       "Internal Server Error",
       "java.lang.RuntimeException"},
      {{"directory.unavailable", "no answer", Disposition::retry, {}, {}},
       503,
       "Service Unavailable",
       own_exceptions + "ServiceRegistryUnavailableException"},
  };
  for (const auto& row : rows) {
    directory.error = row.error;
    expect_error(get(path), {row.status, row.reason, row.exception, row.error.message, path});
  }
}

TEST_F(Capabilities, WantsAnIntegerLevel) {
  for (const std::string level : {"high", "4.0", "99999999999"}) {
    expect_error(get(path + "?securityLevel=" + level),
                 {400, "Bad Request", "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException",
                  "Parameter 'securityLevel' has the value '" + level + "', which is not a number", path});
  }
}

}  // namespace
}  // namespace kanal::api::testing

// POST, GET and DELETE /api/messages/out/{messageId}: rest-api.md 4.4-4.7 and 5.3.
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out/" + message_1;

class Send : public ApiStage {
 protected:
  Reply send(const std::string& id = message_1) { return call("POST", "/api/messages/out/" + id); }
};

TEST_F(Send, QueuesOnce) {
  compose();
  for (int i = 0; i < 2; ++i) {
    const auto sent = send();
    EXPECT_EQ(sent.status, 200);
    EXPECT_EQ(sent.text, "");
  }
  EXPECT_EQ(jobs("send"), 1);
}

TEST_F(Send, RefusesByRule) {
  expect_error(send(), message_missing(message_1, path));
  expect_error(send("no-uuid"), message_missing("no-uuid", "/api/messages/out/no-uuid"));
  create();
  expect_error(send(), refusal("MissingFileException", "There must always be at least one attachment", path));
  ASSERT_EQ(put_file(message_1, "other.pdf", "x").status, 200);
  expect_error(send(),
               refusal("MissingArkivmeldingException", "DPO message type requires arkivmelding.xml attachment", path));
  ASSERT_EQ(put_file(message_1, "arkivmelding.xml", arkivmelding_xml({"a.pdf", "other.pdf", "b.pdf"})).status, 200);
  expect_error(send(), refusal("MissingArkivmeldingFileException",
                               "File(s) defined in arkivmelding, but not found in message: a.pdf,b.pdf", path));
  ASSERT_EQ(put_file(message_1, "a.pdf", "x").status, 200);
  ASSERT_EQ(put_file(message_1, "b.pdf", "x").status, 200);
  certificate.error = Error{"certificate.invalid", "the certificate has expired", Disposition::reject, {}, {}};
  expect_error(send(), refusal("InvalidCertificateException", "the certificate has expired", path));
  EXPECT_EQ(jobs("send"), 0);
  certificate.error.reset();
  EXPECT_EQ(send().status, 200);
}

TEST_F(Send, NeedsNoFilesForAReceipt) {
  ASSERT_EQ(post_json(sbd(message_1, "arkivmelding_kvittering")).status, 200);
  EXPECT_EQ(send().status, 200);
}

TEST_F(Send, MarksAnExpiredMessage) {
  compose();
  clock.advance(std::chrono::hours(24));
  expect_error(
      send(),
      refusal("TimeToLiveException",
              "ExpectedResponseDateTime 2026-09-02T09:15:00+02:00 has been exceeded. Please resend the message", path),
      "2026-09-02T10:00:00+02:00");
  const auto page = get("/api/statuses/" + message_1);
  EXPECT_EQ(statuses(message_1), (std::vector<std::string>{"OPPRETTET", "LEVETID_UTLOPT"}));
  EXPECT_EQ(page.text_at("/content/1/description"), "Levetiden for meldingen er utgått. Må sendes på nytt");
  EXPECT_EQ(get("/api/conversations/messageId/" + message_1).at("/finished"), true);
  EXPECT_EQ(jobs("send"), 0);
  EXPECT_EQ(get(path).status, 404);  // nothing of it is left lying about
}

TEST_F(Send, ShowsUnsentAndQueuedMessages) {
  expect_error(get(path), message_missing(message_1, path));
  compose();
  EXPECT_EQ(get(path).body(), sbd());
  ASSERT_EQ(send().status, 200);
  EXPECT_EQ(get(path).body(), sbd());
}

TEST_F(Send, ListsWithFilters) {
  create(message_1);
  clock.advance(std::chrono::seconds(1));
  auto second = with(sbd(message_2), at::scope + "/instanceIdentifier", message_3);
  second = with(second, at::header + "/receiver/0/identifier/value", "0192:974720760");
  ASSERT_EQ(post_json(second).status, 200);
  struct Row {
    std::string query;
    std::vector<std::string> found;
  };
  const std::vector<Row> rows = {
      {"", {message_1, message_2}},
      {"messageId=" + message_2, {message_2}},
      {"conversationId=" + message_3, {message_2}},
      {"receiverIdentifier=" + other, {message_1}},
      {"receiverIdentifier=0192:" + other, {message_1}},
      {"senderIdentifier=" + own, {message_1, message_2}},
      {"processIdentifier=" + process, {message_1, message_2}},
      {"processIdentifier=urn:other", {}},
      {"serviceIdentifier=DPO", {message_1, message_2}},
      {"serviceIdentifier=DPX", {}},
      {"senderIdentifier=" + own + "&receiverIdentifier=974720760", {message_2}},
      {"messageId=" + message_1 + "&receiverIdentifier=974720760", {}},
      {"unknown=1", {message_1, message_2}},
      {"sort=messageId,desc", {message_2, message_1}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.query);
    const auto page = get("/api/messages/out?" + row.query).body();
    std::vector<std::string> found;
    for (const auto& document : page.at("content").as_array()) {
      found.emplace_back(document.at_pointer(at::document + "/instanceIdentifier").as_string());
    }
    EXPECT_EQ(found, row.found);
    EXPECT_EQ(page.at("totalElements"), row.found.size());
  }
}

TEST_F(Send, RefusesBadFilters) {
  const auto reply = get("/api/messages/out?serviceIdentifier=dpo");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/errors/0/field"), "serviceIdentifier");
  const auto unsortable = get("/api/messages/out?sort=sbd");
  EXPECT_EQ(unsortable.status, 400);
  EXPECT_EQ(unsortable.text_at("/exception"),
            "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException");
}

TEST_F(Send, DeletesWhatItWasGiven) {
  compose();
  ASSERT_EQ(send().status, 200);
  const auto deleted = call("DELETE", path);
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.text, "");
  EXPECT_EQ(get(path).status, 404);
  EXPECT_EQ(jobs("send"), 0);
  EXPECT_EQ(statuses(message_1), std::vector<std::string>{"OPPRETTET"});
  EXPECT_EQ(call("DELETE", path).status, 200);
  EXPECT_EQ(call("DELETE", "/api/messages/out/no-uuid").status, 200);
}

TEST_F(Send, DoesNotDeleteWhatIsBeingSent) {
  compose();
  ASSERT_EQ(send().status, 200);
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    auto leased = txn.lease("send", clock.now(), clock.now() + std::chrono::minutes(1), 1);
    return leased ? Result<void>{} : Result<void>(failed(leased));
  }));
  expect_error(call("DELETE", path), {409, "Conflict", own_exceptions + "MessageBusyException",
                                      "Message with messageId = " + message_1 + " is being sent right now", path});
  EXPECT_EQ(get(path).status, 200);
}

}  // namespace
}  // namespace kanal::api::testing

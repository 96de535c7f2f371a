// /api/messages/in: list, peek, pop, delete; rest-api.md section 6.
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

const std::string peek_path = "/api/messages/in/peek";

std::string pop_path(const std::string& id) { return "/api/messages/in/pop/" + id; }
std::string in_path(const std::string& id) { return "/api/messages/in/" + id; }

class Incoming : public ApiStage {
 protected:
  /// The peeked message's id; empty for 204.
  std::string peek(const std::string& query = "") {
    const auto reply = get(peek_path + query);
    if (reply.status != 204) return reply.text_at(at::document + "/instanceIdentifier");
    EXPECT_EQ(reply.text, "");
    return {};
  }
  Reply remove(const std::string& id) { return call("DELETE", in_path(id)); }
  [[nodiscard]] std::string now() const { return format_iso(in_oslo(clock.now())); }
  ErrorBody not_locked(const std::string& id, const std::string& path) {
    return refusal("MessageNotLockedException", "Message with messageId = " + id + " was not locked", path);
  }
};

TEST_F(Incoming, PeeksPopsAndDeletes) {
  arrive(message_1);
  const auto peeked = get(peek_path);
  EXPECT_EQ(peeked.status, 200);
  EXPECT_EQ(peeked.text_at(at::header + "/sender/0/identifier/value"), "0192:" + other);
  for (int i = 0; i < 2; ++i) {
    const auto popped = get(pop_path(message_1));
    EXPECT_EQ(popped.status, 200);
    EXPECT_EQ(popped.header("Content-Type"), "application/vnd.etsi.asic-e+zip");
    EXPECT_EQ(popped.header("Content-Disposition"), "attachment; filename=asic.zip");
    EXPECT_EQ(popped.header("Content-Length"), "10");
    EXPECT_EQ(popped.text, "PK-package");
  }
  const auto deleted = remove(message_1);
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body(), peeked.body());
  EXPECT_EQ(statuses(message_1), (std::vector<std::string>{"OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"}));
  EXPECT_EQ(jobs("answer"), 1);
  expect_error(remove(message_1), message_missing(message_1, in_path(message_1)), now());
}

TEST_F(Incoming, DeletesWithoutPop) {
  arrive(message_1);
  ASSERT_EQ(peek(), message_1);
  EXPECT_EQ(remove(message_1).status, 200);
}

TEST_F(Incoming, PeekWalksThroughTheQueueFromTheOldest) {
  arrive(message_2);
  arrive(message_1);
  EXPECT_EQ(peek(), message_2);
  EXPECT_EQ(peek(), message_1);
  EXPECT_EQ(peek(), "");
}

TEST_F(Incoming, NeedsALock) {
  arrive(message_1);
  expect_error(get(pop_path(message_1)), not_locked(message_1, pop_path(message_1)), now());
  expect_error(remove(message_1), not_locked(message_1, in_path(message_1)), now());
}

TEST_F(Incoming, KnowsWhatIsThere) {
  for (const auto& id : {message_1, std::string("no-uuid")}) {
    expect_error(get(pop_path(id)), message_missing(id, pop_path(id)));
    expect_error(remove(id), message_missing(id, in_path(id)));
  }
}

TEST_F(Incoming, LocksRunOut) {
  arrive(message_1);
  ASSERT_EQ(peek(), message_1);
  clock.advance(settings.lock_timeout - std::chrono::seconds(1));
  EXPECT_EQ(peek(), "");
  clock.advance(std::chrono::seconds(1));
  expect_error(get(pop_path(message_1)), not_locked(message_1, pop_path(message_1)), now());
  expect_error(remove(message_1), not_locked(message_1, in_path(message_1)), now());
  EXPECT_EQ(peek(), message_1);
  EXPECT_EQ(remove(message_1).status, 200);
}

TEST_F(Incoming, PopProlongsTheLock) {
  arrive(message_1);
  ASSERT_EQ(peek(), message_1);
  clock.advance(settings.lock_timeout - std::chrono::seconds(1));
  ASSERT_EQ(get(pop_path(message_1)).status, 200);
  clock.advance(settings.lock_timeout - std::chrono::seconds(1));
  EXPECT_EQ(peek(), "");
  EXPECT_EQ(remove(message_1).status, 200);
}

TEST_F(Incoming, HasNoPackageForAReceipt) {
  arrive(message_1, "arkivmelding_kvittering", std::nullopt);
  ASSERT_EQ(peek(), message_1);
  const auto popped = get(pop_path(message_1));
  EXPECT_EQ(popped.status, 204);
  EXPECT_EQ(popped.text, "");
  EXPECT_EQ(remove(message_1).status, 200);
}

TEST_F(Incoming, StreamsALargePackage) {
  std::string large;
  while (large.size() < 3'000'000) large += std::to_string(large.size()) + ",";
  arrive(message_1, "arkivmelding", large);
  ASSERT_EQ(peek(), message_1);
  EXPECT_EQ(get(pop_path(message_1)).text, large);
}

TEST_F(Incoming, RemovesAMessageWhosePackageIsDamaged) {
  arrive(message_1, "arkivmelding", std::string(200'000, 'p'));
  ASSERT_EQ(peek(), message_1);
  look([&](ports::View& view) {
    const auto message = view.message(MessageId(message_1), ports::Direction::incoming);
    ASSERT_TRUE(message && message->package && spool->remove(message->package->id));
  });
  const ErrorBody gone{404, "Not Found", own_exceptions + "FileNotFoundException",
                       "File(s) named asic.zip was not found", pop_path(message_1)};
  const auto popped = get(pop_path(message_1));
  EXPECT_EQ(popped.status, gone.status);
  EXPECT_EQ(popped.text_at("/exception"), gone.exception);
  EXPECT_EQ(popped.text_at("/message"), gone.message);
  EXPECT_EQ(statuses(message_1), (std::vector<std::string>{"OPPRETTET", "INNKOMMENDE_MOTTATT", "FEIL"}));
  EXPECT_EQ(get("/api/statuses/" + message_1).text_at("/content/2/description"),
            "Can not read file \"asic.zip\" for message [messageId=" + message_1 + ", sender=" + other +
                "], removing from queue.");
  EXPECT_EQ(get("/api/messages/in").at("/totalElements"), 0);
  EXPECT_EQ(log.events(), std::vector<std::string>{"package_damaged"});
}

TEST_F(Incoming, ListsAndPeeksWithFilters) {
  arrive(message_1);
  arrive(message_2, "arkivmelding_kvittering");
  struct Row {
    std::string query;
    std::vector<std::string> found;
  };
  const std::vector<Row> rows = {
      {"", {message_1, message_2}},
      {"?messageId=" + message_2, {message_2}},
      {"?conversationId=" + conversation_1, {message_1, message_2}},
      {"?senderIdentifier=" + other, {message_1, message_2}},
      {"?senderIdentifier=0192:" + other, {message_1, message_2}},
      {"?receiverIdentifier=" + own, {message_1, message_2}},
      {"?receiverIdentifier=" + other, {}},
      {"?serviceIdentifier=DPO", {message_1, message_2}},
      {"?serviceIdentifier=DPE", {}},
      {"?process=" + process, {message_1, message_2}},
      {"?process=urn:other", {}},
      {"?serviceIdentifier=DPO&messageId=" + message_2, {message_2}},
      {"?messageId=" + message_1 + "&serviceIdentifier=DPE", {}},
      {"?size=1&page=1", {message_2}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.query);
    const auto page = get("/api/messages/in" + row.query).body();
    std::vector<std::string> found;
    for (const auto& document : page.at("content").as_array()) {
      found.emplace_back(document.at_pointer(at::document + "/instanceIdentifier").as_string());
    }
    EXPECT_EQ(found, row.found);
  }
  // Both of two filters count (rest-api.md 12 no. 18).
  EXPECT_EQ(peek("?serviceIdentifier=DPE&messageId=" + message_2), "");
  EXPECT_EQ(peek("?serviceIdentifier=DPO&messageId=" + message_2), message_2);
  EXPECT_EQ(peek("?process=urn:other"), "");
  // Listing shows locked messages and locks nothing.
  EXPECT_EQ(get("/api/messages/in").at("/totalElements"), 2);
  EXPECT_EQ(peek(), message_1);
}

TEST_F(Incoming, RefusesBadFilters) {
  for (const auto& path : {std::string("/api/messages/in"), peek_path}) {
    const auto reply = get(path + "?serviceIdentifier=D-PO");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.text_at("/message"),
              "Parameter 'serviceIdentifier' has the value 'D-PO', which is not a service identifier");
  }
}

}  // namespace
}  // namespace kanal::api::testing

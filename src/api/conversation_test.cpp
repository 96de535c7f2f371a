// /api/conversations and /api/statuses: rest-api.md 2.1, 7 and 8.
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

class Conversations : public ApiStage {
 protected:
  /// Message ids of a page, in order.
  std::vector<std::string> listed(const std::string& target) {
    const auto reply = get(target);
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::vector<std::string> ids;
    const auto page = reply.body();
    for (const auto& entry : page.at("content").as_array()) ids.emplace_back(entry.at("messageId").as_string());
    return ids;
  }
  std::int64_t id_of(const std::string& message) {
    std::int64_t id = 0;
    look([&](ports::View& view) {
      auto found = view.conversation(MessageId(message), ports::Direction::outgoing);
      if (!found) found = view.conversation(MessageId(message), ports::Direction::incoming);
      if (found) id = found->id;
    });
    return id;
  }
};

json::object sort_json(bool sorted) { return {{"sorted", sorted}, {"unsorted", !sorted}, {"empty", !sorted}}; }

/// The envelope of an empty or one-element page.
json::object page_json(json::array content, std::int64_t total, std::int64_t pages, std::int64_t page,
                       std::int64_t size, bool sorted) {
  const auto count = static_cast<std::int64_t>(content.size());
  json::object out;
  out["content"] = std::move(content);
  out["pageable"] = json::object{{"sort", sort_json(sorted)}, {"pageNumber", page}, {"pageSize", size},
                                 {"offset", page * size},     {"paged", true},      {"unpaged", false}};
  out["totalElements"] = total;
  out["totalPages"] = pages;
  out["last"] = page + 1 >= pages;
  out["first"] = page == 0;
  out["size"] = size;
  out["number"] = page;
  out["numberOfElements"] = count;
  out["empty"] = count == 0;
  out["sort"] = sort_json(sorted);
  return out;
}

TEST_F(Conversations, ShowsExactlyTheDocumentedMembers) {
  create();
  const auto id = id_of(message_1);
  json::object status{{"id", 1}, {"lastUpdate", start_time}, {"status", "OPPRETTET"}};
  json::object expected{{"id", id},
                        {"conversationId", conversation_1},
                        {"messageId", message_1},
                        {"sender", "0192:" + own},
                        {"receiver", "0192:" + other},
                        {"processIdentifier", process},
                        {"messageReference", conversation_1},
                        {"messageTitle", ""},
                        {"lastUpdate", start_time},
                        {"finished", false},
                        {"expiry", "2026-09-02T09:15:00+02:00"},
                        {"direction", "OUTGOING"},
                        {"serviceIdentifier", "DPO"},
                        {"senderIdentifier", own},
                        {"receiverIdentifier", other},
                        {"documentIdentifier", arkivmelding_standard},
                        {"messageStatuses", json::array{status}}};
  EXPECT_EQ(get("/api/conversations/" + std::to_string(id)).body(), expected);
  EXPECT_EQ(get("/api/conversations/messageId/" + message_1).body(), expected);
  EXPECT_EQ(get("/api/conversations").body(), page_json({expected}, 1, 1, 0, 10, true));
}

TEST_F(Conversations, HavePagesOfTheDocumentedShape) {
  EXPECT_EQ(get("/api/conversations").body(), page_json({}, 0, 0, 0, 10, true));
  EXPECT_EQ(get("/api/messages/out").body(), page_json({}, 0, 0, 0, 10, false));
  EXPECT_EQ(get("/api/messages/in").body(), page_json({}, 0, 0, 0, 10, false));
  EXPECT_EQ(get("/api/statuses").body(), page_json({}, 0, 0, 0, 10, true));
  for (const auto& id : {message_1, message_2, message_3}) create(id);
  EXPECT_EQ(get("/api/messages/out?size=2&page=1").body(), page_json({sbd(message_3)}, 3, 2, 1, 2, false));
  EXPECT_EQ(get("/api/messages/out?size=2&page=7").body(), page_json({}, 3, 2, 7, 2, false));
  EXPECT_EQ(get("/api/messages/out?size=1&page=1&sort=messageId").body(),
            page_json({sbd(message_2)}, 3, 3, 1, 1, true));
}

TEST_F(Conversations, TakeBadPageNumbersForDefaults) {
  struct Row {
    std::string query;
    std::int64_t page, size;
  };
  const std::vector<Row> rows = {
      {"page=-1&size=-5", 0, 10}, {"page=x&size=y", 0, 10},
      {"size=0", 0, 10},          {"size=2001", 0, 2000},
      {"size=2000", 0, 2000},     {"page=&size=", 0, 10},
      {"page=3&size=7", 3, 7},    {"size=99999999999999999999", 0, 10},
      {"page=1.5", 0, 10},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.query);
    const auto reply = get("/api/statuses?" + row.query);
    EXPECT_EQ(reply.at("/number"), row.page);
    EXPECT_EQ(reply.at("/size"), row.size);
  }
}

TEST_F(Conversations, AreSorted) {
  create(message_2);
  clock.advance(std::chrono::seconds(1));
  create(message_1);
  clock.advance(std::chrono::seconds(1));
  create(message_3);
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"", {message_3, message_1, message_2}},
      {"?sort=lastUpdate", {message_2, message_1, message_3}},
      {"?sort=lastUpdate,ASC", {message_2, message_1, message_3}},
      {"?sort=messageId,desc", {message_3, message_2, message_1}},
      {"?sort=direction,messageId,Desc", {message_3, message_2, message_1}},
      {"?sort=direction&sort=messageId,asc", {message_1, message_2, message_3}},
      {"?sort=desc", {message_3, message_1, message_2}},
  };
  for (const auto& [query, found] : rows) {
    SCOPED_TRACE(query);
    EXPECT_EQ(listed("/api/conversations" + query), found);
  }
  const auto refused = get("/api/conversations?sort=password");
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.at("/message").as_string().starts_with("cannot sort by 'password'"));
}

TEST_F(Conversations, AreFiltered) {
  create(message_1);
  clock.advance(std::chrono::hours(24));
  arrive(message_2);
  const std::vector<std::string> both = {message_2, message_1};
  const std::vector<std::string> first = {message_1};
  const std::vector<std::string> second = {message_2};
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"messageId=" + message_1, first},
      {"conversationId=" + conversation_1, both},
      {"receiver=0192:" + own, second},
      {"receiverIdentifier=" + own, second},
      {"receiverIdentifier=0192:" + own, second},
      {"sender=0192:" + own, first},
      {"senderIdentifier=" + other, second},
      {"serviceIdentifier=DPO", both},
      {"serviceIdentifier=NEW7", {}},
      {"messageReference=" + conversation_1, both},
      {"messageTitle=none", {}},
      {"pollable=true", {}},
      {"pollable=false", both},
      {"finished=false", both},
      {"finished=true", {}},
      {"finished=", both},
      {"direction=OUTGOING", first},
      {"direction=INCOMING", second},
      {"direction=INCOMING&messageId=" + message_1, {}},
      {"lastUpdateFrom=2026-09-02", second},
      {"lastUpdateTo=2026-09-01", first},
      {"lastUpdateFrom=2026-09-01&lastUpdateTo=2026-09-02", both},
      {"lastUpdateFrom=2026-09-03", {}},
  };
  for (const auto& [query, found] : rows) {
    SCOPED_TRACE(query);
    EXPECT_EQ(listed("/api/conversations?" + query), found);
  }
}

TEST_F(Conversations, CountDaysInNorway) {
  clock.advance(std::chrono::hours(14) +
                std::chrono::minutes(30));  // 00:30 on 2 September in Oslo, still the first in UTC
  create();
  EXPECT_EQ(listed("/api/conversations?lastUpdateTo=2026-09-01"), std::vector<std::string>{});
  EXPECT_EQ(listed("/api/conversations?lastUpdateFrom=2026-09-02"), std::vector<std::string>{message_1});
}

TEST_F(Conversations, ReportBadFiltersTogether) {
  const auto reply =
      get("/api/conversations?finished=maybe&direction=UP&lastUpdateFrom=1.9.2026&pollable=0&messageId=x");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), "org.springframework.web.bind.MethodArgumentNotValidException");
  const auto errors = reply.at("/errors").as_array();
  ASSERT_EQ(errors.size(), 4U);
  const std::string text = "Parameter 'pollable' has the value '0', which is not true or false";
  const json::object expected{
      {"codes", json::array{"typeMismatch.query.pollable", "typeMismatch.pollable", "typeMismatch"}},
      {"defaultMessage", text},
      {"objectName", "query"},
      {"field", "pollable"},
      {"rejectedValue", "0"},
      {"bindingFailure", true},
      {"code", "typeMismatch"}};
  EXPECT_EQ(errors[0], expected);
  EXPECT_TRUE(reply.text_at("/message").starts_with(text + ", Parameter 'finished' "));
}

TEST_F(Conversations, KnowWhatIsThereById) {
  arrive(message_2);
  const std::string mismatch = "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException";
  const auto missing = [](const std::string& shown, const std::string& path) {
    return ErrorBody{404, "Not Found", own_exceptions + "ConversationNotFoundException",
                     "Conversation with id = " + shown + " was not found", path};
  };
  const auto now = format_iso(in_oslo(clock.now()));
  expect_error(get("/api/conversations/1234567"), missing("1,234,567", "/api/conversations/1234567"), now);
  expect_error(get("/api/conversations/-100"), missing("-100", "/api/conversations/-100"), now);
  // Incoming ones are only listed.
  const auto id = std::to_string(id_of(message_2));
  expect_error(get("/api/conversations/" + id), missing(id, "/api/conversations/" + id), now);
  const auto by_message = "/api/conversations/messageId/" + message_2;
  expect_error(get(by_message), message_missing(message_2, by_message), now);
  for (const auto* method : {"GET", "DELETE"}) {
    expect_error(call(method, "/api/conversations/x"),
                 {400, "Bad Request", mismatch, "Parameter 'id' has the value 'x', which is not a number",
                  "/api/conversations/x"},
                 now);
  }
}

TEST_F(Conversations, AreRemoved) {
  create(message_1);
  create(message_3);
  arrive(message_2);
  const std::vector<std::string> targets = {"/api/conversations/" + std::to_string(id_of(message_1)),
                                            "/api/conversations/" + std::to_string(id_of(message_2)),
                                            "/api/conversations/messageId/" + message_3,
                                            "/api/conversations/messageId/no-uuid"};
  for (const auto& target : targets) {
    for (int i = 0; i < 2; ++i) {  // absent is as good as removed
      const auto removed = call("DELETE", target);
      EXPECT_EQ(removed.status, 200) << target;
      EXPECT_EQ(removed.text, "");
    }
  }
  EXPECT_EQ(listed("/api/conversations"), std::vector<std::string>{});
  EXPECT_EQ(listed("/api/statuses"), std::vector<std::string>{});
  EXPECT_EQ(get("/api/messages/in").at("/totalElements"), 1);
}

TEST_F(Conversations, HaveAQueueOfThoseBeingPolled) {
  create(message_1);
  create(message_2);
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    auto conversation = txn.conversation(MessageId(message_2), ports::Direction::outgoing);
    conversation->pollable = true;
    conversation->external_system_reference = "ref-7";
    return txn.update(*conversation);
  }));
  EXPECT_EQ(listed("/api/conversations/queue?finished=nonsense"), std::vector<std::string>{message_2});
  EXPECT_EQ(get("/api/conversations/queue").text_at("/content/0/externalSystemReference"), "ref-7");
}

class Statuses : public Conversations {};

TEST_F(Statuses, ShowExactlyTheDocumentedMembers) {
  create();
  const auto id = id_of(message_1);
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    auto added = txn.add_status(id, domain::ReceiptStatus::feil, clock.now(), "why", "<raw/>");
    return added ? Result<void>{} : Result<void>(failed(added));
  }));
  const auto entry = [&](int number, const std::string& name) {
    return json::object{{"id", number},           {"convId", id},
                        {"messageId", message_1}, {"conversationId", conversation_1},
                        {"status", name},         {"lastUpdate", start_time}};
  };
  auto second = entry(2, "FEIL");
  second["description"] = "why";
  second["rawReceipt"] = "<raw/>";
  const auto reply = get("/api/statuses/" + message_1);
  EXPECT_EQ(reply.header("Content-Type"), "application/json;charset=utf-8");
  EXPECT_EQ(reply.body(), page_json({entry(1, "OPPRETTET"), second}, 2, 1, 0, 10, true));
  EXPECT_EQ(get("/api/statuses").header("Content-Type"), "application/json");
  // The conversation's own list has no raw receipt.
  const json::object short_form{{"id", 2}, {"lastUpdate", start_time}, {"status", "FEIL"}, {"description", "why"}};
  EXPECT_EQ(get("/api/conversations/messageId/" + message_1).at("/messageStatuses/1"), short_form);
}

TEST_F(Statuses, AreEmptyForAnUnknownMessage) {
  for (const auto& id : {message_1, std::string("no-uuid")}) {
    const auto reply = get("/api/statuses/" + id);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.at("/totalElements"), 0);
  }
}

TEST_F(Statuses, AreFiltered) {
  create(message_1);
  clock.advance(std::chrono::hours(2));
  arrive(message_2);  // two statuses
  const std::vector<std::string> first = {message_1};
  const std::vector<std::string> second = {message_2, message_2};
  const std::vector<std::string> all = {message_1, message_2, message_2};
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"", all},
      {"id=1", first},
      {"id=77", {}},
      {"messageId=" + message_2, second},
      {"conversationId=" + conversation_1, all},
      {"status=INNKOMMENDE_MOTTATT", {message_2}},
      {"status=OPPRETTET&messageId=" + message_2, {message_2}},
      {"status=OPPRETTET&id=3", {}},
      {"fromDateTime=2026-09-01T10:00:00%2B02:00&toDateTime=2026-09-01T10:00:00%2B02:00", first},
      {"fromDateTime=2026-09-01T10:00:01+02:00&toDateTime=2026-09-01T12:00:00+02:00", second},
      {"fromDateTime=2026-09-01T08:00:00Z&toDateTime=2026-09-01T09:00:00Z", first},
      {"fromDateTime=2030-01-01T00:00:00Z", all},  // one of two is ignored
      {"toDateTime=2020-01-01T00:00:00Z", all},
  };
  for (const auto& [query, found] : rows) {
    SCOPED_TRACE(query);
    EXPECT_EQ(listed("/api/statuses?" + query), found);
  }
  EXPECT_EQ(get("/api/statuses?id=x&status=DONE&fromDateTime=now").at("/errors").as_array().size(), 3U);
  EXPECT_EQ(get("/api/statuses?sort=id,desc").at("/content/0/id"), 3);
}

TEST_F(Statuses, HaveAnEmptyQueue) {
  create();
  const auto peeked = get("/api/statuses/peek");
  EXPECT_EQ(peeked.status, 204);
  EXPECT_EQ(peeked.text, "");
  const auto removed = call("DELETE", "/api/statuses/1");
  EXPECT_EQ(removed.status, 404);
  EXPECT_EQ(removed.text, "");
  EXPECT_EQ(statuses(message_1).size(), 1U);
}

}  // namespace
}  // namespace kanal::api::testing

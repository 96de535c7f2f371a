// /api/subscriptions, and /api/statuses/peek with its DELETE (rest-api.md sections 8 and 10).
#include <gmock/gmock.h>

#include "api/error_table.hpp"
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

using ::testing::ElementsAre;

class SubscriptionTest : public ApiStage {
 protected:
  static constexpr const char* all = "/api/subscriptions";
  Reply post(const std::string& body) { return call("POST", all, body, {{"Content-Type", "application/json"}}); }
  Reply put(std::int64_t id, const std::string& body) {
    return call("PUT", one(id), body, {{"Content-Type", "application/json"}});
  }
  static std::string one(std::int64_t id) { return std::string(all) + "/" + std::to_string(id); }
  static std::string body(const std::string& name = "arkiv", const std::string& more = "") {
    return R"({"name":")" + name + R"(","pushEndpoint":"http://arkiv.example.no/hook","resource":"all","event":"all")" +
           more + "}";
  }
  std::int64_t made(const std::string& name = "arkiv", const std::string& more = "") {
    const auto reply = post(body(name, more));
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.body().at("id").as_int64();
  }
  static std::vector<std::string> names(const Reply& page) {
    std::vector<std::string> found;
    const auto content = page.at("/content").as_array();
    for (const auto& one : content) found.emplace_back(one.at("name").as_string());
    return found;
  }
};

TEST_F(SubscriptionTest, IsMadeAndPinged) {
  const auto reply = post(body("arkiv", R"(,"filter":"status=LEVERT,LEST&direction=OUTGOING","more":1)"));
  ASSERT_EQ(reply.status, 200) << reply.text;
  const auto made = reply.body().as_object();
  EXPECT_EQ(made.size(), 6U);
  EXPECT_EQ(made.at("name"), "arkiv");
  EXPECT_EQ(made.at("pushEndpoint"), "http://arkiv.example.no/hook");
  EXPECT_EQ(made.at("resource"), "all");
  EXPECT_EQ(made.at("event"), "all");
  EXPECT_EQ(made.at("filter"), "status=LEVERT,LEST&direction=OUTGOING");
  ASSERT_EQ(sender.posts.size(), 1U);
  EXPECT_EQ(sender.posts[0].first, "http://arkiv.example.no/hook");
  const auto ping = json::parse(sender.posts[0].second).as_object();
  EXPECT_EQ(ping.size(), 2U);
  EXPECT_EQ(ping.at("event"), "ping");
  EXPECT_EQ(ping.at("createdTs"), "2026-09-01T10:00:00+02:00");
  const auto again = get(one(made.at("id").as_int64()));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body(), reply.body());
}

TEST_F(SubscriptionTest, AFailedPingIsOnlyLoggedUnlessItMustSucceed) {
  sender.good = false;
  EXPECT_EQ(post(body()).status, 200);
  flow::Webhooks strict{*database, sender, points, {1, std::chrono::hours(72), true}, clock, log};
  const auto refused = strict.ping("http://arkiv.example.no/hook");
  ASSERT_FALSE(refused);
  const auto error = api_error(refused.error());
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.exception, "no.difi.meldingsutveksling.exceptions.WebhookPushEndpointPingFailedException");
  EXPECT_EQ(error.message, "Ping failed with: the receiver answered 500.");
}

TEST_F(SubscriptionTest, EverythingWrongIsToldAtOnce) {
  const auto reply =
      post(R"({"id":5,"pushEndpoint":"not a url","resource":"some","event":"message","filter":"sender=1"})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body().at("exception"), "org.springframework.web.bind.MethodArgumentNotValidException");
  EXPECT_EQ(reply.body().at("message"), "Validation failed for object='subscription'. Error count: 6");
  std::map<std::string, std::pair<std::string, std::string>> errors;
  const auto list = reply.at("/errors").as_array();
  for (const auto& error : list) {
    EXPECT_EQ(error.at("objectName"), "subscription");
    EXPECT_EQ(error.at("bindingFailure"), false);
    errors[std::string(error.at("field").as_string())] = {std::string(error.at("code").as_string()),
                                                          std::string(error.at("defaultMessage").as_string())};
  }
  using Wrong = std::pair<std::string, std::string>;
  EXPECT_EQ(errors["id"], (Wrong{"Null", "must be null"}));
  EXPECT_EQ(errors["name"], (Wrong{"NotNull", "must not be null"}));
  EXPECT_EQ(errors["pushEndpoint"], (Wrong{"URL", "must be a valid URL"}));
  EXPECT_EQ(errors["resource"], (Wrong{"OneOf", "'some' is not expected. Allowed values are: [all, messages]"}));
  EXPECT_EQ(errors["event"], (Wrong{"OneOf", "'message' is not expected. Allowed values are: [all, status]"}));
  EXPECT_EQ(errors["filter"], (Wrong{"WebhookFilter", "Must be a valid filter definition."}));
  EXPECT_TRUE(sender.posts.empty());
}

TEST_F(SubscriptionTest, UrlsMustBeHttp) {
  for (const auto* wrong : {"ftp://a.no/", "file:///etc/passwd", "http://", "//a.no", "http://user:secret@a.no/", ""}) {
    const auto reply =
        post(R"({"name":"a","resource":"all","event":"all","pushEndpoint":")" + std::string(wrong) + R"("})");
    EXPECT_EQ(reply.status, 400) << wrong;
  }
  EXPECT_EQ(post(body("a", R"(,"filter":"")")).status, 400);
}

TEST_F(SubscriptionTest, UnreadableBodiesAndTypes) {
  EXPECT_EQ(post("{").body().at("exception"), "org.springframework.http.converter.HttpMessageNotReadableException");
  EXPECT_EQ(post("[]").status, 400);
  EXPECT_EQ(post(std::string(100, '[')).status, 400);
  EXPECT_EQ(post(std::string(70'000, ' ')).status, 413);
  EXPECT_EQ(call("POST", all, body(), {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(call("PUT", one(1), body(), {{"Content-Type", "text/plain"}}).status, 415);
}

TEST_F(SubscriptionTest, NameAndEndpointAreUnique) {
  const auto first = made("a");
  const auto second = made("b");
  const auto doubled = post(body("a"));
  EXPECT_EQ(doubled.status, 400);
  EXPECT_EQ(doubled.body().at("exception"),
            "no.difi.meldingsutveksling.exceptions.SubscriptionWithSameNameAndPushEndpointAlreadyExists");
  EXPECT_EQ(doubled.body().at("message"), "Subscription with same name and push endpoint already exists.");
  EXPECT_EQ(put(second, R"({"name":"a"})").status, 400);
  EXPECT_EQ(put(first, R"({"name":"a"})").status, 200);
  EXPECT_EQ(put(second, R"({"name":"a","pushEndpoint":"https://other.example.no/"})").status, 200);
}

TEST_F(SubscriptionTest, AnUpdateChangesOnlyWhatItNames) {
  const auto id = made("a", R"(,"filter":"status=FEIL")");
  sender.posts.clear();
  const auto updated = put(id, R"({"event":"status","filter":null,"id":99})");
  EXPECT_EQ(updated.status, 200);
  EXPECT_EQ(updated.text, "");
  auto now = get(one(id)).body();
  EXPECT_EQ(now.at("name"), "a");
  EXPECT_EQ(now.at("event"), "status");
  EXPECT_EQ(now.at("filter"), "status=FEIL");
  EXPECT_TRUE(sender.posts.empty());  // the address is the same
  EXPECT_EQ(put(id, R"({"pushEndpoint":"https://other.example.no/"})").status, 200);
  EXPECT_EQ(sender.posts.size(), 1U);
  EXPECT_EQ(put(id, R"({"resource":"x"})").status, 400);
  const auto unknown = put(4711, "{}");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body().at("exception"), "no.difi.meldingsutveksling.exceptions.SubscriptionNotFoundException");
  EXPECT_EQ(unknown.body().at("message"), "Subscription with id = 4,711 was not found");
}

TEST_F(SubscriptionTest, AreRemovedOneByOneOrAll) {
  const auto first = made("a");
  made("b");
  EXPECT_EQ(call("DELETE", one(first)).status, 200);
  EXPECT_EQ(call("DELETE", one(first)).status, 404);
  EXPECT_EQ(get(one(first)).status, 404);
  EXPECT_EQ(call("DELETE", all).status, 200);
  EXPECT_EQ(get(all).body().at("totalElements"), 0);
  EXPECT_EQ(call("DELETE", all).status, 200);
  for (const auto* method : {"GET", "DELETE"}) EXPECT_EQ(call(method, "/api/subscriptions/x").status, 400) << method;
}

TEST_F(SubscriptionTest, AreListedInPages) {
  made("c");
  made("a");
  made("b");
  EXPECT_THAT(names(get(all)), ElementsAre("c", "a", "b"));
  EXPECT_THAT(names(get("/api/subscriptions?sort=name,desc")), ElementsAre("c", "b", "a"));
  const auto page = get("/api/subscriptions?sort=name&size=2&page=1");
  EXPECT_THAT(names(page), ElementsAre("c"));
  EXPECT_EQ(page.body().at("totalElements"), 3);
  EXPECT_EQ(page.body().at("totalPages"), 2);
  EXPECT_TRUE(names(get("/api/subscriptions?page=7")).empty());
  EXPECT_EQ(get("/api/subscriptions?sort=secret").status, 400);
}

TEST_F(SubscriptionTest, AReplayBeginsWhereItIsTold) {
  create();
  const auto id = made();
  const auto position = [&] {
    std::int64_t found = -1;
    look([&](ports::View& view) { found = view.subscription(id)->position; });
    return found;
  };
  EXPECT_EQ(position(), 1);  // OPPRETTET was before it
  const auto from = "/api/subscriptions/" + std::to_string(id) + "/replay";
  EXPECT_EQ(call("POST", from).status, 200);
  EXPECT_EQ(position(), 0);
  EXPECT_EQ(call("POST", from + "?from=99").status, 200);
  EXPECT_EQ(position(), 1);
  EXPECT_EQ(call("POST", from + "?from=x").status, 400);
  EXPECT_EQ(call("POST", "/api/subscriptions/99/replay").status, 404);
}

TEST_F(SubscriptionTest, StatusesAreTakenFromTheirQueueById) {
  EXPECT_EQ(get("/api/statuses/peek").status, 204);
  create();
  const auto status = get("/api/statuses/" + std::string(message_1)).at("/content/0");
  const auto id = status.at("id").as_int64();
  ASSERT_TRUE(database->write([&](ports::Txn& txn) { return txn.offer_status(id); }));
  const auto peeked = get("/api/statuses/peek");
  EXPECT_EQ(peeked.status, 200);
  EXPECT_EQ(peeked.body(), status);
  EXPECT_EQ(get("/api/statuses/peek").body(), status);
  const auto path = "/api/statuses/" + std::to_string(id);
  const auto removed = call("DELETE", path);
  EXPECT_EQ(removed.status, 200);
  EXPECT_EQ(removed.text, "");
  const auto again = call("DELETE", path);
  EXPECT_EQ(again.status, 404);
  EXPECT_EQ(again.text, "");
  EXPECT_EQ(get("/api/statuses/peek").status, 204);
  EXPECT_EQ(get("/api/statuses/" + std::string(message_1)).body().at("totalElements"), 1);
  EXPECT_EQ(call("DELETE", "/api/statuses/x").status, 400);
}

TEST_F(SubscriptionTest, ADeletedConversationDoesNotBlockTheQueue) {
  create();
  const auto id = get("/api/statuses").body().at("content").at(0).at("id").as_int64();
  ASSERT_TRUE(database->write([&](ports::Txn& txn) { return txn.offer_status(id); }));
  EXPECT_EQ(call("DELETE", "/api/conversations/messageId/" + std::string(message_1)).status, 200);
  EXPECT_EQ(get("/api/statuses/peek").status, 204);
}

}  // namespace
}  // namespace kanal::api::testing

// What holds for every path: login, headers, unknown paths and methods, trailing slashes; and the management pages
// (rest-api.md 1, 11).
#include "api/testing_stage.hpp"
#include "base/bytes.hpp"

namespace kanal::api::testing {
namespace {

class Api : public ApiStage {
 protected:
  static ApiSettings with_login() {
    ApiSettings settings;
    settings.user.emplace("anna", Secret("hemmelig:ord"));
    return settings;
  }
  static net::Headers basic(const std::string& credentials, const std::string& scheme = "Basic") {
    return {{"Authorization", scheme + " " + to_base64(bytes_of(credentials))}};
  }
};

void expect_security_headers(const Reply& reply) {
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.header("X-XSS-Protection"), "0");
  EXPECT_EQ(reply.header("Cache-Control"), "no-cache, no-store, max-age=0, must-revalidate");
  EXPECT_EQ(reply.header("Pragma"), "no-cache");
  EXPECT_EQ(reply.header("Expires"), "0");
  EXPECT_EQ(reply.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(reply.header("Strict-Transport-Security"), "");  // only over TLS
  std::vector<std::string> vary;
  for (const auto& [name, value] : reply.headers) {
    if (name == "Vary") vary.push_back(value);
  }
  EXPECT_EQ(vary,
            (std::vector<std::string>{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}));
}

TEST_F(Api, CarriesSecurityHeadersOnEveryAnswer) {
  create();
  expect_security_headers(get("/api/conversations"));                            // from a route
  expect_security_headers(get("/nowhere"));                                      // no route
  expect_security_headers(post_json(sbd()));                                     // after a body
  expect_security_headers(put_file(message_1, "a", std::string(1 << 21, 'x')));  // in the middle of one
  expect_security_headers(get("/api/messages/in/peek"));                         // 204
  serve(with_login());
  expect_security_headers(get("/api/conversations"));  // 401
}

TEST_F(Api, SpeaksHstsOverTls) {
  const auto handler = make_api(
      {submit, inbox, board, services, *database, *spool, directory, clock, log, {}, webhooks, guard, orphans});
  auto request = std::make_shared<net::Request>();
  request->method = "GET";
  request->path = "/nowhere";
  request->tls = true;
  const auto answer = handler(request);
  EXPECT_EQ(net::header(std::get<net::Response>(answer).headers, "Strict-Transport-Security"),
            "max-age=31536000 ; includeSubDomains");
}

TEST_F(Api, ManagesOnlyFromAllowedAddresses) {
  ApiSettings settings;
  settings.management.allow = *net::AddressRules::parse({"10.0.0.0/8"});
  serve(settings);
  for (const auto* path : {"/manage", "/manage/health", "/manage/health/readiness", "/manage/unknown"}) {
    EXPECT_EQ(get(path).status, 403) << path;
  }
  EXPECT_EQ(get("/managers").status, 404);
  EXPECT_EQ(get("/api/conversations").status, 200);
  settings.management.allow = *net::AddressRules::parse({"loopback"});
  serve(settings);
  EXPECT_EQ(get("/manage/health").status, 200);
}

TEST_F(Api, AsksForALogin) {
  serve(with_login());
  const std::string path = "/api/conversations";
  const std::vector<net::Headers> refused = {
      {},
      basic("anna:hemmelig:ord", "Bearer"),
      basic("anna:hemmelig:or"),
      basic("anna:hemmelig:ordet"),
      basic("anne:hemmelig:ord"),
      basic(""),
      {{"Authorization", "Basic"}},
      {{"Authorization", "Basic %%%"}},
  };
  for (const auto& headers : refused) {
    const auto reply = call("GET", path, {}, headers);
    expect_error(reply, {401, "Unauthorized", "", "Unauthorized", path});
    EXPECT_EQ(reply.header("WWW-Authenticate"), "Basic realm=\"Realm\"");
  }
  EXPECT_EQ(call("GET", path, {}, basic("anna:hemmelig:ord")).status, 200);
  EXPECT_EQ(call("GET", path, {}, basic("anna:hemmelig:ord", "basic")).status, 200);
}

TEST_F(Api, LeavesManagementOpenOneLevelDeep) {
  serve(with_login());
  for (const auto* path : {"/manage/health", "/manage/info"}) EXPECT_EQ(get(path).status, 200) << path;
  EXPECT_EQ(get("/manage/nothing").status, 404);
  EXPECT_EQ(get("/error").status, 404);
  for (const auto* path : {"/", "/nowhere", "/manage", "/manage/health/liveness", "/api/messages/in/peek"}) {
    EXPECT_EQ(get(path).status, 401) << path;
    EXPECT_NE(call("GET", path, {}, basic("anna:hemmelig:ord")).status, 401) << path;
  }
}

TEST_F(Api, KnowsItsPathsAndMethods) {
  const auto unknown = [](const std::string& path) {
    return ErrorBody{404, "Not Found", "org.springframework.web.servlet.resource.NoResourceFoundException",
                     "No static resource " + path.substr(1) + ".", path};
  };
  for (const std::string path : {"/api", "/api/nothing", "/api/messages/out/a/b", "/api/subscriptions/x/y"}) {
    expect_error(get(path), unknown(path));
  }
  expect_error(get("/nowhere?a=b"), unknown("/nowhere"));
  const auto refused = call("PATCH", "/api/messages/out", "{}");
  expect_error(refused, {405, "Method Not Allowed", "org.springframework.web.HttpRequestMethodNotSupportedException",
                         "Request method 'PATCH' is not supported", "/api/messages/out"});
  EXPECT_EQ(refused.header("Allow"), "GET,POST");
  EXPECT_EQ(call("DELETE", "/api/messages/out").status, 405);
  EXPECT_EQ(get("/api/messages/in/" + message_1).status, 405);
}

TEST_F(Api, AnswersInUtf8WhateverIsAsked) {
  const auto reply = get("/api/messages/out/%FFbl%C3%A5");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.text_at("/message"), "Message with messageId = \uFFFDblå was not found");
  EXPECT_EQ(reply.text_at("/path"), "/api/messages/out/\uFFFDblå");
  EXPECT_EQ(get("/api/conversations?finished=%FF").text_at("/errors/0/rejectedValue"), "\uFFFD");
}

TEST_F(Api, TakesATrailingSlashWhenAllowed) {
  const std::string path = "/api/conversations/";
  EXPECT_EQ(get(path).status, 404);
  ApiSettings settings;
  settings.allow_trailing_slash = true;
  serve(settings);
  EXPECT_EQ(get(path).status, 200);
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/api/conversations//").status, 404);
}

TEST_F(Api, PrintsAsTheJavaVersionDoes) {
  create();
  EXPECT_TRUE(get("/api/conversations").text.starts_with("{\n  \"content\" : [ {\n    \"id\" : "))
      << get("/api/conversations").text;
}

TEST_F(Api, TurnsABrokenInvariantIntoAnAnswer) {
  create();
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    auto message = txn.message(MessageId(message_1), ports::Direction::outgoing);
    message->sbd = "no JSON";
    return txn.update(*message);
  }));
  const auto reply = get("/api/messages/out/" + message_1);
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.text_at("/exception"), "java.lang.RuntimeException");
  expect_security_headers(reply);
  EXPECT_EQ(log.events(), std::vector<std::string>{"request_failed"});
}

TEST_F(Api, ReportsHealth) {
  create();
  arrive(message_2);
  board.failed(ServiceIdentifier("DPO"), "0192:" + own, "the broker does not answer");
  transport->state = {false, "no token"};
  const auto reply = get("/manage/health");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text_at("/status"), "UP");
  for (const auto* name :
       {"db", "diskSpace", "ping", "livenessState", "readinessState", "channels", "nextMoveQueue", "DPO"}) {
    EXPECT_EQ(reply.text_at(std::string("/components/") + name + "/status"), "UP") << name;
  }
  EXPECT_EQ(reply.at("/components/nextMoveQueue/details"), (json::object{{"outgoing", 1}, {"incoming", 1}}));
  EXPECT_EQ(reply.text_at("/components/DPO/details/problem"), "no token");
  EXPECT_EQ(reply.text_at("/components/DPO/details/inboxes/0/lastError"), "the broker does not answer");
  EXPECT_EQ(get("/manage/health/liveness").body(), (json::object{{"status", "UP"}}));
  EXPECT_EQ(get("/manage/health/readiness").body(), (json::object{{"status", "UP"}}));
}

TEST_F(Api, ShowsFindingsInHealth) {
  ASSERT_TRUE(database->write([&](ports::Txn& txn) -> Result<void> {
    ports::Orphan orphan;
    orphan.service = ServiceIdentifier("DPO");
    if (auto kept = txn.insert(orphan); !kept) return kept;
    ports::Quarantined quarantined;
    quarantined.service = ServiceIdentifier("DPO");
    if (auto kept = txn.insert(quarantined); !kept) return kept;
    return txn.report(
        {ServiceIdentifier("DPO"), "D5", "remote-1", "taken by somebody else", clock.now(), clock.now(), 1});
  }));
  const json::object expected{{"service", "DPO"},
                              {"detection", "D5"},
                              {"subject", "remote-1"},
                              {"text", "taken by somebody else"},
                              {"first", start_time},
                              {"last", start_time},
                              {"count", 1}};
  EXPECT_EQ(get("/manage/health").at("/components/channels/details/findings/0"), expected);
  EXPECT_EQ(get("/manage/health").at("/components/channels/details/orphans"), 1);
  EXPECT_EQ(get("/manage/health").at("/components/channels/details/quarantined"), 1);
}

TEST_F(Api, TellsWhatItIs) { EXPECT_EQ(get("/manage/info").text_at("/build/version"), "1.2.3"); }

}  // namespace
}  // namespace kanal::api::testing

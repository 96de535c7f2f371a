// /manage as operators and their dashboards use it (operations.md section 6).
#include <gmock/gmock.h>

#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AdjustableLog final : public ops::ManagedLog {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
  [[nodiscard]] LogLevel level() const override { return least; }
  void set_level(LogLevel wanted) override { least = wanted; }
  [[nodiscard]] std::uint64_t count(LogLevel) const override { return 0; }
  std::atomic<LogLevel> least = LogLevel::info;
};

class Management : public ApiStage {
 protected:
  Reply post(const std::string& path, const std::string& body = "{}") {
    return call("POST", path, body, {{"Content-Type", "application/json"}});
  }
  void serve_managed(ManagementSettings management) {
    ApiSettings settings;
    settings.management = std::move(management);
    serve(std::move(settings));
  }
  AdjustableLog adjustable;
};

TEST_F(Management, HealthHasTheComponentsThatMonitoringLooksFor) {
  create();
  const auto health = get("/manage/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.at("/status"), "UP");
  for (const auto* component : {"db", "jms", "diskSpace", "ping", "messageStatus", "nextMoveQueue", "livenessState",
                                "readinessState", "channels", "webhooks"}) {
    EXPECT_EQ(health.at(std::string("/components/") + component + "/status"), "UP") << component;
  }
  EXPECT_EQ(health.at("/components/nextMoveQueue/details/outgoing"), 1);
  EXPECT_EQ(health.at("/components/nextMoveQueue/details/incoming"), 0);
  EXPECT_EQ(health.at("/components/messageStatus/details/pollable"), 0);
}

TEST_F(Management, HealthMayKeepItsDetailsToItself) {
  serve_managed({.health_details = false});
  EXPECT_EQ(get("/manage/health").body(), (json::object{{"status", "UP"}}));
}

TEST_F(Management, ADiskWithoutReserveIsDown) {
  ApiSettings settings;
  settings.disk_reserve = std::uint64_t{1} << 60;
  serve(std::move(settings));
  const auto health = get("/manage/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.at("/status"), "DOWN");
  EXPECT_EQ(health.at("/components/diskSpace/status"), "DOWN");
}

TEST_F(Management, MetricsHaveTheShapeOfTheJavaVersion) {
  create();
  EXPECT_EQ(get("/api/messages/out/none").status, 404);
  const auto names = get("/manage/metrics");
  EXPECT_EQ(names.status, 200);
  for (const auto* name : {"http.server.requests", "kanal.messages", "kanal.conversations", "kanal.statuses",
                           "kanal.jobs", "kanal.findings", "kanal.webhooks", "kanal.inbox.age", "disk.free"}) {
    EXPECT_THAT(names.text, HasSubstr("\"" + std::string(name) + "\""));
  }
  const auto requests =
      get("/manage/metrics/http.server.requests?tag=uri:/api/messages/out/{messageId}&tag=status:404");
  EXPECT_EQ(requests.at("/name"), "http.server.requests");
  EXPECT_EQ(requests.at("/baseUnit"), "seconds");
  EXPECT_EQ(requests.at("/measurements/0"), (json::object{{"statistic", "COUNT"}, {"value", 1.0}}));
  EXPECT_EQ(requests.at("/measurements/1/statistic"), "TOTAL_TIME");
  EXPECT_EQ(requests.at("/measurements/2/statistic"), "MAX");
  EXPECT_EQ(requests.at("/availableTags/0/tag"), "method");
  EXPECT_EQ(requests.at("/availableTags/0/values"), json::array{"GET"});
  EXPECT_EQ(get("/manage/metrics/kanal.messages?tag=direction:OUTGOING").at("/measurements/0/value"), 1.0);
  EXPECT_EQ(get("/manage/metrics/kanal.statuses?tag=status:OPPRETTET").at("/measurements/0/value"), 1.0);
  const auto unknown = get("/manage/metrics/no.such");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.text, "");
}

TEST_F(Management, PrometheusTellsTheSame) {
  create();
  const auto text = get("/manage/prometheus");
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.header("Content-Type"), "text/plain;version=0.0.4;charset=utf-8");
  EXPECT_THAT(text.text,
              AllOf(HasSubstr("http_server_requests_seconds_count{method=\"POST\",uri=\"/api/messages/out\",status="
                              "\"200\",outcome=\"SUCCESS\"} 1"),
                    HasSubstr("kanal_messages{direction=\"OUTGOING\"} 1"), HasSubstr("disk_free_bytes ")));
  // Ids in paths would make endless series.
  get("/api/messages/out/one");
  get("/api/nowhere/two");
  EXPECT_THAT(get("/manage/prometheus").text,
              AllOf(Not(HasSubstr("out/one")), Not(HasSubstr("two")), HasSubstr("uri=\"UNKNOWN\"")));
}

TEST_F(Management, TheLogLevelChangesWhileItRuns) {
  serve_managed({.log = &adjustable});
  const auto all = get("/manage/loggers");
  EXPECT_EQ(all.at("/loggers/ROOT/effectiveLevel"), "INFO");
  EXPECT_EQ(post("/manage/loggers/ROOT", R"({"configuredLevel":"DEBUG"})").status, 204);
  EXPECT_EQ(adjustable.level(), LogLevel::debug);
  EXPECT_EQ(get("/manage/loggers/ROOT").body(),
            (json::object{{"configuredLevel", "DEBUG"}, {"effectiveLevel", "DEBUG"}}));
  EXPECT_EQ(get("/manage/loggers/no.difi").body(), (json::object{{"effectiveLevel", "DEBUG"}}));
  EXPECT_EQ(post("/manage/loggers/ROOT", "{}").status, 204);
  EXPECT_EQ(adjustable.level(), LogLevel::info);
  for (const auto* wrong : {R"({"configuredLevel":"LOUD"})", R"({"configuredLevel":5})", "[]", "{"}) {
    EXPECT_EQ(post("/manage/loggers/ROOT", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(post("/manage/loggers/no.difi", R"({"configuredLevel":"DEBUG"})").status, 400);
  EXPECT_EQ(adjustable.level(), LogLevel::info);
}

TEST_F(Management, ShutsDownAfterItsAnswer) {
  std::atomic<int> asked = 0;
  serve_managed({.shut_down = [&] { ++asked; }});
  const auto reply = post("/manage/shutdown", "");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body(), (json::object{{"message", "Shutting down, bye..."}}));
  for (int i = 0; i < 500 && asked == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(get("/manage/shutdown").status, 405);
}

TEST_F(Management, WhatChangesOrTellsMuchIsForOperators) {
  ApiSettings settings;
  settings.user.emplace("drift", Secret("hemmelig"));
  settings.management = {.configuration = {{"difi.move.org.number", "987464291"}}, .log = &adjustable};
  settings.management.shut_down = [] {};
  const auto handler = make_api(parts(std::move(settings)));
  const auto status = [&](const std::string& method, const std::string& path, const std::string& from,
                          const std::string& login = "") {
    auto request = std::make_shared<net::Request>();
    request->method = method;
    request->path = path;
    request->remote_address = from;
    if (!login.empty()) request->headers.emplace_back("Authorization", login);
    auto answer = handler(request);
    const auto* const response = std::get_if<net::Response>(&answer);
    return response == nullptr ? 0 : response->status;
  };
  const std::string login = "Basic ZHJpZnQ6aGVtbWVsaWc=";
  for (const auto& [method, path] : {std::pair("POST", "/manage/shutdown"),
                                     {"GET", "/manage/configprops"},
                                     {"GET", "/manage/config"},
                                     {"GET", "/manage/channels"}}) {
    EXPECT_EQ(status(method, path, "192.0.2.7"), 403) << path;
    EXPECT_EQ(status(method, path, "192.0.2.7", "Basic d3Jvbmc6d3Jvbmc="), 403) << path;
    EXPECT_EQ(status(method, path, "192.0.2.7", login), 200) << path;
    EXPECT_EQ(status(method, path, "127.0.0.1"), 200) << path;
    EXPECT_EQ(status(method, path, "::1"), 200) << path;
  }
  EXPECT_EQ(status("POST", "/manage/loggers/ROOT", "192.0.2.7"), 401);  // two levels: behind the login
  EXPECT_EQ(status("GET", "/manage/health", "192.0.2.7"), 200);
}

TEST_F(Management, OnlyWhatIsExposedIsThereAndWhereItIsSaid) {
  ManagementSettings management;
  management.base_path = "/drift";
  management.include = {"health", "info"};
  serve_managed(management);
  EXPECT_EQ(get("/drift/health").status, 200);
  EXPECT_EQ(get("/drift/info").at("/build/version"), "1.2.3");
  EXPECT_EQ(get("/drift/metrics").status, 404);
  EXPECT_EQ(get("/drift/prometheus").status, 404);
  EXPECT_EQ(get("/manage/health").status, 404);
  management.include = {"*"};
  management.exclude = {"health"};
  serve_managed(management);
  EXPECT_EQ(get("/drift/health").status, 404);
  EXPECT_EQ(get("/drift/metrics").status, 200);
}

TEST_F(Management, TheLogFileIsServed) {
  ::kanal::testing::TemporaryFolder folder;
  ManagementSettings management;
  management.log_file = folder.path() / "application.log";
  serve_managed(management);
  EXPECT_EQ(get("/manage/logfile").status, 404);
  folder.write("application.log", "2026-09-01T08:00:00.000Z INFO  started\n");
  const auto file = get("/manage/logfile");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.text, "2026-09-01T08:00:00.000Z INFO  started\n");
}

TEST_F(Management, EveryAnswerHasItsTrace) {
  const auto given = call("GET", "/api/conversations", "",
                          {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
  EXPECT_EQ(given.header("X-Trace-Id"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(get("/api/conversations").header("X-Trace-Id").size(), 32U);
  EXPECT_EQ(post_json(json::object{}).header("X-Trace-Id").size(), 32U);
}

}  // namespace
}  // namespace kanal::api::testing

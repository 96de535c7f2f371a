// The overview: whom it lets in, what it forwards, and that it only reads.
#include "app/sandbox/overview.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <mutex>

namespace kanal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace json = boost::json;

class OverviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(installation.start());
    auto started = Overview::start(
        {{"agency-main", installation.url(), "310700002", ""}, {"gone", "http://127.0.0.1:1", "310701378", "a"}},
        "1.2.3", 0, client, log);
    ASSERT_TRUE(started) << started.error().text();
    overview = std::move(*started);
  }

  net::ClientResponse send(const std::string& method, const std::string& path, net::Headers headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = overview->url() + path;
    request.headers = std::move(headers);
    auto answer = client.send(request);
    EXPECT_TRUE(answer) << path;
    return answer ? std::move(*answer) : net::ClientResponse{};
  }
  net::ClientResponse get(const std::string& path) { return send("GET", path); }

  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex);
    return targets;
  }

  SilentLog log;
  net::HttpClient client{{}};
  std::mutex mutex;
  std::vector<std::string> targets;
  net::HttpServer installation{{},
                               [this](const std::shared_ptr<const net::Request>& request) {
                                 const std::scoped_lock lock(mutex);
                                 targets.push_back(request->method + " " + request->target);
                                 net::Response response;
                                 response.status = request->path == "/manage/health" ? 503 : 200;
                                 response.headers.emplace_back("Content-Type", "application/json");
                                 response.body = std::string(R"({"from":"installation"})");
                                 return response;
                               },
                               log};
  std::unique_ptr<Overview> overview;
};

TEST_F(OverviewTest, ListsTheInstallations) {
  const auto list = json::parse(get("/overview/installations").body);
  EXPECT_EQ(list.at(0), (json::object{{"name", "agency-main"},
                                      {"url", installation.url()},
                                      {"organisation", "0192:310700002"},
                                      {"channel", nullptr}}));
  EXPECT_EQ(list.at(1).at("channel"), "a");
  const auto context = json::parse(get("/page/context.json").body);
  EXPECT_EQ(context.at("overview"), "/overview/installations");
}

TEST_F(OverviewTest, ServesThePageOfAnInstallation) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("/page/app.js"));
  EXPECT_THAT(std::string(page.header("Content-Security-Policy")), HasSubstr("default-src 'none'"));
  EXPECT_EQ(page.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(get("/page/app.js").status, 200);
  EXPECT_EQ(get("/page/nothing.js").status, 404);
  EXPECT_EQ(get("/elsewhere").status, 404);
}

TEST_F(OverviewTest, ForwardsWhatIsForReading) {
  const auto answer = get("/overview/agency-main/api/conversations?sender=0192%3A1+2&size=1");
  EXPECT_EQ(answer.body, R"({"from":"installation"})");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(get("/overview/agency-main/api/statuses/some-id").status, 200);
  EXPECT_EQ(get("/overview/agency-main/manage/health").status, 503);
  EXPECT_THAT(asked(), ElementsAre("GET /api/conversations?sender=0192%3A1%202&size=1", "GET /api/statuses/some-id",
                                   "GET /manage/health"));
}

TEST_F(OverviewTest, ForwardsNothingElse) {
  for (const auto* path : {"/overview/agency-main/api/messages/in/peek", "/overview/agency-main/api/conversationsx",
                           "/overview/agency-main/manage", "/overview/agency-main/", "/overview/agency-main",
                           "/overview/nobody/manage/health", "/overview/agency-main/manage/%2E%2E/api/messages/in/peek",
                           "/overview/agency-main/api/statuses/%2e%2e/x"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  for (const auto* method : {"POST", "DELETE", "PUT"}) {
    EXPECT_EQ(send(method, "/overview/agency-main/api/conversations/1").status, 405) << method;
  }
  EXPECT_THAT(asked(), ElementsAre());
}

TEST_F(OverviewTest, IsForThisMachineUnderItsOwnName) {
  EXPECT_EQ(send("GET", "/overview/installations", {{"Host", "evil.example:80"}}).status, 403);
  EXPECT_EQ(send("GET", "/overview/installations", {{"Host", "localhost:80"}}).status, 200);
}

TEST_F(OverviewTest, SaysWhichInstallationIsAway) {
  const auto answer = get("/overview/gone/manage/health");
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(answer.body, HasSubstr("gone does not answer"));
}

}  // namespace
}  // namespace kanal::app

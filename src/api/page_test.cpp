// The page as it is served: its files, what protects it, what it is told first, and the configuration that it shows.
// What it does in a browser is tested in web/test.
#include <gmock/gmock.h>

#include "api/page.hpp"
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Page : public ApiStage {
 protected:
  /// The answer to a GET from that address.
  net::Response from(const std::string& address, const std::string& path, ApiSettings settings) {
    const auto handler = make_api(parts(std::move(settings)));
    auto request = std::make_shared<net::Request>();
    request->method = "GET";
    request->path = path;
    request->remote_address = address;
    auto answer = handler(request);
    return std::move(std::get<net::Response>(answer));
  }
};

TEST_F(Page, IsServedWithAllThatItRefersTo) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html;charset=utf-8");
  EXPECT_THAT(page.text, AllOf(HasSubstr("<noscript>"), HasSubstr("/manage/health"), Not(HasSubstr("http"))));
  for (const auto& file : page_files()) {
    const auto served = get("/page/" + std::string(file.name));
    EXPECT_EQ(served.status, 200) << file.name;
    EXPECT_EQ(served.text, file.content) << file.name;
  }
  EXPECT_EQ(get("/page/app.js").header("Content-Type"), "text/javascript;charset=utf-8");
  EXPECT_EQ(get("/page/page.css").header("Content-Type"), "text/css;charset=utf-8");
  EXPECT_EQ(get("/page/icon.svg").header("Content-Type"), "image/svg+xml");
  for (const auto* unknown : {"/page/app.mjs", "/page/..%2Findex.html", "/page/package.json", "/page/"}) {
    EXPECT_EQ(get(unknown).status, 404) << unknown;
  }
}

TEST_F(Page, LetsNothingForeignIn) {
  for (const auto* path : {"/", "/page/app.js", "/page/icon.svg"}) {
    const auto policy = get(path).header("Content-Security-Policy");
    EXPECT_THAT(policy,
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"), HasSubstr("style-src 'self'"),
                      HasSubstr("frame-ancestors 'none'"), HasSubstr("require-trusted-types-for 'script'"),
                      Not(HasSubstr("unsafe")), Not(HasSubstr("http"))))
        << path;
  }
}

TEST_F(Page, IsFetchedOnceUntilItChanges) {
  const auto first = get("/page/app.js");
  const auto etag = first.header("ETag");
  EXPECT_EQ(etag.size(), 34U);
  EXPECT_EQ(first.header("Cache-Control"), "private, no-cache");
  EXPECT_EQ(first.header("Pragma"), "");
  const auto again = call("GET", "/page/app.js", "", {{"If-None-Match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.text, "");
  EXPECT_EQ(again.header("ETag"), etag);
  EXPECT_EQ(call("GET", "/page/app.js", "", {{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_NE(get("/page/picture.js").header("ETag"), etag);
  EXPECT_THAT(get("/manage/info").header("Cache-Control"), HasSubstr("no-store"));
}

TEST_F(Page, IsToldWhatItsVisitorMaySee) {
  ApiSettings settings;
  settings.version = "1.2.3";
  settings.user.emplace("drift", Secret("hemmelig"));
  const auto told = [&](const std::string& address) {
    auto open = settings;
    open.user.reset();
    const auto response = from(address, "/page/context.json", open);
    return json::parse(std::get<std::string>(response.body)).at("exposed");
  };
  EXPECT_EQ(told("127.0.0.1"), (json::array{"health", "metrics", "channels", "config"}));
  EXPECT_EQ(told("192.0.2.7"), (json::array{"health", "metrics"}));
  EXPECT_EQ(from("127.0.0.1", "/page/context.json", settings).status, 401);
  EXPECT_EQ(from("127.0.0.1", "/page/app.js", settings).status, 401);
  settings.management.exclude = {"config", "health"};
  EXPECT_EQ(told("::1"), (json::array{"metrics", "channels"}));
  EXPECT_EQ(get("/page/context.json").at("/management"), "/manage");
  EXPECT_EQ(get("/page/context.json").at("/overview"), json::value());
}

TEST_F(Page, ShowsTheConfigurationToOperatorsOnly) {
  using Kind = ops::Config::KeyVerdict::Kind;
  ApiSettings settings;
  settings.management.verdicts = {
      {Kind::used, "difi.move.org.keystore.password", "(hidden)", {"integrasjonspunkt-local.properties", 7}, {}},
      {Kind::not_honoured, "difi.move.dpf.enable", "true", {"environment", 0}, {"is not there yet"}}};
  EXPECT_EQ(from("192.0.2.7", "/manage/config", settings).status, 403);
  auto hidden = settings;
  hidden.management.exclude = {"config"};
  EXPECT_EQ(from("127.0.0.1", "/manage/config", hidden).status, 404);
  serve(settings);
  const json::array expected{json::object{{"key", "difi.move.org.keystore.password"},
                                          {"value", "(hidden)"},
                                          {"origin", "integrasjonspunkt-local.properties:7"},
                                          {"verdict", "used"},
                                          {"texts", json::array{}}},
                             json::object{{"key", "difi.move.dpf.enable"},
                                          {"value", "true"},
                                          {"origin", "environment"},
                                          {"verdict", "not honoured"},
                                          {"texts", json::array{"is not there yet"}}}};
  EXPECT_EQ(get("/manage/config").body(), expected);
}

}  // namespace
}  // namespace kanal::api::testing

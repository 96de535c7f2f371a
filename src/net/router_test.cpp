#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_server.hpp"

namespace kanal::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RouterTest : public ::testing::Test {
 protected:
  void add(const char* method, const char* pattern) {
    const std::string name = std::string(method) + " " + pattern;
    router.add(method, pattern, [this, name](const auto&, const Router::Variables&) {
      chosen = name;
      return Response{};
    });
  }
  std::string route(const char* method, const char* path) {
    match = router.find(method, path);
    chosen.clear();
    if (match.endpoint) static_cast<void>((*match.endpoint)(nullptr, match.variables));
    return chosen;
  }
  Router router;
  Router::Match match;
  std::string chosen;
};

TEST_F(RouterTest, ListsItsRoutes) {
  add("GET", "/");
  add("PUT", "/api/messages/out/{messageId}");
  const auto routes = router.routes();
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].pattern, "/");
  EXPECT_EQ(routes[1].method, "PUT");
  EXPECT_EQ(routes[1].pattern, "/api/messages/out/{messageId}");
}

TEST_F(RouterTest, FindsByMethodAndPath) {
  add("GET", "/api/messages/out");
  add("POST", "/api/messages/out");
  add("PUT", "/api/messages/out/{messageId}");
  EXPECT_EQ(route("GET", "/api/messages/out"), "GET /api/messages/out");
  EXPECT_EQ(route("POST", "/api/messages/out"), "POST /api/messages/out");
  EXPECT_EQ(route("PUT", "/api/messages/out/42"), "PUT /api/messages/out/{messageId}");
  EXPECT_THAT(match.variables, ElementsAre("42"));
}

TEST_F(RouterTest, LiteralWinsOverVariableWhateverTheOrder) {
  add("GET", "/in/{id}");
  add("GET", "/in/peek");
  add("GET", "/{any}/peek");
  EXPECT_EQ(route("GET", "/in/peek"), "GET /in/peek");
  EXPECT_EQ(route("GET", "/in/7"), "GET /in/{id}");
  EXPECT_EQ(route("GET", "/out/peek"), "GET /{any}/peek");
}

TEST_F(RouterTest, AnEarlierLiteralCountsMore) {
  add("GET", "/{a}/b");
  add("GET", "/a/{b}");
  EXPECT_EQ(route("GET", "/a/b"), "GET /a/{b}");
}

TEST_F(RouterTest, VariablesComeInOrder) {
  add("GET", "/{a}/x/{b}");
  EXPECT_EQ(route("GET", "/1/x/2"), "GET /{a}/x/{b}");
  EXPECT_THAT(match.variables, ElementsAre("1", "2"));
}

TEST_F(RouterTest, UnknownPathIsNotAWrongMethod) {
  add("GET", "/api/x");
  for (const char* path : {"/api", "/api/x/", "/api/y", "/api/x/y", "/", "", "/API/x"}) {
    EXPECT_EQ(route("GET", path), "") << path;
    EXPECT_FALSE(match.path_known) << path;
    EXPECT_THAT(match.allowed, IsEmpty()) << path;
  }
}

TEST_F(RouterTest, WrongMethodNamesTheAllowedOnes) {
  add("PUT", "/api/{id}");
  add("GET", "/api/{id}");
  add("GET", "/api/peek");
  EXPECT_EQ(route("DELETE", "/api/peek"), "");
  EXPECT_TRUE(match.path_known);
  EXPECT_THAT(match.allowed, ElementsAre("GET", "PUT"));
}

TEST_F(RouterTest, AVariableIsNeverEmpty) {
  add("GET", "/api/{id}");
  EXPECT_EQ(route("GET", "/api/"), "");
  EXPECT_FALSE(match.path_known);
}

TEST_F(RouterTest, GetAnswersHeadUnlessHeadIsThere) {
  add("GET", "/a");
  add("GET", "/b");
  add("HEAD", "/b");
  EXPECT_EQ(route("HEAD", "/a"), "GET /a");
  EXPECT_EQ(route("HEAD", "/b"), "HEAD /b");
}

TEST_F(RouterTest, TheRootIsAPath) {
  add("GET", "/");
  EXPECT_EQ(route("GET", "/"), "GET /");
  EXPECT_EQ(route("GET", "/a"), "");
}

}  // namespace
}  // namespace kanal::net

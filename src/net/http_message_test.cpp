#include "net/http_message.hpp"

#include <gtest/gtest.h>

#include "net/http_client.hpp"

namespace kanal::net {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(Header, IsFoundInAnyCaseFirstValueWins) {
  const Headers headers = {{"content-TYPE", "a"}, {"Content-Type", "b"}, {"X", ""}};
  EXPECT_EQ(header(headers, "Content-Type"), "a");
  EXPECT_EQ(header(headers, "x"), "");
  EXPECT_EQ(header(headers, "Content-Typ"), "");
  EXPECT_EQ(header({}, "any"), "");
}

TEST(Parameter, FirstOfTheNameOrNothing) {
  Request request;
  request.query = {{"a", "1"}, {"a", "2"}, {"empty", ""}};
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("A"), std::nullopt);
}

struct Case {
  const char* target;
  const char* path;
  Query query;
};

TEST(Target, Decodes) {
  const Case cases[] = {
      {"/", "/", {}},
      {"*", "*", {}},
      {"/api/messages/out", "/api/messages/out", {}},
      {"/a%20b/%C3%A6", "/a b/\xC3\xA6", {}},
      {"/a+b", "/a+b", {}},
      {"/a%2Fb", "/a/b", {}},
      {"/a?", "/a", {}},
      {"/a?b", "/a", {{"b", ""}}},
      {"/a?b=", "/a", {{"b", ""}}},
      {"/a?b=c=d", "/a", {{"b", "c=d"}}},
      {"/a?=v", "/a", {{"", "v"}}},
      {"/a?x=1&y=2&x=3", "/a", {{"x", "1"}, {"y", "2"}, {"x", "3"}}},
      {"/a?&&x=1&", "/a", {{"x", "1"}}},
      {"/a?q=one+two%2Bthree", "/a", {{"q", "one two+three"}}},
      {"/a?sort=lastUpdate%2Cdesc", "/a", {{"sort", "lastUpdate,desc"}}},
      {"/a?b%26c=d%3de", "/a", {{"b&c", "d=e"}}},
      {"/a?b=?/c", "/a", {{"b", "?/c"}}},
      {"http://host:9093/a?b=c", "/a", {{"b", "c"}}},
      {"HTTPS://host", "/", {}},
      {"http://host?b=c", "/", {{"b", "c"}}},
  };
  for (const auto& c : cases) {
    const auto target = parse_target(c.target);
    ASSERT_TRUE(target) << c.target;
    EXPECT_EQ(target->path, c.path) << c.target;
    EXPECT_EQ(target->query, c.query) << c.target;
  }
}

TEST(Target, RefusesWhatHasNoMeaning) {
  for (const char* bad : {"", "a", "host:443", "ftp://host/a", "http://", "http:///a", "/%", "/%4", "/%4g", "/%g4",
                          "/a?b=%", "/a?%zz=1", "/%00", "/a?b=%00", "**", "/a b", "/a\tb", "/a\x7f"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

TEST(UrlEncode, KeepsUnreservedAndWhatIsAsked) {
  EXPECT_EQ(url_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(url_encode("a b+c/d?e&f=g%"), "a%20b%2Bc%2Fd%3Fe%26f%3Dg%25");
  EXPECT_EQ(url_encode("a/b:c", "/:"), "a/b:c");
  EXPECT_EQ(url_encode("\xC3\xA6\x01"), "%C3%A6%01");
  EXPECT_EQ(url_encode(""), "");
}

}  // namespace
}  // namespace kanal::net

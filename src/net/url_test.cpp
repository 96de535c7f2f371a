#include "net/url.hpp"

#include <gtest/gtest.h>

namespace kanal::net {
namespace {

TEST(UrlOrigin, IsSchemeHostAndPort) {
  EXPECT_EQ(url_origin("https://svarut.ks.no/tjenester/svarinn").value_or(""), "https://svarut.ks.no:443");
  EXPECT_EQ(url_origin("http://localhost:8080/a?b=https://c.no").value_or(""), "http://localhost:8080");
}

TEST(UrlOrigin, TheUserPartIsNotTheHost) {
  EXPECT_EQ(url_origin("https://svarut.ks.no@evil.example/").value_or(""), "https://evil.example:443");
}

TEST(UrlOrigin, AnythingElseIsRefused) {
  for (const std::string url : {"", "/forsendelse/1", "ftp://svarut.ks.no/", "file:///etc/passwd", "https://"}) {
    EXPECT_FALSE(url_origin(url)) << url;
  }
}

}  // namespace
}  // namespace kanal::net

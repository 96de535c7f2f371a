#include "lookup/remote_answer.hpp"

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;

TEST(RemoteText, HidesPersonsAndTokens) {
  EXPECT_EQ(remote_text("No record for citizen: 01017012345"), "No record for citizen: [person]");
  EXPECT_EQ(remote_text("/identifier/01017012345/process"), "/identifier/[person]/process");
  EXPECT_EQ(remote_text("org 911111111, 123456789012"), "org 911111111, 123456789012");
  EXPECT_EQ(remote_text("token eyJhbGciOi.eyJpc3M_i-.c2ln!"), "token [token]!");
}

TEST(RemoteText, IsShortAndOneLine) {
  EXPECT_EQ(remote_text("a\r\nb\tc\x7f"), "a  b c ");
  EXPECT_EQ(remote_text(""), "");
  EXPECT_EQ(remote_text("Får ikke tak i æøå"), "Får ikke tak i æøå");
  const auto cut = remote_text(std::string(299, 'x') + "øøø");
  EXPECT_EQ(cut, std::string(299, 'x') + "...") << "no half character";
  EXPECT_LT(remote_text(std::string(1'000'000, 'x')).size(), 310u);
  const auto hidden = remote_text(std::string(295, 'x') + " 01017012345 ");
  EXPECT_EQ(hidden.find("0101"), std::string::npos);
}

TEST(CauseText, CoversTheWholeChain) {
  Error inner{"http.timeout", "GET /identifier/01017012345 timed out"};
  const auto outer = failed(inner, "looking up 01017012345");
  EXPECT_EQ(cause_text(outer.value()), "looking up [person]: GET /identifier/[person] timed out");
}

TEST(HttpDate, ReadsTheOneForm) {
  const auto date = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(date);
  EXPECT_EQ(format_iso(*date), "1994-11-06T08:49:37Z");
  for (const std::string_view bad :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08-49-37 GMT"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

TEST(HttpDate, GivesSkewAndRetryTime) {
  const ManualClock clock;
  net::ClientResponse response;
  EXPECT_FALSE(clock_skew(response, clock.now()));
  EXPECT_FALSE(retry_after(response, clock.now()));
  response.headers = {{"date", http_date(clock.now() - std::chrono::minutes(5))}, {"retry-after", "7"}};
  EXPECT_EQ(clock_skew(response, clock.now()), std::chrono::minutes(5));
  EXPECT_EQ(retry_after(response, clock.now()), std::chrono::seconds(7));
  response.headers = {{"Retry-After", http_date(clock.now() + std::chrono::seconds(90))}};
  EXPECT_EQ(retry_after(response, clock.now()), std::chrono::seconds(90));
  response.headers = {{"Retry-After", http_date(clock.now() - std::chrono::seconds(90))}};
  EXPECT_EQ(retry_after(response, clock.now()), std::chrono::seconds(0));
  response.headers = {{"Retry-After", "999999"}};
  EXPECT_EQ(retry_after(response, clock.now()), std::chrono::hours(1));
  response.headers = {{"Retry-After", "-3"}};
  EXPECT_FALSE(retry_after(response, clock.now()));
}

}  // namespace
}  // namespace kanal::lookup

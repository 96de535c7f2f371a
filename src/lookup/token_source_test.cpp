#include "lookup/token_source.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <set>
#include <thread>

#include "lookup/lookup_testing.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;
using namespace std::chrono;
namespace json = boost::json;

class TokenSourceTest : public ::testing::Test {
 protected:
  /// A new token of that life at each call; its serial number is in it.
  std::string jwt(seconds life) {
    const auto claims =
        json::serialize(json::object{{"iat", 1'000}, {"exp", 1'000 + life.count()}, {"serial", ++serial}});
    return to_base64url(bytes_of(R"({"alg":"RS256"})")) + "." + to_base64url(bytes_of(claims)) +
           ".c2VjcmV0LXNpZ25hdHVyZQ";
  }
  net::Response granted(seconds life = seconds(120)) {
    return answer(200,
                  json::serialize(json::object{
                      {"access_token", jwt(life)}, {"token_type", "Bearer"}, {"expires_in", life.count()}}),
                  {{"Date", http_date(clock.now())}});
  }
  net::Response refused(int status, std::string_view error, std::string_view text) {
    return answer(status, json::serialize(json::object{{"error", error}, {"error_description", text}}),
                  {{"Date", http_date(clock.now())}});
  }
  /// Maskinporten grants 120 s, Altinn 1800 s.
  net::Response normal(const Seen& request) {
    const std::scoped_lock lock(serial_mutex);
    if (request.path == "/token") return granted();
    if (request.path == "/exchange") return answer(200, jwt(seconds(1800)));
    return answer(200, "done");
  }
  TokenSource source(bool exchange = true) {
    TokenClient client{peer.url("/token"), "https://test.maskinporten.no/", "MOVE_IP_911111111",
                       CertificateCredential{test_identity()}, exchange ? peer.url("/exchange") : ""};
    return {std::move(client), http, clock, log, [this](milliseconds delay) { delays.push_back(delay); }};
  }
  std::vector<std::string> assertions() {
    std::vector<std::string> out;
    for (const auto& request : peer.seen("/token"))
      out.push_back(request.body.substr(request.body.find("assertion=") + 10));
    return out;
  }

  ManualClock clock;
  CaptureLog log;
  std::vector<milliseconds> delays;
  std::mutex serial_mutex;
  int serial = 0;
  net::HttpClient http{net::ClientOptions{}};
  Peer peer{[this](const Seen& request) { return normal(request); }};
  const TokenRequest read{{"altinn:broker.read"}, SystemUser{"0192:911111111", "our_system_user"}};
};

TEST_F(TokenSourceTest, AsksMaskinportenAndExchangesAtAltinn) {
  auto tokens = source();
  const auto token = tokens.token(read);
  ASSERT_TRUE(token) << token.error().text();
  const auto seen = peer.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_TRUE(seen[0].body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  const auto jws = crypto::parse_jws(assertions().front());
  ASSERT_TRUE(jws);
  EXPECT_TRUE(crypto::verify_jws(*jws, crypto::PublicKey(test_identity().key)));
  EXPECT_EQ(json_object(jws->payload).at("scope"), "altinn:broker.read");
  EXPECT_EQ(seen[1].method, "GET");
  EXPECT_EQ(seen[1].body, "");
  EXPECT_TRUE(seen[1].header("Authorization").starts_with("Bearer eyJ"));
  EXPECT_NE(seen[1].header("Authorization"), "Bearer " + *token) << "the exchanged one is another";
}

TEST_F(TokenSourceTest, WithoutExchangeTheFirstTokenIsTheToken) {
  auto tokens = source(false);
  ASSERT_TRUE(tokens.token(read));
  EXPECT_EQ(peer.count(), 1u);
}

TEST_F(TokenSourceTest, TokenIsKeptPerKey) {
  auto tokens = source();
  TokenRequest both{{"b", "a"}, read.system_user};
  const auto first = tokens.token(both);
  ASSERT_TRUE(first);
  EXPECT_EQ(*tokens.token({{"a", "b"}, read.system_user}), *first) << "the order of scopes makes no difference";
  EXPECT_EQ(peer.count("/token"), 1u);
  TokenRequest other_name = both;
  other_name.system_user->name = "another";
  TokenRequest other_organisation = both;
  other_organisation.system_user->organisation = "0192:922222222";
  TokenRequest on_behalf = both;
  on_behalf.consumer_org = "922222222";
  std::set<std::string> all = {*first};
  for (const auto& request :
       {other_name, other_organisation, on_behalf, TokenRequest{{"a"}, read.system_user}, TokenRequest{{"a", "b"}}}) {
    all.insert(*tokens.token(request));
  }
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(peer.count("/token"), 6u);
}

TEST_F(TokenSourceTest, LifeEndsAtTenPercentMarginAndAtTwentyFiveMinutes) {
  auto tokens = source();
  const auto first = *tokens.token(read);
  clock.advance(minutes(20) - seconds(1));
  EXPECT_EQ(*tokens.token(read), first) << "1800 s: at most 25 minutes, renewed after 20";
  peer.set(
      [this](const Seen& request) { return request.path == "/token" ? granted() : answer(200, jwt(seconds(600))); });
  clock.advance(seconds(1));
  const auto second = *tokens.token(read);
  EXPECT_NE(second, first);
  clock.advance(seconds(431));
  EXPECT_EQ(*tokens.token(read), second) << "600 s: 540 s are used, renewed after 432";
  clock.advance(seconds(1));
  EXPECT_NE(*tokens.token(read), second);
}

TEST_F(TokenSourceTest, LongTokenIsNeverUsedLongerThanTwentyFiveMinutes) {
  peer.set([this](const Seen&) { return granted(hours(10)); });
  auto tokens = source(false);
  const auto first = *tokens.token(read);
  peer.set([](const Seen&) { return answer(503); });
  clock.advance(minutes(25) - seconds(1));
  EXPECT_EQ(*tokens.token(read), first);
  clock.advance(seconds(31));
  EXPECT_EQ(code_of(tokens.token(read)), "token.unavailable");
}

TEST_F(TokenSourceTest, ShortTokenLeavesAMinuteOfMargin) {
  auto tokens = source(false);
  const auto first = *tokens.token(read);
  clock.advance(seconds(47));
  EXPECT_EQ(*tokens.token(read), first);
  clock.advance(seconds(1));
  EXPECT_NE(*tokens.token(read), first) << "120 s: 60 s are used, renewed after 48";
}

TEST_F(TokenSourceTest, TokenOfFiveSecondsServesOnce) {
  peer.set([this](const Seen&) { return granted(seconds(5)); });
  auto tokens = source(false);
  const auto first = tokens.token(read);
  ASSERT_TRUE(first);
  const auto second = tokens.token(read);
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
}

TEST_F(TokenSourceTest, TokenWithoutExpiryIsTakenForAShortOne) {
  peer.set(
      [this](const Seen&) { return answer(200, R"({"access_token":"opaque-)" + std::to_string(++serial) + "\"}"); });
  auto tokens = source(false);
  EXPECT_EQ(*tokens.token(read), "opaque-1");
  clock.advance(seconds(47));
  EXPECT_EQ(*tokens.token(read), "opaque-1");
  clock.advance(seconds(1));
  EXPECT_EQ(*tokens.token(read), "opaque-2");
}

TEST_F(TokenSourceTest, OneFetchForTwentyCallersAtOnce) {
  constexpr int callers = 20;
  std::latch all_here(callers);
  peer.set([&](const Seen& request) {
    all_here.wait();
    return normal(request);
  });
  auto tokens = source();
  std::vector<std::future<Result<std::string>>> results;
  for (int i = 0; i < callers; ++i) {
    results.push_back(std::async(std::launch::async, [&] {
      all_here.count_down();
      return tokens.token(read);
    }));
  }
  std::set<std::string> different;
  for (auto& result : results) different.insert(result.get().value_or("failed"));
  EXPECT_EQ(different.size(), 1u);
  EXPECT_FALSE(different.contains("failed"));
  EXPECT_EQ(peer.count("/token"), 1u);
  EXPECT_EQ(peer.count("/exchange"), 1u);
}

TEST_F(TokenSourceTest, WaitersShareTheErrorToo) {
  constexpr int callers = 8;
  std::latch all_here(callers);
  peer.set([&](const Seen&) {
    all_here.wait();
    return refused(401, "invalid_client", "MP-100");
  });
  auto tokens = source();
  std::vector<std::future<std::string>> results;
  for (int i = 0; i < callers; ++i) {
    results.push_back(std::async(std::launch::async, [&] {
      all_here.count_down();
      return code_of(tokens.token(read));
    }));
  }
  for (auto& result : results) EXPECT_EQ(result.get(), "token.refused");
  EXPECT_EQ(peer.count(), 1u);
}

TEST_F(TokenSourceTest, OthersGetTheOldTokenWhileOneRenews) {
  auto tokens = source();
  const auto first = *tokens.token(read);
  clock.advance(minutes(21));
  std::promise<void> asked;
  std::promise<void> go_on;
  peer.set([&, go = go_on.get_future().share()](const Seen& request) {
    if (request.path == "/token") {
      asked.set_value();
      go.wait();
    }
    return normal(request);
  });
  auto renewing = std::async(std::launch::async, [&] { return tokens.token(read); });
  asked.get_future().wait();
  EXPECT_EQ(*tokens.token(read), first);
  go_on.set_value();
  const auto renewed = renewing.get();
  ASSERT_TRUE(renewed);
  EXPECT_NE(*renewed, first);
  EXPECT_EQ(*tokens.token(read), *renewed);
}

TEST_F(TokenSourceTest, FailedRenewalKeepsTheOldTokenAndPauses) {
  auto tokens = source();
  const auto first = *tokens.token(read);
  clock.advance(minutes(21));
  peer.set([](const Seen&) { return answer(500); });
  EXPECT_EQ(*tokens.token(read), first);
  EXPECT_EQ(peer.count("/token"), 2u) << "one attempt, no retries: nobody needs it yet";
  EXPECT_EQ(*tokens.token(read), first);
  EXPECT_EQ(peer.count("/token"), 2u);
  EXPECT_EQ(log.count("token_not_renewed"), 1);
  EXPECT_FALSE(tokens.health().front().last_error.empty());
  clock.advance(seconds(30));
  peer.set([this](const Seen& request) { return normal(request); });
  EXPECT_NE(*tokens.token(read), first);
  EXPECT_TRUE(tokens.health().front().last_error.empty());
}

TEST_F(TokenSourceTest, OldTokenOutlivesItsMarginInAnOutage) {
  auto tokens = source(false);
  const auto first = *tokens.token(read);
  clock.advance(seconds(90));
  peer.set([](const Seen&) { return answer(503); });
  EXPECT_EQ(*tokens.token(read), first) << "120 s: past the margin, but still valid";
  clock.advance(seconds(31));
  EXPECT_EQ(code_of(tokens.token(read)), "token.unavailable");
}

TEST_F(TokenSourceTest, RefusedRenewalKeepsTheOldTokenToo) {
  auto tokens = source();
  const auto first = *tokens.token(read);
  clock.advance(minutes(21));
  peer.set([this](const Seen&) { return refused(400, "invalid_scope", ""); });
  EXPECT_EQ(*tokens.token(read), first);
  clock.advance(seconds(29));
  EXPECT_EQ(*tokens.token(read), first);
  EXPECT_EQ(peer.count("/token"), 2u);
}

TEST_F(TokenSourceTest, WallClockThatJumpsChangesNothing) {
  // Lifetimes come from exp - iat, which here lie decades before the clock's time.
  auto tokens = source();
  const auto first = *tokens.token(read);
  clock.advance(minutes(10));
  EXPECT_EQ(*tokens.token(read), first);
}

TEST_F(TokenSourceTest, RefusalIsKeptLongerAndLonger) {
  peer.set([this](const Seen&) { return refused(401, "invalid_client", "MP-100"); });
  auto tokens = source();
  std::size_t asked = 0;
  for (const auto pause : {seconds(30), seconds(60), seconds(120), seconds(300), seconds(900), seconds(900)}) {
    EXPECT_EQ(code_of(tokens.token(read)), "token.refused");
    EXPECT_EQ(peer.count(), ++asked);
    clock.advance(pause - seconds(1));
    const auto kept = tokens.token(read);
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().disposition, Disposition::retry);
    EXPECT_EQ(kept.error().retry_after, seconds(1));
    EXPECT_EQ(peer.count(), asked) << pause.count();
    clock.advance(seconds(1));
  }
  EXPECT_TRUE(delays.empty()) << "a refusal is not tried again at once";
  peer.set([this](const Seen& request) { return normal(request); });
  EXPECT_TRUE(tokens.token(read));
}

TEST_F(TokenSourceTest, AnAssertionThatExpiredOnItsWayIsReplaced) {
  peer.set([this](const Seen& request) {
    if (peer.count("/token") > 1) return normal(request);
    clock.advance(minutes(10));  // as after a suspended machine
    return refused(400, "invalid_grant", "Invalid assertion. The assertion has expired (exp)");
  });
  auto tokens = source();
  ASSERT_TRUE(tokens.token(read));
  const auto sent = assertions();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[0], sent[1]);
  EXPECT_EQ(delays.size(), 1u);
}

TEST_F(TokenSourceTest, PausesBeginAnewAfterASuccess) {
  peer.set([this](const Seen&) { return refused(400, "invalid_scope", ""); });
  auto tokens = source(false);
  EXPECT_EQ(code_of(tokens.token(read)), "token.scope");
  clock.advance(seconds(30));
  EXPECT_EQ(code_of(tokens.token(read)), "token.scope");
  clock.advance(seconds(60));
  peer.set([this](const Seen& request) { return normal(request); });
  EXPECT_TRUE(tokens.token(read));
  clock.advance(minutes(10));
  peer.set([this](const Seen&) { return refused(400, "invalid_scope", ""); });
  EXPECT_FALSE(tokens.token(read));
  clock.advance(seconds(30));
  const auto asked = peer.count();
  EXPECT_FALSE(tokens.token(read));
  EXPECT_EQ(peer.count(), asked + 1);
}

TEST_F(TokenSourceTest, RefusalOfOneReporteeStopsNoOther) {
  peer.set([this](const Seen& request) {
    if (request.path != "/token") return normal(request);
    const auto assertion = crypto::parse_jws(request.body.substr(request.body.find("assertion=") + 10));
    if (assertion && assertion->payload.find("0192:922222222") != std::string::npos) {
      return refused(400, "invalid_request", "system user not found");
    }
    return normal(request);
  });
  auto tokens = source();
  TokenRequest unapproved = read;
  unapproved.system_user = SystemUser{"0192:922222222", "their_system_user"};
  const auto error = tokens.token(unapproved);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code, "token.system_user");
  EXPECT_NE(error.error().text().find("their_system_user"), std::string::npos);
  EXPECT_TRUE(tokens.token(read));
}

TEST_F(TokenSourceTest, OutageIsTriedThreeTimesWithNewAssertions) {
  for (const int status : {500, 503, 429}) {
    peer.set([status](const Seen&) { return answer(status); });
    auto tokens = source();
    const auto before = peer.count();
    delays.clear();
    EXPECT_EQ(code_of(tokens.token(read)), "token.unavailable");
    EXPECT_EQ(peer.count(), before + 3);
    ASSERT_EQ(delays.size(), 2u);
    EXPECT_GE(delays[0], milliseconds(375));
    EXPECT_LE(delays[0], milliseconds(625));
    EXPECT_GE(delays[1], milliseconds(1'500));
    EXPECT_LE(delays[1], milliseconds(2'500));
    EXPECT_EQ(code_of(tokens.token(read)), "token.unavailable");
    EXPECT_EQ(peer.count(), before + 6) << "an outage is not remembered";
  }
  std::set<std::string> ids;
  for (const auto& assertion : assertions())
    ids.insert(std::string(json_object(crypto::parse_jws(assertion)->payload).at("jti").as_string()));
  EXPECT_EQ(ids.size(), 18u);
}

TEST_F(TokenSourceTest, SecondAttemptMaySucceed) {
  int calls = 0;
  peer.set([&](const Seen& request) { return ++calls == 1 ? answer(502) : normal(request); });
  auto tokens = source();
  EXPECT_TRUE(tokens.token(read));
  EXPECT_EQ(delays.size(), 1u);
}

TEST_F(TokenSourceTest, NobodyThereIsAnOutage) {
  TokenClient client{"http://127.0.0.1:1/token", "aud", "id", CertificateCredential{test_identity()}};
  TokenSource tokens(client, http, clock, log, [this](milliseconds delay) { delays.push_back(delay); });
  const auto token = tokens.token(read);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, "token.unavailable");
  EXPECT_EQ(delays.size(), 2u);
}

TEST_F(TokenSourceTest, LongRetryAfterIsLeftToTheCaller) {
  peer.set([](const Seen&) { return answer(429, "", {{"Retry-After", "60"}}); });
  auto tokens = source();
  const auto token = tokens.token(read);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().retry_after, seconds(60));
  EXPECT_EQ(peer.count(), 1u);
  peer.set([](const Seen&) { return answer(429, "", {{"Retry-After", "4"}}); });
  EXPECT_FALSE(tokens.token(read));
  ASSERT_EQ(delays.size(), 2u);
  EXPECT_EQ(delays[0], seconds(4));
}

TEST_F(TokenSourceTest, ExchangeThatFindsTheTokenExpiredGetsANewOneOnce) {
  int exchanges = 0;
  peer.set([&](const Seen& request) {
    if (request.path == "/exchange" && ++exchanges == 1) return answer(401);
    return normal(request);
  });
  auto tokens = source();
  EXPECT_TRUE(tokens.token(read));
  EXPECT_EQ(peer.count("/token"), 2u);
  EXPECT_EQ(peer.count("/exchange"), 2u);
  const auto asked = peer.seen("/exchange");
  EXPECT_NE(asked[0].header("Authorization"), asked[1].header("Authorization"));
  EXPECT_TRUE(delays.empty());
}

TEST_F(TokenSourceTest, SecondRefusalOfTheExchangeIsFinal) {
  peer.set([this](const Seen& request) {
    return request.path == "/exchange" ? answer(401, "", {{"Date", http_date(clock.now())}}) : normal(request);
  });
  auto tokens = source();
  EXPECT_EQ(code_of(tokens.token(read)), "token.refused");
  EXPECT_EQ(code_of(tokens.token(read)), "token.refused");
  EXPECT_EQ(peer.count("/exchange"), 2u) << "kept like Maskinporten's own refusals";
}

TEST_F(TokenSourceTest, ExchangeAnswersOfAnyShape) {
  for (const bool quoted : {true, false}) {
    const auto token = jwt(seconds(1800));
    peer.set([&](const Seen& request) {
      if (request.path == "/token") return granted();
      return answer(200, quoted ? "\"" + token + "\"\n" : R"({"token":")" + token + "\"}");
    });
    auto tokens = source();
    EXPECT_EQ(tokens.token(read).value_or(""), token);
  }
  peer.set([this](const Seen& request) { return request.path == "/token" ? granted() : answer(200, "<html>"); });
  auto tokens = source();
  EXPECT_EQ(code_of(tokens.token(read)), "token.malformed");
}

TEST_F(TokenSourceTest, WrongClockIsNamed) {
  peer.set([this](const Seen&) {
    return answer(400, R"({"error":"invalid_grant","error_description":"Invalid assertion"})",
                  {{"Date", http_date(clock.now() - minutes(5))}});
  });
  auto tokens = source();
  const auto token = tokens.token(read);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, "token.clock");
  EXPECT_NE(token.error().text().find("300 s ahead"), std::string::npos) << token.error().text();
}

TEST_F(TokenSourceTest, SkewIsReportedBeforeItHurtsOnceAnHour) {
  peer.set([this](const Seen&) {
    auto response = granted();
    response.headers = {{"Date", http_date(clock.now() + seconds(20))}};
    return response;
  });
  auto tokens = source(false);
  EXPECT_TRUE(tokens.token(read));
  clock.advance(minutes(5));
  EXPECT_TRUE(tokens.token(read));
  EXPECT_EQ(log.count("clock_skew seconds=-20"), 1) << log.text();
  clock.advance(hours(1));
  EXPECT_TRUE(tokens.token(read));
  EXPECT_EQ(log.count("clock_skew"), 2);
}

TEST_F(TokenSourceTest, UploadGetsATokenThatLastsLongEnough) {
  auto tokens = source();
  peer.set(
      [this](const Seen& request) { return request.path == "/token" ? granted() : answer(200, jwt(seconds(900))); });
  const auto first = *tokens.token(read);
  TokenRequest upload = read;
  upload.at_least = seconds(300);
  clock.advance(seconds(600));
  EXPECT_EQ(*tokens.token(upload), first) << "300 s left";
  clock.advance(seconds(1));
  const auto second = *tokens.token(upload);
  EXPECT_NE(second, first);
  EXPECT_EQ(*tokens.token(read), second);
}

TEST_F(TokenSourceTest, UploadTakesWhatThereIsWhenNoTokenLastsThatLong) {
  auto tokens = source(false);
  TokenRequest upload = read;
  upload.at_least = seconds(300);
  const auto first = tokens.token(upload);
  ASSERT_TRUE(first);
  EXPECT_EQ(*tokens.token(upload), *first) << "120 s tokens are not fetched for each upload";
  EXPECT_EQ(peer.count(), 1u);
}

TEST_F(TokenSourceTest, UploadTakesTheOldTokenInAnOutage) {
  auto tokens = source();
  peer.set(
      [this](const Seen& request) { return request.path == "/token" ? granted() : answer(200, jwt(seconds(900))); });
  const auto first = *tokens.token(read);
  peer.set([](const Seen&) { return answer(503); });
  clock.advance(seconds(601));
  TokenRequest upload = read;
  upload.at_least = seconds(300);
  EXPECT_EQ(tokens.token(upload).value_or("failed"), first);
}

TEST_F(TokenSourceTest, RejectedTokenIsForgottenIfItIsTheCachedOne) {
  auto tokens = source();
  const auto first = *tokens.token(read);
  tokens.reject(read, "another");
  EXPECT_EQ(*tokens.token(read), first);
  tokens.reject(read, first);
  const auto second = *tokens.token(read);
  EXPECT_NE(second, first);
  tokens.reject(read, first);
  EXPECT_EQ(*tokens.token(read), second) << "a late answer about the old token";
}

TEST_F(TokenSourceTest, RejectionsFetchAtMostOneTokenAMinute) {
  auto tokens = source();
  tokens.reject(read, *tokens.token(read));
  const auto second = *tokens.token(read);
  tokens.reject(read, second);
  EXPECT_EQ(*tokens.token(read), second);
  clock.advance(seconds(60));
  tokens.reject(read, second);
  EXPECT_NE(*tokens.token(read), second);
}

TEST_F(TokenSourceTest, HealthTellsPerKey) {
  auto tokens = source();
  EXPECT_TRUE(tokens.health().empty());
  ASSERT_TRUE(tokens.token(read));
  peer.set([this](const Seen&) { return refused(401, "invalid_client", "MP-121"); });
  TokenRequest other{{"other:scope"}};
  other.consumer_org = "922222222";
  EXPECT_FALSE(tokens.token(other));
  const auto health = tokens.health();
  ASSERT_EQ(health.size(), 2u);
  EXPECT_EQ(health[0].scopes, "altinn:broker.read");
  EXPECT_EQ(health[0].organisation, "0192:911111111");
  EXPECT_EQ(health[0].last_success, clock.now());
  EXPECT_EQ(health[0].expires, clock.now() + seconds(1800));
  EXPECT_EQ(health[0].last_error, "");
  EXPECT_EQ(health[0].certificate_expires, test_identity().certificate.not_after());
  EXPECT_EQ(health[1].organisation, "922222222");
  EXPECT_FALSE(health[1].last_success);
  EXPECT_TRUE(health[1].last_error.starts_with("token.refused: ")) << health[1].last_error;
}

TEST_F(TokenSourceTest, NothingSecretIsLoggedOrReported) {
  auto tokens = source();
  std::string reported;
  const auto report = [&](const Result<std::string>& result) {
    if (!result) reported += result.error().text() + "\n";
  };
  const auto first = tokens.token(read);
  tokens.reject(read, *first);
  int calls = 0;
  peer.set([&](const Seen& request) -> net::Response {
    // A peer that throws back at us whatever it got.
    switch (++calls) {
      case 1:
        return refused(400, "invalid_grant", request.body);
      case 2:
        return answer(500, request.body);
      case 3:
        return answer(200, request.body);
      default:
        return answer(200, "{\"access_token\":\"" + request.body + "\"}");
    }
  });
  for (int i = 0; i < 4; ++i) {
    report(tokens.token(read));
    clock.advance(minutes(30));
  }
  for (const auto& one : tokens.health()) reported += one.last_error;
  EXPECT_NE(reported, "");
  EXPECT_NE(log.text(), "");
  for (const auto& text : {reported, log.text()}) {
    EXPECT_EQ(text.find("eyJ"), std::string::npos) << text;
    EXPECT_EQ(text.find("c2VjcmV0"), std::string::npos) << text;
    for (const auto& assertion : assertions())
      EXPECT_EQ(text.find(assertion.substr(assertion.rfind('.'))), std::string::npos);
  }
  EXPECT_NE(log.text().find("jti="), std::string::npos) << "the assertion's id may be told";
}

class SendWithToken : public TokenSourceTest {
 protected:
  Result<net::ClientResponse> call(TokenSource& tokens, bool permission_problem = false, Source* upload = nullptr) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = peer.url("/api");
    request.headers = {{"Accept", "application/json"}};
    request.body = upload == nullptr ? "content" : "";
    request.upload = upload;
    return send_with_token(http, tokens, read, std::move(request),
                           [permission_problem](const net::ClientResponse&) { return permission_problem; });
  }
};

TEST_F(SendWithToken, SendsTheToken) {
  auto tokens = source();
  const auto response = call(tokens);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "done");
  const auto seen = peer.seen("/api");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer " + *tokens.token(read));
  EXPECT_EQ(seen[0].header("Accept"), "application/json");
}

TEST_F(SendWithToken, TriesOnceMoreWithANewTokenAfter401) {
  auto tokens = source();
  int calls = 0;
  peer.set([&](const Seen& request) { return request.path == "/api" && ++calls == 1 ? answer(401) : normal(request); });
  const auto response = call(tokens);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  const auto seen = peer.seen("/api");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_NE(seen[0].header("Authorization"), seen[1].header("Authorization"));
  EXPECT_EQ(seen[1].body, "content");
  EXPECT_EQ(std::ranges::count(seen[1].headers, "Authorization", &std::pair<std::string, std::string>::first), 1);
}

TEST_F(SendWithToken, Second401IsTheAnswerAndNotALoop) {
  auto tokens = source();
  peer.set([this](const Seen& request) { return request.path == "/api" ? answer(401, "no") : normal(request); });
  const auto response = call(tokens);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(peer.count("/api"), 2u);
  EXPECT_EQ(peer.count("/token"), 2u);
  ASSERT_TRUE(call(tokens));
  EXPECT_EQ(peer.count("/api"), 3u) << "the token is new: another one would not help";
  EXPECT_EQ(peer.count("/token"), 2u);
}

TEST_F(SendWithToken, PermissionProblemKeepsTheToken) {
  auto tokens = source();
  peer.set([this](const Seen& request) { return request.path == "/api" ? answer(401, "BRO-00006") : normal(request); });
  const auto response = call(tokens, true);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(peer.count("/api"), 1u);
  EXPECT_EQ(peer.count("/token"), 1u);
}

TEST_F(SendWithToken, UploadIsNotRepeated) {
  auto tokens = source();
  peer.set([this](const Seen& request) { return request.path == "/api" ? answer(401) : normal(request); });
  const std::string content = "content";
  MemorySource upload(bytes_of(content));
  const auto before = *tokens.token(read);
  const auto response = call(tokens, false, &upload);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(peer.count("/api"), 1u);
  EXPECT_NE(*tokens.token(read), before) << "the next attempt has a new one";
}

TEST_F(SendWithToken, TokenErrorsComeBackUnchanged) {
  peer.set([this](const Seen&) { return refused(401, "invalid_client", "MP-100"); });
  auto tokens = source();
  EXPECT_EQ(code_of(call(tokens)), "token.refused");
  EXPECT_EQ(peer.count("/api"), 0u);
}

}  // namespace
}  // namespace kanal::lookup

#include "lookup/token_errors.hpp"

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;

class TokenErrors : public ::testing::Test {
 protected:
  [[nodiscard]] net::ClientResponse response(int status, std::string body, std::chrono::seconds behind = {}) const {
    return {status, {{"Date", http_date(clock.now() + behind)}}, std::move(body)};
  }
  [[nodiscard]] Error maskinporten(int status, std::string_view error, std::string_view description,
                                   std::chrono::seconds behind = {}) const {
    const auto body = boost::json::serialize(boost::json::object{{"error", error}, {"error_description", description}});
    return maskinporten_error(response(status, body, behind), client, request, clock.now());
  }
  static void expect(const Error& error, std::string_view code, std::initializer_list<std::string_view> words) {
    EXPECT_EQ(error.code, code) << error.text();
    EXPECT_EQ(error.disposition, Disposition::retry);
    for (const auto word : words)
      EXPECT_NE(error.text().find(word), std::string::npos) << word << " in: " << error.text();
  }

  ManualClock clock;
  TokenClient client{"http://x/token", "https://test.maskinporten.no/", "MOVE_IP_911111111", JwkCredential{}};
  TokenRequest request{{"altinn:broker.read", "altinn:broker.write"}, SystemUser{"0192:911111111", "our_system_user"}};
};

TEST_F(TokenErrors, EachKnownCauseSaysWhatToDo) {
  expect(maskinporten(401, "invalid_client", "Client authentication failed (MP-100)"), "token.refused",
         {"MP-100", "MOVE_IP_911111111", "oidc.clientId"});
  expect(maskinporten(400, "invalid_grant", "MP-110 Invalid aud"), "token.refused", {"MP-110", "oidc.audience"});
  expect(maskinporten(400, "invalid_grant", "MP-120: invalid certificate"), "token.refused",
         {"MP-120", "revoked", "production"});
  expect(maskinporten(400, "invalid_grant", "mp-121: key expired"), "token.refused", {"register a new key"});
}

TEST_F(TokenErrors, ScopeIsNamed) {
  expect(maskinporten(400, "invalid_scope", "The client has not access to scope(s) altinn:broker.write"), "token.scope",
         {"scope altinn:broker.write is not granted"});
  expect(maskinporten(400, "invalid_scope", ""), "token.scope", {"altinn:broker.read, altinn:broker.write"});
  expect(maskinporten(403, "access_denied", "Consumer does not have access to scope altinn:broker.read"), "token.scope",
         {"scope altinn:broker.read is"});
}

TEST_F(TokenErrors, SystemUserIsNamed) {
  for (const std::string_view text : {"System user not found", "No systembruker for the organisation",
                                      "authorization_details is wrong", "Altinn refused the request"}) {
    expect(maskinporten(400, "invalid_request", text), "token.system_user",
           {"our_system_user", "0192:911111111", "approve"});
  }
  expect(maskinporten(400, "invalid_grant", "no such thing for altinn:broker.read"), "token.refused", {});
  request.system_user.reset();
  expect(maskinporten(400, "invalid_request", "System user not found"), "token.refused", {});
}

TEST_F(TokenErrors, WrongClockIsMeasured) {
  using std::chrono::seconds;
  expect(maskinporten(400, "invalid_grant", "Invalid assertion", seconds(300)), "token.clock", {"300 s behind", "NTP"});
  expect(maskinporten(400, "invalid_grant", "Invalid assertion", seconds(-300)), "token.clock", {"300 s ahead"});
  expect(maskinporten(400, "invalid_grant", "Invalid assertion", seconds(9)), "token.refused", {"Invalid assertion"});
  expect(maskinporten(401, "invalid_client", "MP-100", seconds(300)), "token.refused", {"MP-100"});
  expect(exchange_error(response(401, "", seconds(300)), client, request, clock.now()), "token.clock", {"Altinn"});
}

TEST_F(TokenErrors, UsedAssertionIsWorthAnother) {
  const auto error = maskinporten(400, "invalid_grant", "Invalid assertion, jti already used");
  expect(error, "token.unavailable", {});
  EXPECT_TRUE(is_passing(error));
}

TEST_F(TokenErrors, OutagesPass) {
  for (const int status : {302, 408, 429, 500, 502, 503}) {
    expect(maskinporten_error(response(status, "<html>"), client, request, clock.now()), "token.unavailable",
           {"Maskinporten answered " + std::to_string(status)});
    expect(exchange_error(response(status, "<html>"), client, request, clock.now()), "token.unavailable", {"Altinn"});
  }
  auto busy = response(429, "");
  busy.headers.emplace_back("Retry-After", "3");
  EXPECT_EQ(maskinporten_error(busy, client, request, clock.now()).retry_after, std::chrono::seconds(3));
}

TEST_F(TokenErrors, AnyOtherBodyIsARefusal) {
  for (const std::string_view body : {"", "<html>", "[]", R"({"error":{}})", R"({"error":)"}) {
    expect(maskinporten_error(response(400, std::string(body)), client, request, clock.now()), "token.refused",
           {"400"});
  }
  expect(maskinporten_error(response(404, ""), client, request, clock.now()), "token.refused", {"oidc.url"});
}

TEST_F(TokenErrors, ExchangeRefusals) {
  for (const int status : {400, 401, 403, 404}) {
    expect(exchange_error(response(status, ""), client, request, clock.now()), "token.refused",
           {std::to_string(status), "altinn:broker.read", "environment"});
  }
}

TEST_F(TokenErrors, NoAnswerSaysWhereAndWhatToCheck) {
  const auto error = [](const char* code) { return no_answer({code, "cause"}, "https://maskinporten.no/token"); };
  expect(error("http.connect"), "token.unavailable", {"https://maskinporten.no/token", "proxy", "cause"});
  expect(error("http.timeout"), "token.unavailable", {"firewall"});
  expect(error("http.tls"), "token.unavailable", {"cause"});
  expect(error("http.url"), "token.refused", {});
  expect(error("http.too_large"), "token.malformed", {});
  EXPECT_TRUE(is_passing(error("http.broken")));
  EXPECT_FALSE(is_passing(error("http.url")));
}

TEST_F(TokenErrors, ForeignTextIsTamed) {
  const auto error = maskinporten(400, "invalid_grant",
                                  "for 01017012345\nwith eyJhbGciOiJSUzI1NiJ9.abc.def " + std::string(10'000, 'x'));
  EXPECT_EQ(error.text().find("0101"), std::string::npos);
  EXPECT_EQ(error.text().find("eyJ"), std::string::npos);
  EXPECT_EQ(error.text().find('\n'), std::string::npos);
  EXPECT_LT(error.text().size(), 700u);
}

}  // namespace
}  // namespace kanal::lookup

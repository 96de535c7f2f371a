#include "lookup/token_answer.hpp"

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;
using std::chrono::seconds;

const Time now{std::chrono::sys_seconds(seconds(1'787'126'400))};

std::string jwt(std::string_view claims) {
  return to_base64url(bytes_of(R"({"alg":"RS256"})")) + "." + to_base64url(bytes_of(claims)) + ".c2ln";
}

TEST(TokenAnswer, MaskinportenTokenLivesAsItSays) {
  const auto plain =
      read_maskinporten_token(R"({"access_token":"opaque-1","token_type":"Bearer","expires_in":119,"scope":"a"})", now);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text, "opaque-1");
  EXPECT_EQ(plain->life, seconds(119));
  const auto life = [](std::string_view claims, std::string_view more) {
    const auto token =
        read_maskinporten_token(R"({"access_token":")" + jwt(claims) + "\"" + std::string(more) + "}", now);
    return token ? token->life : seconds(-1);
  };
  EXPECT_EQ(life(R"({"iat":100,"exp":220})", ""), seconds(120)) << "by its own claims, whatever our clock says";
  EXPECT_EQ(life(R"({"iat":100,"exp":220})", R"(,"expires_in":30)"), seconds(30)) << "the shorter one";
  EXPECT_EQ(life(R"({"iat":100,"exp":220})", R"(,"expires_in":300)"), seconds(120));
  EXPECT_EQ(life(R"({"nbf":100,"exp":150})", ""), seconds(50));
  EXPECT_EQ(life(R"({"exp":1787126410})", ""), seconds(10)) << "by our clock when nothing else is known";
  EXPECT_EQ(life(R"({"iat":100})", ""), assumed_token_life);
  EXPECT_EQ(life("no json", ""), assumed_token_life);
  EXPECT_EQ(life(R"({"iat":300,"exp":200})", ""), seconds(0));
  EXPECT_EQ(life(R"({"iat":-1e300,"exp":1e300})", ""), std::chrono::hours(24));
  EXPECT_EQ(life("{}", R"(,"expires_in":-5)"), seconds(0));
  EXPECT_EQ(life("{}", R"(,"expires_in":"600")"), assumed_token_life);
}

TEST(TokenAnswer, MalformedMaskinportenAnswers) {
  for (const std::string_view body :
       {"", "[]", "{}", "<html>", R"({"access_token":null})", R"({"access_token":""})", R"({"access_token":"a b"})",
        R"({"access_token":"a\r\nX-Evil: 1"})", R"({"access_token":"æ"})"}) {
    EXPECT_EQ(code_of(read_maskinporten_token(body, now)), "token.malformed") << body;
  }
  EXPECT_EQ(code_of(read_maskinporten_token(R"({"access_token":")" + std::string(40'000, 'x') + "\"}", now)),
            "token.malformed");
}

TEST(TokenAnswer, ExchangedTokenComesInThreeShapes) {
  const auto token = jwt(R"({"iat":1000,"exp":2800})");
  for (const auto& body :
       {token, "\r\n " + token + "\n", "\"" + token + "\"", " \"" + token + "\" \n", R"({"token":")" + token + "\"}",
        R"({"access_token":")" + token + "\"}", R"({"altinnToken":")" + token + R"(","kind":"jwt"})"}) {
    const auto read = read_exchanged_token(body, now);
    ASSERT_TRUE(read) << body;
    EXPECT_EQ(read->text, token);
    EXPECT_EQ(read->life, seconds(1800));
  }
}

TEST(TokenAnswer, MalformedExchangeAnswers) {
  for (const std::string_view body : {"", "  ", "<html>login</html>", "null", "42", "{}", R"({"kind":"jwt"})", "\"\"",
                                      "eyJ with space", R"(["eyJhbGciOi"])", R"({"token":{}})"}) {
    const auto read = read_exchanged_token(body, now);
    EXPECT_EQ(code_of(read), "token.malformed") << body;
    if (!read) {
      EXPECT_EQ(read.error().text().find("eyJ"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kanal::lookup

#include "lookup/assertion.hpp"

#include <gtest/gtest.h>

#include <set>

#include "lookup/lookup_testing.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;
namespace json = boost::json;

// The key of RFC 7515 appendix A.2.
constexpr std::string_view jwk_file =
    R"({"kty":"RSA","kid":"key-7","use":"sig","alg":"RS256","e":"AQAB",)"
    R"("n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_Yp)"
    R"(RPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5)"
    R"(ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",)"
    R"("d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoV)"
    R"(En2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juU)"
    R"(O1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"})";

const Time now = Time(std::chrono::sys_seconds(std::chrono::seconds(1787126400))) + std::chrono::milliseconds(999);

TokenClient certificate_client(bool send_chain = true) {
  return {"http://unused/token", "https://test.maskinporten.no/", "MOVE_IP_310700002",
          CertificateCredential{test_identity(), send_chain}};
}

crypto::Jws opened(const Result<Assertion>& assertion) {
  EXPECT_TRUE(assertion) << assertion.error().text();
  auto jws = crypto::parse_jws(assertion->jwt);
  EXPECT_TRUE(jws);
  return std::move(*jws);
}

TEST(Assertion, ClaimsAreExactlyThoseOfTheExample) {
  const TokenRequest request{{"altinn:broker.read"},
                             SystemUser{"0192:310700002", "310700002_integrasjonspunkt_systembruker_310700002"}};
  const auto assertion = make_assertion(certificate_client(), request, now);
  const auto jws = opened(assertion);
  EXPECT_TRUE(is_uuid(assertion->id));
  auto expected =
      json_object(R"({"aud":"https://test.maskinporten.no/","iss":"MOVE_IP_310700002","scope":"altinn:broker.read",
      "iat":1787126400,"exp":1787126520,"authorization_details":[{"type":"urn:altinn:systemuser","systemuser_org":
      {"authority":"iso6523-actorid-upis","ID":"0192:310700002"},
      "externalRef":"310700002_integrasjonspunkt_systembruker_310700002"}]})");
  expected["jti"] = assertion->id;
  EXPECT_EQ(json_object(jws.payload), expected);
  EXPECT_TRUE(crypto::verify_jws(jws, crypto::PublicKey(test_identity().key)));
}

TEST(Assertion, NoOptionalClaimUnlessAskedFor) {
  const auto claims = json_object(opened(make_assertion(certificate_client(), {{"a", "b"}}, now)).payload);
  EXPECT_EQ(claims.size(), 6u) << json::serialize(claims);
  EXPECT_EQ(claims.at("scope"), "a b");
  TokenRequest on_behalf{{"ks:fiks"}};
  on_behalf.consumer_org = "922222222";
  const auto other = json_object(opened(make_assertion(certificate_client(), on_behalf, now)).payload);
  EXPECT_EQ(other.size(), 7u);
  EXPECT_EQ(other.at("consumer_org"), "922222222");
}

TEST(Assertion, SystemUserWithoutNameHasNoExternalRef) {
  const auto claims =
      json_object(opened(make_assertion(certificate_client(), {{"a"}, SystemUser{"0192:1", ""}}, now)).payload);
  EXPECT_FALSE(claims.at("authorization_details").as_array().at(0).as_object().contains("externalRef"));
}

TEST(Assertion, HeaderCarriesLeafAndIntermediatesButNotTheRoot) {
  const auto header = opened(make_assertion(certificate_client(), {{"a"}}, now)).header;
  const auto& own = test_identity();
  ASSERT_EQ(own.chain.size(), 2u);
  EXPECT_EQ(header, (json::object{{"alg", "RS256"},
                                  {"x5c", {to_base64(own.certificate.der()), to_base64(own.chain.front().der())}}}));
}

TEST(Assertion, ChainCanBeSwitchedOff) {
  const auto header = opened(make_assertion(certificate_client(false), {{"a"}}, now)).header;
  EXPECT_EQ(header,
            (json::object{{"alg", "RS256"}, {"x5c", json::array{to_base64(test_identity().certificate.der())}}}));
}

TEST(Assertion, EachHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const auto assertion = make_assertion(certificate_client(), {{"a"}}, now);
    EXPECT_EQ(json_object(opened(assertion).payload).at("jti").as_string(), assertion->id);
    ids.insert(assertion->id);
  }
  EXPECT_EQ(ids.size(), 20u);
}

TEST(Assertion, JwkGivesKidAndIsReadAnewEachTime) {
  const TemporaryFolder folder;
  auto client = certificate_client();
  client.credential = JwkCredential{folder.write("key.jwk", jwk_file).string()};
  const auto jws = opened(make_assertion(client, {{"a"}}, now));
  EXPECT_EQ(jws.header, (json::object{{"alg", "RS256"}, {"kid", "key-7"}}));
  EXPECT_TRUE(crypto::verify_jws(jws, *crypto::PublicKey::from_jwk(json_object(jwk_file))));

  auto renamed = json_object(jwk_file);
  renamed["kid"] = "key-8";
  folder.write("key.jwk", json::serialize(renamed));
  EXPECT_EQ(opened(make_assertion(client, {{"a"}}, now)).header.at("kid"), "key-8");
}

TEST(Assertion, UnusableJwkFileIsTheOperatorsMatter) {
  const TemporaryFolder folder;
  auto client = certificate_client();
  auto nameless = json_object(jwk_file);
  nameless.erase("kid");
  const std::vector<std::string> paths = {(folder.path() / "absent.jwk").string(), folder.path().string(),
                                          folder.write("empty.jwk", "").string(),
                                          folder.write("large.jwk", std::string(100'000, ' ')).string(),
                                          folder.write("nameless.jwk", json::serialize(nameless)).string()};
  for (const auto& path : paths) {
    client.credential = JwkCredential{path};
    const auto assertion = make_assertion(client, {{"a"}}, now);
    ASSERT_FALSE(assertion) << path;
    EXPECT_EQ(assertion.error().code, "token.refused");
    EXPECT_NE(assertion.error().text().find(path), std::string::npos);
    EXPECT_EQ(assertion.error().text().find("Eq5xpGnNCivDflJ"), std::string::npos);
  }
}

}  // namespace
}  // namespace kanal::lookup

#include "crypto/jose.hpp"

#include <gtest/gtest.h>

#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/issue.hpp"

namespace kanal::crypto {
namespace {

namespace json = boost::json;

// RFC 7515 appendix A.2.
constexpr std::string_view rfc7515_key =
    R"({"kty":"RSA","kid":"rfc","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm
fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5
rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8
q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB","d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5
sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpR
LI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_
RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"})";
constexpr std::string_view rfc7515_payload =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
constexpr std::string_view rfc7515_jws =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQ"
    "jbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqt"
    "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// A JSON text written over several lines, as one.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '\n') out += c;
  }
  return out;
}

json::object object_of(std::string_view text) { return json::parse(one_line(text)).as_object(); }

const PrivateKey& test_key() {
  static const PrivateKey key = PrivateKey::generate();
  return key;
}

std::string number_of(const PrivateKey& key, const char* name) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), name, &value) != 1) return {};
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value)));
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_clear_free(value);
  return to_base64url(bytes);
}

/// The whole JWK of a private key.
json::object private_jwk(const PrivateKey& key, std::string_view kid) {
  auto jwk = PublicKey(key).jwk(kid);
  const std::array<std::pair<const char*, const char*>, 6> members = {{{"d", OSSL_PKEY_PARAM_RSA_D},
                                                                       {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                                                       {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                                                       {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                                                       {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                                                       {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  for (const auto& [name, parameter] : members) jwk[name] = number_of(key, parameter);
  return jwk;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

TEST(Jose, SignsAndVerifiesTheExampleOfTheStandard) {
  const auto jwk = parse_private_jwk(one_line(rfc7515_key));
  ASSERT_TRUE(jwk) << jwk.error().text();
  EXPECT_EQ(jwk->kid, "rfc");
  EXPECT_EQ(sign_jws(jwk->key, {}, rfc7515_payload), rfc7515_jws);

  const auto jws = parse_jws(rfc7515_jws);
  ASSERT_TRUE(jws) << jws.error().text();
  EXPECT_EQ(jws->payload, rfc7515_payload);
  const auto key = PublicKey::from_jwk(object_of(rfc7515_key));
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_TRUE(verify_jws(*jws, *key));
}

TEST(Jose, ThumbprintIsThatOfTheStandard) {
  // RFC 7638 section 3.1.
  const auto key =
      PublicKey::from_jwk(object_of(R"({"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"0vx7agoebGcQSuu
PiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXA
rwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4v
MQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"})"));
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_EQ(key->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(Jose, SignedHeaderKeepsItsMembersAndGetsTheAlgorithm) {
  const auto jws = parse_jws(sign_jws(test_key(), {{"kid", "k1"}, {"alg", "none"}}, "text"));
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->header, (json::object{{"kid", "k1"}, {"alg", "RS256"}}));
  EXPECT_EQ(jws->payload, "text");
  EXPECT_TRUE(verify_jws(*jws, PublicKey(test_key())));
}

TEST(Jose, EmptyPayloadIsAllowed) {
  const auto jws = parse_jws(sign_jws(test_key(), {}, ""));
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->payload, "");
  EXPECT_TRUE(verify_jws(*jws, PublicKey(test_key())));
}

TEST(Jose, EveryPartIsProtectedByTheSignature) {
  const std::string good = sign_jws(test_key(), {{"kid", "k1"}}, R"({"a":1})");
  const auto other = to_base64url(bytes_of(R"({"a":2})"));
  const auto header_end = good.find('.');
  const auto payload_end = good.rfind('.');
  const auto changed_payload = parse_jws(good.substr(0, header_end + 1) + other + good.substr(payload_end));
  ASSERT_TRUE(changed_payload);
  EXPECT_EQ(code_of(verify_jws(*changed_payload, PublicKey(test_key()))), "jws.signature");

  const auto header = to_base64url(bytes_of(R"({"kid":"k2","alg":"RS256"})"));
  const auto changed_header = parse_jws(header + good.substr(header_end));
  ASSERT_TRUE(changed_header);
  EXPECT_EQ(code_of(verify_jws(*changed_header, PublicKey(test_key()))), "jws.signature");

  auto changed_signature = parse_jws(good);
  ASSERT_TRUE(changed_signature);
  changed_signature->signature.back() ^= std::byte{1};
  EXPECT_EQ(code_of(verify_jws(*changed_signature, PublicKey(test_key()))), "jws.signature");

  const auto whole = parse_jws(good);
  ASSERT_TRUE(whole);
  EXPECT_EQ(code_of(verify_jws(*whole, PublicKey(PrivateKey::generate()))), "jws.signature");
}

TEST(Jose, OnlyRs256IsAccepted) {
  for (const std::string_view header : {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"RS512"})",
                                        R"({"alg":"rs256"})", R"({"alg":["RS256"]})", R"({})"}) {
    const std::string input = to_base64url(bytes_of(header)) + "." + to_base64url(bytes_of("x"));
    const auto jws = parse_jws(input + "." + to_base64url(test_key().sign_rs256(bytes_of(input))));
    ASSERT_TRUE(jws) << header;
    EXPECT_EQ(code_of(verify_jws(*jws, PublicKey(test_key()))), "jws.algorithm") << header;
  }
}

TEST(Jose, CriticalExtensionsAreRefused) {
  const auto jws = parse_jws(sign_jws(test_key(), {{"crit", {"b64"}}, {"b64", true}}, "x"));
  ASSERT_TRUE(jws);
  EXPECT_EQ(code_of(verify_jws(*jws, PublicKey(test_key()))), "jws.algorithm");
}

TEST(Jose, MalformedJwsIsRefused) {
  const std::string good = sign_jws(test_key(), {}, "x");
  const std::string signature = good.substr(good.rfind('.'));
  const std::array<std::string, 12> bad = {"",
                                           ".",
                                           "..",
                                           "a.b",
                                           good + ".",
                                           good + ".more",
                                           " " + good,
                                           good + "\n",
                                           good.substr(0, good.rfind('.') + 1),
                                           to_base64url(bytes_of("[]")) + ".eA" + signature,
                                           to_base64url(bytes_of("{} {}")) + ".eA" + signature,
                                           "{\"error_code\":\"\",\"error_description\":\"a.b.c\"}"};
  for (const auto& text : bad) EXPECT_EQ(code_of(parse_jws(text)), "jws.malformed") << text;
}

TEST(Jose, SizeAndDepthAreBounded) {
  const std::string good = sign_jws(test_key(), {}, "x");
  const std::string rest = good.substr(good.find('.'));
  const std::string deep = R"({"a":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}";
  EXPECT_EQ(code_of(parse_jws(to_base64url(bytes_of(deep)) + rest)), "jws.malformed");
  const std::string wide = R"({"a":")" + std::string(70'000, 'x') + "\"}";
  EXPECT_EQ(code_of(parse_jws(to_base64url(bytes_of(wide)) + rest)), "jws.malformed");
  EXPECT_EQ(code_of(parse_jws("e30." + std::string(max_jws_bytes, 'A') + ".AA")), "jws.malformed");
  EXPECT_EQ(code_of(parse_jwk_set(R"({"keys":[")" + std::string(300'000, 'x') + "\"]}")), "jwk.malformed");
  EXPECT_EQ(code_of(parse_private_jwk(std::string(300'000, ' ') + "{}")), "jwk.malformed");
  json::array many;
  for (int i = 0; i < 101; ++i) many.emplace_back(json::object{});
  EXPECT_EQ(code_of(parse_jwk_set(json::serialize(json::object{{"keys", many}}))), "jwk.malformed");
}

TEST(Jose, PublicKeySurvivesTheWayThroughJwk) {
  const PublicKey key(test_key());
  const auto jwk = key.jwk("k1");
  EXPECT_EQ(jwk.at("kty"), "RSA");
  EXPECT_EQ(jwk.at("use"), "sig");
  EXPECT_EQ(jwk.at("alg"), "RS256");
  EXPECT_EQ(jwk.at("kid"), "k1");
  EXPECT_EQ(jwk.at("e"), "AQAB");
  EXPECT_EQ(jwk.size(), 6u) << "nothing of the private half may be in it";
  EXPECT_FALSE(key.jwk("").contains("kid"));
  const auto again = PublicKey::from_jwk(jwk);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->same_as(key));
  EXPECT_FALSE(again->same_as(PublicKey(PrivateKey::generate())));
}

TEST(Jose, CertificateAndKeyGiveTheSamePublicKey) {
  const Time now{std::chrono::sys_days(std::chrono::year(2026) / 9 / 1)};
  const auto ca = make_ca("Test CA", now, now + std::chrono::hours(24));
  const auto own = issue(ca, {"Fjellbygd", "FJELLBYGD KOMMUNE", "911111111", {}, now, now + std::chrono::hours(24)});
  EXPECT_TRUE(PublicKey(own.certificate).same_as(PublicKey(own.key)));
  EXPECT_FALSE(PublicKey(ca.certificate).same_as(PublicKey(own.key)));
}

TEST(Jose, JwkThatIsNoUsableRsaKeyIsRefused) {
  const auto good = PublicKey(test_key()).jwk("k1");
  const auto with = [&](std::string_view name, const json::value& value) {
    auto changed = good;
    changed[name] = value;
    return code_of(PublicKey::from_jwk(changed));
  };
  EXPECT_EQ(with("kty", "EC"), "jwk.malformed");
  EXPECT_EQ(with("kty", 1), "jwk.malformed");
  EXPECT_EQ(with("n", ""), "jwk.malformed");
  EXPECT_EQ(with("n", "not base64url!"), "jwk.malformed");
  EXPECT_EQ(with("n", "AQAB"), "jwk.malformed") << "too short";
  EXPECT_EQ(with("n", json::string(2'000, '_')), "jwk.malformed") << "too long";
  EXPECT_EQ(with("n", json::string(100'000, '_')), "jwk.malformed") << "far too long";
  EXPECT_EQ(with("e", "AQ"), "jwk.malformed") << "exponent one signs nothing";
  EXPECT_EQ(with("e", "Ag"), "jwk.malformed") << "even";
  EXPECT_EQ(with("e", json::string(40, '_')), "jwk.malformed");
  EXPECT_EQ(with("e", nullptr), "jwk.malformed");
  EXPECT_EQ(with("unknown", "ignored"), "");
}

TEST(Jose, JwkSetSkipsWhatIsNoSignatureKey) {
  const auto with = [](json::object jwk, std::string_view name, const json::value& value) {
    jwk[name] = value;
    return jwk;
  };
  const auto good = PublicKey(test_key()).jwk("good");
  auto nameless = good;
  nameless.erase("kid");
  nameless.erase("use");
  nameless.erase("alg");
  const json::array keys = {with(PublicKey(test_key()).jwk("enc"), "use", "enc"),
                            with(PublicKey(test_key()).jwk("ps"), "alg", "PS256"),
                            with(PublicKey(test_key()).jwk("ec"), "kty", "EC"),
                            with(PublicKey(test_key()).jwk("broken"), "n", "!"),
                            "text",
                            nullptr,
                            with(good, "x5c", json::array{"ignored"}),
                            nameless};
  const auto set = parse_jwk_set(json::serialize(json::object{{"keys", keys}, {"more", 1}}));
  ASSERT_TRUE(set) << set.error().text();
  ASSERT_EQ(set->keys.size(), 2u);
  ASSERT_NE(set->find("good"), nullptr);
  EXPECT_TRUE(set->find("good")->same_as(PublicKey(test_key())));
  EXPECT_NE(set->find(PublicKey(test_key()).thumbprint()), nullptr) << "a key without kid goes by its thumbprint";
  EXPECT_EQ(set->find("enc"), nullptr);
  EXPECT_EQ(set->find(""), nullptr);
}

TEST(Jose, JwkSetOfAnotherShapeIsRefused) {
  for (const std::string_view text : {"", "[]", "{}", R"({"keys":{}})", "<html>", R"({"keys":[]} x)"}) {
    EXPECT_EQ(code_of(parse_jwk_set(text)), "jwk.malformed") << text;
  }
  const auto empty = parse_jwk_set(R"({"keys":[]})");
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->keys.empty());
}

TEST(Jose, PrivateJwkWithAndWithoutPrimes) {
  auto jwk = private_jwk(test_key(), "k1");
  for (int round = 0; round < 2; ++round) {
    const auto read = parse_private_jwk(json::serialize(jwk));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->kid, "k1");
    EXPECT_TRUE(PublicKey(read->key).same_as(PublicKey(test_key())));
    const auto jws = parse_jws(sign_jws(read->key, {}, "x"));
    ASSERT_TRUE(jws);
    EXPECT_TRUE(verify_jws(*jws, PublicKey(test_key())));
    for (const char* name : {"p", "q", "dp", "dq", "qi"}) jwk.erase(name);
  }
}

TEST(Jose, PrivateJwkErrors) {
  const auto good = private_jwk(test_key(), "k1");
  const auto without = [&](std::string_view name) {
    auto changed = good;
    changed.erase(name);
    return code_of(parse_private_jwk(json::serialize(changed)));
  };
  EXPECT_EQ(without("kid"), "jwk.no_kid");
  EXPECT_EQ(without("d"), "jwk.malformed");
  EXPECT_EQ(without("n"), "jwk.malformed");
  EXPECT_EQ(without("kty"), "jwk.malformed");
  EXPECT_EQ(without("qi"), "jwk.malformed");
  EXPECT_EQ(without("use"), "");
  EXPECT_EQ(code_of(parse_private_jwk("{")), "jwk.malformed");
  EXPECT_EQ(code_of(parse_private_jwk(json::serialize(PublicKey(test_key()).jwk("k1")))), "jwk.malformed");
  auto encryption = good;
  encryption["use"] = "enc";
  EXPECT_EQ(code_of(parse_private_jwk(json::serialize(encryption))), "jwk.malformed");
}

TEST(Jose, PrivatePartOfAnotherKeyIsNoticed) {
  auto jwk = private_jwk(test_key(), "k1");
  for (const char* name : {"p", "q", "dp", "dq", "qi"}) jwk.erase(name);
  jwk["d"] = number_of(PrivateKey::generate(), OSSL_PKEY_PARAM_RSA_D);
  const auto read = parse_private_jwk(json::serialize(jwk));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "jwk.malformed");
  EXPECT_EQ(read.error().text().find(std::string(jwk.at("d").as_string())), std::string::npos);
}

TEST(Jose, ErrorsNeverRepeatTheKey) {
  auto jwk = private_jwk(test_key(), "");
  const auto read = parse_private_jwk(json::serialize(jwk));
  ASSERT_FALSE(read);
  for (const char* name : {"d", "p", "q"}) {
    EXPECT_EQ(read.error().text().find(std::string(jwk.at(name).as_string())), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace kanal::crypto

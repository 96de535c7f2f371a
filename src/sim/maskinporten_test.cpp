#include <gmock/gmock.h>

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* client = "MOVE_IP_310700002";

class MaskinportenTest : public Bench {
 protected:
  /// The answer is this OAuth error, and its description holds this.
  void expect_error(const net::ClientResponse& answer, int status, const std::string& error, const std::string& holds) {
    const auto body = object_of(answer);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(text(body, "error"), error);
    EXPECT_THAT(text(body, "error_description"), HasSubstr(holds));
    EXPECT_FALSE(text(body, "error_uri").empty());
  }
  json::object good() { return claims(client, "eformidling:dpo"); }
  template <class Value>
  json::object with(std::string_view name, const Value& value) {
    auto out = good();
    out[name] = value;
    return out;
  }
  json::object without(std::string_view name) {
    auto out = good();
    out.erase(name);
    return out;
  }
};

TEST_F(MaskinportenTest, GivesASignedTokenWithTheClaimsOfTheSpecification) {
  auto wanted = claims(client, "altinn:broker.read altinn:broker.write");
  wanted["authorization_details"] = system_user(agency, "310700002_user");
  const auto answer = grant(wanted);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  EXPECT_EQ(text(body, "token_type"), "Bearer");
  EXPECT_EQ(body.at("expires_in").as_int64(), 120);
  EXPECT_EQ(text(body, "scope"), "altinn:broker.read altinn:broker.write");

  const auto jws = crypto::parse_jws(text(body, "access_token"));
  ASSERT_TRUE(jws.has_value());
  const auto keys = crypto::parse_jwk_set(get(national_.maskinporten().url() + "/jwks").body);
  ASSERT_TRUE(keys.has_value());
  const auto* key = keys->find(text(jws->header, "kid"));
  ASSERT_NE(key, nullptr);
  EXPECT_TRUE(crypto::verify_jws(*jws, *key).has_value());

  const auto token = json::parse(jws->payload).as_object();
  EXPECT_EQ(text(token, "iss"), national_.maskinporten().url() + "/");
  EXPECT_EQ(text(token, "client_id"), client);
  EXPECT_EQ(text(token.at("consumer").as_object(), "ID"), "0192:310700002");
  EXPECT_EQ(token.at("exp").as_int64() - token.at("iat").as_int64(), 120);
  const auto& detail = token.at("authorization_details").as_array().at(0).as_object();
  EXPECT_EQ(text(detail.at("systemuser_org").as_object(), "ID"), "0192:310700002");
  EXPECT_EQ(text(detail, "externalRef"), "310700002_user");
  EXPECT_EQ(detail.at("systemuser_id").as_array().size(), 1U);
  EXPECT_FALSE(text(detail, "system_id").empty());
}

TEST_F(MaskinportenTest, PublishesMetadata) {
  const auto body = object_of(get(national_.maskinporten().url() + "/.well-known/oauth-authorization-server"));
  EXPECT_EQ(text(body, "issuer"), national_.audience());
  EXPECT_EQ(text(body, "token_endpoint"), national_.token_url());
  EXPECT_THAT(text(body, "jwks_uri"), HasSubstr("/jwks"));
}

TEST_F(MaskinportenTest, ReadsTheFormStrictly) {
  const auto url = national_.token_url();
  const std::string form = "application/x-www-form-urlencoded";
  const std::string grant_type = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
  expect_error(post(url, grant_type + "&assertion=x", "application/json"), 400, "invalid_request", "urlencoded");
  expect_error(post(url, grant_type + "&assertion=%zz", form), 400, "invalid_request", "not readable");
  expect_error(post(url, "assertion=x", form), 400, "invalid_request", "grant_type is missing");
  expect_error(post(url, "grant_type=client_credentials&assertion=x", form), 400, "unsupported_grant_type",
               "jwt-bearer");
  expect_error(post(url, grant_type, form), 400, "invalid_request", "assertion is missing");
  expect_error(post(url, grant_type + "&assertion=x&assertion=y", form), 400, "invalid_request", "twice");
  expect_error(post(url, grant_type + "&assertion=" + std::string(70'000, 'x'), form), 400, "invalid_request",
               "too large");
  expect_error(post(url, grant_type + "&assertion=no.jwt", form), 400, "invalid_grant", "no signed JWT");
  EXPECT_EQ(get(url).status, 405);
}

TEST_F(MaskinportenTest, RefusesAnotherShapeOfAssertion) {
  const auto& key = Keys::get().agency_identity;
  const auto payload = json::serialize(good());
  const json::array x5c{json::string(to_base64(key.certificate.der()))};
  expect_error(grant(crypto::sign_jws(key.key, {}, payload)), 400, "invalid_grant", "Exactly one of x5c and kid");
  expect_error(grant(crypto::sign_jws(key.key, {{"x5c", x5c}, {"kid", "k"}}, payload)), 400, "invalid_grant",
               "Exactly one");
  expect_error(grant(crypto::sign_jws(key.key, {{"x5c", json::array{"AAAA"}}}, payload)), 400, "invalid_grant",
               "MP-120");
  const json::array url_safe{json::string(to_base64url(key.certificate.der()))};
  if (url_safe != x5c) {
    expect_error(grant(crypto::sign_jws(key.key, {{"x5c", url_safe}}, payload)), 400, "invalid_grant", "MP-120");
  }
  expect_error(grant(crypto::sign_jws(key.key, {{"x5c", x5c}}, "[]")), 400, "invalid_grant", "no JSON object");
  expect_error(grant(with("sub", "x")), 400, "invalid_grant", "Unknown claim: sub");
  for (const char* name : {"iss", "aud", "jti", "iat", "exp", "scope"}) {
    expect_error(grant(without(name)), 400, "invalid_grant", "claim " + std::string(name));
  }
  expect_error(grant(with("aud", json::array{json::string(national_.audience())})), 400, "invalid_grant", "claim aud");
  expect_error(grant(with("iat", std::to_string(seconds()))), 400, "invalid_grant", "claim iat");
  expect_error(grant(with("consumer_org", "0192:310700002")), 400, "invalid_grant", "nine digits");
}

TEST_F(MaskinportenTest, AuthenticatesTheClientByCertificate) {
  expect_error(grant(with("iss", "MOVE_IP_999999999")), 401, "invalid_client", "MP-100");
  const auto& keys = Keys::get();
  expect_error(grant(signed_by(keys.stranger, good())), 400, "invalid_grant", "MP-120");
  expect_error(grant(signed_by(keys.municipality_identity, good())), 401, "invalid_client", "MP-100");
  const json::array x5c{json::string(to_base64(keys.agency_identity.certificate.der()))};
  expect_error(grant(crypto::sign_jws(keys.municipality_identity.key, {{"x5c", x5c}}, json::serialize(good()))), 401,
               "invalid_client", "MP-100");
}

TEST_F(MaskinportenTest, RefusesACertificateThatHasExpired) {
  const auto& keys = Keys::get();
  const auto old = crypto::issue(
      keys.ca,
      {"Agency", "Agency", agency, {}, clock_.now() - std::chrono::days(9), clock_.now() - std::chrono::days(1)});
  expect_error(grant(signed_by(old, good())), 400, "invalid_grant", "MP-120");
}

TEST_F(MaskinportenTest, AuthenticatesTheClientByRegisteredKey) {
  const auto& key = Keys::get().agency_identity.key;
  auto& maskinporten = national_.maskinporten();
  maskinporten.register_key(client, "key-1", crypto::PublicKey(key));
  maskinporten.register_key(client, "key-0", crypto::PublicKey(key), true);
  const auto by = [&](const crypto::PrivateKey& signer, const char* kid) {
    return grant(crypto::sign_jws(signer, {{"kid", kid}}, json::serialize(good())));
  };
  EXPECT_EQ(by(key, "key-1").status, 200);
  expect_error(by(key, "key-2"), 401, "invalid_client", "MP-100");
  expect_error(by(key, "key-0"), 401, "invalid_client", "MP-121");
  expect_error(by(Keys::get().municipality_identity.key, "key-1"), 401, "invalid_client", "MP-100");
}

TEST_F(MaskinportenTest, WantsTheExactAudience) {
  auto audience = national_.audience();
  expect_error(grant(with("aud", national_.token_url())), 400, "invalid_grant", "MP-110");
  audience.pop_back();
  expect_error(grant(with("aud", audience)), 400, "invalid_grant", "MP-110");
}

TEST_F(MaskinportenTest, ChecksTheTimes) {
  const auto at = [&](std::int64_t iat, std::int64_t exp) {
    auto out = good();
    out["iat"] = seconds() + iat;
    out["exp"] = seconds() + exp;
    return grant(out);
  };
  EXPECT_EQ(at(10, 130).status, 200);
  expect_error(at(11, 131), 400, "invalid_grant", "iat is in the future");
  expect_error(at(0, 121), 400, "invalid_grant", "at most 120 seconds");
  expect_error(at(0, 0), 400, "invalid_grant", "at most 120 seconds");
  expect_error(at(-130, -10), 400, "invalid_grant", "has expired");
}

TEST_F(MaskinportenTest, RefusesAnAssertionThatWasUsed) {
  const auto once = good();
  EXPECT_EQ(grant(once).status, 200);
  expect_error(grant(once), 400, "invalid_grant", "jti has been used");
}

TEST_F(MaskinportenTest, NamesTheScopeThatIsNotGranted) {
  expect_error(grant(with("scope", "eformidling:dpo global/navn.read")), 400, "invalid_scope", "global/navn.read");
  arm("maskinporten.invalid_scope", 1, "eformidling:dpe");
  EXPECT_EQ(grant(good()).status, 200);
  expect_error(grant(with("scope", "eformidling:dpo eformidling:dpe")), 400, "invalid_scope", "eformidling:dpe");
}

TEST_F(MaskinportenTest, ActsForOthersOnlyWhenDelegated) {
  auto wanted = with("consumer_org", municipality);
  expect_error(grant(wanted), 403, "access_denied", municipality);
  national_.maskinporten().register_client({client, agency, National::usual_scopes(), {municipality}});
  wanted["jti"] = new_uuid();
  const auto answer = grant(wanted);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto token = json::parse(crypto::parse_jws(text(object_of(answer), "access_token"))->payload).as_object();
  EXPECT_EQ(text(token.at("consumer").as_object(), "ID"), "0192:310701378");
  EXPECT_EQ(text(token.at("supplier").as_object(), "ID"), "0192:310700002");
  EXPECT_EQ(text(token, "delegation_source"), "https://tt02.altinn.no/");
  const auto own = grant(with("consumer_org", agency));
  ASSERT_EQ(own.status, 200) << "nobody needs a delegation of itself";
  EXPECT_FALSE(crypto::parse_jws(text(object_of(own), "access_token"))->payload.find("supplier") != std::string::npos);
  expect_error(grant(with("iss_onbehalfof", "x")), 400, "invalid_grant", "iss_onbehalfof");
}

TEST_F(MaskinportenTest, WantsAnApprovedSystemUser) {
  const auto as = [&](const char* organisation, const char* reference) {
    return grant(with("authorization_details", system_user(organisation, reference)));
  };
  EXPECT_EQ(as(agency, "310700002_user").status, 200);
  EXPECT_EQ(as(agency, "").status, 200) << "the only one needs no name";
  expect_error(as(agency, "other"), 400, "invalid_grant", "system user not found");
  expect_error(as(municipality, "310701378_user"), 400, "invalid_grant", "0192:310701378");
  national_.maskinporten().set_system_user({client, municipality, "behalf", false});
  expect_error(as(municipality, "behalf"), 400, "invalid_grant", "system user not approved");
  national_.approve_system_user(client, municipality, "behalf");
  EXPECT_EQ(as(municipality, "behalf").status, 200);
  national_.approve_system_user(client, agency, "second");
  expect_error(as(agency, ""), 400, "invalid_grant", "not unique");
}

TEST_F(MaskinportenTest, ReadsTheSystemUserStrictly) {
  const auto refuse = [&](json::value details, const char* holds) {
    expect_error(grant(with("authorization_details", details)), 400, "invalid_grant", holds);
  };
  refuse(json::array{}, "list of one object");
  refuse(json::object{}, "list of one object");
  auto wrong = system_user(agency, "x");
  wrong[0].as_object()["type"] = "other";
  refuse(wrong, "urn:altinn:systemuser");
  wrong = system_user(agency, "x");
  wrong[0].as_object()["systemuser_org"].as_object()["ID"] = agency;
  refuse(wrong, "0192:");
  wrong = system_user(agency, "x");
  auto& organisation = wrong[0].as_object()["systemuser_org"].as_object();
  organisation["id"] = organisation["ID"];
  organisation.erase("ID");
  refuse(wrong, "0192:");
}

TEST_F(MaskinportenTest, InjectsFaults) {
  for (const int status : {429, 500, 503}) {
    arm("maskinporten." + std::to_string(status), 1, client);
    EXPECT_EQ(grant(good()).status, status);
  }
  EXPECT_EQ(grant(good()).status, 200) << "once means once";
  arm("maskinporten.client");
  expect_error(grant(good()), 401, "invalid_client", "MP-100");
  arm("maskinporten.certificate");
  expect_error(grant(good()), 400, "invalid_grant", "MP-120");
  arm("maskinporten.system_user", 1, agency);
  expect_error(grant(with("authorization_details", system_user(agency, "310700002_user"))), 400, "invalid_grant",
               "not approved");
  arm("maskinporten.no_expires_in");
  EXPECT_FALSE(object_of(grant(good())).contains("expires_in"));
  arm("maskinporten.short_lived");
  EXPECT_EQ(object_of(grant(good())).at("expires_in").as_int64(), 5);
}

TEST_F(MaskinportenTest, ShowsAWrongClockByItsDate) {
  arm("maskinporten.clock_behind");
  const auto behind = grant(good());
  expect_error(behind, 400, "invalid_grant", "iat is in the future");
  EXPECT_EQ(behind.header("Date"), "Tue, 01 Sep 2026 07:55:00 GMT");
  arm("maskinporten.clock_ahead");
  expect_error(grant(good()), 400, "invalid_grant", "has expired");
}

TEST_F(MaskinportenTest, UsesTheAssertionUpWhenTheAnswerIsLost) {
  const auto wanted = good();
  const auto assertion = signed_by(Keys::get().agency_identity, wanted);
  arm("maskinporten.reset");
  const auto request = post_request(
      national_.token_url(), "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion,
      "application/x-www-form-urlencoded");
  const auto lost = http_.send(request);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, "http.broken");
  expect_error(grant(assertion), 400, "invalid_grant", "jti has been used");
}

TEST_F(MaskinportenTest, HangsUntilReleased) {
  arm("maskinporten.hang");
  auto request = post_request(national_.token_url(),
                              "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                                  signed_by(Keys::get().agency_identity, good()),
                              "application/x-www-form-urlencoded");
  request.total_timeout = std::chrono::milliseconds(200);
  const auto timed_out = http_.send(request);
  ASSERT_FALSE(timed_out.has_value());
  EXPECT_EQ(timed_out.error().code, "http.timeout");
  const auto before = std::chrono::steady_clock::now();
  national_.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST_F(MaskinportenTest, AuditsWhoGotATokenForWhom) {
  auto wanted = with("authorization_details", system_user(agency, "310700002_user"));
  wanted["scope"] = "altinn:broker.read";
  EXPECT_EQ(grant(wanted).status, 200);
  const auto entries = national_.audit().find({.action = "token"});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].organisation, agency);
  EXPECT_EQ(entries[0].vendor, client);
  EXPECT_EQ(entries[0].subject, text(wanted, "jti"));
  EXPECT_EQ(entries[0].detail, "altinn:broker.read");
  grant(with("iss", "nobody"));
  EXPECT_EQ(national_.audit().count({.action = "token.refused"}), 1U);
}

TEST_F(MaskinportenTest, IsRunByItsAdminApi) {
  const auto base = national_.maskinporten().url();
  EXPECT_EQ(admin("POST", base + "/sim/clients",
                  {{"client_id", "new"}, {"organisation", agency}, {"scopes", json::array{"ks:fiks"}}})
                .status,
            204);
  EXPECT_EQ(admin("POST", base + "/sim/clients", {{"client_id", "new"}}).status, 400);
  EXPECT_EQ(grant(claims("new", "ks:fiks")).status, 200);
  auto wanted = claims("new", "ks:fiks");
  wanted["authorization_details"] = system_user(agency, "u");
  EXPECT_EQ(admin("POST", base + "/sim/system-users",
                  {{"client_id", "new"}, {"organisation", agency}, {"external_ref", "u"}, {"approved", false}})
                .status,
            204);
  EXPECT_EQ(grant(wanted).status, 400);
  EXPECT_EQ(
      admin("POST", base + "/sim/system-users", {{"client_id", "new"}, {"organisation", agency}, {"external_ref", "u"}})
          .status,
      204);
  wanted["jti"] = new_uuid();
  EXPECT_EQ(grant(wanted).status, 200);
  EXPECT_THAT(get(base + "/sim/state").body, AllOf(HasSubstr("\"new\""), HasSubstr("ks:fiks")));
  EXPECT_EQ(admin("POST", base + "/sim/rotate-key").status, 204);
  EXPECT_EQ(object_of(get(base + "/jwks")).at("keys").as_array().size(), 2U);
}

class ExchangeTest : public Bench {
 protected:
  net::ClientResponse exchange(const std::string& token) {
    return get(national_.exchange_url(), {{"Authorization", "Bearer " + token}});
  }
  static json::object payload(const std::string& token) {
    const auto jws = crypto::parse_jws(token);
    return jws ? json::parse(jws->payload).as_object() : json::object{};
  }
};

TEST_F(ExchangeTest, KeepsTheSystemUser) {
  const auto answer = exchange(maskinporten_token("altinn:broker.read", agency, true));
  ASSERT_EQ(answer.status, 200);
  EXPECT_THAT(std::string(answer.header("Content-Type")), StartsWith("text/plain"));
  EXPECT_THAT(answer.body, StartsWith("eyJ"));
  const auto token = payload(answer.body);
  EXPECT_EQ(text(token, "iss"), "altinn");
  EXPECT_EQ(text(token, "scope"), "altinn:broker.read");
  EXPECT_EQ(text(token, "client_id"), "MOVE_IP_310700002");
  EXPECT_TRUE(token.contains("authorization_details"));
  EXPECT_TRUE(token.contains("consumer"));
  EXPECT_FALSE(token.contains("urn:altinn:orgNumber"));
  EXPECT_EQ(token.at("exp").as_int64() - token.at("iat").as_int64(), 1800);
}

TEST_F(ExchangeTest, NamesTheOrganisationOfATokenWithoutSystemUser) {
  const auto token = payload(exchange(maskinporten_token("eformidling:dpv")).body);
  EXPECT_EQ(text(token, "urn:altinn:orgNumber"), agency);
  EXPECT_FALSE(token.contains("authorization_details"));
}

TEST_F(ExchangeTest, RefusesTokensThatAreNotGood) {
  const auto token = maskinporten_token("eformidling:dpv");
  EXPECT_EQ(get(national_.exchange_url()).status, 401);
  EXPECT_EQ(exchange("x").status, 401);
  auto spoilt = token;
  spoilt[spoilt.size() - 20] = spoilt[spoilt.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(exchange(spoilt).status, 401);
  EXPECT_EQ(exchange(exchange(token).body).status, 401) << "an Altinn token is not a Maskinporten token";
  clock_.advance(std::chrono::seconds(119));
  EXPECT_EQ(exchange(token).status, 200);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(exchange(token).status, 401);
}

TEST_F(ExchangeTest, InjectsFaults) {
  const auto token = maskinporten_token("eformidling:dpv");
  for (const int status : {401, 403, 500, 503}) {
    arm("exchange." + std::to_string(status));
    EXPECT_EQ(exchange(token).status, status);
  }
  arm("exchange.quoted");
  EXPECT_THAT(exchange(token).body, StartsWith("\"eyJ"));
  arm("exchange.object");
  EXPECT_THAT(text(object_of(exchange(token)), "token"), StartsWith("eyJ"));
  arm("exchange.padded");
  EXPECT_THAT(exchange(token).body, StartsWith("\r\n"));
  arm("exchange.empty");
  EXPECT_EQ(exchange(token).body, "");
  arm("exchange.short_lived");
  EXPECT_EQ(payload(exchange(token).body).at("exp").as_int64(), seconds() + 5);
  arm("exchange.expired");
  EXPECT_EQ(payload(exchange(token).body).at("exp").as_int64(), seconds());
  arm("maskinporten.expired");
  EXPECT_EQ(exchange(maskinporten_token("eformidling:dpv")).status, 401);
}

}  // namespace
}  // namespace kanal::sim::testing

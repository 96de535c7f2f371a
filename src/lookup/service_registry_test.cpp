#include "lookup/service_registry.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "lookup/lookup_testing.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {
namespace {

using namespace testing;
using namespace std::chrono;
namespace json = boost::json;

constexpr std::string_view process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
constexpr std::string_view person = "01017012345";

std::string records_of(std::string_view service) {
  return R"({"infoRecord":{},"serviceRecords":[{"organisationNumber":"911111111","process":")" + std::string(process) +
         R"(","documentTypes":["d"],"service":{"identifier":")" + std::string(service) + "\"}}]}";
}

const crypto::PrivateKey& other_key() {
  static const crypto::PrivateKey key = crypto::PrivateKey::generate();
  return key;
}

class ServiceRegistryTest : public ::testing::Test {
 protected:
  static std::string kid() { return crypto::PublicKey(test_identity().key).thumbprint(); }
  static json::object jose_header() {
    return {{"x5c", json::array{to_base64(test_identity().certificate.der())}}, {"kid", kid()}};
  }
  static net::Response jose(std::string_view payload, json::object header = jose_header(),
                            const crypto::PrivateKey& key = test_identity().key) {
    return answer(200, crypto::sign_jws(key, std::move(header), payload),
                  {{"Content-Type", "application/jose;charset=UTF-8"}});
  }
  static net::Response keys(const std::vector<json::object>& all = {
                                crypto::PublicKey(test_identity().key).jwk(kid())}) {
    json::array list;
    for (const auto& key : all) list.emplace_back(key);
    return answer(200, json::serialize(json::object{{"keys", list}}));
  }
  static Peer::Script serving(net::Response (*lookup)()) {
    return [lookup](const Seen& request) { return request.path == "/jwk" ? keys() : lookup(); };
  }
  ServiceRegistry& registry() {
    if (!made) made.emplace(options, tokens.get(), http, clock, log);
    return *made;
  }
  Result<std::vector<ports::ServiceRecord>> look_up(std::string_view identifier = "911111111") {
    return registry().lookup({std::string(identifier), std::string(process), {}, {}});
  }
  std::string service_of(const Result<std::vector<ports::ServiceRecord>>& records) {
    return records ? records->at(0).service.str() : records.error().code;
  }
  /// With the peer as token endpoint, one scope set for each service.
  void use_tokens() {
    TokenClient client{peer.url("/token"), "aud", "MOVE_IP_911111111", CertificateCredential{test_identity()}};
    tokens = std::make_unique<TokenSource>(client, http, clock, log, [](milliseconds) {});
    options.use_token = true;
    options.scope_sets = {{"eformidling:dpo"}, {"eformidling:dpv"}, {"eformidling:dpi", "global/navn.read"}};
  }
  static std::string scope_of(const Seen& request) {
    const auto jws = crypto::parse_jws(request.body.substr(request.body.find("assertion=") + 10));
    return std::string(json_object(jws->payload).at("scope").as_string());
  }
  static net::Response token_for(const std::string& scope) {
    return answer(
        200, json::serialize(json::object{{"access_token", to_base64url(bytes_of(scope))}, {"expires_in", 1'000'000}}));
  }
  static std::string bearer(const std::string& scope) { return "Bearer " + to_base64url(bytes_of(scope)); }

  ManualClock clock;
  CaptureLog log;
  net::HttpClient http{net::ClientOptions{}};
  Peer peer{serving([] { return jose(records_of("DPO")); })};
  ServiceRegistryOptions options{peer.url(), true, peer.url("/jwk"), "", {}, false};
  std::unique_ptr<TokenSource> tokens;
  std::optional<ServiceRegistry> made;
};

// The request.

TEST_F(ServiceRegistryTest, AsksAsTheRegistryExpects) {
  options.print = false;
  const auto records = registry().lookup({"911111111", std::string(process), 4, "conversation 1"});
  ASSERT_TRUE(records) << records.error().text();
  const auto asked = peer.seen("/identifier");
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].method, "GET");
  EXPECT_EQ(asked[0].target, "/identifier/911111111/process/" + std::string(process) +
                                 "?securityLevel=4&conversationId=conversation%201&print=false");
  EXPECT_TRUE(asked[0].header("Accept").starts_with("application/jose, application/json"));
  EXPECT_EQ(asked[0].header("Authorization"), "");
}

TEST_F(ServiceRegistryTest, LeavesOutWhatIsNotAsked) {
  options.print = true;
  ASSERT_TRUE(registry().lookup({"911111111", {}, {}, {}}));
  EXPECT_EQ(peer.seen("/identifier").at(0).target, "/identifier/911111111");
}

TEST_F(ServiceRegistryTest, TellsEverythingAboutSomebodyOnce) {
  peer.set(serving([] {
    return jose(R"({"infoRecord":{"identifier":"911111111","new":1},"serviceRecords":[{"process":"p","more":2,)"
                R"("service":{"identifier":"DPO"}}]})");
  }));
  for (int i = 0; i < 2; ++i) {
    const auto entity = registry().entity("0192:911111111");
    ASSERT_TRUE(entity) << entity.error().text();
    EXPECT_EQ(entity->info.at("new"), 1);
    ASSERT_EQ(entity->records.size(), 1u);
    EXPECT_EQ(entity->records[0].raw.at("more"), 2);
  }
  ASSERT_EQ(peer.seen("/identifier").size(), 1u);
  EXPECT_EQ(peer.seen("/identifier")[0].target, "/identifier/911111111");
  EXPECT_EQ(registry().entity("../x").error().code, "directory.refused");
}

TEST_F(ServiceRegistryTest, IdentifiersAreNormalised) {
  ASSERT_TRUE(look_up("0192:911111111"));
  ASSERT_TRUE(look_up("0192:911111111:987654321"));
  ASSERT_TRUE(look_up("911111111"));
  EXPECT_EQ(peer.count("/identifier"), 1u) << "all three are one and the same";
  ASSERT_TRUE(look_up("her-id:123"));
  ASSERT_TRUE(look_up("fastlege-for:01017012345"));
  EXPECT_EQ(peer.count("/identifier/her-id:123/"), 1u);
}

TEST_F(ServiceRegistryTest, NothingThatChangesTheAddressIsSent) {
  for (const std::string& identifier :
       {std::string(), std::string("0192:"), std::string(".."), std::string("911111111/../.."),
        std::string("9111 11111"), std::string("a?b"), std::string(101, '1')}) {
    EXPECT_EQ(code_of(look_up(identifier)), "directory.refused") << identifier;
  }
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string(301, 'x')}) {
    EXPECT_EQ(code_of(registry().lookup({"911111111", name, {}, {}})), "directory.refused") << name;
  }
  EXPECT_EQ(code_of(registry().certificate(Orgnr("../identifier"))), "directory.refused");
  EXPECT_EQ(peer.count(), 0u);
  ASSERT_TRUE(registry().lookup({"911111111", "a/b?c", {}, {}}));
  EXPECT_EQ(peer.seen("/identifier").at(0).target, "/identifier/911111111/process/a%2Fb%3Fc");
}

// Unsigned answers.

TEST_F(ServiceRegistryTest, UnsignedAnswersWhenSigningIsOff) {
  options.signed_answers = false;
  peer.set([](const Seen&) { return answer(200, records_of("DPV"), {{"Content-Type", "application/json"}}); });
  EXPECT_EQ(service_of(look_up()), "DPV");
  EXPECT_EQ(peer.seen().at(0).header("Accept"), "application/json");
  peer.set([](const Seen&) { return jose(records_of("DPF")); });
  EXPECT_EQ(service_of(look_up("922222222")), "DPF") << "one that is signed all the same";
  EXPECT_EQ(peer.count("/jwk"), 0u);
}

TEST_F(ServiceRegistryTest, UnsignedAnswerIsRefusedWhenSigningIsOn) {
  peer.set([](const Seen&) { return answer(200, records_of("DPO"), {{"Content-Type", "application/json"}}); });
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.signature");
  EXPECT_EQ(records.error().disposition, Disposition::retry);
  EXPECT_NE(records.error().text().find("difi.move.sign.enable"), std::string::npos);
}

TEST_F(ServiceRegistryTest, OneBadAnswerIsNotRemembered) {
  peer.set(serving([] { return jose("no json"); }));
  EXPECT_EQ(code_of(look_up()), "directory.unavailable");
  peer.set(serving([] { return jose(records_of("DPO")); }));
  EXPECT_EQ(service_of(look_up()), "DPO");
}

// Signatures.

TEST_F(ServiceRegistryTest, BadSignaturesAreRefused) {
  auto no_kid = jose_header();
  no_kid.erase("kid");
  auto numeric_kid = jose_header();
  numeric_kid["kid"] = 1;
  auto empty_x5c = jose_header();
  empty_x5c["x5c"] = json::array{};
  auto odd_x5c = jose_header();
  odd_x5c["x5c"] = json::array{"!"};
  auto broken_x5c = jose_header();
  broken_x5c["x5c"] = json::array{"AAAA"};
  auto other_x5c = jose_header();
  other_x5c["x5c"] = json::array{to_base64(test_identity().chain.front().der())};
  for (const auto& header : {no_kid, numeric_kid, empty_x5c, odd_x5c, broken_x5c, other_x5c}) {
    peer.set([&](const Seen& request) { return request.path == "/jwk" ? keys() : jose(records_of("DPO"), header); });
    EXPECT_EQ(code_of(look_up()), "directory.signature") << json::serialize(header).substr(0, 60);
  }
  peer.set(serving([] { return jose(records_of("DPO"), jose_header(), other_key()); }));
  EXPECT_EQ(code_of(look_up()), "directory.signature") << "signed by another key";
  peer.set(serving([] {
    auto response = jose(records_of("DPO"));
    auto& text = std::get<std::string>(response.body);
    const auto payload = text.find('.') + 1;
    text.replace(payload, text.rfind('.') - payload, to_base64url(bytes_of(records_of("DPV"))));
    return response;
  }));
  EXPECT_EQ(code_of(look_up()), "directory.signature") << "changed on the way";
}

TEST_F(ServiceRegistryTest, OtherAlgorithmsAreRefused) {
  peer.set(serving([] {
    auto header = jose_header();
    header["alg"] = "none";
    return answer(200, to_base64url(bytes_of(json::serialize(header))) + "." +
                           to_base64url(bytes_of(records_of("DPO"))) + ".AAAA");
  }));
  EXPECT_EQ(code_of(look_up()), "directory.signature");
}

TEST_F(ServiceRegistryTest, CertificateInTheHeaderIsNotNeededUnlessPinned) {
  peer.set(serving([] { return jose(records_of("DPO"), {{"kid", kid()}}); }));
  EXPECT_EQ(service_of(look_up()), "DPO");
  made.reset();
  options.pinned_organisation = "911111111";
  EXPECT_EQ(code_of(look_up()), "directory.signature");
}

TEST_F(ServiceRegistryTest, PinnedOrganisationMustOwnTheCertificate) {
  options.pinned_organisation = "911111111";
  EXPECT_EQ(service_of(look_up()), "DPO");
  made.reset();
  options.pinned_organisation = "991825827";
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.signature");
  EXPECT_NE(records.error().text().find("991825827"), std::string::npos);
}

// Keys.

TEST_F(ServiceRegistryTest, KeysAreKeptForAnHour) {
  options.positive_ttl = seconds(0);
  ASSERT_TRUE(look_up());
  clock.advance(minutes(59));
  ASSERT_TRUE(look_up());
  EXPECT_EQ(peer.count("/jwk"), 1u);
  EXPECT_EQ(peer.seen("/jwk").at(0).header("Authorization"), "");
  clock.advance(minutes(1));
  ASSERT_TRUE(look_up());
  EXPECT_EQ(peer.count("/jwk"), 2u);
}

TEST_F(ServiceRegistryTest, KeyIsChosenByItsName) {
  peer.set([](const Seen& request) {
    return request.path == "/jwk"
               ? keys({crypto::PublicKey(other_key()).jwk("other"), crypto::PublicKey(test_identity().key).jwk(kid())})
               : jose(records_of("DPO"));
  });
  EXPECT_EQ(service_of(look_up()), "DPO") << "not simply the first";
  peer.set([](const Seen&) { return jose(records_of("DPV"), {{"kid", "other"}}, other_key()); });
  EXPECT_EQ(service_of(look_up("922222222")), "DPV");
  peer.set([](const Seen&) { return jose(records_of("DPV"), {{"kid", "other"}}); });
  EXPECT_EQ(code_of(look_up("933333333")), "directory.signature") << "a good key under another's name";
}

TEST_F(ServiceRegistryTest, RotatedKeyIsFetchedAtMostOnceAMinute) {
  options.positive_ttl = seconds(0);
  ASSERT_TRUE(look_up());
  clock.advance(seconds(61));
  const auto rotated = [](bool published) {
    return [published](const Seen& request) {
      if (request.path != "/jwk") return jose(records_of("DPV"), {{"kid", "new"}}, other_key());
      return published ? keys({crypto::PublicKey(other_key()).jwk("new")}) : keys();
    };
  };
  peer.set(rotated(false));
  EXPECT_EQ(code_of(look_up("922222222")), "directory.signature");
  EXPECT_EQ(peer.count("/jwk"), 2u);
  clock.advance(seconds(59));
  peer.set(rotated(true));
  EXPECT_EQ(code_of(look_up("922222222")), "directory.signature");
  EXPECT_EQ(peer.count("/jwk"), 2u);
  clock.advance(seconds(1));
  EXPECT_EQ(service_of(look_up("922222222")), "DPV");
  EXPECT_EQ(peer.count("/jwk"), 3u);
}

TEST_F(ServiceRegistryTest, LastGoodKeysOutliveAnOutage) {
  options.positive_ttl = seconds(0);
  ASSERT_TRUE(look_up());
  clock.advance(hours(5));
  int broken = 0;
  peer.set([&](const Seen& request) {
    if (request.path != "/jwk") return jose(records_of("DPO"));
    switch (++broken) {
      case 1:
        return answer(503);
      case 2:
        return answer(200, "<html>");
      default:
        return keys({});
    }
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(service_of(look_up()), "DPO");
    EXPECT_EQ(service_of(look_up()), "DPO");
    clock.advance(seconds(60));
  }
  EXPECT_EQ(broken, 3);
  EXPECT_EQ(log.count("registry_keys_not_refreshed"), 3);
}

TEST_F(ServiceRegistryTest, WithoutAnyKeysTheAnswerWaits) {
  peer.set([](const Seen& request) { return request.path == "/jwk" ? answer(500) : jose(records_of("DPO")); });
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.unavailable");
  EXPECT_NE(records.error().text().find("difi.move.sign.jwkUrl"), std::string::npos);
  peer.set(serving([] { return jose(records_of("DPO")); }));
  EXPECT_EQ(service_of(look_up()), "DPO") << "at once when they are there";
}

TEST_F(ServiceRegistryTest, KeyAddressFollowsTheEndpoint) {
  options.jwk_url.clear();
  EXPECT_EQ(service_of(look_up()), "DPO");
  EXPECT_EQ(peer.count("/jwk"), 1u);
}

// Errors.

TEST_F(ServiceRegistryTest, ErrorsAreNotFedToTheVerifier) {
  const std::vector<std::pair<int, std::string>> cases = {
      {404, "directory.not_found"},   {400, "directory.refused"},     {401, "directory.denied"},
      {500, "directory.unavailable"}, {503, "directory.unavailable"}, {301, "directory.unavailable"}};
  for (const auto& [status, code] : cases) {
    peer.set(
        [status = status](const Seen&) { return answer(status, R"({"error_code":"","error_description":"why"})"); });
    registry().flush();
    const auto records = look_up();
    ASSERT_FALSE(records);
    EXPECT_EQ(records.error().code, code) << status;
    EXPECT_NE(records.error().text().find("why"), std::string::npos);
  }
  EXPECT_EQ(peer.count("/jwk"), 0u);
}

TEST_F(ServiceRegistryTest, NobodyThereIsAnOutage) {
  options.endpoint = "http://127.0.0.1:1";
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.unavailable");
  EXPECT_EQ(records.error().disposition, Disposition::retry);
}

TEST_F(ServiceRegistryTest, SlowRegistryIsAnOutage) {
  options.timeout = milliseconds(50);
  std::promise<void> end;
  peer.set([waiting = end.get_future().share()](const Seen&) {
    waiting.wait();
    return answer(500);
  });
  EXPECT_EQ(code_of(look_up()), "directory.unavailable");
  end.set_value();
}

// Persons.

TEST_F(ServiceRegistryTest, PersonsAreNeverNamed) {
  use_tokens();
  std::string reported;
  const auto report = [&] {
    const auto records = look_up(person);
    if (!records) reported += records.error().text() + "\n";
    const auto gp = look_up("fastlege-for:" + std::string(person));
    if (!gp) reported += gp.error().text() + "\n";
    registry().flush();
  };
  for (const int status : {400, 401, 404, 500}) {
    peer.set([status](const Seen& request) {
      if (request.path == "/token") return token_for("x");
      return answer(status, R"({"message":"No service record found for citizen: 01017012345"})");
    });
    report();
  }
  peer.set(
      [](const Seen& request) { return request.path == "/token" ? token_for("x") : answer(200, std::string(person)); });
  report();
  made.reset();
  options.endpoint = "http://127.0.0.1:1";
  report();
  EXPECT_GE(std::ranges::count(reported, '\n'), 12);
  EXPECT_EQ(reported.find(person), std::string::npos) << reported;
  EXPECT_EQ(log.text().find(person), std::string::npos) << log.text();
  EXPECT_NE(reported.find("person-"), std::string::npos);
}

TEST_F(ServiceRegistryTest, StaleAnswersAboutPersonsEndAfterAQuarter) {
  ASSERT_TRUE(look_up(person));
  ASSERT_TRUE(look_up("911111111"));
  peer.set([](const Seen&) { return answer(503); });
  clock.advance(minutes(19));
  EXPECT_EQ(service_of(look_up(person)), "DPO");
  EXPECT_EQ(log.text().find(person), std::string::npos);
  clock.advance(minutes(1));
  EXPECT_EQ(code_of(look_up(person)), "directory.unavailable");
  clock.advance(hours(23));
  EXPECT_EQ(service_of(look_up("911111111")), "DPO");
  clock.advance(hours(1));
  EXPECT_EQ(code_of(look_up("911111111")), "directory.unavailable");
}

// Caching.

TEST_F(ServiceRegistryTest, AnswersAreKeptByIdentifierProcessAndLevel) {
  const auto ask = [&](std::optional<std::string> for_process, std::optional<int> level,
                       std::optional<std::string> conversation) {
    EXPECT_TRUE(registry().lookup({"911111111", std::move(for_process), level, std::move(conversation)}));
    return peer.count("/identifier");
  };
  EXPECT_EQ(ask({}, {}, {}), 1u);
  EXPECT_EQ(ask({}, {}, "c1"), 1u) << "the conversation is no part of the question";
  EXPECT_EQ(ask({}, 3, {}), 2u);
  EXPECT_EQ(ask({}, 4, {}), 3u);
  EXPECT_EQ(ask("p", 4, {}), 4u);
  EXPECT_EQ(ask("p", 4, "c2"), 4u);
  clock.advance(seconds(300));
  EXPECT_EQ(ask("p", 4, {}), 5u);
}

TEST_F(ServiceRegistryTest, NotFoundIsKeptShortly) {
  peer.set([](const Seen&) { return answer(404); });
  EXPECT_EQ(code_of(look_up()), "directory.not_found");
  clock.advance(seconds(44));
  EXPECT_EQ(code_of(look_up()), "directory.not_found");
  EXPECT_EQ(peer.count(), 1u);
  peer.set(serving([] { return jose(records_of("DPO")); }));
  clock.advance(seconds(1));
  EXPECT_EQ(service_of(look_up()), "DPO");
}

TEST_F(ServiceRegistryTest, StaleAnswerHidesAnOutageButNoBadSignature) {
  ASSERT_TRUE(look_up());
  clock.advance(seconds(300));
  peer.set(serving([] { return jose(records_of("DPV"), jose_header(), other_key()); }));
  EXPECT_EQ(code_of(look_up()), "directory.signature");
  peer.set([](const Seen&) { return answer(500); });
  EXPECT_EQ(service_of(look_up()), "DPO");
  EXPECT_EQ(log.count("registry_answer_stale identifier=911111111 code=directory.unavailable"), 1) << log.text();
  clock.advance(seconds(45));
  peer.set([](const Seen&) { return answer(401); });
  EXPECT_EQ(service_of(look_up()), "DPO") << "trouble with our own token says nothing about the receiver";
}

TEST_F(ServiceRegistryTest, FlushForgetsAnswersAndKeys) {
  ASSERT_TRUE(look_up());
  registry().flush();
  ASSERT_TRUE(look_up());
  EXPECT_EQ(peer.count("/identifier"), 2u);
  EXPECT_EQ(peer.count("/jwk"), 2u);
}

TEST_F(ServiceRegistryTest, ManyCallersAskOnce) {
  constexpr int callers = 12;
  std::latch all_here(callers);
  peer.set([&](const Seen& request) {
    all_here.wait();
    return request.path == "/jwk" ? keys() : jose(records_of("DPO"));
  });
  registry();
  std::vector<std::future<std::string>> results;
  for (int i = 0; i < callers; ++i) {
    results.push_back(std::async(std::launch::async, [&] {
      all_here.count_down();
      return service_of(look_up());
    }));
  }
  for (auto& result : results) EXPECT_EQ(result.get(), "DPO");
  EXPECT_EQ(peer.count("/identifier"), 1u);
  EXPECT_EQ(peer.count("/jwk"), 1u);
}

// Virksert.

TEST_F(ServiceRegistryTest, CertificateComesSignedOrPlain) {
  const auto pem = test_identity().certificate.pem();
  peer.set(serving([] { return jose(test_identity().certificate.pem()); }));
  EXPECT_EQ(registry().certificate(Orgnr("911111111")).value_or(""), pem);
  EXPECT_EQ(peer.seen("/virksert").at(0).target, "/virksert/911111111");
  EXPECT_EQ(registry().certificate(Orgnr("911111111")).value_or(""), pem);
  EXPECT_EQ(peer.count("/virksert"), 1u);
  peer.set([&](const Seen&) { return answer(200, pem, {{"Content-Type", "text/plain"}}); });
  EXPECT_EQ(code_of(registry().certificate(Orgnr("922222222"))), "directory.signature");

  made.reset();
  options.signed_answers = false;
  EXPECT_EQ(registry().certificate(Orgnr("911111111")).value_or(""), pem);
  EXPECT_EQ(peer.seen("/virksert").back().header("Accept"), "text/plain");
  peer.set([](const Seen&) { return answer(200, to_base64(test_identity().certificate.der())); });
  EXPECT_EQ(registry().certificate(Orgnr("922222222")).value_or(""), pem) << "without BEGIN and END lines";
}

TEST_F(ServiceRegistryTest, CertificateErrors) {
  peer.set(
      [](const Seen&) { return answer(404, R"({"error_code":"certificate_not_found","error_description":"None"})"); });
  EXPECT_EQ(code_of(registry().certificate(Orgnr("911111111"))), "directory.not_found");
  peer.set([](const Seen&) { return answer(400, R"({"error_code":"","error_description":"certificates differ"})"); });
  EXPECT_EQ(code_of(registry().certificate(Orgnr("922222222"))), "directory.refused");
  peer.set(serving([] { return jose("no certificate"); }));
  EXPECT_EQ(code_of(registry().certificate(Orgnr("933333333"))), "directory.unavailable");
}

// Tokens.

TEST_F(ServiceRegistryTest, OneTokenWithAllScopesIsUsedWhenAllAreGranted) {
  use_tokens();
  peer.set([](const Seen& request) {
    if (request.path == "/token") return token_for(scope_of(request));
    return request.path == "/jwk" ? keys() : jose(records_of("DPO"));
  });
  ASSERT_TRUE(look_up());
  ASSERT_TRUE(look_up("922222222"));
  EXPECT_EQ(peer.count("/token"), 1u);
  EXPECT_EQ(peer.seen("/identifier").at(0).header("Authorization"),
            bearer("eformidling:dpo eformidling:dpv eformidling:dpi global/navn.read"));
}

TEST_F(ServiceRegistryTest, RefusedScopeOfOneServiceStopsNoOther) {
  use_tokens();
  const auto script = [](const Seen& request) {
    if (request.path == "/jwk") return keys();
    if (request.path != "/token") return jose(records_of("DPO"));
    const auto scope = scope_of(request);
    if (scope.find("global/navn.read") == std::string::npos) return token_for(scope);
    return answer(400, R"({"error":"invalid_scope","error_description":"not access to scope global/navn.read"})");
  };
  peer.set(script);
  EXPECT_EQ(service_of(look_up()), "DPO");
  EXPECT_EQ(peer.seen("/identifier").at(0).header("Authorization"), bearer("eformidling:dpo eformidling:dpv"));
  EXPECT_EQ(log.count("registry_scope_refused scopes=eformidling:dpi global/navn.read"), 1) << log.text();
  EXPECT_NE(log.text().find("scope global/navn.read is not granted"), std::string::npos) << log.text();
  const auto asked = peer.count("/token");
  EXPECT_EQ(service_of(look_up("922222222")), "DPO");
  EXPECT_EQ(peer.count("/token"), asked) << "left out without asking again";

  peer.set([script](const Seen& request) {
    return request.path == "/token" ? token_for(scope_of(request)) : script(request);
  });
  clock.advance(minutes(15));
  EXPECT_EQ(service_of(look_up("933333333")), "DPO");
  EXPECT_EQ(peer.seen("/identifier").back().header("Authorization"),
            bearer("eformidling:dpo eformidling:dpv eformidling:dpi global/navn.read"));
}

TEST_F(ServiceRegistryTest, AllScopesRefusedIsDenied) {
  use_tokens();
  peer.set([](const Seen&) { return answer(400, R"({"error":"invalid_scope","error_description":""})"); });
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.denied");
  EXPECT_EQ(records.error().disposition, Disposition::retry);
  EXPECT_EQ(records.error().retry_after, std::nullopt);
  EXPECT_EQ(peer.count("/identifier"), 0u);
  EXPECT_EQ(peer.count("/token"), 4u);
  const auto again = look_up();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().retry_after, seconds(30));
  EXPECT_EQ(peer.count("/token"), 4u);
}

TEST_F(ServiceRegistryTest, NoScopesAtAllIsDenied) {
  use_tokens();
  options.scope_sets.clear();
  EXPECT_EQ(code_of(look_up()), "directory.denied");
  EXPECT_EQ(peer.count(), 0u);
}

TEST_F(ServiceRegistryTest, TokenOutageIsAnOutageAndNotTheReceiversFault) {
  use_tokens();
  peer.set([](const Seen&) { return answer(503); });
  EXPECT_EQ(code_of(look_up()), "directory.unavailable");
  peer.set([](const Seen&) { return answer(401, R"({"error":"invalid_client","error_description":"MP-100"})"); });
  const auto records = look_up();
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, "directory.denied");
  EXPECT_NE(records.error().text().find("MP-100"), std::string::npos);
}

TEST_F(ServiceRegistryTest, RefusedTokenIsReplacedOnce) {
  use_tokens();
  int serial = 0;
  int calls = 0;
  peer.set([&](const Seen& request) {
    if (request.path == "/jwk") return keys();
    if (request.path == "/token") return token_for(std::to_string(++serial));
    return ++calls == 1 ? answer(401) : jose(records_of("DPO"));
  });
  EXPECT_EQ(service_of(look_up()), "DPO");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(peer.count("/token"), 2u);
}

}  // namespace
}  // namespace kanal::lookup

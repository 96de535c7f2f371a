#include <gmock/gmock.h>

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* administration = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
constexpr const char* technical = "urn:no:difi:profile:arkivmelding:tekniskeTjenester:ver1.0";
constexpr const char* response_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";

Organisation organisation(std::set<std::string> processes) {
  Organisation out{.orgnr = municipality, .name = "FJELLBYGD KOMMUNE"};
  out.processes = std::move(processes);
  out.dpo_certificate = out.dpe_certificate = Keys::get().municipality_identity.certificate.pem();
  return out;
}

std::string service_of(const RegistryResult<std::optional<json::object>>& routed) {
  if (!routed) return std::to_string(routed.error().status);
  return *routed ? text((*routed)->at("service").as_object(), "identifier") : "none";
}

std::string route_of(const Organisation& to, const char* process, std::optional<int> level = {}, bool dpf_dpv = true) {
  RoutingSettings settings;
  settings.enable_dpf_dpv = dpf_dpv;
  return service_of(route(to, *find_process(process), level, settings));
}

TEST(RegistryRules, DpvHasAResourceForEachProcess) {
  const auto resource_of = [](const char* process, const RoutingSettings& settings) {
    const auto routed = route(organisation({}), *find_process(process), {}, settings);
    return text((*routed)->at("service").as_object(), "resource");
  };
  EXPECT_EQ(resource_of(administration, {}), "eformidling-dpv-administrasjon");
  EXPECT_EQ(resource_of(technical, {}), "eformidling-dpv-tekniskeTjenester");
  EXPECT_EQ(resource_of(response_process, {}), "eformidling-dpv-administrasjon");
  RoutingSettings settings;
  settings.dpv_resources = {{administration, "another"}, {technical, ""}};
  EXPECT_EQ(resource_of(administration, settings), "another");
  EXPECT_EQ(resource_of(technical, settings), "");
  EXPECT_EQ(dpv_resource(*find_process("urn:no:difi:profile:digitalpost:vedtak:ver1.0"), {}),
            "eformidling-dpv-administrasjon");
}

TEST(RegistryRules, UnregisteredOrganisationsGetSvarUtElseDpv) {
  auto nobody = organisation({});
  EXPECT_EQ(route_of(nobody, administration), "DPV");
  EXPECT_EQ(route_of(nobody, administration, 3), "DPV");
  EXPECT_EQ(route_of(nobody, administration, 4), "400");
  EXPECT_EQ(route_of(nobody, administration, {}, false), "none");
  nobody.svarut_levels = {3};
  EXPECT_EQ(route_of(nobody, administration), "DPF");
  EXPECT_EQ(route_of(nobody, administration, 3), "DPF");
  EXPECT_EQ(route_of(nobody, administration, 4), "400");
  nobody.svarut_levels = {3, 4};
  const auto highest = route(nobody, *find_process(administration), {}, {});
  EXPECT_EQ((*highest)->at("service").as_object().at("securityLevel").as_int64(), 4);
}

TEST(RegistryRules, RegisteredOrganisationsGetDpoForTheirProcesses) {
  auto some = organisation({administration});
  EXPECT_EQ(route_of(some, administration), "DPO");
  EXPECT_EQ(route_of(some, administration, 4), "DPO");
  EXPECT_EQ(route_of(some, technical), "DPV");
  EXPECT_EQ(route_of(some, technical, 4), "none");
  some.svarut_levels = {4};
  EXPECT_EQ(route_of(some, technical), "DPV") << "SvarUt is not asked";
  EXPECT_EQ(route_of(some, response_process), "DPF") << "another document type: nothing registered for it";
  some.dpo_certificate.reset();
  EXPECT_EQ(route_of(some, administration), "404");
}

TEST(RegistryRules, EinnsynAndAvtaltOnlyWhenRegistered) {
  const char* avtalt = "urn:no:difi:profile:avtalt:avtalt:ver1.0";
  const char* innsyn = "urn:no:difi:profile:einnsyn:innsynskrav:ver1.0";
  EXPECT_EQ(route_of(organisation({}), avtalt), "none");
  EXPECT_EQ(route_of(organisation({avtalt}), avtalt), "DPO");
  EXPECT_EQ(route_of(organisation({avtalt}), innsyn), "none");
  const auto dpe = route(organisation({innsyn}), *find_process(innsyn), {}, {});
  EXPECT_EQ(service_of(dpe), "DPE");
  EXPECT_EQ(text((*dpe)->at("service").as_object(), "endpointUrl"), "innsyn");
}

TEST(RegistryRules, KnowsTheDocumentTypes) {
  EXPECT_EQ(find_process("urn:no:difi:profile:arkivmelding:nothing:ver1.0"), nullptr);
  EXPECT_EQ(find_process(technical)->document_types,
            std::vector<std::string>{"urn:no:difi:arkivmelding:xsd::arkivmelding"});
  EXPECT_EQ(find_process(response_process)->document_types.size(), 3U);
  EXPECT_EQ(processes_of(ProcessCategory::arkivmelding).size(), 12U);
}

class RegistryTest : public Bench {
 protected:
  RegistryTest() {
    national_.register_organisation(
        {municipality, "FJELLBYGD KOMMUNE", {}, Keys::get().municipality_identity.certificate});
  }
  net::ClientResponse ask(const std::string& path, const std::string& accept = "application/json",
                          const std::string& scope = "eformidling:dpo") {
    auto& token = tokens_[scope];
    if (token.empty()) token = maskinporten_token(scope);
    return get(national_.registry_url() + path, {{"Authorization", "Bearer " + token}, {"Accept", accept}});
  }
  static std::string process_path(const std::string& process, const std::string& orgnr = municipality) {
    return "/identifier/" + orgnr + "/process/" + process;
  }
  static void expect_error(const net::ClientResponse& answer, int status, const std::string& code,
                           const std::string& holds) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(text(object_of(answer), "error_code"), code);
    EXPECT_THAT(text(object_of(answer), "error_description"), HasSubstr(holds));
  }
};

TEST_F(RegistryTest, SignsWhenAskedForJose) {
  const auto answer = ask(process_path(administration), "application/jose, application/json");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(std::string(answer.header("Content-Type")), StartsWith("application/jose"));
  const auto jws = crypto::parse_jws(answer.body);
  ASSERT_TRUE(jws.has_value());
  const auto keys = crypto::parse_jwk_set(get(national_.registry_url() + "/jwk").body);
  ASSERT_TRUE(keys.has_value());
  ASSERT_EQ(keys->keys.size(), 1U);
  const auto& key = keys->keys[0].second;
  EXPECT_TRUE(crypto::verify_jws(*jws, key).has_value());
  EXPECT_EQ(text(jws->header, "kid"), key.thumbprint());
  const auto der = from_base64(jws->header.at("x5c").as_array().at(0).as_string());
  ASSERT_TRUE(der.has_value());
  EXPECT_TRUE(crypto::PublicKey(*crypto::Certificate::from_der(*der)).same_as(key));
  const auto body = json::parse(jws->payload).as_object();
  EXPECT_EQ(body.at("serviceRecords").as_array().size(), 1U);
}

TEST_F(RegistryTest, HonoursTwoAcceptHeaders) {
  const auto token = maskinporten_token("eformidling:dpo");
  const auto answer =
      get(national_.registry_url() + process_path(administration),
          {{"Authorization", "Bearer " + token}, {"Accept", "application/json"}, {"Accept", "application/jose"}});
  EXPECT_THAT(std::string(answer.header("Content-Type")), StartsWith("application/jose"));
  EXPECT_EQ(ask(process_path(administration), "text/html").status, 406);
  EXPECT_EQ(ask(process_path(administration), "*/*").status, 200);
}

TEST_F(RegistryTest, GivesTheRecordOfAProcess) {
  const auto body = object_of(ask(process_path(administration)));
  EXPECT_EQ(text(body.at("infoRecord").as_object(), "organizationName"), "FJELLBYGD KOMMUNE");
  const auto& record = body.at("serviceRecords").as_array().at(0).as_object();
  const auto& service = record.at("service").as_object();
  EXPECT_EQ(text(service, "identifier"), "DPO");
  EXPECT_EQ(text(service, "endpointUrl"), national_.broker_url());
  EXPECT_EQ(text(service, "resource"), resource);
  EXPECT_EQ(text(record, "process"), administration);
  EXPECT_EQ(text(record, "organisationNumber"), municipality);
  EXPECT_THAT(text(record, "pemCertificate"), StartsWith("-----BEGIN CERTIFICATE-----"));
  EXPECT_TRUE(service.at("securityLevel").is_null());
}

TEST_F(RegistryTest, GivesAllRecordsInOrder) {
  const auto body = object_of(ask("/identifier/0192:310701378:part"));
  const auto& records = body.at("serviceRecords").as_array();
  ASSERT_EQ(records.size(), 14U) << "12 of arkivmelding, 2 of avtalt, none of einnsyn";
  EXPECT_EQ(text(records[0].as_object(), "process"), administration);
  EXPECT_EQ(text(records[11].as_object(), "process"), response_process);
  EXPECT_EQ(object_of(ask("/info/310701378")).at("serviceRecords").as_array().size(), 0U);
}

TEST_F(RegistryTest, SaysNotFoundInTheRightShape) {
  expect_error(ask(process_path(administration, "955555555")), 404, "",
               "Entity with identifier '955555555' not found.");
  expect_error(ask("/identifier/955555555"), 404, "", "not found");
  expect_error(ask("/info/nonsense"), 404, "", "not found");
  expect_error(ask(process_path("urn:no:difi:profile:nothing:ver1.0")), 404, "", "Process");
  expect_error(ask(process_path("urn:no:difi:profile:einnsyn:innsynskrav:ver1.0")), 404, "",
               "does not support process");
  expect_error(ask("/virksert/955555555", "text/plain"), 404, "certificate_not_found", "955555555");
  const auto person = ask("/identifier/01017012345");
  EXPECT_EQ(person.status, 404);
  EXPECT_THAT(text(object_of(person), "message"), HasSubstr("No service record found for citizen"));
  expect_error(ask(process_path(administration, "01017012345")), 404, "", "not found");
  const auto unsigned_error = ask("/identifier/955555555", "application/jose");
  EXPECT_THAT(std::string(unsigned_error.header("Content-Type")), StartsWith("application/json"));
}

TEST_F(RegistryTest, ReadsTheSecurityLevel) {
  national_.register_organisation({municipality, "X", std::set<std::string>{}, {}});
  expect_error(ask(process_path(administration) + "?securityLevel=4"), 400, "", "requested level");
  expect_error(ask(process_path(administration) + "?securityLevel=high"), 400, "", "number");
  EXPECT_EQ(ask(process_path(administration) + "?securityLevel=3&conversationId=x&print=false").status, 200);
}

TEST_F(RegistryTest, ChecksTokenAndScope) {
  const auto url = national_.registry_url() + process_path(administration);
  EXPECT_EQ(get(url).status, 401);
  EXPECT_FALSE(text(object_of(get(url)), "error_description").empty());
  expect_error(ask(process_path(administration), "application/json", "altinn:broker.read"), 401, "", "missing scope");
  EXPECT_EQ(get(url, altinn(agency)).status, 401) << "an Altinn token is of another issuer";
  EXPECT_EQ(ask(process_path(administration)).status, 200);
  clock_.advance(std::chrono::seconds(120));
  EXPECT_EQ(ask(process_path(administration)).status, 401);
  EXPECT_EQ(get(national_.registry_url() + "/jwk").status, 200) << "the key set needs no token";
}

TEST_F(RegistryTest, VirksertFollowsTheScopes) {
  auto entry = *national_.registry().find(municipality);
  EXPECT_EQ(ask("/virksert/310701378", "text/plain").body, *entry.dpo_certificate);
  const auto joined = ask("/virksert/310701378", "application/jose");
  EXPECT_EQ(crypto::parse_jws(joined.body)->payload, *entry.dpo_certificate);
  entry.dpe_certificate.reset();
  national_.registry().put(entry);
  EXPECT_EQ(ask("/virksert/310701378", "text/plain").status, 200);
  expect_error(ask("/virksert/310701378", "text/plain", "eformidling:dpo eformidling:dpe"), 400, "", "differ");
  expect_error(ask("/virksert/310701378", "text/plain", "eformidling:dpe"), 404, "certificate_not_found", "");
}

TEST_F(RegistryTest, SasTokenNeedsItsScope) {
  expect_error(ask("/sastoken", "application/jose"), 401, "", "missing scope");
  const auto given = ask("/sastoken", "application/jose", "eformidling:dpe");
  ASSERT_EQ(given.status, 200);
  EXPECT_EQ(crypto::parse_jws(given.body)->payload, NationalOptions().sas_key);
  EXPECT_EQ(ask("/sastoken", "application/json", "eformidling:dpe").status, 406);
  national_.registry().set_sas_key(std::nullopt);
  expect_error(ask("/sastoken", "application/jose", "eformidling:dpe"), 404, "", "No SAS key");
}

TEST_F(RegistryTest, InjectsFaults) {
  const auto path = process_path(administration);
  for (const int status : {400, 401, 404, 500, 503}) {
    arm("registry." + std::to_string(status), 1, municipality);
    EXPECT_EQ(ask(path).status, status);
  }
  arm("registry.404_other_shape");
  EXPECT_THAT(text(object_of(ask(path)), "message"), HasSubstr("citizen"));
  arm("registry.404_plain");
  EXPECT_THAT(ask(path).body, StartsWith("<html>"));
  arm("registry.jwk_500");
  EXPECT_EQ(get(national_.registry_url() + "/jwk").status, 500);
  arm("registry.unsigned");
  EXPECT_THAT(ask(path, "application/jose, application/json").body, StartsWith("{"));
  arm("registry.empty_records");
  EXPECT_TRUE(object_of(ask(path)).at("serviceRecords").as_array().empty());
  arm("registry.flip_to_dpv");
  EXPECT_THAT(ask(path).body, HasSubstr("\"DPV\""));
  arm("registry.flip_to_dpv");
  EXPECT_THAT(ask(path).body, HasSubstr(national_.correspondence_url()));
  arm("registry.flip_to_dpv");
  arm("registry.no_dpv_resource");
  EXPECT_THAT(ask(path).body, Not(HasSubstr("eformidling-dpv-")));
  arm("registry.unknown_service");
  EXPECT_EQ(object_of(ask(path)).at("serviceRecords").as_array().size(), 2U);
  arm("registry.bare_pem");
  EXPECT_THAT(ask(path).body, Not(HasSubstr("BEGIN CERTIFICATE")));
  arm("registry.bare_pem");
  EXPECT_THAT(ask("/virksert/310701378", "text/plain").body, Not(HasSubstr("BEGIN CERTIFICATE")));
  arm("registry.unknown_fields");
  EXPECT_THAT(ask(path).body, HasSubstr("ekstraMetadata"));
  arm("registry.no_certificate");
  expect_error(ask(path), 404, "certificate_not_found", "");
  EXPECT_EQ(ask(path).status, 200);
}

TEST_F(RegistryTest, InjectsWrongSignaturesAndCertificates) {
  const auto key =
      crypto::PublicKey(*crypto::Certificate::from_pem(json::parse(get(national_.registry_url() + "/jwk").body)
                                                           .at("keys")
                                                           .as_array()
                                                           .at(0)
                                                           .at("x5c")
                                                           .as_array()
                                                           .at(0)
                                                           .as_string()));
  arm("registry.bad_signature");
  const auto spoilt = crypto::parse_jws(ask(process_path(administration), "application/jose").body);
  ASSERT_TRUE(spoilt.has_value());
  EXPECT_FALSE(crypto::verify_jws(*spoilt, key).has_value());
  arm("registry.unknown_kid");
  EXPECT_THAT(text(crypto::parse_jws(ask(process_path(administration), "application/jose").body)->header, "kid"),
              StartsWith("unknown-"));
  EXPECT_EQ(admin("POST", national_.registry().url() + "/sim/rotate-key").status, 204);
  EXPECT_FALSE(crypto::verify_jws(*crypto::parse_jws(ask(process_path(administration), "application/jose").body), key)
                   .has_value());
  arm("registry.wrong_certificate");
  const auto wrong = crypto::Certificate::from_pem(ask("/virksert/310701378", "text/plain").body);
  EXPECT_NE(wrong->organisation()->str(), municipality);
  arm("registry.expired_certificate");
  const auto expired = crypto::Certificate::from_pem(ask("/virksert/310701378", "text/plain").body);
  EXPECT_EQ(expired->organisation()->str(), municipality);
  EXPECT_FALSE(expired->valid_at(clock_.now()));
}

TEST_F(RegistryTest, ChangesAtRunTime) {
  const auto base = national_.registry().url() + "/sim/organisations";
  EXPECT_EQ(admin("PUT", base + "/310701378", {{"processes", json::array{}}, {"svarut_levels", json::array{3}}}).status,
            204);
  EXPECT_THAT(ask(process_path(administration)).body, HasSubstr("\"DPF\""));
  EXPECT_EQ(admin("PUT", base + "/310701378", {{"processes", "all"}}).status, 400);
  EXPECT_EQ(admin("PUT", base + "/31", {}).status, 400);
  EXPECT_THAT(get(base).body, HasSubstr("FJELLBYGD KOMMUNE"));
  EXPECT_EQ(admin("DELETE", base + "/310701378").status, 204);
  EXPECT_EQ(ask(process_path(administration)).status, 404);
}

TEST_F(RegistryTest, AuditsWhoAskedForWhom) {
  ask(process_path(administration));
  const auto entries = national_.audit().find({.action = "lookup"});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].organisation, agency);
  EXPECT_EQ(entries[0].subject, municipality);
  ask("/identifier/01017012345");
  const auto refused = national_.audit().find({.action = "lookup.refused"});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_THAT(refused[0].subject + refused[0].detail, Not(HasSubstr("01017012345"))) << "never a person's number";
}

}  // namespace
}  // namespace kanal::sim::testing

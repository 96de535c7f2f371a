// A bench for the tests of the simulators: all of them over real TLS, a test CA, a manual clock, and clients that speak
// to them. Never included by product code.
#pragma once

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "net/http_client.hpp"
#include "sim/lent_rabbit_testing.hpp"
#include "sim/national.hpp"

namespace kanal::sim::testing {

namespace json = boost::json;

constexpr const char* agency = "310700002";
constexpr const char* municipality = "310701378";
constexpr const char* resource = "eformidling-dpo-meldingsutveksling";

/// Keys take long to make, so one process makes them once.
struct Keys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("Test CA", from, until);
  crypto::Identity foreign_ca = crypto::make_ca("Foreign CA", from, until);
  crypto::Identity server = crypto::issue(ca, {"localhost", "Test", "", {"127.0.0.1", "localhost"}, from, until});
  crypto::Identity agency_identity = crypto::issue(ca, {"Agency", "Agency", agency, {}, from, until});
  crypto::Identity municipality_identity =
      crypto::issue(ca, {"Municipality", "Municipality", municipality, {}, from, until});
  crypto::Identity stranger = crypto::issue(foreign_ca, {"Agency", "Agency", agency, {}, from, until});
  crypto::PrivateKey maskinporten = crypto::PrivateKey::generate();
  crypto::PrivateKey exchange = crypto::PrivateKey::generate();
  DpiSuppliers suppliers = issue_suppliers(ca, kanal::testing::ManualClock().now());
  crypto::Identity svarut = crypto::issue(ca, {"SvarUt", "KS", "", {}, from, until});
  static const Keys& get() {
    static const Keys keys;
    return keys;
  }
};

inline json::object object_of(const net::ClientResponse& response) {
  json::error_code error;
  auto value = json::parse(response.body, error);
  return !error && value.is_object() ? value.get_object() : json::object{};
}

inline std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

class Bench : public ::testing::Test {
 protected:
  /// With Fiks IO it uses the program's RabbitMQ, whose start takes seconds.
  explicit Bench(bool fiks_io = false) : national_(options(fiks_io), clock_, log_), http_(client_options()) {
    const auto started = national_.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
    const auto& keys = Keys::get();
    for (const auto* who : {&keys.agency_identity, &keys.municipality_identity}) {
      const auto orgnr = who->certificate.organisation()->str();
      EXPECT_TRUE(national_.register_client("MOVE_IP_" + orgnr, who->certificate).has_value());
      national_.approve_system_user("MOVE_IP_" + orgnr, orgnr, orgnr + "_user");
    }
  }

  NationalOptions options(bool fiks_io) const {
    NationalOptions out;
    out.fiks_io = fiks_io;
    if (fiks_io) rabbit().lend(out);
    out.folder = folder_.path() / "transfers";
    out.tls = Keys::get().server;
    out.anchors = {Keys::get().ca.certificate};
    out.maskinporten_key = Keys::get().maskinporten;
    out.exchange_key = Keys::get().exchange;
    out.registry_signer = Keys::get().foreign_ca;
    out.suppliers = Keys::get().suppliers;
    out.svarut_identity = Keys::get().svarut;
    return out;
  }
  static const LentRabbit& rabbit() {
    static const LentRabbit made(Keys::get().server);
    return made;
  }
  static net::ClientOptions client_options() {
    net::ClientOptions out;
    out.ca_pem = Keys::get().ca.certificate.pem();
    return out;
  }

  std::int64_t seconds() const {
    return std::chrono::floor<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  }

  net::ClientResponse send(net::ClientRequest request) {
    auto response = http_.send(request);
    EXPECT_TRUE(response.has_value()) << (response ? "" : response.error().text());
    return response ? *response : net::ClientResponse{};
  }
  net::ClientResponse get(const std::string& url, net::Headers headers = {}) {
    net::ClientRequest request;
    request.url = url;
    request.headers = std::move(headers);
    return send(std::move(request));
  }
  net::ClientRequest post_request(const std::string& url, std::string body, const std::string& type,
                                  net::Headers headers = {}) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url;
    request.body = std::move(body);
    request.headers = std::move(headers);
    if (!type.empty()) request.headers.emplace_back("Content-Type", type);
    return request;
  }
  net::ClientResponse post(const std::string& url, std::string body, const std::string& type,
                           net::Headers headers = {}) {
    return send(post_request(url, std::move(body), type, std::move(headers)));
  }
  net::ClientResponse admin(const std::string& method, const std::string& url, const json::object& body = {}) {
    auto request =
        post_request(url, method == "GET" || method == "DELETE" ? "" : json::serialize(body), "application/json");
    request.method = method;
    return send(std::move(request));
  }

  /// Claims of a good assertion; tests spoil them.
  json::object claims(const std::string& client, const std::string& scope) const {
    return {{"aud", national_.audience()}, {"iss", client},    {"scope", scope},
            {"jti", new_uuid()},           {"iat", seconds()}, {"exp", seconds() + 120}};
  }
  static json::array system_user(const std::string& orgnr, const std::string& reference) {
    json::object detail{
        {"type", "urn:altinn:systemuser"},
        {"systemuser_org", json::object{{"authority", "iso6523-actorid-upis"}, {"ID", "0192:" + orgnr}}}};
    if (!reference.empty()) detail["externalRef"] = reference;
    return json::array{std::move(detail)};
  }
  static std::string signed_by(const crypto::Identity& identity, const json::object& claims) {
    return crypto::sign_jws(identity.key, {{"x5c", json::array{json::string(to_base64(identity.certificate.der()))}}},
                            json::serialize(claims));
  }
  net::ClientResponse grant(const std::string& assertion) {
    return post(national_.token_url(),
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion,
                "application/x-www-form-urlencoded");
  }
  net::ClientResponse grant(const json::object& claims) {
    return grant(signed_by(Keys::get().agency_identity, claims));
  }

  /// A Maskinporten token.
  std::string maskinporten_token(const std::string& scope, const std::string& orgnr = agency,
                                 bool as_system_user = false) {
    auto wanted = claims("MOVE_IP_" + orgnr, scope);
    if (as_system_user) wanted["authorization_details"] = system_user(orgnr, orgnr + "_user");
    const auto& keys = Keys::get();
    const auto answer = grant(signed_by(orgnr == agency ? keys.agency_identity : keys.municipality_identity, wanted));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(object_of(answer), "access_token");
  }
  /// An exchanged token for a system user, made once per scope and organisation.
  net::Headers altinn(const std::string& orgnr, const std::string& scope = "altinn:broker.write altinn:broker.read") {
    auto& token = tokens_[orgnr + scope];
    if (token.empty()) {
      const auto answer =
          get(national_.exchange_url(), {{"Authorization", "Bearer " + maskinporten_token(scope, orgnr, true)}});
      EXPECT_EQ(answer.status, 200);
      token = answer.body;
    }
    return {{"Authorization", "Bearer " + token}};
  }

  void arm(std::string_view fault, std::optional<std::uint64_t> times = 1, std::string subject = {}) {
    const auto armed = national_.faults().arm(fault, times, std::move(subject));
    EXPECT_TRUE(armed.has_value()) << (armed ? "" : armed.error().message);
  }

  kanal::testing::TemporaryFolder folder_;
  kanal::testing::ManualClock clock_;
  SilentLog log_;
  mutable National national_;
  net::HttpClient http_;
  std::map<std::string, std::string> tokens_;
};

}  // namespace kanal::sim::testing

// Request:  POST /token, application/x-www-form-urlencoded: grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer &
// assertion=<jwt> 200:      { "access_token", "token_type": "Bearer", "expires_in", "scope" } 4xx:      { "error",
// "error_description", "error_uri" } altinn-auth.md section 4. Order of checks: form, shape of the assertion, client,
// key or certificate, audience, times, first use, scopes, consumer, system user.
#include "sim/maskinporten.hpp"

#include <algorithm>

#include <fmt/chrono.h>
#include <boost/json/array.hpp>

#include "base/ids.hpp"
#include "crypto/cades.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::size_t max_form_bytes = std::size_t{64} * 1024;
constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Altinn, where one organisation lets another act for it.
constexpr std::string_view delegation_source = "https://tt02.altinn.no/";
constexpr std::chrono::minutes wrong_clock{5};
constexpr std::chrono::seconds short_life{5};
constexpr std::chrono::minutes sweep_every{5};

net::Response error_answer(const OauthError& error) {
  auto response = json_answer(error.status, json::object{{"error", error.error},
                                                         {"error_description", error.description},
                                                         {"error_uri", "https://docs.digdir.no/docs/Maskinporten/"}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

std::int64_t seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count(); }

json::object organisation_json(std::string_view orgnr) {
  return {{"authority", domain::iso6523_authority}, {"ID", "0192:" + std::string(orgnr)}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// A client with a wrong clock finds out by this header.
std::string http_date(Time time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

OauthError not_authenticated(std::string_view why) {
  return {401, "invalid_client", "MP-100: Client authentication failed. " + std::string(why)};
}

}  // namespace

Maskinporten::Maskinporten(MaskinportenOptions options, const Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      issuer_(options_.issuer, options_.signing_key),
      site_("maskinporten", options_.site, environment) {
  add_routes();
  add_admin_routes();
}

Result<void> Maskinporten::start() {
  auto started = site_.start();
  if (started && options_.issuer.empty()) issuer_.set_name(site_.url() + "/");
  return started;
}

std::string Maskinporten::audience() const { return options_.audience.empty() ? issuer_.name() : options_.audience; }

void Maskinporten::register_client(ClientRegistration client) {
  const std::scoped_lock lock(mutex_);
  auto& entry = clients_[client.client_id];
  entry.registration = std::move(client);
}

void Maskinporten::register_key(const std::string& client_id, const std::string& kid, crypto::PublicKey key,
                                bool expired) {
  const std::scoped_lock lock(mutex_);
  auto& client = clients_[client_id];
  if (client.registration.client_id.empty()) client.registration.client_id = client_id;
  client.keys.insert_or_assign(kid, Key{std::move(key), expired});
}

void Maskinporten::set_system_user(const SystemUserRegistration& user) {
  const std::scoped_lock lock(mutex_);
  auto& client = clients_[user.client_id];
  if (client.registration.client_id.empty()) client.registration.client_id = user.client_id;
  auto& entry = client.system_users[{user.organisation, user.external_ref}];
  if (entry.id.empty()) entry.id = new_uuid();
  entry.approved = user.approved;
}

Time Maskinporten::now() const {
  auto now = environment_.clock.now();
  if (environment_.faults.consume("maskinporten.clock_ahead")) now += wrong_clock;
  if (environment_.faults.consume("maskinporten.clock_behind")) now -= wrong_clock;
  return now;
}

OauthResult<std::string> Maskinporten::assertion_of(const net::Request& request, const Bytes& body) const {
  if (media_type(request.header("Content-Type")) != "application/x-www-form-urlencoded") {
    return oauth_error(400, "invalid_request", "The body must be application/x-www-form-urlencoded");
  }
  const auto form = parse_form(text_of(body));
  if (!form) return oauth_error(400, "invalid_request", "The form is not readable");
  std::string grant;
  std::string assertion;
  for (const auto& [name, value] : *form) {
    auto* into = name == "grant_type" ? &grant : name == "assertion" ? &assertion : nullptr;
    if (into == nullptr) continue;
    if (!into->empty()) return oauth_error(400, "invalid_request", name + " is given twice");
    *into = value;
  }
  if (grant.empty()) return oauth_error(400, "invalid_request", "grant_type is missing");
  if (grant != grant_type) return oauth_error(400, "unsupported_grant_type", "Use " + std::string(grant_type));
  if (assertion.empty()) return oauth_error(400, "invalid_request", "assertion is missing");
  return assertion;
}

net::Response Maskinporten::token(const net::Request& request, const Bytes& body, Time now) {
  auto& faults = environment_.faults;
  const auto compact = assertion_of(request, body);
  if (!compact) return error_answer(compact.error());
  const auto assertion = read_assertion(*compact);
  if (!assertion) {
    refused({}, assertion.error());
    return error_answer(assertion.error());
  }
  const auto& client = assertion->client_id;
  for (const int status : {429, 500, 503}) {
    if (faults.any() && faults.consume("maskinporten." + std::to_string(status), client)) return empty_answer(status);
  }
  if (faults.consume("maskinporten.hang", client)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  auto claims = grant(*assertion, now);
  if (!claims) {
    refused(client, claims.error());
    return error_answer(claims.error());
  }
  if (faults.consume("maskinporten.reset", client)) return lost_answer();
  return answer(std::move(*claims));
}

void Maskinporten::refused(const std::string& client_id, const OauthError& error) const {
  environment_.audit.record({.simulator = "maskinporten",
                             .organisation = {},
                             .vendor = client_id,
                             .action = "token.refused",
                             .subject = error.error,
                             .detail = error.description});
}

OauthResult<json::object> Maskinporten::grant(const Assertion& assertion, Time now) {
  Client client;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = clients_.find(assertion.client_id);
    if (found == clients_.end()) return tl::unexpected(not_authenticated("Unknown client " + assertion.client_id));
    client = found->second;
  }
  if (auto known = authenticate(client, assertion); !known) return tl::unexpected(known.error());
  if (assertion.audience != audience()) {
    return oauth_error(400, "invalid_grant", "MP-110: Invalid aud in assertion, it must be " + audience());
  }
  if (auto timely = check_times(assertion, now); !timely) return tl::unexpected(timely.error());
  if (auto first = check_first_use(assertion, now); !first) return tl::unexpected(first.error());
  if (auto scopes = check_scopes(client, assertion); !scopes) return tl::unexpected(scopes.error());
  if (assertion.on_behalf_of) {
    return oauth_error(400, "invalid_grant", "Invalid assertion. The client is not registered for iss_onbehalfof");
  }
  const bool for_itself = assertion.consumer_org == client.registration.organisation;
  if (assertion.consumer_org && !for_itself && !client.registration.delegated_by.contains(*assertion.consumer_org)) {
    return oauth_error(403, "access_denied",
                       "Consumer " + *assertion.consumer_org + " has not delegated access to the scope in Altinn");
  }
  std::optional<GrantedSystemUser> user;
  if (assertion.system_user) {
    auto found = find_system_user(client, *assertion.system_user);
    if (!found) return tl::unexpected(found.error());
    user = std::move(*found);
  }
  return claims_for(client, assertion, user);
}

OauthResult<void> Maskinporten::authenticate(const Client& client, const Assertion& assertion) const {
  auto& faults = environment_.faults;
  if (faults.consume("maskinporten.client", assertion.client_id)) {
    return tl::unexpected(not_authenticated("The key does not belong to the client"));
  }
  if (!assertion.kid.empty()) {
    const auto key = client.keys.find(assertion.kid);
    if (key == client.keys.end()) return tl::unexpected(not_authenticated("Unknown kid " + assertion.kid));
    if (key->second.expired || faults.consume("maskinporten.key_expired", assertion.client_id)) {
      return oauth_error(401, "invalid_client", "MP-121: The registered key " + assertion.kid + " has expired");
    }
    if (!crypto::verify_jws(assertion.jws, key->second.key)) {
      return tl::unexpected(not_authenticated("The signature is wrong"));
    }
    return {};
  }
  return check_certificate(client, assertion);
}

OauthResult<void> Maskinporten::check_certificate(const Client& client, const Assertion& assertion) const {
  const auto& leaf = assertion.certificates.front();
  const std::vector<crypto::Certificate> intermediates(assertion.certificates.begin() + 1,
                                                       assertion.certificates.end());
  if (environment_.faults.consume("maskinporten.certificate", assertion.client_id)) {
    return oauth_error(400, "invalid_grant", "MP-120: Invalid certificate. The certificate is revoked");
  }
  const auto trusted = crypto::verify_chain(leaf, intermediates, options_.anchors, environment_.clock.now());
  if (!trusted) {
    return oauth_error(400, "invalid_grant", "MP-120: Invalid certificate. " + trusted.error().message);
  }
  if (!crypto::verify_jws(assertion.jws, crypto::PublicKey(leaf))) {
    return tl::unexpected(not_authenticated("The signature does not fit the certificate"));
  }
  const auto owner = leaf.organisation();
  if (!owner || owner->str() != client.registration.organisation) {
    return tl::unexpected(not_authenticated("The certificate does not belong to the owner of the client"));
  }
  return {};
}

OauthResult<void> Maskinporten::check_times(const Assertion& assertion, Time now) const {
  if (assertion.issued > now + options_.clock_tolerance) {
    return oauth_error(400, "invalid_grant", "Invalid assertion. iat is in the future, check the clock");
  }
  if (assertion.expires <= now - options_.clock_tolerance) {
    return oauth_error(400, "invalid_grant", "Invalid assertion. The assertion has expired (exp), check the clock");
  }
  if (assertion.expires <= assertion.issued || assertion.expires - assertion.issued > options_.max_assertion_life) {
    return oauth_error(400, "invalid_grant", "Invalid assertion. exp must be at most 120 seconds after iat");
  }
  return {};
}

OauthResult<void> Maskinporten::check_first_use(const Assertion& assertion, Time now) {
  const std::scoped_lock lock(mutex_);
  if (now >= next_sweep_) {
    std::erase_if(used_, [&](const auto& entry) { return entry.second + wrong_clock * 2 < now; });
    next_sweep_ = now + sweep_every;
  }
  if (!used_.emplace(assertion.client_id + '\n' + assertion.id, assertion.expires).second) {
    return oauth_error(400, "invalid_grant", "Invalid assertion. jti has been used before");
  }
  return {};
}

OauthResult<void> Maskinporten::check_scopes(const Client& client, const Assertion& assertion) const {
  for (const auto& scope : assertion.scopes) {
    if (client.registration.scopes.contains(scope) && !environment_.faults.consume("maskinporten.invalid_scope", scope))
      continue;
    return oauth_error(400, "invalid_scope", "Client or organisation has not access to scope " + scope);
  }
  return {};
}

OauthResult<Maskinporten::GrantedSystemUser> Maskinporten::find_system_user(const Client& client,
                                                                            const SystemUserClaim& claim) const {
  const auto refuse = [&](std::string_view why) {
    return oauth_error(400, "invalid_grant",
                       "Altinn system user " + std::string(why) + " for organisation 0192:" + claim.organisation +
                           (claim.external_ref ? ", externalRef " + *claim.external_ref : ""));
  };
  if (environment_.faults.consume("maskinporten.system_user", claim.organisation)) return refuse("not approved");
  std::vector<GrantedSystemUser> approved;
  bool waiting = false;
  for (const auto& [key, user] : client.system_users) {
    if (key.first != claim.organisation || (claim.external_ref && key.second != *claim.external_ref)) continue;
    if (user.approved) {
      approved.push_back({user.id, key.second});
    } else {
      waiting = true;
    }
  }
  if (approved.empty()) return refuse(waiting ? "not approved" : "not found");
  if (approved.size() > 1) return refuse("not unique, externalRef is needed");
  return approved.front();
}

json::object Maskinporten::claims_for(const Client& client, const Assertion& assertion,
                                      const std::optional<GrantedSystemUser>& user) const {
  auto life = options_.token_life;
  auto issued = environment_.clock.now();
  if (environment_.faults.consume("maskinporten.short_lived", assertion.client_id)) life = short_life;
  if (environment_.faults.consume("maskinporten.expired", assertion.client_id)) issued -= life;
  json::object claims{
      {"scope", joined(assertion.scopes)},
      {"client_id", assertion.client_id},
      {"client_amr", assertion.kid.empty() ? "virksomhetssertifikat" : "private_key_jwt"},
      {"consumer", organisation_json(assertion.consumer_org.value_or(client.registration.organisation))},
      {"token_type", "Bearer"},
      {"iat", seconds_of(issued)},
      {"exp", seconds_of(issued + life)},
      {"jti", new_uuid()}};
  if (assertion.consumer_org && *assertion.consumer_org != client.registration.organisation) {
    claims["supplier"] = organisation_json(client.registration.organisation);
    claims["delegation_source"] = delegation_source;
  }
  if (user) {
    claims["authorization_details"] =
        json::array{json::object{{"type", "urn:altinn:systemuser"},
                                 {"systemuser_org", organisation_json(assertion.system_user->organisation)},
                                 {"systemuser_id", json::array{json::string(user->id)}},
                                 {"system_id", client.registration.organisation + "_integrasjonspunkt"},
                                 {"externalRef", user->external_ref}}};
  }
  environment_.audit.record(
      {.simulator = "maskinporten",
       .organisation = assertion.system_user ? assertion.system_user->organisation : client.registration.organisation,
       .vendor = assertion.client_id,
       .action = "token",
       .subject = assertion.id,
       .detail = joined(assertion.scopes)});
  return claims;
}

net::Response Maskinporten::answer(json::object claims) const {
  const auto expires = claims.at("exp").as_int64() - claims.at("iat").as_int64();
  const json::string scope = claims.at("scope").as_string();
  json::object body{{"access_token", issuer_.mint(std::move(claims))}, {"token_type", "Bearer"}, {"scope", scope}};
  if (!environment_.faults.consume("maskinporten.no_expires_in")) body["expires_in"] = expires;
  auto response = json_answer(200, body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

void Maskinporten::add_routes() {
  auto& routes = site_.routes();
  routes.add("POST", "/token", [this](const SharedRequest& request, const auto&) -> Answer {
    return net::collect_body(
        max_form_bytes,
        [this, request](const Bytes& body) {
          const auto time = now();
          auto response = token(*request, body, time);
          response.headers.emplace_back("Date", http_date(time));
          return response;
        },
        [] {
          return error_answer({400, "invalid_request", "The request is too large"});
        });
  });
  routes.add("GET", "/jwks",
             [this](const SharedRequest&, const auto&) -> Answer { return json_answer(200, issuer_.jwks()); });
  routes.add("GET", "/.well-known/oauth-authorization-server", [this](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, json::object{{"issuer", issuer_.name()},
                                         {"token_endpoint", token_url()},
                                         {"jwks_uri", url() + "/jwks"},
                                         {"token_endpoint_auth_methods_supported", json::array{"private_key_jwt"}},
                                         {"grant_types_supported", json::array{json::string(grant_type)}},
                                         {"token_endpoint_auth_signing_alg_values_supported", json::array{"RS256"}}});
  });
}

}  // namespace kanal::sim

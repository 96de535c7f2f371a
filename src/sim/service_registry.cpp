// service-registry.md:
//   Entity  { "infoRecord": {...}, "serviceRecords": [ {...} ] }                                      4.2
//   Signed  JWS compact, header { "alg": "RS256", "x5c": [base64 DER], "kid": RFC 7638 thumbprint }   4.1
//   Error   { "error_code": text, "error_description": text }, never signed                           4.3
//           persons: { "message": text }
#include "sim/service_registry.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/issue.hpp"
#include "domain/partner.hpp"

namespace kanal::sim {

struct ServiceRegistry::Lookup {
  std::string identifier;  ///< as in the path
  std::optional<int> level{};
  bool print = true;                          ///< is a print record wanted?
  std::shared_ptr<const TokenFacts> token{};  ///< null when no token is required
};

namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::string_view jose = "application/jose";

tl::unexpected<RegistryError> registry_error(int status, std::string description, std::string code = {}) {
  return tl::unexpected<RegistryError>(RegistryError{status, std::move(description), std::move(code)});
}

net::Response error_answer(const RegistryError& error) {
  // Persons get another shape (4.3), told by this code.
  if (error.code == "message") return json_answer(error.status, json::object{{"message", error.description}});
  return json_answer(error.status, json::object{{"error_code", error.code}, {"error_description", error.description}});
}

crypto::Identity self_signed(Time now) {
  return crypto::make_ca("Service Registry", now - std::chrono::days(1), now + std::chrono::days(365));
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// `991825827`, `0192:991825827[:part[:n]]`.
std::optional<std::string> organisation_number(std::string_view identifier) {
  if (domain::is_orgnr(identifier)) return std::string(identifier);
  if (!identifier.starts_with("0192:")) return std::nullopt;
  identifier.remove_prefix(5);
  const auto number = identifier.substr(0, identifier.find(':'));
  if (!domain::is_orgnr(number)) return std::nullopt;
  return std::string(number);
}

bool is_person(std::string_view identifier) { return identifier.size() == 11 && is_digits(identifier); }

/// What the audit shows of an identifier: no person's number.
std::string audited(const std::string& identifier) {
  if (is_person(identifier)) return masked_person(identifier);
  return organisation_number(identifier).value_or("not an organisation");
}

std::string audited_path(const std::string& path, const std::string& identifier) {
  const auto at = is_person(identifier) ? path.find(identifier) : std::string::npos;
  return at == std::string::npos ? path
                                 : path.substr(0, at) + masked_person(identifier) + path.substr(at + identifier.size());
}

RegistryResult<std::optional<int>> security_level(const net::Request& request) {
  const auto text = request.parameter("securityLevel");
  if (!text || text->empty()) return std::optional<int>{};
  int level = 0;
  const auto end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, level);
  if (error != std::errc{} || stop != end) return registry_error(400, "securityLevel must be a number");
  return std::optional<int>(level);
}

bool is_registry_scope(std::string_view scope) {
  constexpr std::string_view services[] = {"dpo", "dpe", "dpv", "dpf", "dpi", "dph"};
  return std::ranges::any_of(services, [&](std::string_view service) {
    return scope == "eformidling:" + std::string(service) || scope == "move/" + std::string(service) + ".read";
  });
}

bool has_service(const TokenFacts& facts, std::string_view service) {
  return facts.has_scope("eformidling:" + std::string(service)) ||
         facts.has_scope("move/" + std::string(service) + ".read");
}

std::string without_pem_lines(std::string pem) {
  for (const std::string_view line : {"-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"}) {
    if (const auto at = pem.find(line); at != std::string::npos) pem.erase(at, line.size());
  }
  return pem;
}

}  // namespace

ServiceRegistry::ServiceRegistry(ServiceRegistryOptions options, const Issuer& maskinporten,
                                 const Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      check_(environment.clock, {&maskinporten}),
      signer_(options_.signer ? *options_.signer : self_signed(environment.clock.now())),
      site_("registry", options_.site, environment) {
  add_routes();
  add_admin_routes();
  add_resident_admin_routes();
}

void ServiceRegistry::put(Organisation organisation) {
  const std::scoped_lock lock(mutex_);
  auto orgnr = organisation.orgnr;
  organisations_.insert_or_assign(std::move(orgnr), std::move(organisation));
}

void ServiceRegistry::remove(const std::string& orgnr) {
  const std::scoped_lock lock(mutex_);
  organisations_.erase(orgnr);
}

std::optional<Organisation> ServiceRegistry::find(const std::string& orgnr) const {
  const std::scoped_lock lock(mutex_);
  const auto found = organisations_.find(orgnr);
  return found == organisations_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Organisation> ServiceRegistry::organisations() const {
  std::vector<Organisation> out;
  const std::scoped_lock lock(mutex_);
  out.reserve(organisations_.size());
  for (const auto& [orgnr, organisation] : organisations_) out.push_back(organisation);
  return out;
}

void ServiceRegistry::set_routing(RoutingSettings routing) {
  const std::scoped_lock lock(mutex_);
  options_.routing = std::move(routing);
}

void ServiceRegistry::set_post(DigitalPostSettings post) {
  const std::scoped_lock lock(mutex_);
  options_.post = std::move(post);
}

DigitalPostSettings ServiceRegistry::post() const {
  const std::scoped_lock lock(mutex_);
  return options_.post;
}

RoutingSettings ServiceRegistry::routing() const {
  const std::scoped_lock lock(mutex_);
  return options_.routing;
}

crypto::Identity ServiceRegistry::signer() const {
  const std::scoped_lock lock(mutex_);
  return signer_;
}

void ServiceRegistry::rotate_key() {
  auto signer = self_signed(environment_.clock.now());
  const std::scoped_lock lock(mutex_);
  signer_ = std::move(signer);
}

void ServiceRegistry::set_sas_key(std::optional<std::string> key) {
  const std::scoped_lock lock(mutex_);
  options_.sas_key = std::move(key);
}

RegistryResult<std::shared_ptr<const TokenFacts>> ServiceRegistry::authorise(const net::Request& request) {
  if (!options_.require_token) return std::shared_ptr<const TokenFacts>{};
  auto facts = check_.check(request.header("Authorization"));
  if (!facts) return registry_error(401, facts.error().message, "unauthorized");
  const auto& token = **facts;
  if (!token.consumer.starts_with("0192:")) return registry_error(401, "consumer.ID is no ISO 6523 identifier");
  if (!std::ranges::any_of(token.scopes, is_registry_scope))
    return registry_error(401, "Access is denied: missing scope");
  return std::move(*facts);
}

std::optional<net::Response> ServiceRegistry::fault_answer(const std::string& identifier) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (faults.consume("registry.slow", identifier)) faults.hold(options_.slow);
  if (faults.consume("registry.reset", identifier)) return lost_answer();
  if (faults.consume("registry.404_plain", identifier)) return text_answer(404, "<html>Not Found</html>", "text/html");
  if (faults.consume("registry.404_other_shape", identifier)) {
    return error_answer({404, "No service record found for citizen: " + identifier, "message"});
  }
  for (const int status : {400, 401, 404, 500, 503}) {
    if (!faults.consume("registry." + std::to_string(status), identifier)) continue;
    return error_answer({status, "Fault injected for '" + identifier + "'"});
  }
  return std::nullopt;
}

net::Response ServiceRegistry::serve(const net::Request& request, const std::string& identifier,
                                     std::string_view plain_type, const Call& call) {
  if (auto answer = fault_answer(identifier)) return std::move(*answer);
  const auto token = authorise(request);
  if (!token) return error_answer(token.error());
  const auto types = accepted_types(request);
  const bool wants_jose = std::ranges::find(types, jose) != types.end();
  const auto family = std::string(plain_type.substr(0, plain_type.find('/'))) + "/*";
  const bool takes_plain = types.empty() || std::ranges::any_of(types, [&](const std::string& type) {
                             return type == plain_type || type == "*/*" || type == family;
                           });
  if (!wants_jose && !takes_plain) return empty_answer(406);
  const auto level = security_level(request);
  if (!level) return error_answer(level.error());
  const bool print = request.parameter("print") != "false";
  const auto payload = call({identifier, *level, print, *token});
  environment_.audit.record(
      {.simulator = "registry",
       .organisation = *token ? (*token)->actor : std::string{},
       .vendor = *token ? (*token)->client_id : std::string{},
       .action = payload ? "lookup" : "lookup.refused",
       .subject = audited(identifier),
       .detail = payload ? audited_path(request.path, identifier) : std::to_string(payload.error().status)});
  if (!payload) return error_answer(payload.error());
  if (wants_jose && !environment_.faults.consume("registry.unsigned", identifier)) return sign(*payload, identifier);
  return text_answer(200, *payload, std::string(plain_type) + ";charset=UTF-8");
}

net::Response ServiceRegistry::sign(const std::string& payload, const std::string& identifier) const {
  const auto identity = signer();
  auto kid = crypto::PublicKey(identity.certificate).thumbprint();
  if (environment_.faults.consume("registry.unknown_kid", identifier)) kid = "unknown-" + kid.substr(0, 8);
  auto compact = crypto::sign_jws(
      identity.key, {{"x5c", json::array{json::string(to_base64(identity.certificate.der()))}}, {"kid", kid}}, payload);
  if (environment_.faults.consume("registry.bad_signature", identifier)) {
    // A character well inside the signature: the last one may carry unused bits only.
    auto& letter = compact[compact.size() - 20];
    letter = letter == 'A' ? 'B' : 'A';
  }
  return text_answer(200, std::move(compact), "application/jose;charset=UTF-8");
}

RegistryResult<Organisation> ServiceRegistry::organisation_for(const std::string& identifier,
                                                               bool all_processes) const {
  const auto not_found = [&] { return registry_error(404, "Entity with identifier '" + identifier + "' not found."); };
  const auto orgnr = organisation_number(identifier);
  if (!orgnr) {
    if (is_person(identifier) && all_processes)
      return registry_error(404, "No service record found for citizen: " + identifier, "message");
    return not_found();
  }
  auto organisation = find(*orgnr);
  if (!organisation) return not_found();
  if (environment_.faults.consume("registry.no_certificate", *orgnr)) {
    organisation->dpo_certificate.reset();
    organisation->dpe_certificate.reset();
  }
  const auto now = environment_.clock.now();
  const auto replace = [&](const std::string& owner, Time from, Time until) {
    const auto ca = crypto::make_ca("Somebody's CA", from, until);
    const auto other = crypto::issue(ca, {"Other certificate", "Other certificate", owner, {}, from, until});
    organisation->dpo_certificate = organisation->dpe_certificate = other.certificate.pem();
  };
  if (environment_.faults.consume("registry.wrong_certificate", *orgnr)) {
    replace("999999999", now - std::chrono::days(1), now + std::chrono::days(30));
  }
  if (environment_.faults.consume("registry.expired_certificate", *orgnr)) {
    replace(*orgnr, now - std::chrono::days(30), now - std::chrono::days(1));
  }
  return std::move(*organisation);
}

RegistryResult<std::optional<std::string>> ServiceRegistry::resident_records(
    const Lookup& lookup, const std::vector<const ProcessEntry*>& processes) const {
  const auto resident = find_resident(lookup.identifier);
  if (!resident) return std::optional<std::string>{};
  if (lookup.token && !has_service(*lookup.token, "dpi")) {
    return registry_error(401, "Access is denied: missing scope");
  }
  json::array records;
  std::optional<Organisation> sender;
  if (lookup.token) sender = find(organisation_number(lookup.token->consumer).value_or(""));
  for (const auto* process : processes) {
    auto some = route_resident(*resident, *process, sender, lookup.print, post(), routing());
    for (auto& record : some) records.push_back(std::move(record));
  }
  spoil_certificates(records, resident->id);
  // The return address of a letter is that of the organisation that asks.
  const bool any_print = std::ranges::any_of(records, [](const json::value& record) {
    const auto* physical = record.as_object().if_contains("fysiskPost");
    return physical != nullptr && physical->as_bool();
  });
  if (any_print && lookup.token && !sender) {
    return registry_error(404, "Entity with identifier '" + lookup.token->consumer + "' not found.");
  }
  return std::optional(entity(resident->id, info_record(*resident), std::move(records)));
}

RegistryResult<std::string> ServiceRegistry::all_records(const Lookup& lookup) const {
  std::vector<const ProcessEntry*> processes;
  for (const auto& process : process_catalogue()) processes.push_back(&process);
  auto resident = resident_records(lookup, processes);
  if (!resident) return tl::unexpected(resident.error());
  if (*resident) return std::move(**resident);
  const auto organisation = organisation_for(lookup.identifier, true);
  if (!organisation) return tl::unexpected(organisation.error());
  json::array records;
  for (const auto& process : process_catalogue()) {
    auto record = route(*organisation, process, lookup.level, routing());
    if (!record) return tl::unexpected(record.error());
    if (*record) records.push_back(std::move(**record));
  }
  return entity(organisation->orgnr, info_record(*organisation), std::move(records));
}

RegistryResult<std::string> ServiceRegistry::process_records(const Lookup& lookup, const std::string& process) const {
  const auto* entry = find_process(process);
  if (entry == nullptr) return registry_error(404, "Process '" + process + "' not found.");
  const auto unsupported = [&] {
    return registry_error(
        404, "Entity with identifier '" + lookup.identifier + "' does not support process '" + process + "'.");
  };
  auto resident = resident_records(lookup, {entry});
  if (!resident) return tl::unexpected(resident.error());
  if (*resident && entry->category != ProcessCategory::digitalpost) return unsupported();
  if (*resident) return std::move(**resident);
  const auto organisation = organisation_for(lookup.identifier, false);
  if (!organisation) return tl::unexpected(organisation.error());
  auto record = route(*organisation, *entry, lookup.level, routing());
  if (!record) return tl::unexpected(record.error());
  if (!*record) return unsupported();
  return entity(organisation->orgnr, info_record(*organisation), {std::move(**record)});
}

RegistryResult<std::string> ServiceRegistry::info(const Lookup& lookup) const {
  if (const auto resident = find_resident(lookup.identifier)) {
    return json::serialize(json::object{{"infoRecord", info_record(*resident)}, {"serviceRecords", json::array{}}});
  }
  const auto organisation = organisation_for(lookup.identifier, false);
  if (!organisation) return tl::unexpected(organisation.error());
  return json::serialize(json::object{{"infoRecord", info_record(*organisation)}, {"serviceRecords", json::array{}}});
}

RegistryResult<std::string> ServiceRegistry::virksert(const Lookup& lookup) const {
  const auto organisation = organisation_for(lookup.identifier, false);
  const auto missing = [&] {
    return registry_error(404, "No certificate found for identifier '" + lookup.identifier + "'",
                          "certificate_not_found");
  };
  if (!organisation) return missing();
  const bool dpe = lookup.token && has_service(*lookup.token, "dpe");
  const bool dpo = !dpe || (lookup.token && has_service(*lookup.token, "dpo"));
  const auto& of_dpo = organisation->dpo_certificate;
  const auto& of_dpe = organisation->dpe_certificate;
  if (dpo && dpe && of_dpo != of_dpe)
    return registry_error(400, "The certificates for DPO and DPE differ or one is missing");
  const auto& chosen = dpo ? of_dpo : of_dpe;
  if (!chosen) return missing();
  return environment_.faults.consume("registry.bare_pem", lookup.identifier) ? without_pem_lines(*chosen) : *chosen;
}

std::string ServiceRegistry::entity(const std::string& subject, json::object information, json::array records) const {
  auto& faults = environment_.faults;
  if (faults.consume("registry.empty_records", subject)) records.clear();
  if (faults.consume("registry.bare_pem", subject)) {
    for (auto& record : records) {
      auto& pem = record.as_object()["pemCertificate"];
      if (pem.is_string()) pem = without_pem_lines(std::string(pem.get_string()));
    }
  }
  if (faults.consume("registry.flip_to_dpv", subject)) {
    for (auto& record : records) {
      auto& object = record.as_object();
      auto& service = object["service"].as_object();
      if (service["identifier"] != "DPO") continue;
      service["identifier"] = "DPV";
      service["endpointUrl"] = routing().correspondence_url;
      const auto* process = find_process(text_member(object, "process"));
      service["resource"] = process != nullptr ? json::value(dpv_resource(*process, routing())) : json::value(nullptr);
      object["pemCertificate"] = nullptr;
    }
  }
  for (auto& record : records) {
    auto& service = record.as_object()["service"].as_object();
    if (service["identifier"] == "DPV" && faults.consume("registry.no_dpv_resource", subject)) {
      service["resource"] = nullptr;
    }
  }
  if (faults.consume("registry.unknown_service", subject) && !records.empty()) {
    auto strange = records.front();
    strange.as_object()["service"].as_object()["identifier"] = "DPX";
    records.insert(records.begin(), std::move(strange));
  }
  json::object out{{"infoRecord", std::move(information)}, {"serviceRecords", std::move(records)}};
  if (faults.consume("registry.unknown_fields", subject)) {
    out["ekstraMetadata"] = json::object{{"nested", json::array{1, nullptr, "x"}}};
    out["infoRecord"].as_object()["somethingNew"] = true;
  }
  return json::serialize(out);
}

net::Response ServiceRegistry::sas_token(const net::Request& request) {
  if (auto answer = fault_answer("sastoken")) return std::move(*answer);
  const auto token = authorise(request);
  if (!token) return error_answer(token.error());
  if (*token && !has_service(**token, "dpe")) return error_answer({401, "Access is denied: missing scope"});
  const auto types = accepted_types(request);
  const bool accepts = types.empty() || std::ranges::any_of(types, [](const std::string& type) {
                         return type == jose || type == "*/*" || type == "application/*";
                       });
  if (!accepts) return empty_answer(406);
  std::optional<std::string> key;
  {
    const std::scoped_lock lock(mutex_);
    key = options_.sas_key;
  }
  if (!key) return error_answer({404, "No SAS key is configured"});
  environment_.audit.record({.simulator = "registry",
                             .organisation = *token ? (*token)->actor : std::string{},
                             .vendor = *token ? (*token)->client_id : std::string{},
                             .action = "sastoken",
                             .subject = {},
                             .detail = {}});
  return sign(*key, "sastoken");
}

net::Response ServiceRegistry::jwk() const {
  if (environment_.faults.consume("registry.jwk_500")) return error_answer({500, "The key set is not available"});
  const auto identity = signer();
  const crypto::PublicKey key(identity.certificate);
  auto jwk = key.jwk(key.thumbprint());
  jwk["x5c"] = json::array{json::string(to_base64(identity.certificate.der()))};
  return json_answer(200, json::object{{"keys", json::array{std::move(jwk)}}});
}

void ServiceRegistry::add_routes() {
  auto& routes = site_.routes();
  const std::string base = "/adressetjeneste";
  const std::string_view as_json = "application/json";
  routes.add("GET", base + "/identifier/{identifier}",
             [this, as_json](const SharedRequest& request, const auto& v) -> Answer {
               return serve(*request, v.at(0), as_json, [this](const Lookup& lookup) { return all_records(lookup); });
             });
  routes.add("GET", base + "/identifier/{identifier}/process/{process}",
             [this, as_json](const SharedRequest& request, const auto& v) -> Answer {
               const auto call = [&](const Lookup& lookup) { return process_records(lookup, v.at(1)); };
               return serve(*request, v.at(0), as_json, call);
             });
  routes.add("GET", base + "/info/{identifier}",
             [this, as_json](const SharedRequest& request, const auto& v) -> Answer {
               return serve(*request, v.at(0), as_json, [this](const Lookup& lookup) { return info(lookup); });
             });
  routes.add("GET", base + "/virksert/{identifier}", [this](const SharedRequest& request, const auto& v) -> Answer {
    return serve(*request, v.at(0), "text/plain", [this](const Lookup& lookup) { return virksert(lookup); });
  });
  routes.add("GET", base + "/sastoken",
             [this](const SharedRequest& request, const auto&) -> Answer { return sas_token(*request); });
  routes.add("GET", base + "/jwk", [this](const SharedRequest&, const auto&) -> Answer { return jwk(); });
}

}  // namespace kanal::sim

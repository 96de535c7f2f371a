// header  = { "alg": "RS256", "x5c": [ base64 DER, ... ] } | { "alg": "RS256", "kid": text }
// payload = { "aud", "iss", "scope", "jti": text, "iat", "exp": seconds, "consumer_org"?: nine digits,
// "iss_onbehalfof"?: text,
//             "authorization_details"?: [ { "type": "urn:altinn:systemuser",
//                                           "systemuser_org": { "authority": "iso6523-actorid-upis", "ID": "0192:" nine
//                                           digits }, "externalRef"?: text } ] }
// altinn-auth.md 3.1-3.3. Nothing else may be in the payload.
#include "sim/assertion.hpp"

#include <algorithm>
#include <array>

#include "domain/partner.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_certificates = 5;
constexpr std::array<std::string_view, 9> known_claims = {
    "aud", "iss", "scope", "jti", "iat", "exp", "consumer_org", "iss_onbehalfof", "authorization_details"};

tl::unexpected<OauthError> invalid(std::string description) {
  return oauth_error(400, "invalid_grant", "Invalid assertion. " + std::move(description));
}

OauthResult<void> read_key_reference(Assertion& assertion) {
  const auto& header = assertion.jws.header;
  if (text_member(header, "alg") != "RS256") return invalid("Unsupported algorithm, use RS256");
  if (header.contains("x5c") == header.contains("kid"))
    return invalid("Exactly one of x5c and kid must be in the header");
  assertion.kid = text_member(header, "kid");
  if (header.contains("kid"))
    return assertion.kid.empty() ? OauthResult<void>(invalid("kid is empty")) : OauthResult<void>{};
  const auto chain = texts_member(header, "x5c");
  if (!chain || chain->empty() || chain->size() > max_certificates) return invalid("x5c is no list of certificates");
  const auto unreadable = [] {
    return oauth_error(400, "invalid_grant", "MP-120: Invalid certificate. x5c is not readable");
  };
  for (const auto& text : *chain) {
    // Standard Base64 with padding: the URL-safe alphabet and line breaks are wrong here.
    const bool padded = text.size() % 4 == 0 && text.find_first_of("-_ \r\n") == std::string::npos;
    if (!padded) return unreadable();
  }
  auto certificates = crypto::certificates_of(assertion.jws);
  if (!certificates) return unreadable();
  assertion.certificates = std::move(*certificates);
  return {};
}

OauthResult<std::string> required_text(const json::object& claims, std::string_view name) {
  auto text = text_member(claims, name);
  if (text.empty()) return invalid("The claim " + std::string(name) + " is missing or no text");
  return text;
}

OauthResult<Time> required_time(const json::object& claims, std::string_view name) {
  constexpr std::int64_t year_9999 = 253'402'300'799;
  const auto seconds = integer_member(claims, name);
  if (!seconds || *seconds < 0 || *seconds > year_9999) {
    return invalid("The claim " + std::string(name) + " is missing or no number of seconds");
  }
  return Time(std::chrono::seconds(*seconds));
}

OauthResult<SystemUserClaim> read_system_user(const json::value& details) {
  const auto* list = details.if_array();
  if (list == nullptr || list->size() != 1 || !list->front().is_object()) {
    return invalid("authorization_details must be a list of one object");
  }
  const auto& detail = list->front().get_object();
  if (text_member(detail, "type") != "urn:altinn:systemuser") {
    return invalid("authorization_details.type must be urn:altinn:systemuser");
  }
  const auto* organisation = detail.if_contains("systemuser_org");
  if (organisation == nullptr || !organisation->is_object()) return invalid("systemuser_org is missing");
  const auto id = text_member(organisation->get_object(), "ID");
  if (text_member(organisation->get_object(), "authority") != domain::iso6523_authority || !id.starts_with("0192:") ||
      !domain::is_orgnr(std::string_view(id).substr(5))) {
    return invalid("systemuser_org must name an organisation as iso6523-actorid-upis 0192:<organisation number>");
  }
  SystemUserClaim claim{id.substr(5), std::nullopt};
  if (detail.contains("externalRef")) {
    claim.external_ref = text_member(detail, "externalRef");
    if (claim.external_ref->empty()) return invalid("externalRef is empty");
  }
  return claim;
}

OauthResult<void> read_optional_claims(Assertion& assertion, const json::object& claims) {
  if (claims.contains("consumer_org")) {
    assertion.consumer_org = text_member(claims, "consumer_org");
    if (!domain::is_orgnr(*assertion.consumer_org)) return invalid("consumer_org must be nine digits");
  }
  assertion.on_behalf_of = claims.contains("iss_onbehalfof");
  if (const auto* details = claims.if_contains("authorization_details")) {
    auto user = read_system_user(*details);
    if (!user) return tl::unexpected(user.error());
    assertion.system_user = std::move(*user);
  }
  return {};
}

OauthResult<void> read_claims(Assertion& assertion, const json::object& claims) {
  for (const auto& claim : claims) {
    if (std::ranges::find(known_claims, std::string_view(claim.key())) == known_claims.end()) {
      return invalid("Unknown claim: " + std::string(claim.key()));
    }
  }
  for (const auto& [name, into] : {std::pair{"iss", &assertion.client_id}, std::pair{"aud", &assertion.audience},
                                   std::pair{"jti", &assertion.id}}) {
    auto text = required_text(claims, name);
    if (!text) return tl::unexpected(text.error());
    *into = std::move(*text);
  }
  for (const auto& [name, into] : {std::pair{"iat", &assertion.issued}, std::pair{"exp", &assertion.expires}}) {
    const auto time = required_time(claims, name);
    if (!time) return tl::unexpected(time.error());
    *into = *time;
  }
  assertion.scopes = split_words(text_member(claims, "scope"));
  if (assertion.scopes.empty()) return invalid("The claim scope is missing or no text");
  return read_optional_claims(assertion, claims);
}

}  // namespace

OauthResult<Assertion> read_assertion(std::string_view compact) {
  auto jws = crypto::parse_jws(compact);
  if (!jws) return invalid("It is no signed JWT");
  Assertion assertion;
  assertion.jws = std::move(*jws);
  const auto claims = parse_object(assertion.jws.payload);
  if (!claims) return invalid("The payload is no JSON object");
  if (auto key = read_key_reference(assertion); !key) return tl::unexpected(key.error());
  if (auto read = read_claims(assertion, *claims); !read) return tl::unexpected(read.error());
  return assertion;
}

}  // namespace kanal::sim

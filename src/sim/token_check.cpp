#include "sim/token_check.hpp"

#include <algorithm>
#include <mutex>

#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_known_tokens = 20'000;
constexpr std::size_t max_token_bytes = 16 * 1024;

const json::object* object_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string after_last_colon(const std::string& text) { return text.substr(text.rfind(':') + 1); }

bool has_text_in_array(const json::object& object, std::string_view name) {
  const auto texts = texts_member(object, name);
  return texts && !texts->empty();
}

/// The Broker wants `ID` in upper case, and systemuser_id and system_id present.
std::string system_user_organisation(const json::object& claims) {
  const auto* details = claims.if_contains("authorization_details");
  if (details == nullptr || !details->is_array()) return {};
  for (const auto& entry : details->get_array()) {
    const auto* detail = entry.if_object();
    if (detail == nullptr || text_member(*detail, "type") != "urn:altinn:systemuser") continue;
    const auto* organisation = object_member(*detail, "systemuser_org");
    if (organisation == nullptr || text_member(*detail, "system_id").empty()) continue;
    if (!has_text_in_array(*detail, "systemuser_id")) continue;
    if (const auto id = text_member(*organisation, "ID"); !id.empty()) return after_last_colon(id);
  }
  return {};
}

void resolve_actor(TokenFacts& facts) {
  facts.actor = system_user_organisation(facts.claims);
  facts.system_user = !facts.actor.empty();
  if (facts.actor.empty()) facts.actor = after_last_colon(text_member(facts.claims, "urn:altinn:orgNumber"));
  if (facts.actor.empty()) facts.actor = after_last_colon(facts.consumer);
}

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return {};
  const auto same = std::ranges::equal(authorization.substr(0, scheme.size()), scheme, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
  return same ? authorization.substr(scheme.size()) : std::string_view{};
}

}  // namespace

bool TokenFacts::has_scope(std::string_view scope) const { return std::ranges::find(scopes, scope) != scopes.end(); }

TokenCheck::TokenCheck(const Clock& clock, std::vector<const Issuer*> issuers)
    : clock_(clock), issuers_(std::move(issuers)) {}

Result<std::shared_ptr<const TokenFacts>> TokenCheck::check(std::string_view authorization) {
  if (authorization.empty()) return reject("token.missing", "there is no Authorization header");
  const auto token = bearer_of(authorization);
  if (token.empty()) return reject("token.malformed", "the Authorization header is no bearer token");
  if (token.size() > max_token_bytes) return reject("token.malformed", "the token is too long");
  const std::string text(token);
  std::shared_ptr<const TokenFacts> facts;
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = known_.find(text); found != known_.end()) facts = found->second;
  }
  if (!facts) {
    auto verified = verify(token);
    if (!verified) return verified;
    facts = *verified;
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= max_known_tokens) known_.clear();
    known_.emplace(text, facts);
  }
  if (clock_.now() >= facts->expires) {
    return reject("token.expired", "The token expired at '" + format_iso(facts->expires) + "'");
  }
  return facts;
}

Result<std::shared_ptr<const TokenFacts>> TokenCheck::verify(std::string_view token) const {
  const auto jws = crypto::parse_jws(token);
  if (!jws) return reject("token.malformed", "the token is no JWT");
  auto claims = parse_object(jws->payload);
  if (!claims) return reject("token.malformed", "the token's claims are no JSON object");
  auto facts = std::make_shared<TokenFacts>();
  facts->claims = std::move(*claims);
  facts->issuer = text_member(facts->claims, "iss");
  const auto issuer =
      std::ranges::find_if(issuers_, [&](const Issuer* candidate) { return candidate->name() == facts->issuer; });
  if (issuer == issuers_.end()) return reject("token.issuer", "The issuer '" + facts->issuer + "' is invalid");
  if (auto verified = (*issuer)->verify(*jws); !verified) return failed(verified);
  const auto expires = integer_member(facts->claims, "exp");
  if (!expires) return reject("token.malformed", "the token has no exp");
  facts->expires = Time(std::chrono::seconds(*expires));
  facts->client_id = text_member(facts->claims, "client_id");
  facts->scopes = split_words(text_member(facts->claims, "scope"));
  if (const auto* consumer = object_member(facts->claims, "consumer")) facts->consumer = text_member(*consumer, "ID");
  resolve_actor(*facts);
  return std::shared_ptr<const TokenFacts>(std::move(facts));
}

}  // namespace kanal::sim

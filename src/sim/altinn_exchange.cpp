// Answer: 200 text/plain, the bare JWT; 401 without body for a token that is missing, wrong or expired. altinn-auth.md
// section 5.
#include "sim/altinn_exchange.hpp"

#include "base/ids.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::chrono::seconds short_life{5};

std::int64_t seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count(); }

}  // namespace

AltinnExchange::AltinnExchange(AltinnExchangeOptions options, const Issuer& maskinporten,
                               const Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      issuer_(options_.issuer, options_.signing_key),
      check_(environment.clock, {&maskinporten}),
      site_("exchange", options_.site, environment) {
  auto& routes = site_.routes();
  routes.add("GET", "/authentication/api/v1/exchange/maskinporten",
             [this](const SharedRequest& request, const auto&) -> Answer { return exchange(*request); });
  routes.add("GET", "/authentication/api/v1/openid/.well-known/jwks",
             [this](const SharedRequest&, const auto&) -> Answer { return json_answer(200, issuer_.jwks()); });
  routes.add("POST", "/sim/rotate-key", [this](const SharedRequest&, const auto&) -> Answer {
    rotate_key();
    return empty_answer(204);
  });
}

net::Response AltinnExchange::exchange(const net::Request& request) {
  auto& faults = environment_.faults;
  const auto facts = check_.check(request.header("Authorization"));
  if (!facts) {
    environment_.audit.record({.simulator = "exchange",
                               .organisation = {},
                               .vendor = {},
                               .action = "exchange.refused",
                               .subject = facts.error().code,
                               .detail = facts.error().message});
    return empty_answer(401);
  }
  const auto& actor = (*facts)->actor;
  for (const int status : {401, 403, 500, 503}) {
    if (faults.any() && faults.consume("exchange." + std::to_string(status), actor)) return empty_answer(status);
  }
  if (faults.consume("exchange.hang", actor)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  environment_.audit.record({.simulator = "exchange",
                             .organisation = actor,
                             .vendor = (*facts)->client_id,
                             .action = "exchange",
                             .subject = text_member((*facts)->claims, "jti"),
                             .detail = text_member((*facts)->claims, "scope")});
  return shaped(mint(**facts));
}

std::string AltinnExchange::mint(const TokenFacts& facts) const {
  auto life = options_.token_life;
  auto issued = environment_.clock.now();
  if (environment_.faults.consume("exchange.short_lived", facts.actor)) life = short_life;
  if (environment_.faults.consume("exchange.expired", facts.actor)) issued -= life;
  json::object claims{{"urn:altinn:authlevel", 3}, {"token_type", "Bearer"},           {"iat", seconds_of(issued)},
                      {"nbf", seconds_of(issued)}, {"exp", seconds_of(issued + life)}, {"jti", new_uuid()}};
  for (const std::string_view name :
       {"scope", "client_id", "client_amr", "consumer", "supplier", "authorization_details"}) {
    if (const auto* value = facts.claims.if_contains(name)) claims[name] = *value;
  }
  if (!facts.system_user) claims["urn:altinn:orgNumber"] = facts.actor;
  return issuer_.mint(std::move(claims));
}

net::Response AltinnExchange::shaped(std::string token) const {
  auto& faults = environment_.faults;
  if (faults.consume("exchange.empty")) return text_answer(200, {});
  if (faults.consume("exchange.quoted")) return text_answer(200, '"' + token + '"', "application/json; charset=utf-8");
  if (faults.consume("exchange.object")) return json_answer(200, json::object{{"token", token}});
  if (faults.consume("exchange.padded")) return text_answer(200, "\r\n " + token + " \n");
  return text_answer(200, std::move(token));
}

}  // namespace kanal::sim

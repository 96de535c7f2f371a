// Admin of the Maskinporten simulator (ours, not Maskinporten's):
//   POST /sim/clients      { "client_id", "organisation", "scopes": [text], "delegated_by"?: [text], "jwk"?: { public
//   RSA key with kid } } POST /sim/system-users { "client_id", "organisation", "external_ref", "approved"?: bool } POST
//   /sim/rotate-key   GET /sim/state
#include <boost/json/array.hpp>

#include "domain/partner.hpp"
#include "sim/answers.hpp"
#include "sim/maskinporten.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

net::Response add_client(Maskinporten& maskinporten, const json::object& body) {
  const auto scopes = texts_member(body, "scopes");
  ClientRegistration client{text_member(body, "client_id"), text_member(body, "organisation"), {}, {}};
  if (client.client_id.empty() || !domain::is_orgnr(client.organisation) || !scopes) {
    return wrong("client_id, organisation (nine digits) and scopes (a list) are needed");
  }
  client.scopes = {scopes->begin(), scopes->end()};
  if (const auto delegated = texts_member(body, "delegated_by"))
    client.delegated_by = {delegated->begin(), delegated->end()};
  const auto id = client.client_id;
  maskinporten.register_client(std::move(client));
  if (const auto* jwk = body.if_contains("jwk")) {
    auto key = jwk->is_object() ? crypto::PublicKey::from_jwk(jwk->get_object())
                                : Result<crypto::PublicKey>(reject("jwk.malformed", "jwk is no object"));
    const auto kid = jwk->is_object() ? text_member(jwk->get_object(), "kid") : std::string{};
    if (!key || kid.empty()) return wrong("jwk is no public RSA key with a kid");
    maskinporten.register_key(id, kid, std::move(*key));
  }
  return empty_answer(204);
}

net::Response add_system_user(Maskinporten& maskinporten, const json::object& body) {
  SystemUserRegistration user{text_member(body, "client_id"), text_member(body, "organisation"),
                              text_member(body, "external_ref"), true};
  if (const auto* approved = body.if_contains("approved"); approved != nullptr && approved->is_bool()) {
    user.approved = approved->get_bool();
  }
  if (user.client_id.empty() || !domain::is_orgnr(user.organisation)) {
    return wrong("client_id and organisation (nine digits) are needed");
  }
  maskinporten.set_system_user(user);
  return empty_answer(204);
}

}  // namespace

void Maskinporten::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("POST", "/sim/clients", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return add_client(*this, body); });
  });
  routes.add("POST", "/sim/system-users", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return add_system_user(*this, body); });
  });
  routes.add("POST", "/sim/rotate-key", [this](const SharedRequest&, const auto&) -> Answer {
    rotate_key();
    return empty_answer(204);
  });
  routes.add("GET", "/sim/state",
             [this](const SharedRequest&, const auto&) -> Answer { return json_answer(200, state()); });
}

json::object Maskinporten::state() const {
  json::array clients;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, client] : clients_) {
    json::array scopes;
    for (const auto& scope : client.registration.scopes) scopes.emplace_back(scope);
    json::array users;
    for (const auto& [key, user] : client.system_users) {
      users.push_back(json::object{
          {"organisation", key.first}, {"external_ref", key.second}, {"id", user.id}, {"approved", user.approved}});
    }
    clients.push_back(json::object{{"client_id", id},
                                   {"organisation", client.registration.organisation},
                                   {"scopes", std::move(scopes)},
                                   {"system_users", std::move(users)}});
  }
  return {{"issuer", issuer_.name()}, {"clients", std::move(clients)}};
}

}  // namespace kanal::sim

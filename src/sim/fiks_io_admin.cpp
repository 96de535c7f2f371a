// Admin of Fiks IO (ours):
//   GET /sim/kontoer   POST /sim/kontoer { "konto_id"?, "navn", "orgnr", "kommunenummer"?, "certificate"?: PEM,
//                        "private_key"?: PEM, which makes it a counterpart }   gives { "konto_id" }
//   PUT /sim/kontoer/{id} { "gyldig_avsender"?, "gyldig_mottaker"?: bool, "melding"?, "certificate"?: PEM, or null }
//   PUT /sim/kontoer/{id}/script { "replies": [ { "type", "documents"?, "headere"?, "ttl"? } ] }   DELETE: none
//   DELETE /sim/kontoer/{id}/consumers: each gets basic.cancel
//   GET /sim/integrasjoner   POST /sim/integrasjoner { "id"?, "password", "orgnr", "konto_ids": [..] }   gives { "id" }
//   DELETE /sim/integrasjoner/{id}/connections
//   GET /sim/messages?limit=   GET /sim/messages/{meldingId}
//   POST /sim/messages { "to", "from", "type", "melding_id"?, "svar_til"?, "svar_til_type"?, "ttl"?, "headere"?,
//                        "body"? | "asic"?: base64 | "documents"?: [ { "name", "content": base64, "mimetype"? } ],
//                        "offload"?: bool, "raw_headers"?: { name: text, integer, bool, or null for none },
//                        "times"?: n of the very same, "count"?: n different ones }   gives { "melding_ids": [..] }
//   GET|PUT /sim/rules { "offload_over", "max_payload": bytes, "min_ttl", "default_ttl", "document_extra":
//   milliseconds,
//                        "max_deliveries", "check_payloads": bool }   What PUT leaves out keeps its value.
//   POST /sim/broker/{what}: restart, stop, kill, start
#include "sim/fiks_io_admin.hpp"

#include <boost/json/array.hpp>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"
#include "sim/fiks_io.hpp"
#include "sim/fiks_io_forms.hpp"
#include "sim/fiks_io_state.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::int64_t max_count = 10'000;

net::Response done(const Result<void>& result) {
  return result ? empty_answer(204) : json_answer(409, json::object{{"message", result.error().text()}});
}

json::object account_json(FiksIo& fiks_io, const FiksIoAccount& account) {
  json::object out{{"konto_id", account.konto_id},
                   {"navn", account.navn},
                   {"orgnr", account.orgnr},
                   {"gyldig_avsender", account.gyldig_avsender},
                   {"gyldig_mottaker", account.gyldig_mottaker},
                   {"melding", account.melding},
                   {"counterpart", account.identity.has_value()},
                   {"scripted", fiks_io.state().script(account.konto_id).has_value()}};
  if (const auto count = fiks_io.count(account.konto_id)) {
    out["messages"] = count->messages;
    out["consumers"] = count->consumers;
  }
  return out;
}

net::Response add_account(FiksIo& fiks_io, const json::object& body) {
  auto account = read_fiks_io_account(body);
  if (!account) return wrong(account.error().message);
  const auto konto_id = account->konto_id;
  if (auto added = fiks_io.add_account(std::move(*account)); !added) return done(added);
  return json_answer(200, json::object{{"konto_id", konto_id}});
}

net::Response change_account(FiksIo& fiks_io, const std::string& konto_id, const json::object& body) {
  auto account = fiks_io.state().account(konto_id);
  if (!account) return empty_answer(404);
  if (auto changed = change_fiks_io_account(body, *account); !changed) return wrong(changed.error().message);
  return done(fiks_io.add_account(std::move(*account)));
}

net::Response add_integration(FiksIo& fiks_io, const json::object& body) {
  FiksIoIntegration integration;
  integration.id = body.contains("id") ? lower_case(text_member(body, "id")) : new_uuid();
  integration.password = Secret(text_member(body, "password"));
  integration.orgnr = text_member(body, "orgnr");
  const auto konto_ids = texts_member(body, "konto_ids");
  if (!is_uuid(integration.id) || integration.password.empty() || !domain::is_orgnr(integration.orgnr) || !konto_ids) {
    return wrong("id is a UUID, orgnr is nine digits, password and konto_ids are needed");
  }
  integration.konto_ids = {konto_ids->begin(), konto_ids->end()};
  const auto id = integration.id;
  fiks_io.add_integration(std::move(integration));
  return json_answer(200, json::object{{"id", id}});
}

net::Response deliver(FiksIo& fiks_io, const json::object& body) {
  const auto delivery = read_fiks_io_delivery(body);
  if (!delivery) return wrong(delivery.error().message);
  const auto count = integer_member(body, "count").value_or(1);
  if (count < 1 || count > max_count) return wrong("count is 1 to 10000");
  json::array ids;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto delivered = fiks_io.deliver(*delivery);
    if (!delivered) return json_answer(409, json::object{{"message", delivered.error().text()}});
    ids.emplace_back(*delivered);
  }
  return json_answer(200, json::object{{"melding_ids", std::move(ids)}});
}

net::Response set_script(FiksIo& fiks_io, const std::string& konto_id, const json::object& body) {
  auto script = read_fiks_io_script(body);
  if (!script) return wrong(script.error().message);
  return done(fiks_io.set_script(konto_id, std::move(*script)));
}

net::Response change_rules(FiksIo& fiks_io, const json::object& body) {
  auto rules = fiks_io.state().rules();
  if (auto changed = change_fiks_io_rules(body, rules); !changed) return wrong(changed.error().message);
  fiks_io.state().change_rules([&](FiksIoRules& into) { into = rules; });
  return empty_answer(204);
}

net::Response operate(FiksIo& fiks_io, const std::string& what) {
  if (what == "restart") return done(fiks_io.restart_broker());
  if (what == "start") return done(fiks_io.start_broker());
  if (what == "stop") {
    fiks_io.stop_broker();
  } else if (what == "kill") {
    fiks_io.kill_broker();
  } else {
    return empty_answer(404);
  }
  return empty_answer(204);
}

json::array integrations_json(const FiksIoState& state) {
  json::array out;
  for (const auto& integration : state.integrations()) {
    json::array konto_ids;
    for (const auto& id : integration.konto_ids) konto_ids.emplace_back(id);
    out.push_back(
        json::object{{"id", integration.id}, {"orgnr", integration.orgnr}, {"konto_ids", std::move(konto_ids)}});
  }
  return out;
}

void add_account_routes(FiksIo& fiks_io, net::Router& routes) {
  routes.add("GET", "/sim/kontoer", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    json::array out;
    for (const auto& account : fiks_io.state().accounts()) out.push_back(account_json(fiks_io, account));
    return json_answer(200, out);
  });
  routes.add("POST", "/sim/kontoer", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return with_json([&fiks_io](const json::object& body) { return add_account(fiks_io, body); });
  });
  routes.add("PUT", "/sim/kontoer/{id}", [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
    return with_json([&fiks_io, id = v.at(0)](const json::object& body) { return change_account(fiks_io, id, body); });
  });
  routes.add("PUT", "/sim/kontoer/{id}/script", [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
    return with_json([&fiks_io, id = v.at(0)](const json::object& body) { return set_script(fiks_io, id, body); });
  });
  routes.add("DELETE", "/sim/kontoer/{id}/script", [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
    return done(fiks_io.set_script(v.at(0), std::nullopt));
  });
  routes.add("DELETE", "/sim/kontoer/{id}/consumers", [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
    return done(fiks_io.cancel_consumers(v.at(0)));
  });
}

}  // namespace

void add_fiks_io_admin(FiksIo& fiks_io, net::Router& routes) {
  add_account_routes(fiks_io, routes);
  routes.add("GET", "/sim/integrasjoner", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, integrations_json(fiks_io.state()));
  });
  routes.add("POST", "/sim/integrasjoner", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return with_json([&fiks_io](const json::object& body) { return add_integration(fiks_io, body); });
  });
  routes.add("DELETE", "/sim/integrasjoner/{id}/connections",
             [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
               return done(fiks_io.close_connections(v.at(0), "closed by an administrator"));
             });
  routes.add("GET", "/sim/messages", [&fiks_io](const SharedRequest& request, const auto&) -> Answer {
    json::array out;
    for (const auto& message : fiks_io.state().messages(limit_of(*request))) out.push_back(fiks_io_json(message));
    return json_answer(200, out);
  });
  routes.add("GET", "/sim/messages/{id}", [&fiks_io](const SharedRequest&, const auto& v) -> Answer {
    const auto found = fiks_io.state().message(v.at(0));
    return found ? json_answer(200, fiks_io_json(*found)) : empty_answer(404);
  });
  routes.add("POST", "/sim/messages", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return with_json([&fiks_io](const json::object& body) { return deliver(fiks_io, body); });
  });
  routes.add("GET", "/sim/rules", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, fiks_io_json(fiks_io.state().rules()));
  });
  routes.add("PUT", "/sim/rules", [&fiks_io](const SharedRequest&, const auto&) -> Answer {
    return with_json([&fiks_io](const json::object& body) { return change_rules(fiks_io, body); });
  });
  routes.add("POST", "/sim/broker/{what}",
             [&fiks_io](const SharedRequest&, const auto& v) -> Answer { return operate(fiks_io, v.at(0)); });
}

}  // namespace kanal::sim

// Admin of SvarUt and SvarInn (ours):
//   GET /sim/forsendelser?limit=   GET /sim/forsendelser/{id}   PUT /sim/forsendelser/{id}/status { "status" }
//   PUT /sim/fates { "organisation", "status": what becomes of forsendelser to it; empty: they wait }
//   GET|PUT /sim/rules { "accept_delay", "ready_delay", "fate_delay": milliseconds, "unknown_ids": omit | not_found |
//                        forbidden, "kvitter_twice_is_404": bool, "forsendelsestyper": [..] }   What PUT leaves out
//                        keeps its value.
//   GET /sim/mottakersystemer
//   POST /sim/innkommende { "username", "item": as listed, "content"?: base64, "content_type"?, "filename"?,
//                           "encrypt"?: bool, "times"?: n }   gives { "ids": [..] }
#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "domain/partner.hpp"
#include "sim/svarut.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::int64_t max_times = 1'000;

json::object forsendelse_json(const Forsendelse& forsendelse, const ForsendelseStatus& now) {
  json::array documents;
  for (const auto& dokument : forsendelse.dokumenter) {
    documents.push_back(json::object{{"filnavn", dokument.filnavn},
                                     {"mimetype", dokument.mimetype},
                                     {"excluded_from_print", dokument.excluded_from_print},
                                     {"size", dokument.size},
                                     {"sha256", dokument.sha256}});
  }
  json::array statuses;
  for (const auto& status : forsendelse.statuses) {
    if (status.time > now.time) continue;
    statuses.push_back(json::object{{"status", status.status}, {"time", format_iso(status.time)}});
  }
  json::array failures;
  for (const auto& text : forsendelse.feilmeldinger) failures.emplace_back(text);
  return {{"id", forsendelse.id},
          {"konto_id", forsendelse.konto_id},
          {"ekstern_ref", forsendelse.ekstern_ref},
          {"tittel", forsendelse.tittel},
          {"mottaker", forsendelse.mottaker},
          {"svar_sendes_til", forsendelse.svar_sendes_til},
          {"forsendelsestype", forsendelse.forsendelsestype},
          {"niva", forsendelse.niva},
          {"kryptert", forsendelse.kryptert},
          {"kun_digital", forsendelse.kun_digital},
          {"accepted", format_iso(forsendelse.accepted)},
          {"status", now.status},
          {"statuses", std::move(statuses)},
          {"mottakersystem", forsendelse.mottakersystem},
          {"feilmeldinger", std::move(failures)},
          {"documents", std::move(documents)}};
}

std::string_view name_of(UnknownIds rule) {
  return rule == UnknownIds::omit ? "omit" : rule == UnknownIds::not_found ? "not_found" : "forbidden";
}

json::object rules_json(const SvarUtRules& rules) {
  json::array types;
  for (const auto& type : rules.forsendelsestyper) types.emplace_back(type);
  return {{"accept_delay", rules.accept_delay.count()},
          {"ready_delay", rules.ready_delay.count()},
          {"fate_delay", rules.fate_delay.count()},
          {"unknown_ids", name_of(rules.unknown_ids)},
          {"kvitter_twice_is_404", rules.kvitter_twice_is_404},
          {"forsendelsestyper", std::move(types)}};
}

bool change_delay(const json::object& body, std::string_view name, std::chrono::milliseconds& into) {
  if (!body.contains(name)) return true;
  const auto number = integer_member(body, name);
  if (!number || *number < 0) return false;
  into = std::chrono::milliseconds(*number);
  return true;
}

net::Response change_rules(SvarUtState& state, const json::object& body) {
  auto rules = state.rules();
  if (!change_delay(body, "accept_delay", rules.accept_delay) ||
      !change_delay(body, "ready_delay", rules.ready_delay) || !change_delay(body, "fate_delay", rules.fate_delay)) {
    return wrong("delays are milliseconds");
  }
  if (body.contains("unknown_ids")) {
    const auto name = text_member(body, "unknown_ids");
    if (name != "omit" && name != "not_found" && name != "forbidden") {
      return wrong("unknown_ids is omit, not_found or forbidden");
    }
    rules.unknown_ids = name == "omit"        ? UnknownIds::omit
                        : name == "forbidden" ? UnknownIds::forbidden
                                              : UnknownIds::not_found;
  }
  if (const auto* value = body.if_contains("kvitter_twice_is_404"); value != nullptr && value->is_bool()) {
    rules.kvitter_twice_is_404 = value->get_bool();
  }
  if (const auto types = texts_member(body, "forsendelsestyper")) {
    rules.forsendelsestyper = {types->begin(), types->end()};
  }
  state.set_rules(std::move(rules));
  return empty_answer(204);
}

net::Response inject_from(SvarUtState& state, const json::object& body) {
  InjectedItem item;
  item.username = text_member(body, "username");
  if (!state.system(item.username)) return wrong("username is that of a mottakersystem");
  const auto* listed = body.if_contains("item");
  const auto content = from_base64(text_member(body, "content"));
  if (listed == nullptr || !content) return wrong("item, and content in base64, are needed");
  item.item = *listed;
  item.content = text_of(*content);
  if (body.contains("content_type")) item.content_type = text_member(body, "content_type");
  if (body.contains("filename")) item.filename = text_member(body, "filename");
  if (const auto* encrypt = body.if_contains("encrypt")) item.encrypt = !encrypt->is_bool() || encrypt->get_bool();
  const auto times = integer_member(body, "times").value_or(1);
  if (times < 1 || times > max_times) return wrong("times is 1 to 1000");
  json::array ids;
  for (std::int64_t i = 0; i < times; ++i) ids.emplace_back(state.inject(item));
  return json_answer(200, json::object{{"ids", std::move(ids)}});
}

json::array systems_json(const SvarUtState& state) {
  json::array out;
  for (const auto& system : state.systems()) {
    json::array served;
    for (const auto& orgnr : system.orgnr) served.emplace_back(orgnr);
    out.push_back(json::object{{"username", system.username},
                               {"organisations", std::move(served)},
                               {"waiting", state.queue(system.username).size()}});
  }
  return out;
}

}  // namespace

void SvarUt::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/forsendelser", [this](const SharedRequest& request, const auto&) -> Answer {
    json::array out;
    for (const auto& forsendelse : state_.forsendelser(limit_of(*request))) {
      out.push_back(forsendelse_json(forsendelse, state_.status_of(forsendelse)));
    }
    return json_answer(200, out);
  });
  routes.add("GET", "/sim/forsendelser/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    const auto found = state_.find(v.at(0));
    return found ? json_answer(200, forsendelse_json(*found, state_.status_of(*found))) : empty_answer(404);
  });
  routes.add("PUT", "/sim/forsendelser/{id}/status", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, id = v.at(0)](const json::object& body) {
      const auto status = text_member(body, "status");
      if (status.empty()) return wrong("status is needed");
      return empty_answer(state_.set_status(id, status) ? 204 : 404);
    });
  });
  routes.add("PUT", "/sim/fates", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) {
      const auto organisation = text_member(body, "organisation");
      if (!domain::is_orgnr(organisation)) return wrong("organisation is nine digits");
      state_.set_fate(organisation, text_member(body, "status"));
      return empty_answer(204);
    });
  });
  routes.add("GET", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, rules_json(state_.rules()));
  });
  routes.add("PUT", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return change_rules(state_, body); });
  });
  routes.add("GET", "/sim/mottakersystemer",
             [this](const SharedRequest&, const auto&) -> Answer { return json_answer(200, systems_json(state_)); });
  routes.add("POST", "/sim/innkommende", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return inject_from(state_, body); });
  });
}

}  // namespace kanal::sim

// Admin of the Service Registry simulator (ours):
//   GET /sim/organisations   PUT /sim/organisations/{orgnr}   DELETE /sim/organisations/{orgnr}   POST /sim/rotate-key
//   { "name", "form"?, "processes": [text], "svarut_levels"?: [int], "dpo_certificate"?: PEM, "dpe_certificate"?: PEM }
//   A member that PUT leaves out keeps its value.
#include <boost/json/array.hpp>

#include "domain/partner.hpp"
#include "sim/service_registry.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

json::object organisation_json(const Organisation& organisation) {
  json::array processes;
  for (const auto& process : organisation.processes) processes.emplace_back(process);
  json::array levels;
  for (const int level : organisation.svarut_levels) levels.emplace_back(level);
  json::object out{{"orgnr", organisation.orgnr},
                   {"name", organisation.name},
                   {"form", organisation.form},
                   {"processes", std::move(processes)},
                   {"svarut_levels", std::move(levels)}};
  out["dpo_certificate"] =
      organisation.dpo_certificate ? json::value(*organisation.dpo_certificate) : json::value(nullptr);
  out["dpe_certificate"] =
      organisation.dpe_certificate ? json::value(*organisation.dpe_certificate) : json::value(nullptr);
  return out;
}

void change_text(const json::object& body, std::string_view name, std::string& into) {
  if (body.contains(name)) into = text_member(body, name);
}

void change_certificate(const json::object& body, std::string_view name, std::optional<std::string>& into) {
  if (!body.contains(name)) return;
  into = text_member(body, name);
  if (into->empty()) into.reset();
}

net::Response change(ServiceRegistry& registry, const std::string& orgnr, const json::object& body) {
  if (!domain::is_orgnr(orgnr))
    return json_answer(400, json::object{{"message", "the organisation number has nine digits"}});
  auto organisation = registry.find(orgnr).value_or(Organisation{.orgnr = orgnr, .name = "Organisation " + orgnr});
  change_text(body, "name", organisation.name);
  change_text(body, "form", organisation.form);
  if (body.contains("processes")) {
    const auto processes = texts_member(body, "processes");
    if (!processes) return json_answer(400, json::object{{"message", "processes is a list of process identifiers"}});
    organisation.processes = {processes->begin(), processes->end()};
  }
  if (const auto* levels = body.if_contains("svarut_levels"); levels != nullptr && levels->is_array()) {
    organisation.svarut_levels.clear();
    for (const auto& level : levels->get_array()) {
      if (level.is_int64()) organisation.svarut_levels.insert(static_cast<int>(level.get_int64()));
    }
  }
  change_certificate(body, "dpo_certificate", organisation.dpo_certificate);
  change_certificate(body, "dpe_certificate", organisation.dpe_certificate);
  registry.put(std::move(organisation));
  return empty_answer(204);
}

}  // namespace

void ServiceRegistry::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/organisations", [this](const SharedRequest&, const auto&) -> Answer {
    json::array out;
    for (const auto& organisation : organisations()) out.push_back(organisation_json(organisation));
    return json_answer(200, out);
  });
  routes.add("PUT", "/sim/organisations/{orgnr}", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, orgnr = v.at(0)](const json::object& body) { return change(*this, orgnr, body); });
  });
  routes.add("DELETE", "/sim/organisations/{orgnr}", [this](const SharedRequest&, const auto& v) -> Answer {
    remove(v.at(0));
    return empty_answer(204);
  });
  routes.add("POST", "/sim/rotate-key", [this](const SharedRequest&, const auto&) -> Answer {
    rotate_key();
    return empty_answer(204);
  });
}

}  // namespace kanal::sim

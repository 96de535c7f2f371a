// Admin of the broker simulator (ours):
//   GET  /sim/transfers?organisation=&limit=        newest first, details of each
//   POST /sim/transfers { "from", "to": nine digits, "reference"?: text, "content": base64, "vendor"?: text }
//   GET|DELETE /sim/transfers/{id}
//   PUT  /sim/transfers/{id}/status  { "status": name, "text"?: text }
//   PUT  /sim/transfers/{id}/verdict { "verdict": text }
//   GET  /sim/counts      PUT /sim/rights/{orgnr} { "write": bool, "read": bool }      PUT /sim/scan-time {
//   "milliseconds": n }
#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "domain/partner.hpp"
#include "sim/broker.hpp"
#include "sim/broker_model.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::size_t default_list = 200;
constexpr std::size_t max_list = 5'000;

net::Response done_if(bool found) { return empty_answer(found ? 204 : 404); }

json::object admin_json(const Transfer& transfer) {
  auto out = details_json(transfer);
  out["hasContent"] = transfer.content != nullptr;
  json::array latest;
  for (const auto& one : transfer.recipients) {
    latest.push_back(json::object{{"recipient", "0192:" + one.organisation}, {"latest", name_of(one.latest)}});
  }
  out["latestRecipientStatus"] = std::move(latest);
  return out;
}

net::Response inject_from(Broker& broker, const json::object& body) {
  const auto from = text_member(body, "from");
  const auto to = text_member(body, "to");
  const auto content = from_base64(text_member(body, "content"));
  if (!domain::is_orgnr(from) || !domain::is_orgnr(to) || !content) {
    return wrong("from and to (nine digits) and content (base64) are needed");
  }
  std::optional<std::string> reference;
  if (body.contains("reference")) reference = text_member(body, "reference");
  const auto vendor = text_member(body, "vendor");
  const auto id = broker.inject(from, to, reference, *content, vendor.empty() ? "sim" : vendor);
  if (!id) return json_answer(500, json::object{{"message", id.error().message}});
  return json_answer(200, json::object{{"fileTransferId", *id}});
}

net::Response force_status(BrokerState& state, const std::string& id, const json::object& body) {
  const auto status = parse_file_status(text_member(body, "status"));
  if (!status) return wrong("status is the name of a file status");
  return done_if(state.force_status(id, *status, text_member(body, "text")));
}

net::Response set_rights(BrokerState& state, const std::string& organisation, const json::object& body) {
  const auto flag = [&](std::string_view name) {
    const auto* value = body.if_contains(name);
    return value == nullptr || !value->is_bool() || value->get_bool();
  };
  state.set_rights(organisation, {flag("write"), flag("read")});
  return empty_answer(204);
}

net::Response set_scan_time(BrokerState& state, const json::object& body) {
  const auto time = integer_member(body, "milliseconds");
  if (!time || *time < 0) return wrong("milliseconds is a number");
  state.set_scan_time(std::chrono::milliseconds(*time));
  return empty_answer(204);
}

net::Response list(BrokerState& state, const net::Request& request) {
  std::size_t limit = default_list;
  if (const auto text = request.parameter("limit")) std::from_chars(text->data(), text->data() + text->size(), limit);
  json::array out;
  for (const auto& transfer : state.list(request.parameter("organisation"), std::min(limit, max_list))) {
    out.push_back(admin_json(transfer));
  }
  return json_answer(200, out);
}

}  // namespace

void Broker::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/transfers",
             [this](const SharedRequest& request, const auto&) -> Answer { return list(state_, *request); });
  routes.add("POST", "/sim/transfers", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return inject_from(*this, body); });
  });
  routes.add("GET", "/sim/transfers/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    const auto transfer = state_.find(v.at(0));
    return transfer ? json_answer(200, admin_json(*transfer)) : empty_answer(404);
  });
  routes.add("DELETE", "/sim/transfers/{id}",
             [this](const SharedRequest&, const auto& v) -> Answer { return done_if(state_.purge(v.at(0))); });
  routes.add("PUT", "/sim/transfers/{id}/status", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, id = v.at(0)](const json::object& body) { return force_status(state_, id, body); });
  });
  routes.add("PUT", "/sim/transfers/{id}/verdict", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, id = v.at(0)](const json::object& body) {
      return done_if(state_.set_scan_verdict(id, text_member(body, "verdict")));
    });
  });
  routes.add("GET", "/sim/counts",
             [this](const SharedRequest&, const auto&) -> Answer { return json_answer(200, counts_.json()); });
  routes.add("PUT", "/sim/rights/{orgnr}", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json([this, orgnr = v.at(0)](const json::object& body) { return set_rights(state_, orgnr, body); });
  });
  routes.add("PUT", "/sim/scan-time", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return set_scan_time(state_, body); });
  });
}

}  // namespace kanal::sim

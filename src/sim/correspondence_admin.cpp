// Admin of Correspondence (ours):
//   GET /sim/correspondences?limit=   GET /sim/correspondences/{id}   Persons' numbers are masked.
//   POST /sim/correspondences/{id}/{act}  act: publish | read | download | purge | fail | reserve
//                                         { "by"?: recipient | altinn (of purge), "text"? (of fail) }
//   PUT /sim/behaviours { "recipient": nine or eleven digits, "fate": see CorrespondenceFate, "text"? }
//   GET|PUT /sim/rules  { "lookup": proxy | strict, "purged": not_found | gone | legacy,
//                         "scan_delay", "publish_delay", "read_delay": milliseconds, "check_summary": bool,
//                         "synthetic_persons": bool, "max_file": bytes }   A member that PUT leaves out keeps its
//                         value.
//   GET /sim/counters   { "requests": { "upload": n, "overview": n, "lookup": n, "health": n } }
#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "sim/correspondence.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

json::object correspondence_json(const StoredCorrespondence& one, Time now) {
  const auto& request = *one.request;
  json::array events;
  for (const auto& event : one.events) {
    events.push_back(
        json::object{{"status", name_of(event.status)}, {"time", format_iso(event.time)}, {"text", event.text}});
  }
  json::array files;
  for (const auto& file : one.files) {
    files.push_back(
        json::object{{"name", file.name}, {"type", file.content_type}, {"size", file.size}, {"sha256", file.sha256}});
  }
  json::object properties;
  for (const auto& [key, value] : request.properties) properties[key] = value;
  return {{"id", one.id},
          {"recipient", masked_recipient(one.recipient)},
          {"organisation", one.caller.organisation},
          {"vendor", one.caller.vendor},
          {"created", format_iso(one.created)},
          {"status", name_of(one.status(now).status)},
          {"overviews", one.overviews},
          {"resource", request.resource},
          {"sendersReference", request.senders_reference},
          {"messageSender", request.message_sender},
          {"title", request.title},
          {"summary", request.summary.value_or("")},
          {"body", request.body},
          {"confidential", request.confidential},
          {"ignoreReservation", request.ignore_reservation},
          {"due", request.due ? json::value(format_iso(*request.due)) : json::value(nullptr)},
          {"properties", std::move(properties)},
          {"channel", request.notification ? json::value(request.notification->channel) : json::value(nullptr)},
          {"events", std::move(events)},
          {"files", std::move(files)}};
}

net::Response act(CorrespondenceState& state, const std::string& id, const std::string& what,
                  const json::object& body) {
  const auto by = text_member(body, "by");
  if (!by.empty() && by != "recipient" && by != "altinn") return wrong("by is recipient or altinn");
  bool done = false;
  if (what == "publish") {
    done = state.publish(id);
  } else if (what == "read") {
    done = state.read(id);
  } else if (what == "download") {
    done = state.download(id);
  } else if (what == "purge") {
    done = state.purge(id, by == "altinn" ? Purger::altinn : Purger::recipient);
  } else if (what == "fail") {
    done = state.fail(id, text_member(body, "text"));
  } else if (what == "reserve") {
    done = state.reserve(id);
  } else {
    return wrong("publish, read, download, purge, fail or reserve");
  }
  return empty_answer(done ? 204 : 404);
}

net::Response behave_from(CorrespondenceState& state, const json::object& body) {
  const auto recipient = text_member(body, "recipient");
  const auto fate = parse_correspondence_fate(text_member(body, "fate"));
  if (recipient.empty() || !fate) return wrong("recipient and a known fate are needed");
  state.set_behaviour(recipient, {*fate, text_member(body, "text")});
  return empty_answer(204);
}

std::string_view name_of(PurgedMode mode) {
  return mode == PurgedMode::not_found ? "not_found" : mode == PurgedMode::gone ? "gone" : "legacy";
}

json::object rules_json(const CorrespondenceRules& rules) {
  json::array resources;
  for (const auto& [name, resource] : rules.resources) {
    resources.push_back(json::object{{"name", name}, {"confidential", resource.confidential}});
  }
  return {{"lookup", rules.lookup == LookupMode::strict ? "strict" : "proxy"},
          {"purged", name_of(rules.purged)},
          {"scan_delay", rules.scan_delay.count()},
          {"publish_delay", rules.publish_delay.count()},
          {"read_delay", rules.read_delay.count()},
          {"check_summary", rules.check_summary},
          {"synthetic_persons", rules.synthetic_persons},
          {"max_file", rules.max_file},
          {"resources", std::move(resources)}};
}

bool change_flag(const json::object& body, std::string_view name, bool& into) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_bool()) return false;
  into = value->get_bool();
  return true;
}

net::Response change_rules(CorrespondenceState& state, const json::object& body) {
  auto rules = state.rules();
  if (body.contains("lookup")) {
    const auto name = text_member(body, "lookup");
    if (name != "proxy" && name != "strict") return wrong("lookup is proxy or strict");
    rules.lookup = name == "strict" ? LookupMode::strict : LookupMode::proxy;
  }
  if (body.contains("purged")) {
    const auto name = text_member(body, "purged");
    if (name != "not_found" && name != "gone" && name != "legacy") return wrong("purged is not_found, gone or legacy");
    rules.purged = name == "gone" ? PurgedMode::gone : name == "legacy" ? PurgedMode::legacy : PurgedMode::not_found;
  }
  if (!change_delay(body, "scan_delay", rules.scan_delay) ||
      !change_delay(body, "publish_delay", rules.publish_delay) ||
      !change_delay(body, "read_delay", rules.read_delay)) {
    return wrong("delays are milliseconds");
  }
  if (!change_flag(body, "check_summary", rules.check_summary) ||
      !change_flag(body, "synthetic_persons", rules.synthetic_persons)) {
    return wrong("check_summary and synthetic_persons are true or false");
  }
  if (const auto most = integer_member(body, "max_file"); most && *most > 0) {
    rules.max_file = static_cast<std::uint64_t>(*most);
  }
  state.set_rules(std::move(rules));
  return empty_answer(204);
}

}  // namespace

void Correspondence::add_admin_routes() {
  auto& routes = site_.routes();
  routes.add("GET", "/sim/correspondences", [this](const SharedRequest& request, const auto&) -> Answer {
    json::array out;
    for (const auto& one : state_.newest(limit_of(*request))) {
      out.push_back(correspondence_json(one, environment_.clock.now()));
    }
    return json_answer(200, out);
  });
  routes.add("GET", "/sim/correspondences/{id}", [this](const SharedRequest&, const auto& v) -> Answer {
    const auto one = state_.find(v.at(0));
    return one ? json_answer(200, correspondence_json(*one, environment_.clock.now())) : empty_answer(404);
  });
  routes.add("POST", "/sim/correspondences/{id}/{act}", [this](const SharedRequest&, const auto& v) -> Answer {
    return with_json(
        [this, id = v.at(0), what = v.at(1)](const json::object& body) { return act(state_, id, what, body); });
  });
  routes.add("PUT", "/sim/behaviours", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return behave_from(state_, body); });
  });
  routes.add("GET", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return json_answer(200, rules_json(state_.rules()));
  });
  routes.add("PUT", "/sim/rules", [this](const SharedRequest&, const auto&) -> Answer {
    return with_json([this](const json::object& body) { return change_rules(state_, body); });
  });
  routes.add("GET", "/sim/counters", [this](const SharedRequest&, const auto&) -> Answer {
    json::object requests;
    for (const auto& [endpoint, times] : state_.counters()) requests[endpoint] = times;
    return json_answer(200, json::object{{"requests", std::move(requests)}});
  });
}

}  // namespace kanal::sim

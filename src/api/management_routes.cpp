// /manage/health with liveness and readiness, /manage/info (operations.md section 6), and the front page.
#include <fmt/format.h>

#include "api/route_support.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

/// More than this is simply many.
constexpr int most_counted = 1000;

json::object component(bool up, json::object details = {}) {
  json::object out{{"status", up ? "UP" : "DOWN"}};
  if (!details.empty()) out["details"] = std::move(details);
  return out;
}

/// What the channel guard found, and how much it has set aside.
json::object findings_json(const ApiParts& parts) {
  struct Kept {
    std::vector<ports::Finding> findings;
    std::size_t orphans = 0;
    std::size_t quarantined = 0;
  };
  const auto kept = load(parts.store, [&](ports::View& view) -> Result<Kept> {
    Kept found{view.findings(), 0, view.quarantined(most_counted).size()};
    for (const auto& transport : parts.services.all()) {
      found.orphans += view.orphans(transport->descriptor().service, most_counted).size();
    }
    return found;
  });
  if (!kept) return component(false);
  json::array list;
  for (const auto& finding : kept->findings) {
    list.push_back(json::object{{"service", finding.service.str()},
                                {"detection", finding.detection},
                                {"subject", finding.subject},
                                {"text", finding.text},
                                {"first", instant(finding.first)},
                                {"last", instant(finding.last)},
                                {"count", finding.count}});
  }
  // A finding is for people to act on; it does not make the installation unhealthy.
  return component(true,
                   {{"findings", std::move(list)}, {"orphans", kept->orphans}, {"quarantined", kept->quarantined}});
}

/// How many messages are in our hands.
json::object queue_json(const ApiParts& parts) {
  struct Counts {
    std::int64_t outgoing = 0;
    std::int64_t incoming = 0;
  };
  const auto counts = load(parts.store, [](ports::View& view) -> Result<Counts> {
    const ports::PageRequest one{0, 1, {}};
    ports::MessageQuery query;
    const auto outgoing = view.messages(query, one);
    if (!outgoing) return failed(outgoing);
    query.direction = ports::Direction::incoming;
    const auto incoming = view.messages(query, one);
    if (!incoming) return failed(incoming);
    return Counts{outgoing->total, incoming->total};
  });
  if (!counts) return component(false);
  return component(true, json::object{{"outgoing", counts->outgoing}, {"incoming", counts->incoming}});
}

json::object service_json(const ApiParts& parts, const ports::Transport& transport) {
  const auto& descriptor = transport.descriptor();
  const auto health = transport.health();
  json::array inboxes;
  for (const auto& state : parts.board.inboxes()) {
    if (state.service != descriptor.service) continue;
    json::object entry{{"inbox", state.inbox}, {"waitingForOtherChannels", state.waiting_elsewhere}};
    if (state.last_success) entry["lastSuccess"] = instant(*state.last_success);
    if (!state.last_error.empty()) entry["lastError"] = state.last_error;
    inboxes.push_back(std::move(entry));
  }
  json::object details{{"isolation", domain::name_of(descriptor.isolation)}, {"inboxes", std::move(inboxes)}};
  if (!health.detail.empty()) details["problem"] = health.detail;
  // A national service that is away is no reason to restart this one: shown, but not counted (user-pains.md section 3).
  return component(true, std::move(details));
}

net::Response health(const ApiParts& parts) {
  json::object components;
  auto checked = parts.store.check();
  components["db"] =
      component(checked.has_value(), checked ? json::object{} : json::object{{"error", checked.error().message}});
  const auto free = parts.blobs.free_bytes();
  const auto reserve = parts.settings.disk_reserve;
  const bool space = free > reserve;
  components["diskSpace"] = component(space, {{"free", free}, {"threshold", reserve}});
  components["ping"] = component(true);
  components["livenessState"] = component(true);
  components["readinessState"] = component(checked.has_value());
  components["nextMoveQueue"] = queue_json(parts);
  components["channels"] = findings_json(parts);
  for (const auto& transport : parts.services.all()) {
    components[transport->descriptor().service.str()] = service_json(parts, *transport);
  }
  const bool up = checked.has_value() && space;
  return json_response(up ? 200 : 503, json::object{{"status", up ? "UP" : "DOWN"},
                                                    {"components", std::move(components)},
                                                    {"groups", json::array{"liveness", "readiness"}}});
}

net::Response front_page(const ApiParts& parts) {
  net::Response response;
  response.headers.emplace_back("Content-Type", "text/html;charset=utf-8");
  response.body = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Kanal</title></head>\n"
      "<body><h1>Kanal {}</h1><p>Integration point for eFormidling. State: <a "
      "href=\"/manage/health\">/manage/health</a></p>"
      "</body></html>\n",
      parts.settings.version);
  return response;
}

}  // namespace

void add_management_routes(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/manage/health", [&parts](const RequestPtr&, const auto&) -> Answer { return health(parts); });
  router.add("GET", "/manage/health/liveness", [](const RequestPtr&, const auto&) -> Answer {
    return json_response(200, json::object{{"status", "UP"}});
  });
  router.add("GET", "/manage/health/readiness", [&parts](const RequestPtr&, const auto&) -> Answer {
    const bool ready = parts.store.check().has_value();
    return json_response(ready ? 200 : 503, json::object{{"status", ready ? "UP" : "OUT_OF_SERVICE"}});
  });
  router.add("GET", "/", [&parts](const RequestPtr&, const auto&) -> Answer { return front_page(parts); });
  router.add("GET", "/manage/info", [&parts](const RequestPtr&, const auto&) -> Answer {
    return json_response(
        200, json::object{
                 {"build", json::object{{"version", parts.settings.version}, {"artifact", "kanal"}, {"name", "Kanal"}}},
                 {"git", json::object{}}});
  });
}

}  // namespace kanal::api

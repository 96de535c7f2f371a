// /manage/health with liveness and readiness, /manage/info, configprops and shutdown (operations.md section 6).
#include <algorithm>

#include "api/route_support.hpp"
#include "api/security.hpp"
#include "flow/channel_report.hpp"

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

/// What the channel guard found, and how much it has set aside. Orphans are counted in the rows already.
json::object findings_json(const ApiParts& parts, const std::vector<flow::ServiceChannels>& rows) {
  struct Kept {
    std::vector<ports::Finding> findings;
    std::size_t quarantined = 0;
  };
  const auto kept = load(parts.store, [](ports::View& view) -> Result<Kept> {
    return Kept{view.findings(), view.quarantined(most_counted).size()};
  });
  if (!kept) return component(false);
  json::array list;
  for (const auto& finding : kept->findings) list.push_back(finding_json(finding));
  std::size_t orphans = 0;
  for (const auto& row : rows) orphans += row.orphans;
  // A finding is for people to act on; it does not make the installation unhealthy.
  return component(true, {{"findings", std::move(list)}, {"orphans", orphans}, {"quarantined", kept->quarantined}});
}

/// How much is in our hands, and which web-hooks need somebody to look at them.
void add_stored(const ApiParts& parts, json::object& components) {
  struct Stored {
    ports::StoreCounts counts;
    std::vector<ports::Subscription> subscriptions;
  };
  const auto stored = load(parts.store, [](ports::View& view) -> Result<Stored> {
    return Stored{view.counts(), view.subscriptions()};
  });
  if (!stored) return;  // `db` is down
  const auto& counts = stored->counts;
  components["nextMoveQueue"] =
      component(true, json::object{{"outgoing", counts.outgoing}, {"incoming", counts.incoming}});
  components["messageStatus"] = component(true, json::object{{"pollable", counts.pollable}});
  json::array failing;
  for (const auto& s : stored->subscriptions) {
    if (s.failures == 0 && !s.disabled) continue;
    failing.push_back(
        json::object{{"id", s.id}, {"name", s.name}, {"failures", s.failures}, {"disabled", s.disabled.has_value()}});
  }
  components["webhooks"] =
      component(true, json::object{{"subscriptions", stored->subscriptions.size()}, {"failing", std::move(failing)}});
}

/// How the service's installations are kept apart, as /manage/channels says it.
void add_verdict(const std::vector<flow::ServiceChannels>& rows, const ServiceIdentifier& service,
                 json::object& details) {
  const auto row = std::ranges::find(rows, service, &flow::ServiceChannels::service);
  if (row == rows.end()) return;  // the store could not be read: `db` is down
  details["verdict"] = flow::name_of(row->verdict);
  details["text"] = row->text;
  details["change"] = row->change.empty() ? json::value() : json::value(row->change);
}

json::object service_json(const ApiParts& parts, const ports::Transport& transport,
                          const std::vector<flow::ServiceChannels>& rows) {
  const auto& descriptor = transport.descriptor();
  const auto health = transport.health();
  json::array inboxes;
  for (const auto& state : parts.board.inboxes()) {
    if (state.service != descriptor.service) continue;
    json::object entry{{"inbox", state.inbox}, {"waitingForOtherChannels", state.waiting_elsewhere}};
    if (state.last_success) entry["lastSuccess"] = instant(*state.last_success);
    if (state.polled_elsewhere) entry["polledByAnotherNode"] = true;
    if (!state.last_error.empty()) entry["lastError"] = state.last_error;
    inboxes.push_back(std::move(entry));
  }
  json::object details{{"isolation", domain::name_of(descriptor.isolation)}, {"inboxes", std::move(inboxes)}};
  add_verdict(rows, descriptor.service, details);
  if (!health.detail.empty()) details["problem"] = health.detail;
  // A national service that is away is no reason to restart this one: shown, but not counted (user-pains.md section 3).
  return component(true, std::move(details));
}

/// What waits for each satellite, and when it asked last: one that is away is for people to look at.
void add_hub(const ApiParts& parts, json::object& components) {
  if (parts.hub == nullptr) return;
  const auto states = parts.hub->states();
  if (!states) return;  // `db` is down
  json::array satellites;
  for (const auto& state : *states) {
    json::object entry{{"name", state.name}, {"waiting", state.waiting}};
    if (state.last_seen) entry["lastSeen"] = instant(*state.last_seen);
    satellites.push_back(std::move(entry));
  }
  components["hub"] = component(true, {{"satellites", std::move(satellites)}});
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
  components["jms"] = component(true);  // monitoring of the Java version looks for it; the queue is part of the store
  add_stored(parts, components);
  add_hub(parts, components);
  const auto rows =
      flow::report_channels(parts.store, parts.services, parts.guard, parts.board, parts.clock.now(), parts.hub)
          .value_or(std::vector<flow::ServiceChannels>{});
  components["channels"] = findings_json(parts, rows);
  for (const auto& transport : parts.services.all()) {
    components[transport->descriptor().service.str()] = service_json(parts, *transport, rows);
  }
  const bool up = checked.has_value() && space;
  if (!parts.settings.management.health_details) {
    return json_response(up ? 200 : 503, json::object{{"status", up ? "UP" : "DOWN"}});
  }
  return json_response(up ? 200 : 503, json::object{{"status", up ? "UP" : "DOWN"},
                                                    {"components", std::move(components)},
                                                    {"groups", json::array{"liveness", "readiness"}}});
}

}  // namespace

bool is_exposed(const ManagementSettings& settings, std::string_view endpoint) {
  const auto named = [&](const std::vector<std::string>& list) {
    return std::ranges::any_of(list, [&](const auto& one) { return one == endpoint || one == "*"; });
  };
  return named(settings.include) && !named(settings.exclude);
}

bool is_operator(const ApiParts& parts, const net::Request& request) {
  const auto& address = request.remote_address;
  const bool local = address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
  return local || (parts.settings.user && is_logged_in(request, *parts.settings.user));
}

net::Response for_operators_only(const ApiParts& parts, const net::Request& request) {
  return error_response(parts, request, forbidden("Only from this machine, or with the login of difi.security.user"));
}

void add_management_routes(net::Router& router, const ApiParts& parts, const ops::Timer& requests) {
  const auto& management = parts.settings.management;
  const auto& base = management.base_path;
  if (is_exposed(management, "health")) {
    router.add("GET", base + "/health", [&parts](const RequestPtr&, const auto&) -> Answer { return health(parts); });
    router.add("GET", base + "/health/liveness", [](const RequestPtr&, const auto&) -> Answer {
      return json_response(200, json::object{{"status", "UP"}});
    });
    router.add("GET", base + "/health/readiness", [&parts](const RequestPtr&, const auto&) -> Answer {
      const bool ready = parts.store.check().has_value();
      return json_response(ready ? 200 : 503, json::object{{"status", ready ? "UP" : "OUT_OF_SERVICE"}});
    });
  }
  if (is_exposed(management, "info")) {
    router.add("GET", base + "/info", [&parts](const RequestPtr&, const auto&) -> Answer {
      return json_response(200, json::object{{"build", json::object{{"version", parts.settings.version},
                                                                    {"artifact", "kanal"},
                                                                    {"name", "Kanal"},
                                                                    {"group", "no.kanal"}}},
                                             {"git", json::object{}}});
    });
  }
  if (is_exposed(management, "configprops")) {
    router.add("GET", base + "/configprops", [&parts](const RequestPtr& request, const auto&) -> Answer {
      if (!is_operator(parts, *request)) return for_operators_only(parts, *request);
      json::object properties;
      for (const auto& [key, value] : parts.settings.management.configuration) properties[key] = value;
      return json_response(200, json::object{{"properties", std::move(properties)}});
    });
  }
  if (management.shut_down && is_exposed(management, "shutdown")) {
    router.add("POST", base + "/shutdown", [&parts](const RequestPtr& request, const auto&) -> Answer {
      if (!is_operator(parts, *request)) return for_operators_only(parts, *request);
      parts.log.warning("shutdown_asked_for", {{"from", request->remote_address}});
      auto response = json_response(200, json::object{{"message", "Shutting down, bye..."}});
      response.done = [&parts](bool) { parts.settings.management.shut_down(); };
      return response;
    });
  }
  add_channel_routes(router, parts);
  add_metrics_routes(router, parts, requests);
  add_logger_routes(router, parts);
}

}  // namespace kanal::api

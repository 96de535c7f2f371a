// /manage/metrics in the shape of the Java version, and the same figures as /manage/prometheus (operations.md section
// 6).
#include <algorithm>

#include <fmt/format.h>

#include "api/route_support.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;
using ops::Metric;
using ops::MetricSeries;
using ops::MetricTags;

MetricSeries one(double value, MetricTags tags = {}) { return {std::move(tags), value, 0, 0}; }

Metric gauge(std::string name, std::string description, std::vector<MetricSeries> series, std::string unit = "") {
  return {std::move(name), Metric::Kind::gauge, std::move(description), std::move(unit), std::move(series)};
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

struct Stored {
  ports::StoreCounts counts;
  std::vector<ports::Subscription> subscriptions;
  std::size_t findings = 0;
};

template <class Counts>
std::vector<MetricSeries> one_each(const Counts& counts, const char* label) {
  std::vector<MetricSeries> series;
  series.reserve(counts.size());
  for (const auto& [name, n] : counts) series.push_back(one(static_cast<double>(n), {{label, name}}));
  return series;
}

void add_stored(std::vector<Metric>& metrics, const Stored& stored) {
  const auto& counts = stored.counts;
  const auto failing = std::ranges::count_if(stored.subscriptions, [](const auto& s) { return s.failures > 0; });
  const auto disabled =
      std::ranges::count_if(stored.subscriptions, [](const auto& s) { return s.disabled.has_value(); });
  metrics.push_back(gauge("kanal.messages", "Messages in hand",
                          {one(static_cast<double>(counts.outgoing), {{"direction", "OUTGOING"}}),
                           one(static_cast<double>(counts.incoming), {{"direction", "INCOMING"}})}));
  metrics.push_back(
      gauge("kanal.conversations", "Conversations stored", {one(static_cast<double>(counts.conversations))}));
  metrics.push_back(gauge("kanal.conversations.pollable", "Conversations whose status is asked for",
                          {one(static_cast<double>(counts.pollable))}));
  metrics.push_back(gauge("kanal.statuses", "Statuses stored", one_each(counts.statuses, "status")));
  metrics.push_back(gauge("kanal.jobs", "Work under way or waiting", one_each(counts.jobs, "kind")));
  metrics.push_back(
      gauge("kanal.findings", "Findings of the channel guard", {one(static_cast<double>(stored.findings))}));
  metrics.push_back(gauge("kanal.webhooks", "Web-hook subscriptions",
                          {one(static_cast<double>(stored.subscriptions.size()), {{"state", "all"}}),
                           one(static_cast<double>(failing), {{"state", "failing"}}),
                           one(static_cast<double>(disabled), {{"state", "disabled"}})}));
}

void add_inboxes(std::vector<Metric>& metrics, const ApiParts& parts) {
  std::vector<MetricSeries> ages;
  std::vector<MetricSeries> failures;
  std::vector<MetricSeries> elsewhere;
  for (const auto& inbox : parts.board.inboxes()) {
    const MetricTags tags{{"service", inbox.service.str()}, {"inbox", inbox.inbox}};
    if (inbox.last_success) ages.push_back(one(seconds(parts.clock.now() - *inbox.last_success), tags));
    failures.push_back(one(inbox.failures_in_a_row, tags));
    elsewhere.push_back(one(static_cast<double>(inbox.waiting_elsewhere), tags));
  }
  metrics.push_back(gauge("kanal.inbox.age", "Since the last successful poll", std::move(ages), "seconds"));
  metrics.push_back(gauge("kanal.inbox.failures", "Failed polls in a row", std::move(failures)));
  metrics.push_back(gauge("kanal.inbox.elsewhere", "Items that wait for other channels", std::move(elsewhere)));
}

Result<std::vector<Metric>> gather(const ApiParts& parts, const ops::Timer& requests) {
  std::vector<Metric> metrics{requests.collect()};
  const auto stored = load(parts.store, [](ports::View& view) -> Result<Stored> {
    return Stored{view.counts(), view.subscriptions(), view.findings().size()};
  });
  if (!stored) return failed(stored);
  add_stored(metrics, *stored);
  add_inboxes(metrics, parts);
  metrics.push_back(gauge("disk.free", "Free on the disk of kanal.data-folder",
                          {one(static_cast<double>(parts.blobs.free_bytes()))}, "bytes"));
  if (parts.settings.management.metrics)
    std::ranges::move(parts.settings.management.metrics(), std::back_inserter(metrics));
  return metrics;
}

json::object measured(std::string_view statistic, double value) { return {{"statistic", statistic}, {"value", value}}; }

/// `tag=status:200`, repeatable.
bool has_tags(const MetricSeries& series, const net::Request& request) {
  return std::ranges::all_of(request.query, [&](const auto& parameter) {
    if (parameter.first != "tag") return true;
    const auto colon = parameter.second.find(':');
    if (colon == std::string::npos) return false;
    const std::pair wanted(parameter.second.substr(0, colon), parameter.second.substr(colon + 1));
    return std::ranges::find(series.tags, wanted) != series.tags.end();
  });
}

json::object metric_json(const Metric& metric, const net::Request& request) {
  double value = 0;
  double max = 0;
  std::uint64_t count = 0;
  std::map<std::string, std::vector<std::string>> tags;
  for (const auto& series : metric.series) {
    if (!has_tags(series, request)) continue;
    value += series.value;
    max = std::max(max, series.max);
    count += series.count;
    for (const auto& [name, text] : series.tags) {
      auto& values = tags[name];
      if (std::ranges::find(values, text) == values.end()) values.push_back(text);
    }
  }
  json::array measurements;
  if (metric.kind == Metric::Kind::timer) {
    measurements = {measured("COUNT", static_cast<double>(count)), measured("TOTAL_TIME", value), measured("MAX", max)};
  } else {
    measurements = {measured(metric.kind == Metric::Kind::counter ? "COUNT" : "VALUE", value)};
  }
  json::array available;
  for (const auto& [name, values] : tags) {
    available.push_back(json::object{{"tag", name}, {"values", json::array(values.begin(), values.end())}});
  }
  json::object out{{"name", metric.name}, {"description", metric.description}};
  if (!metric.unit.empty()) out["baseUnit"] = metric.unit;
  out["measurements"] = std::move(measurements);
  out["availableTags"] = std::move(available);
  return out;
}

}  // namespace

void add_metrics_routes(net::Router& router, const ApiParts& parts, const ops::Timer& requests) {
  const auto& management = parts.settings.management;
  if (is_exposed(management, "metrics")) {
    router.add("GET", management.base_path + "/metrics", [&](const RequestPtr& request, const auto&) -> Answer {
      const auto metrics = gather(parts, requests);
      if (!metrics) return error_response(parts, *request, metrics.error());
      std::vector<std::string> names;
      for (const auto& metric : *metrics) names.push_back(metric.name);
      std::ranges::sort(names);
      return json_response(200, json::object{{"names", json::array(names.begin(), names.end())}});
    });
    router.add("GET", management.base_path + "/metrics/{name}",
               [&](const RequestPtr& request, const auto& variables) -> Answer {
                 const auto metrics = gather(parts, requests);
                 if (!metrics) return error_response(parts, *request, metrics.error());
                 const auto found = std::ranges::find(*metrics, variables.front(), &Metric::name);
                 if (found == metrics->end()) return empty_response(404);
                 return json_response(200, metric_json(*found, *request));
               });
  }
  if (!is_exposed(management, "prometheus")) return;
  router.add("GET", management.base_path + "/prometheus", [&](const RequestPtr& request, const auto&) -> Answer {
    const auto metrics = gather(parts, requests);
    if (!metrics) return error_response(parts, *request, metrics.error());
    net::Response response;
    response.headers.emplace_back("Content-Type", "text/plain;version=0.0.4;charset=utf-8");
    response.body = ops::prometheus_text(*metrics);
    return response;
  });
}

}  // namespace kanal::api

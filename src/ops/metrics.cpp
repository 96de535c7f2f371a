#include "ops/metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace kanal::ops {
namespace {

constexpr std::size_t most_series = 1000;

std::string prometheus_name(const Metric& metric) {
  std::string name = metric.name;
  std::ranges::replace(name, '.', '_');
  std::ranges::replace(name, '-', '_');
  if (!metric.unit.empty() && !name.ends_with("_" + metric.unit)) name += "_" + metric.unit;
  return name;
}

std::vector<prometheus::ClientMetric::Label> labels_of(const MetricTags& tags) {
  std::vector<prometheus::ClientMetric::Label> labels;
  for (const auto& [name, value] : tags) {
    std::string plain = name;
    std::ranges::replace(plain, '.', '_');
    labels.push_back({std::move(plain), value});
  }
  return labels;
}

Metric gauge(std::string name, std::string description, std::string unit, double value) {
  return {std::move(name), Metric::Kind::gauge, std::move(description), std::move(unit), {{{}, value, 0, 0}}};
}

/// `Name:   123 kB` of /proc/self/status.
double status_number(const std::string& wanted) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(wanted + ":")) return std::strtod(line.c_str() + wanted.size() + 1, nullptr);
  }
  return 0;
}

double open_files() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    ++count;
  }
  return count;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void Timer::record(const MetricTags& tags, double seconds) {
  const std::scoped_lock lock(mutex_);
  auto at = series_.find(tags);
  if (at == series_.end()) {
    MetricTags kept = tags;
    if (series_.size() >= most_series) {
      for (auto& tag : kept) tag.second = "other";
    }
    at = series_.try_emplace(kept, MetricSeries{kept, 0, 0, 0}).first;
  }
  at->second.value += seconds;
  at->second.max = std::max(at->second.max, seconds);
  ++at->second.count;
}

Metric Timer::collect() const {
  Metric metric{name_, Metric::Kind::timer, description_, "seconds", {}};
  const std::scoped_lock lock(mutex_);
  for (const auto& [tags, series] : series_) metric.series.push_back(series);
  return metric;
}

std::string outcome_of(int status) {
  constexpr int per_class = 100;
  switch (status / per_class) {
    case 1:
      return "INFORMATIONAL";
    case 2:
      return "SUCCESS";
    case 3:
      return "REDIRECTION";
    case 4:
      return "CLIENT_ERROR";
    case 5:
      return "SERVER_ERROR";
    default:
      return "UNKNOWN";
  }
}

std::vector<Metric> process_metrics(Time started, Time now) {
  constexpr double kilo = 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  double load = 0;
  if (getloadavg(&load, 1) != 1) load = 0;
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  return {gauge("process.uptime", "Time since the start", "seconds", seconds(now - started)),
          gauge("process.start.time", "When it started, since 1970", "seconds", seconds(started.time_since_epoch())),
          {"process.cpu.time",
           Metric::Kind::counter,
           "Processor time used",
           "seconds",
           {{{}, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), 0, 0}}},
          gauge("process.memory.resident", "Memory in use", "bytes", status_number("VmRSS") * kilo),
          gauge("process.threads", "Threads", "", status_number("Threads")),
          gauge("process.files.open", "Open files and connections", "", open_files()),
          gauge("process.files.max", "How many may be open", "", static_cast<double>(files.rlim_cur)),
          gauge("system.cpu.count", "Processors", "", std::thread::hardware_concurrency()),
          gauge("system.load.average.1m", "Load of the machine", "", load)};
}

std::string prometheus_text(const std::vector<Metric>& metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& metric : metrics) {
    prometheus::MetricFamily family;
    family.name = prometheus_name(metric);
    family.help = metric.description;
    const bool timer = metric.kind == Metric::Kind::timer;
    family.type = timer                                  ? prometheus::MetricType::Summary
                  : metric.kind == Metric::Kind::counter ? prometheus::MetricType::Counter
                                                         : prometheus::MetricType::Gauge;
    if (metric.kind == Metric::Kind::counter && !family.name.ends_with("_total")) family.name += "_total";
    prometheus::MetricFamily longest;
    longest.name = family.name + "_max";
    longest.help = metric.description;
    longest.type = prometheus::MetricType::Gauge;
    for (const auto& series : metric.series) {
      prometheus::ClientMetric one;
      one.label = labels_of(series.tags);
      if (timer) {
        one.summary.sample_count = series.count;
        one.summary.sample_sum = series.value;
        prometheus::ClientMetric max;
        max.label = one.label;
        max.gauge.value = series.max;
        longest.metric.push_back(std::move(max));
      } else if (metric.kind == Metric::Kind::counter) {
        one.counter.value = series.value;
      } else {
        one.gauge.value = series.value;
      }
      family.metric.push_back(std::move(one));
    }
    families.push_back(std::move(family));
    if (timer) families.push_back(std::move(longest));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace kanal::ops

// Figures for operators: a small model that both /manage/metrics (the names of the Java version) and the Prometheus
// text are written from (operations.md section 6). Values are thread-safe where said.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace kanal::ops {

using MetricTags = std::vector<std::pair<std::string, std::string>>;

struct MetricSeries {
  MetricTags tags;
  double value = 0;         ///< gauge, counter: the value; timer: total seconds
  std::uint64_t count = 0;  ///< timer: how many
  double max = 0;           ///< timer: the longest
};

struct Metric {
  enum class Kind { gauge, counter, timer };
  std::string name;  ///< with dots: `http.server.requests`
  Kind kind = Kind::gauge;
  std::string description;
  std::string unit;  ///< base unit: `seconds`, `bytes`; may be empty
  std::vector<MetricSeries> series;
};

/// How often and how long. Thread-safe. At most 1,000 series: whatever more there would be is counted together, with
/// `other` for every tag.
class Timer {
 public:
  Timer(std::string name, std::string description) : name_(std::move(name)), description_(std::move(description)) {}
  void record(const MetricTags& tags, double seconds);
  [[nodiscard]] Metric collect() const;

 private:
  const std::string name_;
  const std::string description_;
  mutable std::mutex mutex_;
  std::map<MetricTags, MetricSeries> series_;
};

/// `SUCCESS`, `CLIENT_ERROR`, ...; no status: `UNKNOWN`.
[[nodiscard]] std::string outcome_of(int status);

/// Processor time, memory, files, threads and uptime of this process, load of the machine. `started`: when it began.
[[nodiscard]] std::vector<Metric> process_metrics(Time started, Time now);

/// Text format 0.0.4: dots become `_`, a timer `_seconds_count`, `_seconds_sum` and `_seconds_max`.
[[nodiscard]] std::string prometheus_text(const std::vector<Metric>& metrics);

}  // namespace kanal::ops

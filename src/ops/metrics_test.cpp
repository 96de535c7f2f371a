#include "ops/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kanal::ops {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, TimersCountAddAndRememberTheLongest) {
  Timer timer("http.server.requests", "Requests");
  timer.record({{"uri", "/a"}}, 0.5);
  timer.record({{"uri", "/a"}}, 1.5);
  timer.record({{"uri", "/b"}}, 1);
  const auto metric = timer.collect();
  ASSERT_EQ(metric.series.size(), 2U);
  EXPECT_EQ(metric.series[0].count, 2U);
  EXPECT_DOUBLE_EQ(metric.series[0].value, 2);
  EXPECT_DOUBLE_EQ(metric.series[0].max, 1.5);
}

TEST(Metrics, SeriesAreBounded) {
  Timer timer("t", "T");
  for (int i = 0; i < 5000; ++i) timer.record({{"uri", std::to_string(i)}}, 1);
  const auto metric = timer.collect();
  EXPECT_EQ(metric.series.size(), 1001U);
  std::uint64_t total = 0;
  for (const auto& series : metric.series) total += series.count;
  EXPECT_EQ(total, 5000U);
}

TEST(Metrics, PrometheusTextHasTheNamesThatDashboardsKnow) {
  Timer timer("http.server.requests", "Requests");
  timer.record({{"method", "GET"}, {"uri", "/api/messages/out/{messageId}"}, {"status", "200"}}, 0.25);
  const auto text =
      prometheus_text({timer.collect(),
                       {"disk.free", Metric::Kind::gauge, "Free", "bytes", {{{{"path", "a\"b\\c\nd"}}, 12, 0, 0}}},
                       {"logback.events", Metric::Kind::counter, "Lines", "", {{{{"level", "warn"}}, 3, 0, 0}}}});
  EXPECT_THAT(text, HasSubstr("# TYPE http_server_requests_seconds summary"));
  EXPECT_THAT(text, HasSubstr("http_server_requests_seconds_count{method=\"GET\",uri=\"/api/messages/out/{messageId}\","
                              "status=\"200\"} 1"));
  EXPECT_THAT(text, HasSubstr("http_server_requests_seconds_sum{"));
  EXPECT_THAT(text, HasSubstr("http_server_requests_seconds_max{"));
  EXPECT_THAT(text, HasSubstr("disk_free_bytes{path=\"a\\\"b\\\\c\\nd\"} 12"));
  EXPECT_THAT(text, HasSubstr("logback_events_total{level=\"warn\"} 3"));
}

TEST(Metrics, TheProcessKnowsItself) {
  const Time now = SystemClock().now();
  double memory = 0;
  for (const auto& metric : process_metrics(now - std::chrono::seconds(5), now)) {
    if (metric.name == "process.uptime") {
      EXPECT_DOUBLE_EQ(metric.series[0].value, 5);
    }
    if (metric.name == "process.memory.resident") memory = metric.series[0].value;
  }
  EXPECT_GT(memory, 1e6);
}

TEST(Metrics, OutcomesByStatus) {
  EXPECT_EQ(outcome_of(204), "SUCCESS");
  EXPECT_EQ(outcome_of(404), "CLIENT_ERROR");
  EXPECT_EQ(outcome_of(503), "SERVER_ERROR");
  EXPECT_EQ(outcome_of(0), "UNKNOWN");
}

}  // namespace
}  // namespace kanal::ops

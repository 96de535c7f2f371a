#include "ops/logger.hpp"

#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/log_context.hpp"
#include "ops/async_log.hpp"
#include "ops/key_names.hpp"
#include "ops/log_line.hpp"

namespace kanal::ops {
namespace {

constexpr std::size_t file_size = std::size_t{10} * 1024 * 1024;
constexpr std::size_t kept_files = 7;
constexpr std::size_t default_queue_size = 8192;

/// `2026-09-01T08:00:00.123Z`.
std::string stamp(spdlog::log_clock::time_point time) {
  using namespace std::chrono;
  const auto moment = floor<milliseconds>(time);
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

/// Puts the time before a finished line.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(bool json) : json_(json) {}
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override {
    const std::string_view line(msg.payload.data(), msg.payload.size());
    if (json_) {
      fmt::format_to(std::back_inserter(dest), "{{\"@timestamp\":\"{}\",{}\n", stamp(msg.time), line);
    } else {
      fmt::format_to(std::back_inserter(dest), "{} {}\n", stamp(msg.time), line);
    }
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(json_);
  }

 private:
  bool json_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

AsyncLog::AsyncLog(const LoggerOptions& options, std::vector<spdlog::sink_ptr> sinks, std::size_t queue_size)
    : json_(options.json),
      least_(options.level),
      orgnr_(options.orgnr),
      queue_size_(queue_size),
      pool_(std::make_shared<spdlog::details::thread_pool>(queue_size, 1)) {
  for (const spdlog::sink_ptr& sink : sinks) sink->set_formatter(std::make_unique<LineFormatter>(json_));
  logger_ = std::make_shared<spdlog::async_logger>("kanal", sinks.begin(), sinks.end(), pool_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_level(spdlog::level::trace);
  // The writing thread flushes, so that a killed process has said what it did.
  logger_->flush_on(spdlog::level::trace);
}

AsyncLog::~AsyncLog() { report_dropped(); }

void AsyncLog::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < least_) return;
  post(level, event, fields);
  if (pool_->queue_size() <= queue_size_ / 2) report_dropped();
}

void AsyncLog::post(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const std::span<const LogField> all(fields.begin(), fields.size());
  ++counts_[static_cast<std::size_t>(level)];
  std::vector<LogField> traced;
  std::span<const LogField> told = all;
  if (const auto& trace_id = LogContext::trace_id(); !trace_id.empty()) {
    traced.assign(all.begin(), all.end());
    traced.emplace_back("trace_id", trace_id);
    told = traced;
  }
  const std::string line = json_ ? json_line(level, event, told, orgnr_) : text_line(level, event, told);
  logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void AsyncLog::report_dropped() {
  const std::size_t dropped = pool_->overrun_counter();
  std::size_t known = reported_.load();
  // Of several threads that notice, one says it.
  if (dropped > known && reported_.compare_exchange_strong(known, dropped)) {
    post(LogLevel::warning, "log.dropped", {{"count", dropped - known}});
  }
}

std::unique_ptr<ManagedLog> make_logger(const LoggerOptions& options) {
  std::vector<spdlog::sink_ptr> sinks;
  std::string problem;
  if (options.file) {
    try {
      sinks.push_back(
          std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file->string(), file_size, kept_files));
    } catch (const spdlog::spdlog_ex& failure) {
      problem = failure.what();
    }
  }
  if (options.console || !problem.empty()) sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto log = std::make_unique<AsyncLog>(options, std::move(sinks), default_queue_size);
  if (!problem.empty()) log->error("log.file_unusable", {{"file", options.file->string()}, {"reason", problem}});
  return log;
}

std::optional<LogLevel> log_level(std::string_view name) {
  const std::string word = lower(name);
  if (word == "debug") return LogLevel::debug;
  if (word == "info") return LogLevel::info;
  if (word == "warning") return LogLevel::warning;
  if (word == "error") return LogLevel::error;
  return std::nullopt;
}

}  // namespace kanal::ops

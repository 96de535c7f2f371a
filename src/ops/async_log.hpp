// The Log on spdlog's asynchronous logger: callers only make the text and queue it, one thread writes. The queue is
// bounded and gives up its oldest line when full; how many were lost is said as soon as there is room.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include "base/log.hpp"
#include "ops/logger.hpp"

namespace kanal::ops {

class AsyncLog final : public ManagedLog {
 public:
  /// The sinks get their formatter here. `queue_size` lines wait at most.
  AsyncLog(const LoggerOptions& options, std::vector<spdlog::sink_ptr> sinks, std::size_t queue_size);
  ~AsyncLog() override;
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;
  [[nodiscard]] LogLevel level() const override { return least_; }
  void set_level(LogLevel level) override { least_ = level; }
  [[nodiscard]] std::uint64_t count(LogLevel level) const override { return counts_[static_cast<std::size_t>(level)]; }

 private:
  void post(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  void report_dropped();

  bool json_;
  std::atomic<LogLevel> least_;
  std::array<std::atomic<std::uint64_t>, 4> counts_{};
  std::string orgnr_;
  std::size_t queue_size_;
  std::atomic<std::size_t> reported_{0};
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace kanal::ops

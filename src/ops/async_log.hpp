// The Log on spdlog's asynchronous logger: callers only make the text and queue it, one thread writes. The queue is
// bounded and gives up its oldest line when full; how many were lost is said as soon as there is room.
#pragma once

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

class AsyncLog final : public Log {
 public:
  /// The sinks get their formatter here. `queue_size` lines wait at most.
  AsyncLog(const LoggerOptions& options, std::vector<spdlog::sink_ptr> sinks, std::size_t queue_size);
  ~AsyncLog() override;
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

 private:
  void post(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  void report_dropped();

  bool json_;
  LogLevel least_;
  std::string orgnr_;
  std::size_t queue_size_;
  std::atomic<std::size_t> reported_{0};
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace kanal::ops

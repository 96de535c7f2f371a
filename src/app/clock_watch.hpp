// Compares the machine's clock with a time server (operations.md section 5): at start, and every half hour by a thread
// of its own. Tokens and signatures carry times, so a clock that is off breaks every call.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::app {

struct ClockWatchOptions {
  std::string host;
  std::chrono::milliseconds timeout{3'000};
  std::chrono::milliseconds interval = std::chrono::minutes(30);
};

class ClockWatch {
 public:
  /// Clock and log outlive it.
  ClockWatch(ClockWatchOptions options, const Clock& clock, Log& log)
      : options_(std::move(options)), clock_(clock), log_(log) {}

  /// More than 5 seconds off: `clock.offset`, and nothing should be started. A time server that does not answer is only
  /// logged.
  Result<void> check_at_start();
  /// From now on every interval: more than 5 seconds off is a warning, more than 9 an error.
  void start();
  void stop() { thread_ = {}; }

 private:
  void look();

  ClockWatchOptions options_;
  const Clock& clock_;
  Log& log_;
  std::jthread thread_;
};

}  // namespace kanal::app

// Crash points that really kill: `kanal.crash-at=<point>[:n]` ends the process with SIGKILL when it passes the point
// for the n-th time. For the tests that prove that nothing is lost.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "ports/crash_points.hpp"

namespace kanal::app {

class KillPoints final : public ports::CrashPoints {
 public:
  /// Empty: never.
  explicit KillPoints(std::string_view at);
  void reach(std::string_view point) override;

 private:
  std::string point_;
  std::atomic<int> passes_left_{0};
};

}  // namespace kanal::app

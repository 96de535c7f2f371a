#include "app/kill_points.hpp"

#include <csignal>

#include <charconv>

#include <unistd.h>

namespace kanal::app {

KillPoints::KillPoints(std::string_view at) {
  const auto colon = at.find(':');
  point_ = at.substr(0, colon);
  int passes = 1;
  if (colon != std::string_view::npos) {
    const auto count = at.substr(colon + 1);
    std::from_chars(count.data(), count.data() + count.size(), passes);
  }
  passes_left_ = passes;
}

void KillPoints::reach(std::string_view point) {
  if (point_.empty() || point != point_) return;
  if (passes_left_.fetch_sub(1) == 1) kill(getpid(), SIGKILL);
}

}  // namespace kanal::app

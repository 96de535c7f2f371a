// Crash points at which a test does something instead of dying: whatever happens between two durable steps. Or at which
// an installation inside this process dies: from then on no durable step is finished until it is started again.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

#include "ports/crash_points.hpp"

namespace kanal::testing {

class HookedPoints final : public ports::CrashPoints {
 public:
  /// The next time that `point` is passed, and only then.
  void once(const std::string& point, std::function<void()> action) {
    const std::scoped_lock lock(mutex_);
    actions_[point] = std::move(action);
  }
  /// Dies at `point`; what clients call goes on, as their answers would be lost with the process.
  void die_at(const std::string& point) {
    const std::scoped_lock lock(mutex_);
    deadly_ = point;
  }
  [[nodiscard]] bool dead() const {
    const std::scoped_lock lock(mutex_);
    return dead_;
  }
  void revive() {
    const std::scoped_lock lock(mutex_);
    dead_ = false;
    deadly_.clear();
  }

  void reach(std::string_view point) override {
    std::function<void()> action;
    {
      const std::scoped_lock lock(mutex_);
      dead_ = dead_ || point == deadly_;
      if (dead_ && !point.starts_with("submit.") && !point.starts_with("client.")) {
        throw std::runtime_error("died at " + std::string(point));
      }
      const auto found = actions_.find(std::string(point));
      if (found == actions_.end()) return;
      action = std::move(found->second);
      actions_.erase(found);
    }
    action();
  }
  /// Has everything that was asked for happened?
  [[nodiscard]] bool done() const {
    const std::scoped_lock lock(mutex_);
    return actions_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::function<void()>> actions_;
  std::string deadly_;
  bool dead_ = false;
};

}  // namespace kanal::testing

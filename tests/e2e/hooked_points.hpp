// Crash points at which a test does something instead of dying: whatever happens between two durable steps.
#pragma once

#include <functional>
#include <map>
#include <mutex>
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
  void reach(std::string_view point) override {
    std::function<void()> action;
    {
      const std::scoped_lock lock(mutex_);
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
};

}  // namespace kanal::testing

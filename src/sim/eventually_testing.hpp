// Waiting for what happens on other threads, in tests. Never included by product code.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace kanal::sim::testing {

constexpr std::chrono::seconds patience{30};

/// Does it hold before patience ends?
inline bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit = patience) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace kanal::sim::testing

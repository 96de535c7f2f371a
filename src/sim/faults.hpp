// Faults by name. A simulator asks at fixed places whether one is armed; arming and asking may happen on any threads.
// With nothing armed an ask costs one atomic read. Also the brake that lets a request hang without outliving its
// simulator.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>

#include "base/result.hpp"

namespace kanal::sim {

struct FaultName {
  std::string name;
  std::string description;
};

/// Every fault there is, sorted by name.
[[nodiscard]] const std::vector<FaultName>& fault_catalogue();

class Faults {
 public:
  Faults() = default;
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  /// `times` absent: until disarmed. With a subject (a transfer id, an organisation number, a scope, ...: see the
  /// catalogue) only for that one. `fault.unknown` names the nearest there are; `fault.times` for zero.
  Result<void> arm(std::string_view name, std::optional<std::uint64_t> times = 1, std::string subject = {});
  void disarm(std::string_view name);
  void disarm_all();

  /// Is the fault armed for one of these subjects? Takes one of its times.
  [[nodiscard]] bool consume(std::string_view name, std::string_view subject = {}, std::string_view other = {});
  /// How often it has happened so far.
  [[nodiscard]] std::uint64_t met(std::string_view name) const;
  /// Is anything armed at all?
  [[nodiscard]] bool any() const { return armed_count_.load(std::memory_order_relaxed) != 0; }
  /// All armed faults, for the admin API.
  [[nodiscard]] boost::json::array json() const;

  /// Holds the calling request until `limit` has passed or somebody disarms or releases.
  void hold(std::chrono::milliseconds limit);
  /// Lets all held requests go.
  void release();

 private:
  struct Armed {
    std::string name;
    std::string subject;
    std::optional<std::uint64_t> times;
  };
  mutable std::mutex mutex_;
  std::vector<Armed> armed_;
  std::map<std::string, std::uint64_t, std::less<>> met_;
  std::atomic<std::size_t> armed_count_{0};
  std::condition_variable released_;
  std::uint64_t releases_ = 0;
};

}  // namespace kanal::sim

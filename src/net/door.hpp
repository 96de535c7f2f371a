// Who may connect to the server at all (kanal.http.allow): asked before a byte is read. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/log.hpp"
#include "base/time.hpp"
#include "net/address_rules.hpp"

namespace kanal::net {

class Door {
 public:
  /// Without rules everybody may come in.
  Door(AddressRules allowed, const Clock& clock, Log& log) : allowed_(std::move(allowed)), clock_(clock), log_(log) {}

  /// Counts who is refused, and logs each address once an hour.
  [[nodiscard]] bool admits(const std::string& address);
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  const AddressRules allowed_;
  const Clock& clock_;
  Log& log_;
  std::atomic<std::uint64_t> refused_ = 0;
  std::mutex mutex_;
  std::map<std::string, Duration> logged_;  ///< monotonic; bounded
};

}  // namespace kanal::net

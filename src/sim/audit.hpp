// What the simulated services saw: who did what with which item, and through whose client. Tests and the web page judge
// thefts, duplicates and losses from this list. Bounded: the oldest entries go first. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>

#include "base/time.hpp"

namespace kanal::sim {

struct AuditEntry {
  std::uint64_t number = 0;  ///< given by the trail: 1, 2, ...
  Time time{};               ///< given by the trail
  std::string simulator;
  std::string organisation;  ///< the one acted for, nine digits
  std::string vendor;        ///< client_id of the token: tells the installations of one organisation apart
  std::string action;        ///< `download`, `confirm`, `token`, ...
  std::string subject;       ///< a transfer id, an identifier looked up, a jti
  std::string detail;
};

/// An absent member matches everything.
struct AuditFilter {
  std::optional<std::string> simulator{};
  std::optional<std::string> organisation{};
  std::optional<std::string> vendor{};
  std::optional<std::string> action{};
  std::optional<std::string> subject{};
  std::uint64_t after = 0;  ///< entries with a larger number only
  std::size_t limit = SIZE_MAX;
};

class AuditTrail {
 public:
  explicit AuditTrail(const Clock& clock, std::size_t capacity = 200'000) : clock_(clock), capacity_(capacity) {}
  AuditTrail(const AuditTrail&) = delete;
  AuditTrail& operator=(const AuditTrail&) = delete;

  void record(AuditEntry entry);
  /// Oldest first.
  [[nodiscard]] std::vector<AuditEntry> find(const AuditFilter& filter) const;
  [[nodiscard]] std::size_t count(const AuditFilter& filter) const;
  [[nodiscard]] boost::json::array json(const AuditFilter& filter) const;
  void clear();

 private:
  const Clock& clock_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<AuditEntry> entries_;
  std::uint64_t last_ = 0;
};

}  // namespace kanal::sim

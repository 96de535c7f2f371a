// Cron expressions as Spring writes them: `sec min hour day month weekday`, in Norwegian local time. Immutable; any
// thread. Both day and weekday must hold (unlike Unix cron). A wall-clock time that spring skips does not come that
// day; one that autumn repeats comes twice. Refused with `cron.syntax`: a wrong number of fields, values out of range,
// and the L, W and # forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::ops {

class Cron {
 public:
  /// Six fields of `*`, `?`, `a`, `a-b`, `a/step`, `*/step`, lists; JAN-DEC, MON-SUN (0 and 7 are Sunday); `@hourly`,
  /// `@daily`,
  /// `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`; `-` is never.
  static Result<Cron> parse(std::string_view text);

 private:
  friend std::optional<Time> next(const Cron& cron, Time after);
  [[nodiscard]] bool matches_day(std::chrono::sys_days day) const;

  /// One bit per allowed value.
  std::uint64_t seconds_ = 0;
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;  ///< bit 0 is Sunday
};

/// The first moment later than `after`; nothing when there is none (`-`, 30 February) or `after` lies outside the years
/// 1970 to 9000.
[[nodiscard]] std::optional<Time> next(const Cron& cron, Time after);

}  // namespace kanal::ops

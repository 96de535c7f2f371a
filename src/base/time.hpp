// Points in time, the injected clock, and ISO 8601 as the SBD writes it (messages.md section 1).
// Nothing else in the program may ask the operating system for the time.
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace kanal {

/// UTC, microseconds.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

/// The program's only source of time. Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  /// Wall clock, UTC.
  [[nodiscard]] virtual Time now() const = 0;
  /// Never goes back; for lifetimes and time-outs. Its zero has no meaning.
  [[nodiscard]] virtual Duration monotonic() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration monotonic() const override;
};

/// A date-time with the offset it was written with; the offset is kept on output.
struct OffsetTime {
  Time utc{};
  std::chrono::minutes offset{0};
  friend bool operator==(const OffsetTime&, const OffsetTime&) = default;
};

/// ISO 8601 / RFC 3339: `2026-09-01T09:15:00.123+02:00`, `Z`; without offset the text is Europe/Oslo local
/// time with the offset in force at that date. Fractions beyond microseconds are cut. Nothing if unreadable.
[[nodiscard]] std::optional<OffsetTime> parse_iso(std::string_view text);

/// `2026-09-01T09:15:00.123+02:00`; seconds always, a fraction only when not zero, `Z` for offset 0.
[[nodiscard]] std::string format_iso(const OffsetTime& time);
/// The same in UTC with `Z`.
[[nodiscard]] std::string format_iso(Time time);

/// The offset in force in Norway at `utc` (CET/CEST by the EU rule of 1996).
[[nodiscard]] std::chrono::minutes oslo_offset(Time utc);
/// `time` with the offset in force in Norway, as the API's own timestamps are written.
[[nodiscard]] OffsetTime in_oslo(Time time);

/// Days for `yyyy-MM-dd`; nothing if it is no date.
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);

/// Microseconds since 1970, as the store keeps time.
[[nodiscard]] constexpr std::int64_t to_micros(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] constexpr Time from_micros(std::int64_t micros) { return Time(Duration(micros)); }

}  // namespace kanal

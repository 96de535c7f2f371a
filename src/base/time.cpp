#include "base/time.hpp"

#include <charconv>

#include <fmt/format.h>

namespace kanal {
namespace {

using namespace std::chrono;

/// Fixed-width digits at the front of `text`, which is shortened; nothing if there are other characters.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// Last Sunday of a month, 01:00 UTC: where European summer time starts and ends.
Time change_in(year y, month m) { return sys_days(y / m / Sunday[last]) + hours(1); }

std::optional<sys_days> take_date(std::string_view& text) {
  const auto y = take_digits(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !take(text, '-')) return std::nullopt;
  const auto d = take_digits(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

std::optional<microseconds> take_fraction(std::string_view& text) {
  std::int64_t micros = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) micros = micros * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return microseconds(micros);
}

}  // namespace

Time SystemClock::now() const { return time_point_cast<microseconds>(system_clock::now()); }

Duration SystemClock::monotonic() const { return duration_cast<microseconds>(steady_clock::now().time_since_epoch()); }

minutes oslo_offset(Time utc) {
  const year_month_day date(floor<days>(utc));
  const bool summer = utc >= change_in(date.year(), March) && utc < change_in(date.year(), October);
  return summer ? minutes(120) : minutes(60);
}

OffsetTime in_oslo(Time time) { return {time, oslo_offset(time)}; }

std::optional<OffsetTime> parse_iso(std::string_view text) {
  const auto date = take_date(text);
  if (!date || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const auto h = take_digits(text, 2);
  if (!h || *h > 23 || !take(text, ':')) return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || *m > 59) return std::nullopt;
  Time local = *date + hours(*h) + minutes(*m);
  if (take(text, ':')) {
    const auto s = take_digits(text, 2);
    if (!s || *s > 59) return std::nullopt;
    local += seconds(*s);
    if (take(text, '.') || take(text, ',')) {
      const auto fraction = take_fraction(text);
      if (!fraction) return std::nullopt;
      local += *fraction;
    }
  }
  if (text == "Z" || text == "z") return OffsetTime{local, minutes(0)};
  if (text.empty()) {
    // Local Norwegian time: standard time first, then see whether summer time was in force.
    const auto offset = oslo_offset(local - minutes(60));
    return OffsetTime{local - offset, offset};
  }
  const bool negative = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto oh = take_digits(text, 2);
  if (!oh || *oh > 18) return std::nullopt;
  take(text, ':');
  std::optional<int> om = 0;
  if (!text.empty()) om = take_digits(text, 2);
  if (!om || *om > 59 || !text.empty()) return std::nullopt;
  const minutes offset = (hours(*oh) + minutes(*om)) * (negative ? -1 : 1);
  return OffsetTime{local - offset, offset};
}

std::string format_iso(const OffsetTime& time) {
  const Time local = time.utc + time.offset;
  const auto day_start = floor<days>(local);
  const year_month_day date(day_start);
  const hh_mm_ss clock(local - day_start);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto micros = clock.subseconds().count(); micros != 0) {
    std::string fraction = fmt::format(".{:06}", micros);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += fraction;
  }
  if (time.offset == minutes(0)) return out + "Z";
  const auto magnitude = time.offset < minutes(0) ? -time.offset : time.offset;
  return out + fmt::format("{}{:02}:{:02}", time.offset < minutes(0) ? '-' : '+', magnitude.count() / 60,
                           magnitude.count() % 60);
}

std::string format_iso(Time time) { return format_iso(OffsetTime{time, minutes(0)}); }

std::optional<sys_days> parse_date(std::string_view text) {
  const auto date = take_date(text);
  return text.empty() ? date : std::nullopt;
}

}  // namespace kanal

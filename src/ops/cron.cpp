// Grammar (Spring CronExpression): cron = macro | "-" | 6 fields separated by blanks; field = item *("," item);
// item = ("*" | "?" | value [ "-" value ]) [ "/" step ]; `value/step` runs to the end of the field's range.
#include "ops/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ops/key_names.hpp"

namespace kanal::ops {
namespace {

using namespace std::chrono;

constexpr std::size_t length_limit = 512;
/// 29 February on a given weekday comes at least once in 40 years.
constexpr int years_ahead = 41;

struct Field {
  std::string_view name;
  unsigned least;
  unsigned most;
  std::string_view words;  ///< three letters each, the first one stands for `first_word`
  unsigned first_word;
};

constexpr auto fields = std::to_array<Field>({
    {"second", 0, 59, "", 0},
    {"minute", 0, 59, "", 0},
    {"hour", 0, 23, "", 0},
    {"day of month", 1, 31, "", 0},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
    {"day of week", 0, 7, "montuewedthufrisatsun", 1},
});

tl::unexpected<Error> fault(std::string what) {
  return reject("cron.syntax",
                "must be a cron expression of six fields (sec min hour day month weekday): " + std::move(what));
}

std::optional<unsigned> value_of(std::string_view text, const Field& field) {
  if (text.size() == 3) {
    const std::size_t at = field.words.find(lower(text));
    if (at != std::string_view::npos && at % 3 == 0) return field.first_word + static_cast<unsigned>(at / 3);
  }
  unsigned value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::uint64_t> parse_item(std::string_view item, const Field& field) {
  const auto wrong = [&](std::string_view why) { return fault(fmt::format("{} \"{}\" {}", field.name, item, why)); };
  unsigned step = 1;
  std::string_view range = item;
  const std::size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto given = value_of(item.substr(slash + 1), Field{field.name, 1, 60, "", 0});
    if (!given || *given == 0) return wrong("has no step above 0");
    step = *given;
    range = item.substr(0, slash);
  }
  unsigned first = field.least;
  unsigned last = field.most;
  if (range != "*" && range != "?") {
    const std::size_t dash = range.find('-');
    const auto from = value_of(range.substr(0, dash), field);
    const auto to = dash == std::string_view::npos ? from : value_of(range.substr(dash + 1), field);
    if (!from || !to) return wrong("is not understood (L, W and # are not supported)");
    first = *from;
    last = dash == std::string_view::npos && slash != std::string_view::npos ? field.most : *to;
    // Sunday as the start of a range is 0, as its end 7.
    if (field.most == 7 && first == 7 && last < 7) first = 0;
    if (first < field.least || last > field.most || first > last) {
      return wrong(fmt::format("must lie in {}-{}", field.least, field.most));
    }
  }
  std::uint64_t bits = 0;
  for (std::uint64_t value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

Result<std::uint64_t> parse_field(std::string_view text, const Field& field) {
  std::uint64_t bits = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto item = parse_item(text.substr(0, comma), field);
    if (!item) return item;
    bits |= *item;
    if (comma == std::string_view::npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

std::string_view expanded(std::string_view macro) {
  const std::string name = lower(macro);
  if (name == "@yearly" || name == "@annually") return "0 0 0 1 1 *";
  if (name == "@monthly") return "0 0 0 1 * *";
  if (name == "@weekly") return "0 0 0 * * 0";
  if (name == "@daily" || name == "@midnight") return "0 0 0 * * *";
  if (name == "@hourly") return "0 0 * * * *";
  return macro;
}

std::vector<std::string_view> split_blanks(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!(text = trimmed(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

constexpr bool has(std::uint64_t bits, std::int64_t value) {
  return ((bits >> static_cast<unsigned>(value)) & 1U) != 0;
}

/// The moment when clocks in Norway show 00:00 of `day`; no change of the clocks ever falls there.
Time midnight(sys_days day) {
  const Time guess = Time(day) - hours(1);
  return Time(day) - oslo_offset(guess);
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  if (text.size() > length_limit) return fault("it is too long");
  text = trimmed(text);
  if (text == "-") return Cron();
  const std::vector<std::string_view> parts = split_blanks(expanded(text));
  if (parts.size() != fields.size()) return fault(fmt::format("it has {}", parts.size()));
  Cron cron;
  const std::array<std::uint64_t*, 6> targets{&cron.seconds_, &cron.minutes_, &cron.hours_,
                                              &cron.days_,    &cron.months_,  &cron.weekdays_};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto bits = parse_field(parts[i], fields[i]);
    if (!bits) return failed(bits);
    *targets[i] = *bits;
  }
  if (has(cron.weekdays_, 7)) cron.weekdays_ |= 1;
  return cron;
}

bool Cron::matches_day(sys_days day) const {
  const year_month_day date(day);
  return has(months_, static_cast<unsigned>(date.month())) && has(days_, static_cast<unsigned>(date.day())) &&
         has(weekdays_, weekday(day).c_encoding());
}

std::optional<Time> next(const Cron& cron, Time after) {
  constexpr Time earliest = sys_days(year(1970) / 1 / 1);
  constexpr Time latest = sys_days(year(9000) / 1 / 1);
  if (cron.seconds_ == 0 || after < earliest || after > latest) return std::nullopt;
  Time at = time_point_cast<Duration>(floor<seconds>(after) + seconds(1));
  const Time end = at + days(366 * years_ahead);
  // Each turn leaves the coarsest field that does not match for the start of its next value.
  while (at < end) {
    const Time local = at + oslo_offset(at);
    const sys_days day = floor<days>(local);
    if (!cron.matches_day(day)) {
      at = midnight(day + days(1));
      continue;
    }
    const hh_mm_ss clock(floor<seconds>(local - day));
    if (!has(cron.hours_, clock.hours().count())) {
      at += hours(1) - clock.minutes() - clock.seconds();
    } else if (!has(cron.minutes_, clock.minutes().count())) {
      at += minutes(1) - clock.seconds();
    } else if (!has(cron.seconds_, clock.seconds().count())) {
      at += seconds(1);
    } else {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace kanal::ops

// Dates of HTTP headers:
//   IMF-fixdate = day-name ", " 2DIGIT SP month SP 4DIGIT SP 2DIGIT ":" 2DIGIT ":" 2DIGIT " GMT"     (RFC 9110
//   section 5.6.7)
#include "lookup/remote_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace kanal::lookup {
namespace {

constexpr std::size_t max_text = 300;
constexpr std::size_t person_number_digits = 11;
constexpr std::chrono::hours longest_wait{1};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

std::size_t run_length(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

/// The text without the bytes of a character cut in two at its end.
void cut(std::string& text, std::size_t size) {
  if (text.size() <= size) return;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text.resize(size);
  text += "...";
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string remote_text(std::string_view text) {
  // What is longer is cut anyway; the rest is not worth looking at.
  text = text.substr(0, 4 * max_text);
  std::string out;
  while (!text.empty() && out.size() <= max_text) {
    std::size_t taken = 1;
    if (text.starts_with("eyJ")) {
      taken = run_length(text, is_token_char);
      out += "[token]";
    } else if (const auto digits = run_length(text, is_digit); digits > 0) {
      taken = digits;
      if (digits == person_number_digits) {
        out += "[person]";
      } else {
        out += text.substr(0, digits);
      }
    } else {
      const auto c = static_cast<unsigned char>(text.front());
      out += c < 0x20 || c == 0x7F ? ' ' : text.front();
    }
    text.remove_prefix(taken);
  }
  cut(out, max_text);
  return out;
}

std::string cause_text(const Error& cause) { return remote_text(cause.text()); }

std::optional<Time> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view form = "Tue, 01 Sep 2026 08:00:00 GMT";
  if (text.size() != form.size() || !text.ends_with(" GMT") || text.substr(3, 2) != ", " || text[19] != ':' ||
      text[22] != ':') {
    return std::nullopt;
  }
  const auto month = std::ranges::find(months, text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second || *hour > 23 || *minute > 59 ||
      *second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<std::chrono::seconds> clock_skew(const net::ClientResponse& response, Time now) {
  const auto theirs = parse_http_date(response.header("Date"));
  if (!theirs) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(now - *theirs);
}

std::optional<std::chrono::milliseconds> retry_after(const net::ClientResponse& response, Time now) {
  const auto text = response.header("Retry-After");
  std::chrono::milliseconds wait{};
  if (const auto seconds = number(text)) {
    wait = std::chrono::seconds(*seconds);
  } else if (const auto date = parse_http_date(text)) {
    wait = std::chrono::ceil<std::chrono::milliseconds>(*date - now);
  } else {
    return std::nullopt;
  }
  return std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0), longest_wait);
}

bool is_temporary(int status) {
  return status == 408 || status == 429 || status >= 500 || (status >= 300 && status < 400);
}

}  // namespace kanal::lookup

#include "net/mail_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.hpp"

namespace kanal::net {
namespace {

constexpr std::size_t body_line = 76;
constexpr std::size_t plain_subject = 60;  // with its name still one line
constexpr std::size_t word_bytes = 42;     // 56 characters of base64 and 12 around them

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

std::string rfc5322_date(Time time) {
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days.at(std::chrono::weekday(day).c_encoding()),
                     static_cast<unsigned>(date.day()), months.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string wrapped_base64(std::string_view text) {
  const std::string all = to_base64(bytes_of(text));
  std::string out;
  out.reserve(all.size() + all.size() / body_line * 2 + 2);
  for (std::size_t at = 0; at < all.size(); at += body_line) out.append(all, at, body_line).append("\r\n");
  return out;
}

}  // namespace

std::string_view cut_between_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string encoded_header_text(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, is_control, ' ');
  const bool plain = std::ranges::all_of(clean, is_printable) && clean.size() <= plain_subject &&
                     clean.find("=?") == std::string::npos;
  if (plain) return clean;
  std::string out;
  for (std::string_view rest = clean; !rest.empty();) {
    std::string_view part = cut_between_characters(rest, word_bytes);
    if (part.empty()) part = rest.substr(0, word_bytes);  // no UTF-8 at all
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", to_base64(bytes_of(part)));
    rest.remove_prefix(part.size());
  }
  return out;
}

bool is_mail_address(std::string_view address) {
  const std::size_t at = address.find('@');
  if (address.size() > 254 || at == 0 || at == std::string_view::npos || at + 1 == address.size()) return false;
  if (address.find('@', at + 1) != std::string_view::npos) return false;
  constexpr std::string_view special = "\"<>()[],;:\\ ";
  return std::ranges::all_of(address,
                             [&](char c) { return is_printable(c) && special.find(c) == std::string_view::npos; });
}

std::string mail_message(const MailText& mail) {
  std::string out = fmt::format("From: {}\r\n", mail.sender);
  for (std::size_t i = 0; i < mail.receivers.size(); ++i) {
    out +=
        fmt::format("{}{}{}", i == 0 ? "To: " : " ", mail.receivers[i], i + 1 < mail.receivers.size() ? ",\r\n" : "");
  }
  out += fmt::format("\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\nSubject: {}\r\n", rfc5322_date(mail.date), mail.message_id,
                     mail.sender.substr(mail.sender.find('@') + 1), encoded_header_text(mail.subject));
  // A mail of a machine: no "out of office" shall come back (RFC 3834).
  out +=
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n";
  return out + wrapped_base64(mail.text);
}

}  // namespace kanal::net

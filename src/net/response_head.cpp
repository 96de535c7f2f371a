// response = "HTTP/1.1 " status SP reason CRLF *( name ":" SP value CRLF ) CRLF body            RFC 9112 sections 2, 4,
// 6
#include "net/response_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <iterator>

namespace kanal::net {
namespace {

using boost::beast::iequals;

bool is_ours(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding") || iequals(name, "Connection") ||
         iequals(name, "Server");
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto clean = [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t' ? ' ' : c; };
  std::ranges::transform(name, std::back_inserter(out), clean);
  out += ": ";
  std::ranges::transform(value, std::back_inserter(out), clean);
  out += "\r\n";
}

int sane_status(int status) { return status >= 200 && status <= 999 ? status : 500; }

}  // namespace

Framing framing_of(const Response& response, bool head_request, bool http_1_1) {
  Framing framing;
  framing.body = !head_request && response.status != 204 && response.status != 304;
  if (response.status == 204) return framing;
  if (const auto* text = std::get_if<std::string>(&response.body)) {
    framing.length = head_request && response.body_length ? *response.body_length : text->size();
    if (response.status == 304) framing.length.reset();
  } else {
    framing.length = response.body_length;
    framing.chunked = framing.body && !framing.length && http_1_1;
  }
  return framing;
}

std::string http_date(Time time) {
  using namespace std::chrono;
  constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<std::chrono::days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()], unsigned(date.day()),
                     months[unsigned(date.month()) - 1], int(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string response_head(const Response& response, const Framing& framing, ConnectionHeader connection,
                          const std::string& server_name, Time now) {
  const int status = sane_status(response.status);
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, std::string_view(reason.data(), reason.size()));
  if (header(response.headers, "Date").empty()) append_header(out, "Date", http_date(now));
  if (!server_name.empty()) append_header(out, "Server", server_name);
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name)) append_header(out, name, value);
  }
  if (framing.length) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *framing.length);
  } else if (framing.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!connection.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!connection.http_1_1) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace kanal::net

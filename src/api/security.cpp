// Authorization = "Basic" 1*SP base64( user ":" password )        RFC 7617; the scheme in either case
#include "api/security.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/bytes.hpp"

namespace kanal::api {
namespace {

constexpr std::pair<std::string_view, std::string_view> always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-XSS-Protection", "0"},
    {"Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"},
    {"Pragma", "no-cache"},
    {"Expires", "0"},
    {"X-Frame-Options", "DENY"},
    {"Vary", "Origin"},
    {"Vary", "Access-Control-Request-Method"},
    {"Vary", "Access-Control-Request-Headers"},
};

bool is_about_caching(std::string_view name) {
  return name == "Cache-Control" || name == "Pragma" || name == "Expires";
}

/// Takes the same time whichever character differs.
bool same_in_constant_time(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0U : 1U;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(wanted[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

}  // namespace

void add_security_headers(net::Response& response, bool tls) {
  const bool own_caching = !net::header(response.headers, "Cache-Control").empty();
  for (const auto& [name, value] : always) {
    if (own_caching && is_about_caching(name)) continue;
    response.headers.emplace_back(name, value);
  }
  if (tls) response.headers.emplace_back("Strict-Transport-Security", "max-age=31536000 ; includeSubDomains");
}

bool is_open(std::string_view path, std::string_view manage) {
  if (path == "/error") return true;
  if (!path.starts_with(manage)) return false;
  const auto rest = path.substr(manage.size());
  return rest.size() > 1 && rest.front() == '/' && rest.find('/', 1) == std::string_view::npos;
}

bool is_logged_in(const net::Request& request, const std::pair<std::string, Secret>& user) {
  const auto header = request.header("Authorization");
  const auto space = header.find(' ');
  if (space == std::string_view::npos || !same_ignoring_case(header.substr(0, space), "basic")) return false;
  const auto decoded = from_base64(header.substr(space + 1));
  if (!decoded) return false;
  const Secret wanted(user.first + ":" + user.second.reveal());
  return same_in_constant_time(text_of(*decoded), wanted.reveal());
}

}  // namespace kanal::api

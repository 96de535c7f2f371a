// What every answer carries and what every request must show (rest-api.md section 1). Pure functions, any thread.
#pragma once

#include <string>
#include <utility>

#include "base/secret.hpp"
#include "net/http_server.hpp"

namespace kanal::api {

/// `X-Content-Type-Options`, `Cache-Control` (unless the answer has its own), ...; over TLS also HSTS.
void add_security_headers(net::Response& response, bool tls);

/// Paths that need no login: one level below `manage` (`/manage/health`), and `/error`.
[[nodiscard]] bool is_open(std::string_view path, std::string_view manage);

/// Does the request carry this user's name and password by the Basic scheme?
[[nodiscard]] bool is_logged_in(const net::Request& request, const std::pair<std::string, Secret>& user);

}  // namespace kanal::api

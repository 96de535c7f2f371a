// Content-Security-Policy, CSP3; ETag and If-None-Match, RFC 9110 section 13.1.2
#include "api/page.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/json_writer.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> media_types{
    {{".html", "text/html;charset=utf-8"},
     {".css", "text/css;charset=utf-8"},
     {".js", "text/javascript;charset=utf-8"},
     {".svg", "image/svg+xml"}}};

/// Only what this server serves itself; no text can become markup or script (trusted types), no frame around it.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

bool has_already(const net::Request& request, const std::string& etag) {
  const auto known = request.header("If-None-Match");
  return known == "*" || known.find(etag) != std::string_view::npos;
}

}  // namespace

std::optional<net::Response> page_file(const net::Request& request, std::string_view name) {
  const auto files = page_files();
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  if (file == files.end()) return std::nullopt;
  const auto* const type =
      std::ranges::find_if(media_types, [&](const auto& entry) { return name.ends_with(entry.first); });
  const auto etag = "\"" + std::string(file->digest) + "\"";
  net::Response response;
  // Asked for again each time, and answered with 304: a new version shows at once.
  response.headers = {{"ETag", etag},
                      {"Cache-Control", "private, no-cache"},
                      {"Content-Security-Policy", std::string(policy)},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (has_already(request, etag)) {
    response.status = 304;
    return response;
  }
  if (type != media_types.end()) response.headers.emplace_back("Content-Type", std::string(type->second));
  response.body = std::string(file->content);
  return response;
}

net::Response page_context(const PageContext& context) {
  json::array exposed;
  for (const auto& endpoint : context.exposed) exposed.emplace_back(endpoint);
  return json_response(
      200, json::object{{"version", context.version},
                        {"management", context.management},
                        {"exposed", std::move(exposed)},
                        {"overview", context.overview.empty() ? json::value() : json::value(context.overview)}});
}

}  // namespace kanal::api

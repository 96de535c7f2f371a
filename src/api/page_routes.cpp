// The page for people at `/`, its files below /page, and the configuration that it shows.
//   GET  /                    the page
//   GET  /page/{file}         its files
//   GET  /page/context.json   what it must know first
//   GET  {base}/config        every set key with value (secrets hidden), origin and verdict; for operators
#include "api/page.hpp"
#include "api/route_support.hpp"
#include "ops/config_remarks.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

Answer serve_file(const ApiParts& parts, const net::Request& request, std::string_view name) {
  auto response = page_file(request, name);
  if (!response) return error_response(parts, request, not_found_path(request.path));
  return std::move(*response);
}

net::Response context(const ApiParts& parts, const net::Request& request) {
  const auto& management = parts.settings.management;
  PageContext known{parts.settings.version, management.base_path, {}};
  for (const auto* endpoint : {"health", "metrics"}) {
    if (is_exposed(management, endpoint)) known.exposed.emplace_back(endpoint);
  }
  if (is_operator(parts, request)) {
    for (const auto* endpoint : {"channels", "config"}) {
      if (is_exposed(management, endpoint)) known.exposed.emplace_back(endpoint);
    }
  }
  return page_context(known);
}

json::array configuration(const ApiParts& parts) {
  json::array list;
  for (const auto& key : parts.settings.management.verdicts) {
    json::array texts;
    for (const auto& text : key.texts) texts.emplace_back(text);
    list.push_back(json::object{{"key", key.key},
                                {"value", key.value},
                                {"origin", key.origin.text()},
                                {"verdict", ops::name_of(key.kind)},
                                {"texts", std::move(texts)}});
  }
  return list;
}

}  // namespace

void add_page_routes(net::Router& router, const ApiParts& parts) {
  const auto& management = parts.settings.management;
  router.add("GET", "/", [&parts](const RequestPtr& request, const auto&) -> Answer {
    return serve_file(parts, *request, "index.html");
  });
  router.add("GET", "/page/{file}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    return serve_file(parts, *request, variables.front());
  });
  router.add("GET", "/page/context.json",
             [&parts](const RequestPtr& request, const auto&) -> Answer { return context(parts, *request); });
  if (is_exposed(management, "config")) {
    router.add("GET", management.base_path + "/config", [&parts](const RequestPtr& request, const auto&) -> Answer {
      if (!is_operator(parts, *request)) return for_operators_only(parts, *request);
      return json_response(200, configuration(parts));
    });
  }
}

}  // namespace kanal::api

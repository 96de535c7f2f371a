// /api/openapi.json: what the API is, for people and for generators of clients.
#include "api/openapi.hpp"
#include "api/route_support.hpp"

namespace kanal::api {

void add_openapi_route(net::Router& router) {
  router.add("GET", "/api/openapi.json", [](const RequestPtr&, const auto&) -> Answer {
    net::Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = std::string(openapi_document());
    return response;
  });
}

}  // namespace kanal::api

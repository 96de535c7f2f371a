#include "api/api.hpp"

#include <chrono>
#include <exception>

#include "api/route_support.hpp"
#include "api/security.hpp"
#include "api/trace.hpp"
#include "base/log_context.hpp"

namespace kanal::api {
namespace {

constexpr std::string_view requests_name = "http.server.requests";
constexpr std::string_view requests_text = "Requests answered by the client API";

net::Router make_router(const ApiParts& parts, const ops::Timer& requests) {
  net::Router router;
  add_outgoing_routes(router, parts);
  add_incoming_routes(router, parts);
  add_conversation_routes(router, parts);
  add_status_routes(router, parts);
  add_capability_routes(router, parts);
  add_subscription_routes(router, parts);
  add_management_routes(router, parts, requests);
  add_service_record_route(router, parts);
  add_openapi_route(router);
  add_page_routes(router, parts);
  return router;
}

/// Everything the handler needs, kept alive by it.
class Api {
 public:
  explicit Api(ApiParts parts) : parts_(std::move(parts)), router_(make_router(parts_, requests_)) {}
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  Answer handle(const RequestPtr& request) {
    auto visit = std::make_shared<Visit>(Visit{request, trace_id_of(request->header("traceparent"))});
    const LogContext context(visit->trace_id);
    Answer answer;
    try {
      answer = decide(*visit);
    } catch (const std::exception& error) {
      answer = broken(*request, error);
    }
    if (auto* response = std::get_if<net::Response>(&answer)) {
      conclude(*visit, *response);
      return answer;
    }
    return std::make_unique<Guarded>(*this, visit, std::move(std::get<std::unique_ptr<net::BodyHandler>>(answer)));
  }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  /// One request from its head to its answer.
  struct Visit {
    RequestPtr request;
    std::string trace_id;
    std::string uri{"UNKNOWN"};  ///< the route's pattern: ids would make endless statistics
    Instant begun = std::chrono::steady_clock::now();
  };

  /// Does for answers that come after a body what handle() does for the others.
  class Guarded final : public net::BodyHandler {
   public:
    Guarded(Api& api, std::shared_ptr<const Visit> visit, std::unique_ptr<net::BodyHandler> inner)
        : api_(api), visit_(std::move(visit)), inner_(std::move(inner)) {}

    std::optional<net::Response> data(ByteView bytes) override {
      auto early = guarded([&] { return inner_->data(bytes); });
      if (early) api_.conclude(*visit_, *early);
      return early;
    }
    net::Response finish() override {
      auto response = guarded([&] { return std::optional(inner_->finish()); });
      api_.conclude(*visit_, *response);
      return std::move(*response);
    }

   private:
    template <class Call>
    std::optional<net::Response> guarded(Call call) {
      const LogContext context(visit_->trace_id);
      try {
        return call();
      } catch (const std::exception& error) {
        return api_.broken(*visit_->request, error);
      }
    }

    Api& api_;
    std::shared_ptr<const Visit> visit_;
    std::unique_ptr<net::BodyHandler> inner_;
  };

  /// A broken invariant ends here (style.md "Errors"): the client gets the usual body, the log the reason.
  [[nodiscard]] net::Response broken(const net::Request& request, const std::exception& error) const {
    return error_response(parts_, request, unforeseen(error.what()));
  }

  /// What every answer gets, and what is counted of it.
  void conclude(const Visit& visit, net::Response& response) {
    add_security_headers(response, visit.request->tls);
    response.headers.emplace_back("X-Trace-Id", visit.trace_id);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - visit.begun;
    requests_.record({{"method", visit.request->method},
                      {"uri", visit.uri},
                      {"status", std::to_string(response.status)},
                      {"outcome", ops::outcome_of(response.status)}},
                     took.count());
    parts_.log.debug("request", {{"method", visit.request->method},
                                 {"path", visit.request->path},
                                 {"status", response.status},
                                 {"seconds", took.count()}});
  }

  /// Is this no management request, or one from an address of kanal.manage.allow?
  [[nodiscard]] bool may_manage(const net::Request& request) const {
    const auto& management = parts_.settings.management;
    if (management.allow.empty() || !request.path.starts_with(management.base_path)) return true;
    const auto rest = std::string_view(request.path).substr(management.base_path.size());
    return (!rest.empty() && rest.front() != '/') || management.allow.matches(request.remote_address);
  }

  Answer decide(Visit& visit) const {
    const auto& request = visit.request;
    const auto& settings = parts_.settings;
    if (!may_manage(*request)) {
      return error_response(parts_, *request, forbidden("Not from this address: see kanal.manage.allow"));
    }
    if (settings.user && !is_open(request->path, settings.management.base_path) &&
        !is_logged_in(*request, *settings.user)) {
      auto response = error_response(parts_, *request, unauthorized());
      response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Realm\"");
      return response;
    }
    std::string_view path = request->path;
    if (settings.allow_trailing_slash && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto match = router_.find(request->method, path);
    if (match.endpoint != nullptr) visit.uri = match.pattern;
    if (match.endpoint != nullptr) return (*match.endpoint)(request, match.variables);
    if (!match.path_known) return error_response(parts_, *request, not_found_path(request->path));
    auto response = error_response(parts_, *request, method_not_allowed(request->method));
    std::string allowed;
    for (const auto& method : match.allowed) allowed += (allowed.empty() ? "" : ",") + method;
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  ApiParts parts_;
  ops::Timer requests_{std::string(requests_name), std::string(requests_text)};
  net::Router router_;
};

}  // namespace

std::vector<net::Router::Entry> routes_of(const ApiParts& parts) {
  const ops::Timer requests{std::string(requests_name), std::string(requests_text)};
  return make_router(parts, requests).routes();
}

net::Handler make_api(ApiParts parts) {
  auto api = std::make_shared<Api>(std::move(parts));
  return [api](const RequestPtr& request) { return api->handle(request); };
}

}  // namespace kanal::api

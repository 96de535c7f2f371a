#include "api/api.hpp"

#include <exception>

#include "api/route_support.hpp"
#include "api/security.hpp"

namespace kanal::api {
namespace {

/// Everything the handler needs, kept alive by it.
class Api {
 public:
  explicit Api(ApiParts parts) : parts_(std::move(parts)) {
    add_outgoing_routes(router_, parts_);
    add_incoming_routes(router_, parts_);
    add_conversation_routes(router_, parts_);
    add_status_routes(router_, parts_);
    add_capability_routes(router_, parts_);
    add_subscription_routes(router_, parts_);
    add_management_routes(router_, parts_);
  }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  Answer handle(const RequestPtr& request) {
    Answer answer;
    try {
      answer = decide(request);
    } catch (const std::exception& error) {
      answer = broken(*request, error);
    }
    if (auto* response = std::get_if<net::Response>(&answer)) {
      add_security_headers(*response, request->tls);
      return answer;
    }
    return std::make_unique<Guarded>(*this, request, std::move(std::get<std::unique_ptr<net::BodyHandler>>(answer)));
  }

 private:
  /// Does for answers that come after a body what handle() does for the others.
  class Guarded final : public net::BodyHandler {
   public:
    Guarded(const Api& api, RequestPtr request, std::unique_ptr<net::BodyHandler> inner)
        : api_(api), request_(std::move(request)), inner_(std::move(inner)) {}

    std::optional<net::Response> data(ByteView bytes) override {
      auto early = guarded([&] { return inner_->data(bytes); });
      if (early) add_security_headers(*early, request_->tls);
      return early;
    }
    net::Response finish() override {
      auto response = guarded([&] { return std::optional(inner_->finish()); });
      add_security_headers(*response, request_->tls);
      return std::move(*response);
    }

   private:
    template <class Call>
    std::optional<net::Response> guarded(Call call) {
      try {
        return call();
      } catch (const std::exception& error) {
        return api_.broken(*request_, error);
      }
    }

    const Api& api_;
    RequestPtr request_;
    std::unique_ptr<net::BodyHandler> inner_;
  };

  /// A broken invariant ends here (style.md "Errors"): the client gets the usual body, the log the reason.
  [[nodiscard]] net::Response broken(const net::Request& request, const std::exception& error) const {
    return error_response(parts_, request, unforeseen(error.what()));
  }

  Answer decide(const RequestPtr& request) const {
    const auto& settings = parts_.settings;
    if (settings.user && !is_open(request->path) && !is_logged_in(*request, *settings.user)) {
      auto response = error_response(parts_, *request, unauthorized());
      response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Realm\"");
      return response;
    }
    std::string_view path = request->path;
    if (settings.allow_trailing_slash && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto match = router_.find(request->method, path);
    if (match.endpoint != nullptr) return (*match.endpoint)(request, match.variables);
    if (!match.path_known) return error_response(parts_, *request, not_found_path(request->path));
    auto response = error_response(parts_, *request, method_not_allowed(request->method));
    std::string allowed;
    for (const auto& method : match.allowed) allowed += (allowed.empty() ? "" : ",") + method;
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  ApiParts parts_;
  net::Router router_;
};

}  // namespace

net::Handler make_api(ApiParts parts) {
  auto api = std::make_shared<Api>(std::move(parts));
  return [api](const RequestPtr& request) { return api->handle(request); };
}

}  // namespace kanal::api

// Order of checks: credentials (401), faults, then the endpoint's own. Errors are as in dpfio.md 3.
#include "sim/fiks_io_api.hpp"

#include <fmt/format.h>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view html_error = "<html><body><h1>502 Bad Gateway</h1></body></html>";
constexpr const char* retry_after_seconds = "2";

std::string_view phrase(int status) { return status == 422 ? "Unprocessable Entity" : reason_phrase(status); }

}  // namespace

FiksIoApi::FiksIoApi(SiteOptions site, const Parts& parts, std::filesystem::path folder, const Environment& environment)
    : environment_(environment),
      state_(parts.state),
      queues_(parts.queues),
      post_(parts.post),
      credentials_(parts.credentials),
      folder_(std::move(folder)),
      site_("fiksio", std::move(site), environment) {
  add_routes();
}

void FiksIoApi::add_routes() {
  const std::string accounts = "/fiks-io/katalog/api/v1/kontoer/{kontoId}";
  const std::string documents = "/dokumentlager/nedlasting/{dokumentId}";
  add("POST", "/fiks-io/api/v1/send", "send",
      [this](const Request& request, const Call& call) { return send(request, call); });
  add("GET", accounts, "konto", [this](const Request&, const Call& call) -> Answer { return account(call); });
  add("GET", accounts + "/status", "status",
      [this](const Request&, const Call& call) -> Answer { return status(call); });
  add("GET", accounts + "/offentligNokkel", "nokkel",
      [this](const Request&, const Call& call) -> Answer { return public_key(call); });
  add("GET", documents, "nedlasting", [this](const Request&, const Call& call) -> Answer { return download(call); });
  add("GET", documents + "/metadata", "metadata",
      [this](const Request&, const Call& call) -> Answer { return document_metadata(call); });
}

void FiksIoApi::add(std::string method, const std::string& path, const std::string& endpoint, const Handle& handle) {
  site_.routes().add(std::move(method), path,
                     [this, endpoint, handle](const Request& request, const auto& v) -> Answer {
                       Call call{endpoint, request->path};
                       if (!v.empty()) call.subject = lower_case(v.front());
                       if (endpoint != "nokkel") {
                         if (auto known = authenticate(*request, call); !known) return problem(call, known.error());
                       }
                       if (auto answer = fault_answer(call)) return std::move(*answer);
                       if (!call.subject.empty() && !is_uuid(call.subject))
                         return problem(call, {400, "Ugyldig uuid i stien"});
                       return handle(request, call);
                     });
}

tl::expected<void, FiksIoApi::Problem> FiksIoApi::authenticate(const net::Request& request, Call& call) {
  const std::string id(request.header("IntegrasjonId"));
  auto integration = credentials_.check(id, request.header("IntegrasjonPassord"), request.header("Authorization"));
  if (integration) {
    call.integration = integration->id;
    call.orgnr = integration->orgnr;
    call.konto_ids = std::move(integration->konto_ids);
    return {};
  }
  // Whether it was the integration, its password or its organisation is not told.
  const auto& error = integration.error();
  return tl::unexpected(Problem{401, error.code == "fiksio.integration"
                                         ? fmt::format("Autentisering feilet for integrasjon med id {}", id)
                                         : "Maskinporten-token kunne ikke valideres: " + error.message});
}

bool FiksIoApi::met(std::string_view fault, const Call& call) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, call.subject, call.integration);
}

std::optional<net::Response> FiksIoApi::fault_answer(const Call& call) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("fiksio.slow", call)) faults.hold(slow_by);
  if (met("fiksio.hang", call)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("fiksio.reset", call)) return lost_answer();
  for (const int status : {400, 401, 403, 404, 413, 422, 429, 500, 502, 503}) {
    if (!met(fmt::format("fiksio.{}", status), call) &&
        !met(fmt::format("fiksio.{}.{}", call.endpoint, status), call)) {
      continue;
    }
    if (status == 502) {
      audit(call.endpoint + ".refused", call, call.subject, "502 Fault injected");
      return text_answer(502, std::string(html_error), "text/html");
    }
    return problem(call, {status, status == 401 ? "Token has expired" : "Fault injected"});
  }
  return std::nullopt;
}

void FiksIoApi::audit(const std::string& action, const Call& call, const std::string& subject,
                      const std::string& detail) const {
  environment_.audit.record({.simulator = "fiksio",
                             .organisation = call.orgnr,
                             .vendor = call.integration,
                             .action = action,
                             .subject = subject,
                             .detail = detail});
}

net::Response FiksIoApi::problem(const Call& call, const Problem& problem) const {
  audit(call.endpoint + ".refused", call, call.subject, fmt::format("{} {}", problem.status, problem.message));
  const auto now = std::chrono::floor<std::chrono::milliseconds>(environment_.clock.now().time_since_epoch());
  auto response =
      json_answer(problem.status, json::object{{"timestamp", now.count()},
                                               {"status", problem.status},
                                               {"error", phrase(problem.status)},
                                               {"errorId", new_uuid()},
                                               {"path", call.path},
                                               {"originalPath", nullptr},
                                               {"message", problem.message},
                                               {"errorCode", fmt::format("no.ks.fiks.io.{}", call.endpoint)},
                                               {"errorJson", json::object{{"feilmelding", problem.message}}}});
  if (problem.status == 429) response.headers.emplace_back("Retry-After", retry_after_seconds);
  return response;
}

}  // namespace kanal::sim

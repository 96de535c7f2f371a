// Order of checks: faults of the way there, token (401), scope (403), faults of the service, then the endpoint's own.
// What the proxy itself refuses has an opaque body; Altinn's errors are problem details (dpv.md 6.1).
#include "sim/correspondence.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/ids.hpp"
#include "sim/drip_source.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view scope = "eformidling:dpv";
constexpr std::string_view base = "/altinn-proxy/correspondence/api/v1";
constexpr std::string_view retry_after = "2";

json::value or_null(const std::optional<Time>& time, const std::function<std::string(Time)>& write) {
  return time ? json::value(write(*time)) : json::value(nullptr);
}

/// How times are written: with an offset, or broken on purpose.
std::string without_offset(Time time) {
  auto text = format_iso(time);
  text.pop_back();
  return text;
}
std::string with_seven_digits(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{}.{:06}0", without_offset(whole), (time - whole).count());
}

json::value content_json(const CorrespondenceRequest& request) {
  json::array attachments;
  for (const auto& attachment : request.attachments) {
    attachments.push_back(json::object{{"fileName", attachment.file_name},
                                       {"displayName", attachment.display_name.value_or("")},
                                       {"isEncrypted", attachment.encrypted},
                                       {"sendersReference", attachment.senders_reference}});
  }
  return json::object{{"language", request.language},
                      {"messageTitle", request.title},
                      {"messageSummary", request.summary.value_or("")},
                      {"messageBody", request.body},
                      {"attachments", std::move(attachments)}};
}

}  // namespace

Correspondence::Correspondence(CorrespondenceOptions options, const Issuer& exchange, const Environment& environment)
    : environment_(environment),
      contents_(std::make_shared<ContentStore>(std::move(options.folder))),
      reserved_(std::move(options.reserved)),
      check_(environment.clock, {&exchange}),
      state_(std::move(options.rules), environment),
      site_("correspondence", std::move(options.site), environment) {
  add_routes();
  add_admin_routes();
}

void Correspondence::add(std::string method, const std::string& path, const std::string& endpoint, Handle handle) {
  site_.routes().add(std::move(method), std::string(base) + path,
                     [this, endpoint, handle = std::move(handle)](const Request& request, const auto& v) -> Answer {
                       Admitted admitted;
                       if (!v.empty()) admitted.subject = lower_case(v.front());
                       if (endpoint == "lookup") {
                         admitted.subject = request->parameter("sendersReference").value_or("");
                       }
                       return admit(endpoint, request, std::move(admitted), handle);
                     });
}

Answer Correspondence::admit(const std::string& endpoint, const Request& request, Admitted admitted,
                             const Handle& handle) {
  const std::string authorization(request->header("Authorization"));
  state_.count(endpoint, authorization);
  const auto facts = check_.check(authorization);
  bool revoked = false;
  if (facts) {
    admitted.caller = {(*facts)->actor, (*facts)->client_id};
    const std::scoped_lock lock(revoked_mutex_);
    if (met("correspondence.revoked_token", admitted)) revoked_.insert(authorization);
    revoked = revoked_.contains(authorization);
  }
  if (!facts || revoked) {
    auto response = empty_answer(401);
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused(endpoint, admitted, std::move(response), facts ? "the token is revoked" : facts.error().code);
  }
  if (!(*facts)->has_scope(scope)) {
    return refused(endpoint, admitted, text_answer(403, "Missing scope"), "no scope " + std::string(scope));
  }
  if (auto answer = fault_answer(endpoint, admitted)) return std::move(*answer);
  return handle(request, admitted);
}

bool Correspondence::met(std::string_view fault, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, admitted.subject, admitted.caller.organisation);
}

net::Response Correspondence::refused(const std::string& endpoint, const Admitted& admitted, net::Response response,
                                      const std::string& why) const {
  environment_.audit.record({.simulator = "correspondence",
                             .organisation = admitted.caller.organisation,
                             .vendor = admitted.caller.vendor,
                             .action = endpoint + ".refused",
                             .subject = admitted.subject,
                             .detail = fmt::format("{} {}", response.status, why)});
  return response;
}

std::optional<net::Response> Correspondence::fault_answer(const std::string& endpoint, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("correspondence.slow", admitted)) faults.hold(slow_by);
  if (met("correspondence.hang", admitted)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("correspondence.reset", admitted)) return lost_answer();
  if (met("correspondence.outage", admitted)) {
    return text_answer(404, "<html><body>default backend - 404</body></html>", "text/html");
  }
  for (const int status : {500, 502, 503}) {
    if (!met(fmt::format("correspondence.html_{}", status), admitted)) continue;
    return refused(endpoint, admitted, text_answer(status, "<html><body>Fault injected</body></html>", "text/html"),
                   "Fault injected");
  }
  for (const int status : {400, 401, 403, 408, 429, 500, 502, 503}) {
    if (!met(fmt::format("correspondence.{}", status), admitted) &&
        !met(fmt::format("correspondence.{}.{}", endpoint, status), admitted)) {
      continue;
    }
    auto response = correspondence_problem(status, "Fault injected");
    if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", retry_after);
    return refused(endpoint, admitted, std::move(response), "Fault injected");
  }
  return std::nullopt;
}

net::Response Correspondence::paced(net::Response response, const Admitted& admitted) const {
  if (met("correspondence.empty_body", admitted)) {
    response.body = std::string{};
    return response;
  }
  const bool endless = met("correspondence.endless", admitted);
  if (!endless && !met("correspondence.drip", admitted)) return response;
  if (auto* text = std::get_if<std::string>(&response.body)) {
    response.body = std::make_unique<DripSource>(std::move(*text), environment_.faults, endless);
  }
  return response;
}

net::Response Correspondence::overview(const Admitted& admitted) {
  if (!is_uuid(admitted.subject)) {
    return refused("overview", admitted, model_error_answer({{"correspondenceId", "The value is not valid."}}),
                   "the id is no UUID");
  }
  const auto now = environment_.clock.now();
  const auto rules = state_.rules();
  const auto found = state_.overview(admitted.subject, admitted.caller);
  if (!found) return refused("overview", admitted, refusal_answer({1001}), "1001");
  if (found->purged(now) && rules.purged == PurgedMode::not_found) {
    return refused("overview", admitted, refusal_answer({1001}), "1001");
  }
  if (found->purged(now) && rules.purged == PurgedMode::gone) {
    return refused("overview", admitted, correspondence_problem(410, "The correspondence has been purged"), "purged");
  }
  std::function<std::string(Time)> write = [](Time time) { return format_iso(time); };
  if (met("correspondence.overview.no_offset", admitted)) write = without_offset;
  if (met("correspondence.overview.seven_digits", admitted)) write = with_seven_digits;
  const auto& request = *found->request;
  const auto status = found->status(now);
  const auto published = found->since(CorrespondenceStatus::published, now);
  std::string name(name_of(status.status));
  if (met("correspondence.overview.unknown_status", admitted)) name = "Forwarded";
  json::object properties;
  for (const auto& [key, value] : request.properties) properties[key] = value;
  json::array notifications;
  if (request.notification) {
    notifications.push_back(json::object{{"notificationOrderId", nullptr}, {"isReminder", false}});
    if (request.notification->send_reminder) {
      notifications.push_back(json::object{{"notificationOrderId", nullptr}, {"isReminder", true}});
    }
  }
  json::object out{{"correspondenceId", found->id},
                   {"created", write(found->created)},
                   {"published", or_null(published, write)},
                   {"read", or_null(found->since(CorrespondenceStatus::read, now), write)},
                   {"status", name},
                   {"statusText", status.text.empty() ? name : status.text},
                   {"statusChanged", write(status.time)},
                   {"recipient", request.recipients.front()},
                   {"resourceId", request.resource},
                   {"sender", "0192:" + std::string(proxy_owner)},
                   {"sendersReference", request.senders_reference},
                   {"messageSender", request.message_sender},
                   {"requestedPublishTime", or_null(request.requested_publish, write)},
                   {"dueDateTime", or_null(request.due, write)},
                   {"propertyList", std::move(properties)},
                   {"replyOptions", json::array{}},
                   {"externalReferences", json::array{}},
                   {"ignoreReservation", request.ignore_reservation},
                   {"isConfirmationNeeded", request.confirmation_needed},
                   {"isConfidential", request.confidential},
                   {"allowForwarding", request.allow_forwarding},
                   {"altinn2CorrespondenceId", nullptr},
                   {"content", published ? json::value(nullptr) : content_json(request)},
                   {"notifications", std::move(notifications)}};
  // With several recipients each has a correspondence of its own.
  for (const auto& recipient : request.recipients) {
    if (recipient_digits(recipient) == found->recipient) out["recipient"] = recipient;
  }
  if (met("correspondence.overview.unknown_members", admitted)) {
    out["dialogId"] = nullptr;
    out["somethingNew"] = json::object{{"nested", json::array{1, nullptr, "x"}}};
  }
  return paced(json_answer(200, out), admitted);
}

net::Response Correspondence::lookup(const net::Request& request, const Admitted& admitted) {
  CorrespondenceQuery query;
  query.senders_reference = request.parameter("sendersReference");
  query.resource = request.parameter("resourceId");
  if (auto key = request.parameter("idempotentKey")) query.idempotent_key = lower_case(std::move(*key));
  const auto role = request.parameter("role");
  const bool strict = state_.rules().lookup == LookupMode::strict;
  ModelErrors errors;
  if (strict && !query.resource) errors.emplace_back("resourceId", "The resourceId field is required.");
  if (strict && !role) errors.emplace_back("role", "The role field is required.");
  if (role && *role != "Sender" && *role != "Recipient" && *role != "RecipientAndSender") {
    errors.emplace_back("role", "The value is not valid for role.");
  }
  if (query.idempotent_key && !is_uuid(*query.idempotent_key)) {
    errors.emplace_back("idempotentKey", "The value is not valid for idempotentKey.");
  }
  if (!errors.empty()) return refused("lookup", admitted, model_error_answer(errors), errors.front().second);
  query.as_sender = !role || *role != "Recipient";
  json::array ids;
  for (const auto& id : state_.lookup(query, admitted.caller)) ids.emplace_back(id);
  if (met("correspondence.lookup.empty", admitted)) ids.clear();
  return paced(json_answer(200, json::object{{"ids", std::move(ids)}}), admitted);
}

void Correspondence::add_routes() {
  add("POST", "/correspondence/upload", "upload",
      [this](const Request& request, const Admitted& admitted) { return upload(request, admitted); });
  add("GET", "/correspondence/{id}", "overview",
      [this](const Request&, const Admitted& admitted) { return overview(admitted); });
  add("GET", "/correspondence", "lookup",
      [this](const Request& request, const Admitted& admitted) { return lookup(*request, admitted); });
  site_.routes().add("GET", "/health-probe", [this](const Request& request, const auto&) -> Answer {
    state_.count("health", std::string(request->header("Authorization")));
    if (environment_.faults.consume("correspondence.health.503")) return empty_answer(503);
    return text_answer(200, "Healthy");
  });
}

}  // namespace kanal::sim

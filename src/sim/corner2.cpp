// Order of checks: token (401), scope and agreement (403), faults, then the endpoint's own. Errors are
// application/problem+json: { "type": "about:blank", "title", "status", "detail" }.
#include "sim/corner2.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "crypto/issue.hpp"
#include "sim/drip_source.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view scope = "digitalpostinnbygger:send";
constexpr std::size_t max_page_size = 10'000;
constexpr std::string_view html_error = "<html><body><h1>Bad Request</h1></body></html>";

net::Response problem_answer(int status, std::string_view title, std::string_view detail) {
  auto response = json_answer(
      status, json::object{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}});
  response.headers = {{"Content-Type", "application/problem+json"}};
  return response;
}

/// Whose mailbox of receipts the token opens: the supplier's, else the consumer's (dpi.md 3.3 and 13).
std::string organisation_of(const TokenFacts& token) {
  const auto* supplier = token.claims.if_contains("supplier");
  const auto id =
      supplier != nullptr && supplier->is_object() ? text_member(supplier->get_object(), "ID") : std::string{};
  const auto& whole = id.empty() ? token.consumer : id;
  return whole.substr(whole.rfind(':') + 1);
}

std::string consumer_of(const TokenFacts& token) { return token.consumer.substr(token.consumer.rfind(':') + 1); }

/// False for a parameter that is there and no number.
bool read_number(const net::Request& request, std::string_view name, std::uint64_t& into) {
  const auto text = request.parameter(name);
  if (!text) return true;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, into);
  return error == std::errc{} && stop == end && !text->empty();
}

crypto::Identity supplier_identity(const crypto::Identity& ca, const std::string& name, std::string_view orgnr,
                                   Time now) {
  return crypto::issue(
      ca, {name, name, std::string(orgnr), {}, now - std::chrono::days(365), now + std::chrono::days(3650)});
}

}  // namespace

DpiSuppliers issue_suppliers(const crypto::Identity& ca, Time now) {
  return {ca, supplier_identity(ca, "POSTKASSELEVERANDOER", mailbox_supplier, now),
          supplier_identity(ca, "UTSKRIFTSLEVERANDOER", print_supplier, now)};
}

Corner2::Corner2(Corner2Options options, DpiSuppliers suppliers, const Issuer& maskinporten,
                 const Environment& environment)
    : environment_(environment),
      folder_(std::move(options.folder)),
      anchors_(std::move(options.anchors)),
      check_(environment.clock, {&maskinporten}),
      receipts_(std::move(suppliers.ca), std::move(suppliers.mailbox), std::move(suppliers.print), environment.clock),
      state_(std::move(options.rules), receipts_, environment),
      site_("corner2", std::move(options.site), environment) {
  add_routes();
  add_admin_routes();
}

void Corner2::add(std::string method, const std::string& path, const std::string& endpoint, Handle handle) {
  site_.routes().add(std::move(method), "/api/v2/dpi" + path,
                     [this, endpoint, handle = std::move(handle)](const Request& request, const auto& v) -> Answer {
                       return admit(endpoint, request, v.empty() ? std::string{} : lower_case(v.front()), handle);
                     });
}

Answer Corner2::admit(const std::string& endpoint, const Request& request, const std::string& id,
                      const Handle& handle) {
  const auto authorization = request->header("Authorization");
  Admitted admitted;
  admitted.id = id;
  const auto facts = check_.check(authorization);
  if (!facts) {
    auto response = problem(endpoint, admitted, {401, "Unauthorized", facts.error().message});
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  admitted.token = *facts;
  admitted.bearer = authorization.substr(authorization.rfind(' ') + 1);
  admitted.caller = {organisation_of(**facts), (*facts)->client_id};
  if (const auto* audience = (*facts)->claims.if_contains("aud");
      audience != nullptr && *audience != json::value(service_url())) {
    return problem(endpoint, admitted, {401, "Unauthorized", "the token is for another audience"});
  }
  if (!(*facts)->has_scope(scope)) {
    return problem(endpoint, admitted, {403, "Forbidden", "the token lacks the scope " + std::string(scope)});
  }
  const auto agreements = state_.rules().agreements;
  if (agreements && !agreements->contains(consumer_of(**facts))) {
    return problem(endpoint, admitted, {403, "Forbidden", "the sender has no agreement"});
  }
  if (auto answer = fault_answer(endpoint, admitted)) return std::move(*answer);
  if (!id.empty() && !is_uuid(id)) return problem(endpoint, admitted, {400, "Bad Request", "the id is no UUID"});
  return handle(request, admitted);
}

bool Corner2::met(std::string_view fault, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, admitted.id, admitted.caller.organisation);
}

std::optional<net::Response> Corner2::fault_answer(const std::string& endpoint, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("corner2.slow", admitted)) faults.hold(slow_by);
  if (met("corner2.hang", admitted)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("corner2.reset", admitted)) return lost_answer();
  if (met("corner2.html_error", admitted)) return text_answer(400, std::string(html_error), "text/html");
  if (met("corner2.expired_token", admitted)) {
    return problem(endpoint, admitted, {401, "Unauthorized", "The token expired"});
  }
  for (const int status : {400, 401, 403, 429, 500, 502, 503}) {
    if (!met(fmt::format("corner2.{}", status), admitted) &&
        !met(fmt::format("corner2.{}.{}", endpoint, status), admitted)) {
      continue;
    }
    return problem(endpoint, admitted, {status, std::string(reason_phrase(status)), "Fault injected"});
  }
  return std::nullopt;
}

net::Response Corner2::problem(const std::string& endpoint, const Admitted& admitted, const Problem& problem) const {
  environment_.audit.record({.simulator = "corner2",
                             .organisation = admitted.caller.organisation,
                             .vendor = admitted.caller.vendor,
                             .action = endpoint + ".refused",
                             .subject = admitted.id,
                             .detail = fmt::format("{} {}", problem.status, problem.detail)});
  return problem_answer(problem.status, problem.title, problem.detail);
}

net::Response Corner2::statuses(const Admitted& admitted) {
  const auto found = state_.statuses(admitted.id, admitted.caller);
  if (!found && state_.rules().unknown_is_404) {
    return problem("statuses", admitted, {404, "Not Found", "there is no message " + admitted.id});
  }
  json::array out;
  for (const auto& status : found.value_or(std::vector<DpiStatus>{})) {
    json::object entry{{"status", status.status}, {"timestamp", format_iso(status.time)}};
    if (!status.text.empty()) entry["beskrivelse"] = status.text;
    if (met("corner2.statuses.no_timestamp", admitted)) entry["timestamp"] = nullptr;
    out.push_back(std::move(entry));
  }
  if (!out.empty() && met("corner2.statuses.unknown_status", admitted)) {
    out.push_back(json::object{{"status", "DRØMMER"}, {"timestamp", format_iso(environment_.clock.now())}});
  }
  return json_answer(200, out);
}

net::Response Corner2::list(const net::Request& request, const Admitted& admitted) {
  const auto rules = state_.rules();
  InboxQuery query;
  query.channel = request.parameter("kanal");
  query.sender_unit = request.parameter("avsenderidentifikator");
  std::uint64_t size = rules.default_page_size;
  std::uint64_t page = rules.first_page;
  if (!read_number(request, "page_size", size) || size == 0 || !read_number(request, "page", page) ||
      page < rules.first_page) {
    return problem("list", admitted, {400, "Bad Request", "page_size and page are numbers"});
  }
  if (query.channel && !channel_allowed(*query.channel, rules.channels)) {
    return problem("list", admitted, {400, "Bad Request", "kanal must be 1 to 28 of a-z, A-Z, 0-9, _ and -"});
  }
  query.page_size = std::min<std::uint64_t>(size, max_page_size);
  query.page = std::min<std::uint64_t>(page - rules.first_page, UINT32_MAX);
  if (met("corner2.ignore_channel", admitted)) query.channel.reset();
  if (met("corner2.ignore_page", admitted)) query.page = 0;
  return receipts_answer(state_.list(query, admitted.caller), admitted);
}

net::Response Corner2::receipts_answer(const std::vector<std::shared_ptr<const QueuedReceipt>>& items,
                                       const Admitted& admitted) const {
  if (met("corner2.empty_200", admitted)) return text_answer(200, "", "application/json");
  if (met("corner2.empty_array", admitted)) return json_answer(200, json::array{});
  if (items.empty()) return empty_answer(204);
  json::array out;
  for (const auto& item : items) {
    json::object entry;
    entry["forretningsmelding"] = item->jws ? json::value(*item->jws) : json::value(nullptr);
    entry["downloadurl"] = service_url() + "/messages/in/" + item->id;
    out.push_back(std::move(entry));
  }
  if (met("corner2.single_object", admitted)) return json_answer(200, out.front());
  auto text = json::serialize(out);
  if (met("corner2.cut_array", admitted)) text.resize(text.size() - text.size() / 4);
  auto response = text_answer(200, {}, "application/json");
  if (met("corner2.drip", admitted)) {
    response.body = std::make_unique<DripSource>(std::move(text), environment_.faults);
  } else {
    response.body = std::move(text);
  }
  return response;
}

net::Response Corner2::download(const Admitted& admitted) {
  const auto receipt = state_.find_receipt(admitted.id);
  if (!receipt || receipt->package.empty() || receipt->owner.organisation != admitted.caller.organisation) {
    return problem("download", admitted, {404, "Not Found", "there is no package " + admitted.id});
  }
  return text_answer(200, std::string(text_of(receipt->package)), "application/cms");
}

net::Response Corner2::read(const Admitted& admitted) {
  if (met("corner2.read_fails", admitted)) {
    return problem("read", admitted, {500, "Internal Server Error", "Fault injected"});
  }
  if (!state_.read(admitted.id, admitted.caller)) {
    return problem_answer(404, "Not Found", "there is no unread message " + admitted.id);
  }
  if (met("corner2.read_lost_answer", admitted)) return lost_answer();
  return empty_answer(200);
}

void Corner2::add_routes() {
  add("POST", "/messages/out", "post",
      [this](const Request& request, const Admitted& admitted) { return post(request, admitted); });
  add("GET", "/messages/out/{id}/statuses", "statuses",
      [this](const Request&, const Admitted& admitted) { return statuses(admitted); });
  add("GET", "/messages/in", "list",
      [this](const Request& request, const Admitted& admitted) { return list(*request, admitted); });
  add("GET", "/messages/in/{id}", "download",
      [this](const Request&, const Admitted& admitted) { return download(admitted); });
  add("POST", "/messages/in/{id}/read", "read",
      [this](const Request&, const Admitted& admitted) { return read(admitted); });
}

}  // namespace kanal::sim

// /api/statuses (rest-api.md section 8). flow/status_feed fills the queue behind `peek` and DELETE.
#include "api/route_support.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

json::object status_json(const ports::MessageStatus& status) {
  json::object out;
  out["id"] = status.id;
  out["convId"] = status.conversation;
  out["messageId"] = status.message_id.str();
  out["conversationId"] = status.conversation_id.str();
  out["lastUpdate"] = instant(status.at);
  out["status"] = domain::name_of(status.status);
  if (status.description) out["description"] = *status.description;
  if (status.raw_receipt) out["rawReceipt"] = *status.raw_receipt;
  return out;
}

ports::StatusQuery query_of(Parameters& parameters) {
  ports::StatusQuery query;
  query.id = parameters.integer("id");
  query.conversation_id = parameters.text("conversationId");
  query.message_id = parameters.text("messageId");
  query.status = parameters.status("status");
  const auto from = parameters.date_time("fromDateTime");
  const auto to = parameters.date_time("toDateTime");
  if (from && to) {
    query.from = from;
    query.to = to;
  }
  return query;
}

net::Response statuses(const ApiParts& parts, const net::Request& request, const ports::StatusQuery& query,
                       const Parameters& parameters, std::string_view content_type) {
  if (!parameters.wrong().empty()) return error_response(parts, request, binding_errors(parameters.wrong()));
  const auto page = parameters.page({{"id", false}});
  const auto found = load(parts.store, [&](ports::View& view) { return view.statuses(query, page); });
  if (!found) return error_response(parts, request, found.error());
  json::array content;
  content.reserve(found->content.size());
  for (const auto& status : found->content) content.push_back(status_json(status));
  return json_response(200, page_json(std::move(content), found->total, page), content_type);
}

}  // namespace

void add_status_routes(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/api/statuses", [&parts](const RequestPtr& request, const auto&) -> Answer {
    Parameters parameters(*request);
    const auto query = query_of(parameters);
    return statuses(parts, *request, query, parameters, "application/json");
  });
  router.add("GET", "/api/statuses/{messageId}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    ports::StatusQuery query;
    query.message_id = variables.front();
    return statuses(parts, *request, query, Parameters(*request), "application/json;charset=utf-8");
  });
  router.add("GET", "/api/statuses/peek", [&parts](const RequestPtr& request, const auto&) -> Answer {
    const auto offered = load(parts.store, [](ports::View& view) -> Result<std::optional<ports::MessageStatus>> {
      return view.offered_status();
    });
    if (!offered) return error_response(parts, *request, offered.error());
    return *offered ? json_response(200, status_json(**offered)) : empty_response(204);
  });
  router.add("DELETE", "/api/statuses/{id}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    const auto id = whole_number(variables.front());
    if (!id) return error_response(parts, *request, type_mismatch({"id", variables.front(), "a number"}));
    bool there = false;
    auto withdrawn = parts.store.write([&](ports::Txn& txn) -> Result<void> {
      auto done = txn.withdraw_status(*id);
      if (!done) return failed(done);
      there = *done;
      return {};
    });
    if (!withdrawn) return error_response(parts, *request, withdrawn.error());
    return empty_response(there ? 200 : 404);
  });
}

}  // namespace kanal::api

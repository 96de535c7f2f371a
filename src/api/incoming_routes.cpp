// /api/messages/in: list, peek, pop, delete (rest-api.md section 6).
#include "api/route_support.hpp"

namespace kanal::api {
namespace {

ports::MessageQuery query_of(Parameters& parameters) {
  ports::MessageQuery query;
  query.direction = ports::Direction::incoming;
  query.conversation_id = parameters.text("conversationId");
  query.message_id = parameters.text("messageId");
  query.process = parameters.text("process");
  query.receiver_identifier = parameters.identifier("receiverIdentifier");
  query.sender_identifier = parameters.identifier("senderIdentifier");
  query.service = parameters.service("serviceIdentifier");
  return query;
}

net::Response peek(const ApiParts& parts, const net::Request& request) {
  Parameters parameters(request);
  const auto query = query_of(parameters);
  if (!parameters.wrong().empty()) return error_response(parts, request, binding_errors(parameters.wrong()));
  auto peeked = parts.inbox.peek(query);
  if (!peeked) return error_response(parts, request, peeked.error());
  return *peeked ? json_response(200, domain::to_json(**peeked)) : empty_response(204);
}

net::Response pop(const ApiParts& parts, const net::Request& request, const std::string& message_id) {
  auto popped = parts.inbox.pop(MessageId(message_id));
  if (!popped) return error_response(parts, request, popped.error());
  if (!popped->content) return empty_response(204);
  net::Response response;
  response.headers.emplace_back("Content-Type", "application/vnd.etsi.asic-e+zip");
  response.headers.emplace_back("Content-Disposition", "attachment; filename=asic.zip");
  response.body_length = popped->content->size();
  response.body = std::unique_ptr<Source>(std::move(popped->content));
  return response;
}

}  // namespace

void add_incoming_routes(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/api/messages/in", [&parts](const RequestPtr& request, const auto&) -> Answer {
    Parameters parameters(*request);
    const auto query = query_of(parameters);
    return message_page(parts, *request, query, parameters);
  });
  router.add("GET", "/api/messages/in/peek",
             [&parts](const RequestPtr& request, const auto&) -> Answer { return peek(parts, *request); });
  router.add("GET", "/api/messages/in/pop/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return pop(parts, *request, variables.front());
             });
  router.add("DELETE", "/api/messages/in/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               auto removed = parts.inbox.remove(MessageId(variables.front()));
               return removed ? json_response(200, domain::to_json(*removed))
                              : error_response(parts, *request, removed.error());
             });
}

}  // namespace kanal::api

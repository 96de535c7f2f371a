// /api/conversations (rest-api.md section 7).
#include "api/route_support.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

/// Midnight in Norway at the start of a day.
Time start_of(std::chrono::sys_days day) {
  const Time utc_midnight = day;
  return utc_midnight - oslo_offset(utc_midnight);
}

json::array statuses_json(const std::vector<ports::MessageStatus>& statuses) {
  json::array out;
  for (const auto& status : statuses) {
    json::object entry;
    entry["id"] = status.id;
    entry["lastUpdate"] = instant(status.at);
    entry["status"] = domain::name_of(status.status);
    if (status.description) entry["description"] = *status.description;
    out.push_back(std::move(entry));
  }
  return out;
}

json::object conversation_json(const ports::Conversation& conversation) {
  json::object out;
  out["id"] = conversation.id;
  out["conversationId"] = conversation.conversation_id.str();
  out["messageId"] = conversation.message_id.str();
  out["sender"] = conversation.sender;
  if (!conversation.receiver.empty()) out["receiver"] = conversation.receiver;
  out["processIdentifier"] = conversation.process;
  out["messageReference"] = conversation.message_reference;
  out["messageTitle"] = conversation.message_title;
  out["lastUpdate"] = instant(conversation.last_update);
  out["finished"] = conversation.finished;
  out["expiry"] = instant(conversation.expiry);
  out["direction"] = name_of(conversation.direction);
  out["serviceIdentifier"] = conversation.service.str();
  out["senderIdentifier"] = conversation.sender_identifier;
  if (!conversation.receiver_identifier.empty()) out["receiverIdentifier"] = conversation.receiver_identifier;
  out["documentIdentifier"] = conversation.document_type;
  if (conversation.external_system_reference) out["externalSystemReference"] = *conversation.external_system_reference;
  out["messageStatuses"] = statuses_json(conversation.statuses);
  return out;
}

ports::ConversationQuery query_of(Parameters& parameters) {
  ports::ConversationQuery query;
  query.conversation_id = parameters.text("conversationId");
  query.message_id = parameters.text("messageId");
  query.receiver = parameters.text("receiver");
  query.receiver_identifier = parameters.identifier("receiverIdentifier");
  query.sender = parameters.text("sender");
  query.sender_identifier = parameters.identifier("senderIdentifier");
  query.service = parameters.service("serviceIdentifier");
  query.message_reference = parameters.text("messageReference");
  query.message_title = parameters.text("messageTitle");
  query.pollable = parameters.boolean("pollable");
  query.finished = parameters.boolean("finished");
  query.direction = parameters.direction("direction");
  if (const auto from = parameters.date("lastUpdateFrom")) query.last_update_from = start_of(*from);
  if (const auto to = parameters.date("lastUpdateTo")) query.last_update_before = start_of(*to + std::chrono::days(1));
  return query;
}

net::Response conversations(const ApiParts& parts, const net::Request& request, const ports::ConversationQuery& query,
                            const Parameters& parameters) {
  if (!parameters.wrong().empty()) return error_response(parts, request, binding_errors(parameters.wrong()));
  const auto page = parameters.page({{"lastUpdate", true}});
  const auto found = load(parts.store, [&](ports::View& view) { return view.conversations(query, page); });
  if (!found) return error_response(parts, request, found.error());
  json::array content;
  content.reserve(found->content.size());
  for (const auto& conversation : found->content) content.push_back(conversation_json(conversation));
  return json_response(200, page_json(std::move(content), found->total, page));
}

/// Only what went out can be asked for by id (rest-api.md section 7).
net::Response conversation_by_id(const ApiParts& parts, const net::Request& request, const std::string& text) {
  const auto id = whole_number(text);
  if (!id) return error_response(parts, request, type_mismatch({"id", text, "a number"}));
  const auto found = load(parts.store, [&](ports::View& view) -> Result<std::optional<ports::Conversation>> {
    return view.conversation(*id);
  });
  if (!found) return error_response(parts, request, found.error());
  const bool there = *found && (*found)->direction == ports::Direction::outgoing;
  return there ? json_response(200, conversation_json(**found))
               : error_response(parts, request, conversation_not_found(*id));
}

net::Response conversation_by_message(const ApiParts& parts, const net::Request& request,
                                      const std::string& message_id) {
  const auto found = load(parts.store, [&](ports::View& view) -> Result<std::optional<ports::Conversation>> {
    return view.conversation(MessageId(message_id), ports::Direction::outgoing);
  });
  if (!found) return error_response(parts, request, found.error());
  return *found ? json_response(200, conversation_json(**found))
                : error_response(parts, request, message_not_found(message_id));
}

net::Response remove_by_id(const ApiParts& parts, const net::Request& request, const std::string& text) {
  const auto id = whole_number(text);
  if (!id) return error_response(parts, request, type_mismatch({"id", text, "a number"}));
  auto removed = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    auto done = txn.remove_conversation(*id);
    return done ? Result<void>{} : Result<void>(failed(done));
  });
  return removed ? empty_response(200) : error_response(parts, request, removed.error());
}

net::Response remove_by_message(const ApiParts& parts, const net::Request& request, const std::string& message_id) {
  auto removed = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    for (const auto direction : {ports::Direction::outgoing, ports::Direction::incoming}) {
      const auto found = txn.conversation(MessageId(message_id), direction);
      if (!found) continue;
      if (auto done = txn.remove_conversation(found->id); !done) return failed(done);
    }
    return {};
  });
  return removed ? empty_response(200) : error_response(parts, request, removed.error());
}

}  // namespace

void add_conversation_routes(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/api/conversations", [&parts](const RequestPtr& request, const auto&) -> Answer {
    Parameters parameters(*request);
    const auto query = query_of(parameters);
    return conversations(parts, *request, query, parameters);
  });
  router.add("GET", "/api/conversations/queue", [&parts](const RequestPtr& request, const auto&) -> Answer {
    ports::ConversationQuery query;
    query.pollable = true;
    return conversations(parts, *request, query, Parameters(*request));
  });
  router.add("GET", "/api/conversations/{id}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    return conversation_by_id(parts, *request, variables.front());
  });
  router.add("GET", "/api/conversations/messageId/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return conversation_by_message(parts, *request, variables.front());
             });
  router.add("DELETE", "/api/conversations/{id}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    return remove_by_id(parts, *request, variables.front());
  });
  router.add("DELETE", "/api/conversations/messageId/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return remove_by_message(parts, *request, variables.front());
             });
}

}  // namespace kanal::api

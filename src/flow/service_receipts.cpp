#include "flow/service_receipts.hpp"

#include <algorithm>

namespace kanal::flow {
namespace {

/// A conversation with more messages than this is told apart only among the first.
constexpr int most_in_one_conversation = 100;

Result<std::vector<ports::Conversation>> of_conversation(ports::View& view, const ServiceIdentifier& service,
                                                         const std::string& conversation_id) {
  ports::ConversationQuery query;
  query.conversation_id = conversation_id;
  query.service = service.str();
  query.direction = ports::Direction::outgoing;
  auto page = view.conversations(query, {0, most_in_one_conversation, {{"id", false}}});
  if (!page) return failed(page);
  return std::move(page->content);
}

/// By what somebody else calls it.
Result<std::optional<ports::Conversation>> by_reference(ports::View& view, const ServiceIdentifier& service,
                                                        const std::string& reference, ports::Direction direction) {
  ports::ConversationQuery query;
  query.external_system_reference = reference;
  query.service = service.str();
  query.direction = direction;
  auto page = view.conversations(query, {0, 1, {{"id", true}}});
  if (!page) return failed(page);
  if (page->content.empty()) return std::optional<ports::Conversation>{};
  return std::optional(std::move(page->content.front()));
}

/// Leaves only those that fit, unless none does.
template <class Fits>
void prefer(std::vector<ports::Conversation>& candidates, Fits fits) {
  if (std::ranges::any_of(candidates, fits)) std::erase_if(candidates, std::not_fn(fits));
}

}  // namespace

Result<std::optional<ports::Conversation>> sent_as(ports::View& view, const ServiceIdentifier& service,
                                                   const std::string& remote_reference) {
  return by_reference(view, service, remote_reference, ports::Direction::outgoing);
}

Result<std::optional<ports::Conversation>> answered_by(ports::View& view, const ServiceIdentifier& service,
                                                       const ports::Reply& reply, const ConversationId& conversation) {
  auto named = sent_as(view, service, reply.remote_reference);
  if (!named || *named || reply.takes_conversation) return named;
  auto candidates = of_conversation(view, service, conversation.str());
  if (!candidates) return failed(candidates);
  if (candidates->size() != 1) return std::optional<ports::Conversation>{};
  return std::optional(std::move(candidates->front()));
}

Result<bool> received_as(ports::View& view, const ServiceIdentifier& service, const std::string& name) {
  if (name.empty()) return false;
  auto found = by_reference(view, service, name, ports::Direction::incoming);
  if (!found) return failed(found);
  return found->has_value();
}

Result<Correlation> correlate(ports::View& view, const ServiceIdentifier& service, const ports::ServiceReceipt& receipt,
                              const std::optional<std::string>& channel) {
  Correlation found;
  if (!receipt.remote_reference.empty()) {
    auto sent = sent_as(view, service, receipt.remote_reference);
    if (!sent) return failed(sent);
    found.conversation = std::move(*sent);
    return found;
  }
  if (!receipt.message_id.empty()) {
    found.conversation = view.conversation(receipt.message_id, ports::Direction::outgoing);
    if (found.conversation && found.conversation->service != service) found.conversation.reset();
    return found;
  }
  auto candidates = of_conversation(view, service, receipt.conversation_id.str());
  if (!candidates) return failed(candidates);
  prefer(*candidates, [&](const ports::Conversation& c) { return c.message_channel == channel; });
  if (!receipt.statuses.empty()) {
    const auto first = receipt.statuses.front().status;
    prefer(*candidates, [&](const ports::Conversation& c) { return !ports::has_status(c, first); });
  }
  if (candidates->empty()) return found;
  found.ambiguous = candidates->size() > 1;
  found.conversation = std::move(candidates->front());
  return found;
}

bool sent_from_here(ports::View& view, const ServiceIdentifier& service, const MessageId& id) {
  if (id.empty()) return false;
  if (view.conversation(id, ports::Direction::outgoing)) return true;
  const auto conversations = of_conversation(view, service, id.str());
  if (conversations && !conversations->empty()) return true;
  const auto sent = sent_as(view, service, id.str());
  return sent && sent->has_value();
}

}  // namespace kanal::flow

// Which message a receipt is about that a service writes in its own words (ports/transport.hpp, ServiceReceipt).
#pragma once

#include <optional>
#include <string>

#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

/// The messages of this installation that it may be about.
struct Correlation {
  std::optional<ports::Conversation> conversation;
  /// Several share what the receipt names; the one taken is the oldest that waits for such an answer.
  bool ambiguous = false;
};

/// What was sent over `service` and is called so there (Sent::remote_reference).
[[nodiscard]] Result<std::optional<ports::Conversation>> sent_as(ports::View& view, const ServiceIdentifier& service,
                                                                 const std::string& remote_reference);

/// What `reply`, of `conversation`, answers. By its own name for it, else the only message of that conversation: one
/// whose answer was lost went out twice, and its receiver may know the copy that nobody told us of.
[[nodiscard]] Result<std::optional<ports::Conversation>> answered_by(ports::View& view,
                                                                     const ServiceIdentifier& service,
                                                                     const ports::Reply& reply,
                                                                     const ConversationId& conversation);

/// Has a message come in over `service` that its sender calls so (InboundDocument::sent_as)? An empty name is none.
[[nodiscard]] Result<bool> received_as(ports::View& view, const ServiceIdentifier& service, const std::string& name);

/// By the service's own name for it, by message id, or by conversation id among what was sent over `service`. Of
/// several with one conversation id those count that were sent on `channel`, then those that do not have the first
/// status of the receipt yet.
[[nodiscard]] Result<Correlation> correlate(ports::View& view, const ServiceIdentifier& service,
                                            const ports::ServiceReceipt& receipt,
                                            const std::optional<std::string>& channel);

/// Was it sent from here: a message id, the id of a conversation over `service`, or what that calls a message?
[[nodiscard]] bool sent_from_here(ports::View& view, const ServiceIdentifier& service, const MessageId& id);

}  // namespace kanal::flow

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

/// By message id, or by conversation id among what was sent over `service`. Of several with one conversation id those
/// count that were sent on `channel`, then those that do not have the first status of the receipt yet.
[[nodiscard]] Result<Correlation> correlate(ports::View& view, const ServiceIdentifier& service,
                                            const ports::ServiceReceipt& receipt,
                                            const std::optional<std::string>& channel);

/// Was it sent from here: a message id, or the id of a conversation over `service`?
[[nodiscard]] bool sent_from_here(ports::View& view, const ServiceIdentifier& service, const MessageId& id);

}  // namespace kanal::flow

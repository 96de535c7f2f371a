#include "flow/orphan_exchange.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "flow/service_receipts.hpp"

namespace kanal::flow {

namespace {

/// The inbox it waits in: that of the organisation it is addressed to, since only that one can acknowledge it there.
/// One that only sends has none.
ports::Inbox inbox_of(const std::vector<ports::Inbox>& inboxes, const ports::InboundDocument& document) {
  const auto found = std::ranges::find(inboxes, document.sbd.receiver_value(), &ports::Inbox::id);
  if (found != inboxes.end()) return *found;
  return inboxes.empty() ? ports::Inbox{document.sbd.receiver_value(), {}, false} : inboxes.front();
}

}  // namespace

OrphanExchange::OrphanExchange(ports::Store& store, const Services& services, Intake& intake, Clock& clock, Log& log)
    : store_(store), services_(services), intake_(intake), clock_(clock), log_(log) {}

Result<bool> OrphanExchange::is_ours(ports::View& view, const ServiceIdentifier& service,
                                     const ports::InboundDocument& document) const {
  if (document.receipt) {
    auto found = correlate(view, service, *document.receipt, {});
    if (!found) return failed(found);
    return found->conversation.has_value();
  }
  return sent_from_here(view, service, answered_by(document.sbd));
}

Result<OrphanOutcome> OrphanExchange::take(const ports::Orphan& orphan) {
  auto* transport = services_.find(orphan.service);
  if (transport == nullptr) {
    return OrphanOutcome{false, fmt::format("the service {} is not enabled here", orphan.service.str())};
  }
  const auto inboxes = transport->inboxes();
  if (orphan.remote_id.empty()) return OrphanOutcome{false, "it names no item of an inbox"};
  auto document = transport->read_orphan(orphan.sbd);
  if (!document) return OrphanOutcome{false, "it cannot be read: " + document.error().text()};
  const auto inbox = inbox_of(inboxes, *document);
  OrphanOutcome outcome;
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    auto known = txn.remote_item(orphan.service, orphan.remote_id);
    using State = ports::RemoteItem::State;
    if (known && (known->state == State::stored || known->state == State::acknowledged)) {
      outcome = {false, "it is here already"};
      return {};
    }
    auto ours = is_ours(txn, orphan.service, *document);
    if (!ours) return failed(ours);
    if (!*ours) {
      outcome = {false, "the message it is about was not sent from here"};
      return {};
    }
    ports::RemoteItem item;
    if (known) item = *known;
    item.service = orphan.service;
    item.remote_id = orphan.remote_id;
    item.verdict = domain::Verdict::ours;
    if (!known) {
      item.inbox = inbox.id;
      item.first_seen = item.last_seen = item.created = item.published = clock_.now();
      item.sender = orphan.counterpart;
    }
    if (auto applied = intake_.apply(txn, transport->descriptor(), inbox, item, *document, {}); !applied) {
      return failed(applied);
    }
    if (inboxes.empty() && item.state == State::stored) {
      // Whoever keeps it lets it go in time.
      item.state = State::acknowledged;
      if (auto put = txn.put(item); !put) return put;
    }
    outcome = {true, "taken: its status is stored"};
    return {};
  });
  if (!written) return failed(written);
  if (outcome.taken) {
    log_.info("orphan_taken", {{"service_identifier", orphan.service.str()}, {"remote_id", orphan.remote_id}});
  }
  return outcome;
}

}  // namespace kanal::flow

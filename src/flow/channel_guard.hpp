// The channel guard (channels.md): the one place that decides whose a remote item is, and the only code that may
// acknowledge anything at a remote service. Verdicts are stored before anybody acts on them. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "domain/channel.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

/// What an answer says of itself: about which message or conversation it is.
struct Claim {
  std::string kind;      ///< `status`, or the type of a receipt
  MessageId message_id;  ///< empty when it names only the conversation
  ConversationId conversation_id;
  std::string counterpart;
  std::string document;  ///< the whole of it, for who it belongs to
};
/// The message that a status or receipt of eFormidling is about; empty when it names none.
[[nodiscard]] MessageId answered_by(const domain::Sbd& document);
/// The claim of a status or receipt of eFormidling.
[[nodiscard]] Claim claim_of(const domain::Sbd& document);

class ChannelGuard {
 public:
  ChannelGuard(ports::Store& store, Clock& clock, Log& log);

  /// The inbox with the former channels it still has to listen to: those with messages under way, and those used so
  /// lately that a receipt may follow a delivered message (channels.md, point 4).
  [[nodiscard]] ports::Inbox listening(ports::View& view, const ports::Descriptor& service, ports::Inbox inbox) const;

  /// Verdict for an item that was only looked at, not touched, by the isolation its service declares.
  [[nodiscard]] domain::Verdict classify(const ports::Descriptor& service, const ports::Inbox& inbox,
                                         const ports::RemoteItem& item) const;

  /// Verdict once the item has been read: a status or receipt about a message that this installation never sent is
  /// nobody's we know. Writes the orphan and the finding (D1, D2, D11) when so.
  Result<domain::Verdict> settle(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                 const ports::Inbox& inbox, const Claim& claim, bool ours);

  /// Acknowledges stored items at the service, and writes that down. Items that fail stay stored and are tried again by
  /// the next round. `fresh`: stored by this very round, so "already acknowledged" means somebody else did it (D8). Was
  /// it fetched more often than we did, somebody else has it too (D7).
  void acknowledge(ports::Transport& transport, std::vector<ports::RemoteItem>& items, bool fresh,
                   const std::function<void(std::vector<std::function<void()>>)>& run_all);

  /// Tells the service of items that are kept here unread (Transport::refuse), and writes that down; those that fail
  /// are told of later.
  void refuse(ports::Transport& transport, std::vector<ports::RemoteItem> items);

  /// An item that was ours to take is gone, and it was not us (D5, D11).
  Result<void> vanished(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                        const ports::Inbox& inbox);
  /// An item that was ours to take left the service untaken: it expired, or was removed there.
  Result<void> expired(ports::Txn& txn, ports::RemoteItem& item);

  /// Somebody has begun to take an item that would be ours, and it was not us (D6).
  Result<void> touched_by_another(ports::Txn& txn, ports::RemoteItem& item);

  /// An item that would have been ours was confirmed before this installation ever saw it (D6, D11).
  Result<void> confirmed_unseen(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                const ports::Inbox& inbox);

  /// A document left in an organisation's name, and not from here (D4). What the other installation tells of itself may
  /// prove more: a second one without a channel (D12), or with ours (D11).
  Result<void> departed_elsewhere(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                                  const ports::Departure& departure);

 private:
  struct Outcome;
  Result<void> note(ports::Txn& txn, ports::RemoteItem& item, const Outcome& outcome, bool fresh);
  Result<void> report(ports::Txn& txn, const ServiceIdentifier& service, std::string detection, std::string subject,
                      std::string text);

  ports::Store& store_;
  Clock& clock_;
  Log& log_;
};

}  // namespace kanal::flow

// What an incoming, verified document does to the store (dpo.md 7.2; style.md "Who owns one inbound message" 3). Runs
// inside the transaction that makes us its owner; nothing here talks to a remote service.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/channel_guard.hpp"
#include "flow/hub.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

class Intake {
 public:
  /// `hub`: gives other installations what is theirs; null: there are none.
  Intake(ChannelGuard& guard, Hub* hub, const Settings& settings, Clock& clock, Log& log);

  /// Applies one document and puts the item's new state: stored (acknowledge it) or, for somebody else's answer, seen.
  /// Of an item that is not known to be ours, only an answer to a message of ours is taken. `raw`: the durable raw
  /// package, given only with `document.damage`.
  Result<void> apply(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                     ports::RemoteItem& item, const ports::InboundDocument& document,
                     const std::optional<ports::BlobRef>& raw);

  /// Keeps an unreadable package for a person, so that reception goes on. The item is acknowledged then, unless the
  /// service leaves such items where they are.
  Result<void> quarantine(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                          const Error& error, const std::optional<ports::BlobRef>& raw, const MessageId& message_id);

 private:
  Result<void> apply_status(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                            ports::RemoteItem& item, const ports::InboundDocument& document);
  Result<bool> apply_receipt(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                             ports::RemoteItem& item, const ports::InboundDocument& document);
  Result<void> apply_service_receipt(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                                     ports::RemoteItem& item, const ports::ServiceReceipt& receipt);
  Result<ports::InboundDocument> apply_reply(ports::Txn& txn, const ports::Descriptor& service,
                                             const ports::InboundDocument& document);
  Result<void> apply_message(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                             const ports::InboundDocument& document);
  Result<void> give_away(ports::Txn& txn, const Satellite& satellite, ports::RemoteItem& item,
                         const ports::InboundDocument& document);
  Result<void> leave(ports::Txn& txn, ports::RemoteItem& item, const ports::InboundDocument& document);
  Result<void> stored(ports::Txn& txn, ports::RemoteItem& item);

  ChannelGuard& guard_;
  Hub* hub_;
  const Settings& settings_;
  Clock& clock_;
  Log& log_;
};

}  // namespace kanal::flow

#include "flow/intake.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "flow/answers.hpp"
#include "flow/follow.hpp"
#include "flow/service_receipts.hpp"

namespace kanal::flow {
namespace {

using domain::ReceiptStatus;

std::string primary_of(const std::vector<domain::Participant>& participants) {
  if (participants.empty()) return {};
  const auto partner = domain::parse_partner(participants.front().authority, participants.front().value);
  return partner ? partner->primary : participants.front().value;
}

std::string part_of(const std::vector<domain::Participant>& participants) {
  if (participants.empty()) return {};
  const auto partner = domain::parse_partner(participants.front().authority, participants.front().value);
  return partner ? partner->part_or_primary() : participants.front().value;
}

ports::Conversation incoming_conversation(const ports::Descriptor& service, const domain::Sbd& sbd,
                                          const domain::MessageType& type, std::chrono::hours default_ttl, Time now) {
  ports::Conversation conversation;
  conversation.conversation_id = sbd.conversation_id();
  conversation.message_id = sbd.message_id();
  conversation.direction = ports::Direction::incoming;
  conversation.service = service.service;
  conversation.sender = sbd.sender_value();
  conversation.sender_identifier = part_of(sbd.sender);
  conversation.receiver = sbd.receiver_value();
  conversation.receiver_identifier = primary_of(sbd.receiver);
  conversation.process = sbd.process();
  conversation.document_type = sbd.document.standard;
  conversation.message_type = type.name;
  conversation.message_reference = sbd.conversation_id().str();
  conversation.last_update = now;
  const auto ttl = sbd.expected_response();
  conversation.expiry = ttl ? ttl->utc : now + default_ttl;
  conversation.message_channel = sbd.message_channel();
  return conversation;
}

}  // namespace

Intake::Intake(ChannelGuard& guard, Hub* hub, const Settings& settings, Clock& clock, Log& log)
    : guard_(guard), hub_(hub), settings_(settings), clock_(clock), log_(log) {}

Result<void> Intake::stored(ports::Txn& txn, ports::RemoteItem& item) {
  item.state = ports::RemoteItem::State::stored;
  item.verdict = domain::Verdict::ours;
  item.attempts = 0;
  return txn.put(item);
}

/// It waits here for the installation that it belongs to; the service is done with it.
Result<void> Intake::give_away(ports::Txn& txn, const Satellite& satellite, ports::RemoteItem& item,
                               const ports::InboundDocument& document) {
  if (auto kept = hub_->keep(txn, satellite, item, document); !kept) return kept;
  item.refers_to = document.sbd.message_id();
  item.reason = "for " + satellite.name;
  return stored(txn, item);
}

/// A message that another installation has begun to take: if both took it, it would be delivered twice.
Result<void> Intake::leave(ports::Txn& txn, ports::RemoteItem& item, const ports::InboundDocument& document) {
  item.refers_to = document.sbd.message_id();
  if (document.package) {
    if (auto dropped = txn.discard(*document.package); !dropped) return failed(dropped);
  }
  return txn.put(item);
}

Result<void> Intake::quarantine(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                const Error& error, const std::optional<ports::BlobRef>& raw,
                                const MessageId& message_id) {
  ports::Quarantined row;
  row.service = item.service;
  row.remote_id = item.remote_id;
  row.sender = item.sender;
  row.message_id = message_id;
  row.code = error.code;
  row.reason = error.text();
  row.package = raw;
  row.at = clock_.now();
  if (auto kept = txn.insert(row); !kept) return failed(kept);
  item.reason = "quarantined: " + row.reason;
  log_.error("package_quarantined", {{"service_identifier", item.service.str()},
                                     {"remote_id", item.remote_id},
                                     {"sender", item.sender},
                                     {"code", error.code},
                                     {"reason", row.reason}});
  if (!service.leaves_unreadable) return stored(txn, item);
  item.state = ports::RemoteItem::State::quarantined;
  return txn.put(item);
}

/// The document in the words of this installation: it answers our message by the id that our client knows, in the
/// conversation of that message when it has none of its own.
Result<ports::InboundDocument> Intake::apply_reply(ports::Txn& txn, const ports::Descriptor& service,
                                                   const ports::InboundDocument& document) {
  auto answered = document;
  answered.reply.reset();
  auto sent = answered_by(txn, service.service, *document.reply, document.sbd.conversation_id());
  if (!sent) return failed(sent);
  if (!*sent) return answered;
  const auto& conversation = **sent;
  if (auto* reference = answered.sbd.find_scope(domain::scope_type::receiver_ref)) {
    reference->instance_identifier = conversation.message_id.str();
  }
  if (auto* scope = answered.sbd.find_scope(domain::scope_type::conversation_id);
      scope != nullptr && document.reply->takes_conversation) {
    scope->instance_identifier = conversation.conversation_id.str();
  }
  for (const auto& reported : document.reply->statuses) {
    auto added = txn.add_status(conversation.id, reported.status, reported.at.value_or(clock_.now()),
                                reported.description, reported.raw_receipt);
    if (!added) return failed(added);
  }
  return answered;
}

Result<void> Intake::apply(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                           ports::RemoteItem& item, const ports::InboundDocument& document,
                           const std::optional<ports::BlobRef>& raw) {
  if (document.reply) {
    auto answered = apply_reply(txn, service, document);
    if (!answered) return failed(answered);
    return apply(txn, service, inbox, item, *answered, raw);
  }
  if (document.probe) return stored(txn, item);
  if (document.receipt) return apply_service_receipt(txn, service, inbox, item, *document.receipt);
  const auto* type = domain::find_message_type(document.sbd.document.type);
  const bool receipt = type != nullptr && type->is_receipt && !type->names_no_message;
  const bool answer = receipt || (type != nullptr && type->is_status);
  if (item.verdict != domain::Verdict::ours && !answer) return leave(txn, item, document);
  if (type == nullptr) {
    return quarantine(txn, service, item,
                      Error{"sbd.type_unknown", "unknown document type", Disposition::reject, {}, {}}, raw, {});
  }
  if (const auto* satellite = hub_ == nullptr ? nullptr : hub_->owner_of(txn, service.service, document)) {
    return give_away(txn, *satellite, item, document);
  }
  if (type->is_status) return apply_status(txn, service, inbox, item, document);
  if (receipt) {
    auto ours = apply_receipt(txn, service, inbox, item, document);
    if (!ours || !*ours) return ours ? Result<void>{} : Result<void>(failed(ours));
  }
  if (document.damage) {
    const Time now = clock_.now();
    if (!txn.conversation(document.sbd.message_id(), ports::Direction::incoming)) {
      auto conversation = incoming_conversation(service, document.sbd, *type, settings_.default_ttl, now);
      if (auto inserted = txn.insert(conversation); !inserted) return failed(inserted);
      auto created = txn.add_status(conversation.id, ReceiptStatus::opprettet, now);
      if (!created) return failed(created);
      auto marked = txn.add_status(conversation.id, ReceiptStatus::feil, now, document.damage->text());
      if (!marked) return failed(marked);
    }
    return quarantine(txn, service, item, *document.damage, raw, document.sbd.message_id());
  }
  return apply_message(txn, service, item, document);
}

Result<void> Intake::apply_status(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                                  ports::RemoteItem& item, const ports::InboundDocument& document) {
  const auto conversation = txn.conversation(document.sbd.message_id(), ports::Direction::outgoing);
  const bool ours = conversation.has_value();
  auto verdict = guard_.settle(txn, service, item, inbox, ours ? Claim{} : claim_of(document.sbd), ours);
  if (!verdict) return failed(verdict);
  if (*verdict != domain::Verdict::ours) return txn.put(item);
  const auto status = domain::receipt_status(document.sbd.body_text("status"));
  if (!status || !domain::allowed_from_counterpart(*status)) {
    return quarantine(txn, service, item,
                      Error{"status.unknown",
                            fmt::format("a status with the value '{}'", document.sbd.body_text("status")),
                            Disposition::reject,
                            {},
                            {}},
                      {}, document.sbd.message_id());
  }
  // Received statuses never expire (dpo.md 10.1 no. 3): what happened, happened.
  auto added = txn.add_status(conversation->id, *status, clock_.now());
  if (!added) return failed(added);
  // The receiver has it: nothing left to follow up at the service.
  if (auto ended = end_following(txn, *conversation); !ended) return failed(ended);
  item.refers_to = conversation->message_id;
  return stored(txn, item);
}

/// False: not ours, and the item was put back as such.
Result<bool> Intake::apply_receipt(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                                   ports::RemoteItem& item, const ports::InboundDocument& document) {
  const auto receipt = read_receipt(document.sbd);
  const auto conversation = receipt.related_to_message_id.empty()
                                ? std::optional<ports::Conversation>{}
                                : txn.conversation(receipt.related_to_message_id, ports::Direction::outgoing);
  const bool ours = conversation.has_value() || settings_.deliver_orphan_receipts;
  auto verdict = guard_.settle(txn, service, item, inbox, ours ? Claim{} : claim_of(document.sbd), ours);
  if (!verdict) return failed(verdict);
  if (*verdict != domain::Verdict::ours) {
    if (auto put = txn.put(item); !put) return failed(put);
    return false;
  }
  if (conversation && document.sbd.document.type == "arkivmelding_kvittering") {
    auto added = txn.add_status(conversation->id, domain::status_of_receipt(receipt.receipt_type), clock_.now(),
                                "ArkivmeldingKvittering: " + receipt.receipt_type, receipt.raw);
    if (!added) return failed(added);
    if (auto ended = end_following(txn, *conversation); !ended) return failed(ended);
    item.refers_to = conversation->message_id;
  }
  return true;
}

Result<void> Intake::apply_service_receipt(ports::Txn& txn, const ports::Descriptor& service, const ports::Inbox& inbox,
                                           ports::RemoteItem& item, const ports::ServiceReceipt& receipt) {
  auto found = correlate(txn, service.service, receipt, item.channel_seen);
  if (!found) return failed(found);
  const auto& conversation = found->conversation;
  // Where the service's own name is all there is, the claim goes by it until the message turns up.
  const auto& named = receipt.remote_reference.empty() ? receipt.message_id : MessageId(receipt.remote_reference);
  const Claim claim{receipt.kind, named, receipt.conversation_id, receipt.counterpart, receipt.raw};
  auto verdict = guard_.settle(txn, service, item, inbox, claim, conversation.has_value());
  if (!verdict) return failed(verdict);
  if (*verdict != domain::Verdict::ours) return txn.put(item);
  const Time now = clock_.now();
  for (const auto& reported : receipt.statuses) {
    const Time at = reported.at.value_or(now);
    // What must have happened before, whether the service had told us of it already or not (dpi.md 5.3).
    const auto imply = [&](ReceiptStatus status, std::chrono::seconds earlier) -> Result<void> {
      if (ports::has_status(*conversation, status)) return {};
      // Not before what is known to have come before it.
      const Time when = std::min(at, std::max(at - earlier, conversation->last_update));
      auto implied = txn.add_status(conversation->id, status, when);
      return implied ? Result<void>{} : Result<void>(failed(implied));
    };
    if (auto implied = imply(ReceiptStatus::sendt, std::chrono::seconds(2)); !implied) return implied;
    if (reported.status == ReceiptStatus::levert) {
      if (auto implied = imply(ReceiptStatus::mottatt, std::chrono::seconds(1)); !implied) return implied;
    }
    auto added = txn.add_status(conversation->id, reported.status, at, reported.description, reported.raw_receipt);
    if (!added) return failed(added);
  }
  if (auto ended = end_following(txn, *conversation); !ended) return failed(ended);
  item.refers_to = conversation->message_id;
  if (found->ambiguous) {
    item.reason = "several messages of this installation have the conversation id that the receipt names: " +
                  receipt.conversation_id.str();
    log_.warning("receipt_ambiguous", {{"service_identifier", service.service.str()},
                                       {"conversation_id", receipt.conversation_id.str()},
                                       {"message_id", conversation->message_id.str()}});
  }
  return stored(txn, item);
}

Result<void> Intake::apply_message(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                   const ports::InboundDocument& document) {
  const Time now = clock_.now();
  const auto& sbd = document.sbd;
  const auto* type = domain::find_message_type(sbd.document.type);
  const auto known = txn.conversation(sbd.message_id(), ports::Direction::incoming);
  const bool in_hand = txn.message(sbd.message_id(), ports::Direction::incoming).has_value();
  auto again = received_as(txn, service.service, document.sent_as);
  if (!again) return failed(again);
  // A client may have removed the history of a message that still waits for it.
  if (known || in_hand || *again) {
    // The same message once more: absorbed, and the sender is told again how far it got.
    if (document.package) {
      if (auto dropped = txn.discard(*document.package); !dropped) return failed(dropped);
    }
    const bool failed_before =
        known && known->finished &&
        (ports::has_status(*known, ReceiptStatus::levetid_utlopt) || ports::has_status(*known, ReceiptStatus::feil));
    if (!failed_before) {
      auto told =
          queue_status(txn, service, sbd, in_hand ? ReceiptStatus::mottatt : ReceiptStatus::levert, settings_, now);
      if (!told) return failed(told);
    }
    item.reason = *again ? "sent again by its sender, under another id of the service"
                         : "duplicate of a message that is known already";
    log_.warning("duplicate_absorbed", {{"message_id", sbd.message_id().str()}, {"remote_id", item.remote_id}});
    return stored(txn, item);
  }
  auto conversation = incoming_conversation(service, sbd, *type, settings_.default_ttl, now);
  if (!document.sent_as.empty()) conversation.external_system_reference = document.sent_as;
  // The time that it lay at a hub is no part of its life: its client has as long as if it had come at once.
  if (document.taken && *document.taken < now) conversation.expiry += now - *document.taken;
  if (auto inserted = txn.insert(conversation); !inserted) return failed(inserted);
  auto created = txn.add_status(conversation.id, ReceiptStatus::opprettet, now);
  if (!created) return failed(created);
  const auto ttl = sbd.expected_response();
  if (!type->is_receipt && ttl && document.taken.value_or(now) > ttl->utc) {
    auto expired =
        txn.add_status(conversation.id, ReceiptStatus::levetid_utlopt, now, std::string(domain::expired_description));
    if (!expired) return failed(expired);
    if (document.package) {
      if (auto dropped = txn.discard(*document.package); !dropped) return failed(dropped);
    }
    return stored(txn, item);
  }
  auto received = txn.add_status(conversation.id, ReceiptStatus::innkommende_mottatt, now);
  if (!received) return failed(received);
  ports::Message message;
  message.direction = ports::Direction::incoming;
  message.message_id = conversation.message_id;
  message.conversation_id = conversation.conversation_id;
  message.service = service.service;
  message.process = conversation.process;
  message.sender_identifier = primary_of(sbd.sender);
  message.receiver_identifier = conversation.receiver_identifier;
  message.sbd = domain::write_sbd(sbd);
  message.created = now;
  message.last_updated = now;
  message.package = document.package;
  if (auto inserted = txn.insert(message); !inserted) return failed(inserted);
  if (auto told = queue_status(txn, service, sbd, ReceiptStatus::mottatt, settings_, now); !told) return failed(told);
  item.refers_to = conversation.message_id;
  log_.info("message_received", {{"message_id", message.message_id.str()},
                                 {"conversation_id", message.conversation_id.str()},
                                 {"service_identifier", service.service.str()},
                                 {"remote_id", item.remote_id}});
  return stored(txn, item);
}

}  // namespace kanal::flow

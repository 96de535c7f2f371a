#include "flow/local_receipt.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "domain/partner.hpp"
#include "domain/sbd.hpp"

namespace kanal::flow {
namespace {

/// As status documents have it: creation times must be in the past, and clocks differ.
constexpr std::chrono::seconds creation_margin{5};

domain::Sbd receipt_document(const ports::Conversation& answered, const LocalReceiptSettings& settings,
                             std::chrono::hours ttl, Time now) {
  domain::Sbd document;
  document.header_version = "1.0";
  document.sender.push_back({std::string(domain::iso6523_authority), answered.receiver});
  document.receiver.push_back({std::string(domain::iso6523_authority), answered.sender});
  document.document.standard = settings.document_type;
  document.document.type_version = "2.0";
  document.document.instance_identifier = derived_uuid("arkivmelding_kvittering", answered.message_id.str());
  document.document.type = "arkivmelding_kvittering";
  document.document.creation = in_oslo(now - creation_margin);
  domain::Scope scope;
  scope.type = domain::scope_type::conversation_id;
  scope.instance_identifier = answered.conversation_id.str();
  scope.identifier = settings.process;
  scope.information.push_back({in_oslo(now + ttl), std::nullopt, std::nullopt});
  document.scopes.push_back(std::move(scope));
  document.body = boost::json::object{
      {"receiptType", "OK"}, {"relatedToMessageId", answered.message_id.str()}, {"messages", boost::json::array{}}};
  return document;
}

}  // namespace

Result<void> deliver_local_receipt(ports::Txn& txn, const ports::Conversation& answered,
                                   const LocalReceiptSettings& settings, std::chrono::hours ttl, Time now) {
  if (!settings.enabled || answered.document_type != settings.answered_document_type) return {};
  const auto document = receipt_document(answered, settings, ttl, now);
  const auto id = document.message_id();
  if (txn.conversation(id, ports::Direction::incoming)) return {};
  ports::Conversation conversation;
  conversation.conversation_id = answered.conversation_id;
  conversation.message_id = id;
  conversation.direction = ports::Direction::incoming;
  conversation.service = answered.service;
  conversation.sender = answered.receiver;
  conversation.sender_identifier = answered.receiver_identifier;
  conversation.receiver = answered.sender;
  conversation.receiver_identifier = answered.sender_identifier;
  conversation.process = settings.process;
  conversation.document_type = settings.document_type;
  conversation.message_type = document.document.type;
  conversation.message_reference = answered.conversation_id.str();
  conversation.last_update = now;
  conversation.expiry = now + ttl;
  if (auto inserted = txn.insert(conversation); !inserted) return failed(inserted);
  for (const auto status : {domain::ReceiptStatus::opprettet, domain::ReceiptStatus::innkommende_mottatt}) {
    if (auto added = txn.add_status(conversation.id, status, now); !added) return failed(added);
  }
  ports::Message message;
  message.direction = ports::Direction::incoming;
  message.message_id = id;
  message.conversation_id = answered.conversation_id;
  message.service = answered.service;
  message.process = settings.process;
  message.sender_identifier = answered.receiver_identifier;
  message.receiver_identifier = answered.sender_identifier;
  message.sbd = domain::write_sbd(document);
  message.created = message.last_updated = now;
  return txn.insert(message);
}

}  // namespace kanal::flow

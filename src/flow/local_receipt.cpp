#include "flow/local_receipt.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "domain/made_sbd.hpp"

namespace kanal::flow {
namespace {

domain::Sbd receipt_document(const ports::Conversation& answered, const LocalReceiptSettings& settings,
                             std::chrono::hours ttl, Time now) {
  auto document =
      domain::make_sbd({answered.receiver, answered.sender, settings.document_type, "arkivmelding_kvittering",
                        MessageId(derived_uuid("arkivmelding_kvittering", answered.message_id.str())),
                        answered.conversation_id, settings.process},
                       ttl, now);
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

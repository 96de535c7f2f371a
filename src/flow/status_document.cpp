// The status document, dpo.md 5.5:
//   sender and receiver of the original swapped; instanceIdentifier and conversation id of the original;
//   process = response process of the original's type; scopes ConversationId and, when there is one, MessageChannel;
//   body { "status": "<name>" }
#include "flow/status_document.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "domain/message_type.hpp"

namespace kanal::flow {
namespace {

/// Receivers demand a creation time in the past, and clocks differ.
constexpr std::chrono::seconds creation_margin{5};

/// Empty when documents of this type are not answered.
std::string response_process(std::string_view type, const StatusSettings& settings) {
  if (type == "arkivmelding" || type == "arkivmelding_kvittering") return settings.arkivmelding_process;
  if (type == "avtalt") return settings.avtalt_process;
  if (type == "innsynskrav" || type == "publisering" || type == "einnsyn_kvittering") return settings.einnsyn_process;
  return {};
}

/// The original's scope, not merely its channel: the instanceIdentifier is repeated too.
const domain::Scope* channel_scope(const domain::Sbd& about) {
  const auto channel = about.message_channel();
  if (!channel) return nullptr;
  const auto found = std::ranges::find_if(about.scopes, [&](const domain::Scope& scope) {
    return scope.type == domain::scope_type::message_channel && scope.identifier == channel;
  });
  return found == about.scopes.end() ? nullptr : &*found;
}

}  // namespace

std::optional<domain::Sbd> make_status(const domain::Sbd& about, domain::ReceiptStatus status,
                                       const StatusSettings& settings, Time now) {
  const auto* type = domain::find_message_type(about.document.type);
  const std::string process = type == nullptr ? std::string{} : response_process(type->name, settings);
  const std::string conversation = about.conversation_id().str();
  if (process.empty() || conversation.empty() || about.message_id().empty() || about.sender.empty() ||
      about.receiver.empty()) {
    return std::nullopt;
  }
  domain::Sbd document;
  document.header_version = "1.0";
  document.sender = about.receiver;
  document.receiver = about.sender;
  document.document.standard = settings.document_type;
  document.document.type_version = "2.0";
  document.document.instance_identifier = about.document.instance_identifier;
  document.document.type = "status";
  document.document.creation = in_oslo(now - creation_margin);

  domain::Scope scope;
  scope.type = domain::scope_type::conversation_id;
  scope.instance_identifier = conversation;
  scope.identifier = process;
  scope.information.push_back({.expected_response = in_oslo(now + settings.ttl),
                               .requesting_creation = std::nullopt,
                               .requesting_identifier = std::nullopt});
  document.scopes.push_back(std::move(scope));
  if (const auto* channel = channel_scope(about)) document.scopes.push_back(*channel);

  document.body = boost::json::object{{"status", domain::name_of(status)}};
  return document;
}

ReceiptContent read_receipt(const domain::Sbd& receipt) {
  return {receipt.body_text("receiptType"), MessageId(receipt.body_text("relatedToMessageId")),
          boost::json::serialize(receipt.body)};
}

}  // namespace kanal::flow

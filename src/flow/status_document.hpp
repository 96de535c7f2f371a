// Documents that answer other documents: the status that a receiving gateway sends back (messages.md 4.9, dpo.md 5.5)
// and what a receipt that came in says (messages.md 4.3). Pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "domain/receipt_status.hpp"
#include "domain/sbd.hpp"

namespace kanal::flow {

struct StatusSettings {
  std::string document_type;         ///< difi.move.nextmove.status-document-type
  std::string arkivmelding_process;  ///< difi.move.arkivmelding.receipt-process
  std::string avtalt_process;        ///< difi.move.avtalt.receipt-process
  std::string einnsyn_process;       ///< difi.move.einnsyn.receipt-process
  std::chrono::hours ttl{24};        ///< difi.move.nextmove.default-ttl-hours
};

/// The status document about `about`, which came in. Nothing when it cannot be answered: its type has no response
/// process, or it lacks a party, its messageId or its conversation.
[[nodiscard]] std::optional<domain::Sbd> make_status(const domain::Sbd& about, domain::ReceiptStatus status,
                                                     const StatusSettings& settings, Time now);

/// What a receipt says. Members it lacks are empty.
struct ReceiptContent {
  std::string receipt_type;         ///< `OK`, `ERROR`, ..., or anything else
  MessageId related_to_message_id;  ///< the message that it answers
  std::string raw;                  ///< the whole body as JSON
};

[[nodiscard]] ReceiptContent read_receipt(const domain::Sbd& receipt);

}  // namespace kanal::flow

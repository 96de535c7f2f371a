// Statuses that go back to a sender: written as job rows in the same transaction as what they report
// (dpo.md 6.4, 10.1 no. 12), sent by the dispatcher.
#pragma once

#include <optional>
#include <string>

#include "domain/channel.hpp"
#include "domain/sbd.hpp"
#include "flow/settings.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

constexpr std::string_view answer_job = "answer";

/// The payload of an answer job.
struct Answer {
  domain::Sbd sbd;
  domain::DocumentRole role = domain::DocumentRole::answer_to_message;
  std::optional<std::string> channel;
  std::string state;  ///< what the transport remembered
};
[[nodiscard]] std::string write_answer(const Answer& answer);
Result<Answer> read_answer(const std::string& payload);

/// Queues `status` about an incoming document, if its service sends statuses back and its type has a status process.
Result<void> queue_status(ports::Txn& txn, const ports::Descriptor& service, const domain::Sbd& about,
                          domain::ReceiptStatus status, const Settings& settings, Time now);

}  // namespace kanal::flow

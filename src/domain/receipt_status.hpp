// Statuses of a conversation and the rules between them (rest-api.md section 8.1, operations.md section 1).
// The only place that knows when a conversation is finished.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace kanal::domain {

enum class ReceiptStatus {
  opprettet,
  sendt,
  mottatt,
  levert,
  lest,
  feil,
  annet,
  innkommende_mottatt,
  innkommende_levert,
  levetid_utlopt,
};

/// `OPPRETTET`, ... as the API and the wire write it.
[[nodiscard]] std::string_view name_of(ReceiptStatus status);
[[nodiscard]] std::optional<ReceiptStatus> receipt_status(std::string_view name);

/// Does this status finish the conversation?
[[nodiscard]] bool finishes(ReceiptStatus status);
/// May a status from the counterpart carry this name (`MOTTATT`, `LEVERT`, ...)? Local ones may not.
[[nodiscard]] bool allowed_from_counterpart(ReceiptStatus status);

/// What adding a status to those already there does.
enum class StatusEffect {
  append,         ///< new: write it
  already_there,  ///< same name once more: ignored
  after_the_end,  ///< written, but the conversation stays as finished as it was
};
[[nodiscard]] StatusEffect effect_of(ReceiptStatus added, std::span<const ReceiptStatus> present);

/// The status that an arkivmelding_kvittering of this receiptType gives the message it answers
/// (messages.md 4.3): ERROR and NOTSUPPORTED are FEIL, everything else LEST.
[[nodiscard]] ReceiptStatus status_of_receipt(std::string_view receipt_type);

constexpr std::string_view expired_description = "Levetiden for meldingen er utgått. Må sendes på nytt";

}  // namespace kanal::domain

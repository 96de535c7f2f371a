// The forretningsmelding that corner 2 gets, read as strictly as its JSON schemas want it (dpi.md 3.1, 4.1, 4.2). Pure
// functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace kanal::sim {

enum class DpiType { digital, utskrift };
[[nodiscard]] std::string_view name_of(DpiType type);

/// What corner 2 and the suppliers need to know of a message.
struct DpiMessage {
  DpiType type = DpiType::digital;
  std::string id;                            ///< `documentIdentification.instanceIdentifier`, lower case
  std::string conversation;                  ///< lower case
  std::string sender;                        ///< SBDH sender, nine digits: who gets the receipts
  std::string receiver;                      ///< SBDH receiver, nine digits: the mailbox or print supplier
  std::string organisation;                  ///< `avsender.virksomhetsidentifikator`, nine digits
  std::optional<std::string> sender_unit{};  ///< `avsenderidentifikator`
  std::string mailbox{};                     ///< `postkasseadresse`; empty for letters
  std::string addressee{};                   ///< `mottaker.navn` of a letter
  std::string digest;                        ///< `digestValue`, base64
  std::string token;                         ///< `maskinportentoken`; never to be shown
  bool wants_opening_receipt = false;
  bool notify_by_sms = false;
  bool notify_by_email = false;
};

/// `sbd.schema` with place and reason; values are not repeated in it, as they may be personal.
[[nodiscard]] Result<DpiMessage> read_dpi_message(std::string_view payload);

/// `urn:fdc:...:schema:{type}::1.0`.
[[nodiscard]] std::string dpi_standard(std::string_view type);
/// `urn:fdc:...:innbyggerpost:{type}:ver1.0`.
[[nodiscard]] std::string dpi_process(std::string_view type);

}  // namespace kanal::sim

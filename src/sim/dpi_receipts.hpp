// Receipts as the mailbox and print suppliers sign them, and as they should not be (dpi.md 5.1 and 13). Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "sim/dpi_sbd.hpp"

namespace kanal::sim {

/// What is wrong with a receipt on purpose.
enum class ReceiptFlaw {
  none,
  forged,                ///< signed with a certificate that nobody trusts
  expired_certificate,   ///< signed by the supplier with a certificate of the past
  broken_signature,      ///< a bit of the signature has changed
  unsigned_jws,          ///< `alg` is none
  unknown_type,          ///< a type that nobody knows
  unknown_conversation,  ///< about a message that was never sent
  foreign_receiver,      ///< for another organisation
  null_message,          ///< `forretningsmelding` is null
  schema_violation,      ///< the type says one thing, the body another
  unknown_member,        ///< a member that the schema forbids
  missing_time,          ///< no `tidspunkt`
};
struct ReceiptFlawName {
  ReceiptFlaw flaw;
  std::string_view name;  ///< as the admin API and the faults write it
  std::string_view description;
};
/// All but `none`.
[[nodiscard]] std::span<const ReceiptFlawName> receipt_flaws();
[[nodiscard]] std::optional<ReceiptFlaw> parse_receipt_flaw(std::string_view name);

/// One receipt to make.
struct ReceiptOrder {
  std::string type;    ///< `leveringskvittering`, ...
  Time time{};         ///< `tidspunkt`
  std::string id;      ///< `instanceIdentifier` of the receipt
  std::string text{};  ///< `beskrivelse` or `detaljer`; empty: none
  std::string kind{};  ///< `varslingskanal` or `feiltype`; empty: `epost` and `SERVER`
  ReceiptFlaw flaw = ReceiptFlaw::none;
};

class ReceiptMaker {
 public:
  /// `ca` issued the suppliers' identities; the flawed ones are made when first needed, valid around `now`.
  ReceiptMaker(crypto::Identity ca, crypto::Identity mailbox, crypto::Identity print, const Clock& clock);

  /// The compact JWS by the supplier of the message's type; nothing for `null_message`.
  [[nodiscard]] std::optional<std::string> make(const DpiMessage& message, const ReceiptOrder& order);
  [[nodiscard]] const crypto::Identity& supplier(DpiType type) const {
    return type == DpiType::digital ? mailbox_ : print_;
  }

 private:
  const crypto::Identity& signer(DpiType type, ReceiptFlaw flaw);

  crypto::Identity ca_;
  crypto::Identity mailbox_;
  crypto::Identity print_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<crypto::Identity> forged_;
  std::optional<crypto::Identity> expired_;
};

}  // namespace kanal::sim

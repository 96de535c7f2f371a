// Receipts of DPI: signed documents about a conversation of ours (dpi.md 3.2, 5.1). What is read comes from outside and
// is judged leniently where the publishers disagree: required members and types yes, unknown members no matter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/certificate_cache.hpp"
#include "ports/transport.hpp"
#include "transports/dpi/dpi_settings.hpp"

namespace kanal::transports::dpi {

/// A receipt is small; one that was sent with a whole letter in it is not ours to read.
constexpr std::size_t max_receipt_bytes = std::size_t{1024} * 1024;

/// What an unread receipt says of itself before anything of it is verified.
struct ReceiptLabel {
  std::string id;  ///< `instanceIdentifier`, what it is marked as read by; empty when it has none
  std::string supplier;
  std::optional<Time> created;
};
[[nodiscard]] ReceiptLabel read_label(std::string_view jws);

/// Verifies signature, certificate and document. Errors (reject, nothing of it counts): `dpi.receipt` (no readable
/// receipt), `dpi.receipt_signature`, `dpi.receipt_certificate` (not trusted, or not valid at `now`),
/// `dpi.receipt_type` (none of dpi.md 5.1). A signer that is not the supplier which the receipt names is logged.
Result<ports::ServiceReceipt> read_receipt(std::string_view jws, const Settings& settings, Time now, Log& log,
                                           crypto::CertificateCache* known = nullptr);

}  // namespace kanal::transports::dpi

// A letter as DPI knows it (dpi.md section 4), made from the client's `digital` or `print` message, what the Service
// Registry says about the resident, and the package. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/sbd.hpp"

namespace kanal::transports::dpi {

/// Whoever opens the package, and how the resident is reached.
struct Recipient {
  std::string supplier;         ///< mailbox or print supplier, nine digits
  std::string pem_certificate;  ///< of the supplier
  std::string mailbox;          ///< `postkasseadresse`; empty for print
  std::string email, mobile;    ///< for notifications; empty: none
  std::string language;         ///< that the resident prefers; empty: not known
};

/// In whose name (dpi.md section 7).
struct Sender {
  std::string processor;     ///< `0192:<orgnr>`: header sender, whose certificate signs
  std::string organisation;  ///< `0192:<orgnr>`: the sender in the letter and the manifest
  std::string number;        ///< of `organisation`, nine digits: `consumer_org`
};
/// `dpi.sender` (reject) for what is no organisation.
Result<Sender> sender_of(const domain::Sbd& sbd);

/// What ties a letter to its package and its sender.
struct Seal {
  std::array<std::byte, 32> package_sha256{};
  std::string token;
};

[[nodiscard]] bool is_print(const domain::Sbd& sbd);

/// The SBD to sign. Null members are left out.
[[nodiscard]] boost::json::object write_letter(const domain::Sbd& sbd, const Sender& sender, const Recipient& recipient,
                                               const Seal& seal, Time now);

/// The language of documents in the manifest: the message's, else the resident's, else `otherwise`.
[[nodiscard]] std::string language_of(const domain::Sbd& sbd, const Recipient& recipient, std::string_view otherwise);

}  // namespace kanal::transports::dpi

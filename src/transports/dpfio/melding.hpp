// A message of Fiks IO as its queue delivers it (dpfio.md section 7). Foreign bytes: every header is checked. Pure
// functions; any thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/amqp_connection.hpp"

namespace kanal::transports::dpfio {

struct Melding {
  std::string id;    ///< `melding-id`
  std::string type;  ///< `type`: protocol and message type in one
  std::string sender_konto;
  std::string sender_name;
  std::string receiver_konto;
  std::string answers;           ///< `svar-til`: the id at Fiks of the message this is about; empty: none
  std::string answers_type;      ///< `svar-til-type`
  std::string dokumentlager_id;  ///< where the payload lies when it is not in the message
  std::map<std::string, std::string, std::less<>> custom;  ///< `egendefinert-header.<name>`, without the prefix
  std::optional<std::chrono::milliseconds> expiration;

  [[nodiscard]] std::string custom_header(std::string_view name) const;
  /// The conversation that the sender's case system gave; empty when it is no UUID. The misspelt name counts too.
  [[nodiscard]] std::string correlation_id() const;
  /// What its sender calls it, the same with each attempt; empty when it gives no UUID.
  [[nodiscard]] std::string sent_as() const;
};

/// `dpfio.header` (reject): a header that every message must have is missing or wrong.
Result<Melding> read_melding(const net::AmqpDelivery& delivery);

/// `fiksio.konto.<account>`
[[nodiscard]] std::string queue_of(std::string_view konto_id);

/// What an item is called whose id cannot be read: the same bytes have the same name.
[[nodiscard]] std::string name_of_unreadable(const net::AmqpDelivery& delivery);

/// Headers as one JSON text, for the raw receipt of a status. No payload.
[[nodiscard]] std::string headers_json(const Melding& melding);
/// What headers_json() wrote. `dpfio.orphan` (reject).
Result<Melding> read_headers_json(std::string_view text);

/// What a message type says about the message that it answers (section 8, "Status on original").
enum class Says {
  nothing_special,
  expired,       ///< `no.ks.fiks.kvittering.tidsavbrudd`, by Fiks IO itself
  server_error,  ///< `no.ks.fiks.kvittering.serverfeil*`, by Fiks IO itself
  failed,        ///< `*.feilmelding.*` and the older errors under `no.ks.fiks.kvittering`
  received,      ///< `*.mottatt`
};
[[nodiscard]] Says what_it_says(std::string_view type);

/// Letters, digits, dots and hyphens; 1 to 200 of them (whether hyphens are in use is unverified).
[[nodiscard]] bool is_message_type(std::string_view type);

}  // namespace kanal::transports::dpfio

// What the Service Bus says and hears over AMQP 1.0 (dpe.md 7.2): the one place for its names and forms. Those that the
// specification marks as unverified are as Microsoft's own clients have them. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/amqp10_connection.hpp"
#include "transports/dpe/queue_reader.hpp"

namespace kanal::transports::dpe {

/// Where tokens go.
constexpr const char* token_node = "$cbs";
[[nodiscard]] std::string management_node(const std::string& queue);

/// What a token is for, and what its request names: `amqps://<host>/<queue>`.
[[nodiscard]] std::string audience(const std::string& host, const std::string& queue);
[[nodiscard]] net::Amqp10Message put_token_request(const std::string& audience, const std::string& token);
/// Of locks: `completed` or `abandoned` for a message whose link has gone.
[[nodiscard]] net::Amqp10Message update_request(const std::string& lock, const std::string& disposition);
[[nodiscard]] net::Amqp10Message renew_request(const std::string& lock);

/// For one message, from the number `from` on, which stays where it is.
[[nodiscard]] net::Amqp10Message peek_request(std::uint64_t from);

/// What a request was answered with.
struct NodeAnswer {
  int status = 0;  ///< as of HTTP
  std::string condition;
  std::string description;
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  /// The lock that it was about has ended.
  [[nodiscard]] bool lock_lost() const;
};
/// `dpe.away` (retry) when it says no status.
Result<NodeAnswer> read_answer(const net::Amqp10Message& message);

/// The message in the answer to a peek; nothing when it has none, or one that waits for a time or a call of its own.
[[nodiscard]] std::optional<Glimpse> read_glimpse(const net::Amqp10Message& answer, Time now);

/// The lock token that a delivery tag is; nothing when it is none.
[[nodiscard]] std::optional<std::string> lock_of(ByteView tag);
/// A message that came, locked. `dpe.properties` (retry) without what is needed to complete it.
Result<Locked> read_delivery(net::Amqp10Delivery delivery, Time now);

}  // namespace kanal::transports::dpe

// The calls of the Service Bus (dpe.md section 5), with a token for each. Thread-safe; calls block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "base/stream.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"
#include "transports/dpe/dpe_settings.hpp"
#include "transports/dpe/sas_key.hpp"

namespace kanal::transports::dpe {

/// What we say of a message that we send.
struct Envelope {
  std::string message_id;
  std::string correlation_id;
  std::string label;
  std::optional<std::chrono::seconds> time_to_live;
};
/// The header that says it.
[[nodiscard]] std::string broker_properties(const Envelope& envelope);

/// A message that is locked for us.
struct Locked {
  std::uint64_t sequence = 0;
  std::string message_id;  ///< whatever the sender called it
  std::string token;
  int delivery_count = 1;
  Time enqueued{};
  std::string dead_letter_reason;  ///< of one that the broker has put away
  Duration locked_for{};           ///< from when the answer came
  std::shared_ptr<const Bytes> body;
  bool too_large = false;  ///< then `body` is only its beginning
  // By AMQP: the connection that brought it, and its number there.
  std::uint64_t link = 0;
  std::uint64_t delivery = 0;
};
/// The same whichever way the queue is read.
constexpr std::size_t longest_body = std::size_t{16} * 1024 * 1024;
/// How long a lock lasts that ends at `until`, by a clock that says `now` there; something to believe in any case.
[[nodiscard]] Duration lock_length(std::optional<Time> until, Time now);
/// A key that the bus refuses, and a queue that is not there: the same errors by REST and by AMQP. `said` are its
/// words.
[[nodiscard]] Error credentials_refused(const std::string& policy, const std::string& said);
[[nodiscard]] Error queue_missing(const std::string& queue, const std::string& said);

/// Errors of every call: `dpe.credentials` (retry: 401 twice), `dpe.queue_missing` (retry with patience: 404 and 410;
/// names the queue), `dpe.away` (retry), `dpe.refused` (reject: 400), `dpe.no_key`, those of the HTTP client.
class BusClient {
 public:
  /// All outlive it.
  BusClient(const Settings& settings, net::HttpClient& http, SasKeySource& keys, Clock& clock);

  /// `dpe.too_large` (reject), `dpe.quota` (retry with patience): 403 of either kind.
  Result<void> send(const std::string& queue, const Envelope& envelope, SeekableSource& body, std::stop_token stop);
  /// Locks the first message and gets it; nothing when none came within `wait`. `dpe.properties` (retry) when it comes
  /// without what is needed to complete it.
  Result<std::optional<Locked>> receive(const std::string& queue, std::chrono::seconds wait, std::stop_token stop);
  // False: the lock is lost.
  Result<bool> complete(const std::string& queue, const Locked& message);
  Result<bool> unlock(const std::string& queue, const Locked& message);
  Result<bool> renew(const std::string& queue, const Locked& message);

 private:
  Result<net::ClientResponse> call(const std::string& queue, net::ClientRequest request, SeekableSource* upload,
                                   Sink* into);
  Result<bool> about_lock(const std::string& queue, const Locked& message, std::string method);
  [[nodiscard]] Error error_of(const net::ClientResponse& response, const std::string& queue) const;
  [[nodiscard]] std::string address(const std::string& queue) const;

  const Settings& settings_;
  net::HttpClient& http_;
  SasKeySource& keys_;
  Clock& clock_;
};

/// Reads the header `BrokerProperties` of a received message. `now` and `date`, the service's own time (or nothing),
/// tell how long the lock lasts. `dpe.properties`.
Result<Locked> read_broker_properties(std::string_view header, Time now, std::optional<Time> date);

}  // namespace kanal::transports::dpe

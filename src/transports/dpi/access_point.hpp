// The REST API of corner 2 (dpi.md section 2), one method per endpoint that a sender uses. Thread-safe; calls block.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/stream.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "ports/transport.hpp"
#include "transports/dpi/dpi_settings.hpp"

namespace kanal::transports::dpi {

/// A letter on its way out.
struct Posting {
  std::string token;        ///< the one that is embedded in `document` too
  std::string channel;      ///< `kanal`
  std::string document;     ///< `sbd.jwt`
  SeekableSource& package;  ///< `asic.cms`
};

/// One status of dpi.md 2.2.
struct TransportStatus {
  std::string status;
  std::optional<Time> at;
  std::string description;
};

/// Which receipts to read.
struct ReceiptQuery {
  std::string channel;
  std::optional<std::string> sender_identifier;
  int page_size = 100;
  std::optional<int> page;
};

class AccessPoint {
 public:
  AccessPoint(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log);

  /// A token for sending in the name of `organisation` (nine digits).
  Result<std::string> sending_token(const std::string& organisation);
  /// The access point refused it.
  void reject_sending_token(const std::string& organisation, const std::string& token);

  /// 2.1. Errors by section 11: `dpi.refused` (reject; also for an id that is used), `dpi.conflict` (retry: 409),
  /// `dpi.token` (retry: 401), `dpi.denied` (403, retry with patience), `dpi.away` (retry).
  Result<void> post(const Posting& posting, std::stop_token stop);

  /// 2.2; empty when it knows no such message.
  Result<std::vector<TransportStatus>> statuses(const std::string& message_id);

  /// 2.3: the JWS texts of unread receipts; an item without one is an empty text.
  Result<std::vector<std::string>> receipts(const ReceiptQuery& query, std::stop_token stop);

  /// Marks a receipt as read, for everybody.
  Result<ports::Acknowledged> mark_read(const std::string& receipt_id);

  [[nodiscard]] std::vector<lookup::TokenHealth> token_health() const;

 private:
  Result<net::ClientResponse> call(net::ClientRequest request);
  [[nodiscard]] lookup::TokenRequest sending_request(const std::string& organisation) const;
  [[nodiscard]] Error error_of(const net::ClientResponse& response, std::string_view call) const;

  const Settings& settings_;
  net::HttpClient& http_;
  Clock& clock_;
  std::optional<lookup::TokenSource> tokens_;  ///< absent: the fixed token
};

}  // namespace kanal::transports::dpi

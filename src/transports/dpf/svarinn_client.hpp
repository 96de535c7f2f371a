// The four calls of SvarInn (dpf.md section 7), with HTTP Basic and for nobody but the host that is configured.
// Thread-safe; calls block.
#pragma once

#include <stop_token>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/stream.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"
#include "ports/transport.hpp"
#include "transports/dpf/svarinn_list.hpp"
#include "transports/dpf/svarinn_settings.hpp"

namespace kanal::transports::dpf {

/// What a download says of what is inside.
struct InnDownload {
  std::string content_type;
  std::string filename;  ///< UTF-8; empty: not told
};

/// Errors of every call: `dpf.credentials` (retry: 401; names account and properties), `dpf.denied` (retry with
/// patience: 403, 404), `dpf.away` (retry), `dpf.answer` (retry), those of the HTTP client.
class SvarInnClient {
 public:
  SvarInnClient(const InnSettings& settings, net::HttpClient& http, Clock& clock, Log& log);

  /// What waits in an account, oldest first, as many as KS shows.
  Result<InnList> list(const InnAccount& account, std::stop_token stop);
  /// Streams the encrypted content into `into`, which it does not finish.
  Result<InnDownload> download(const InnAccount& account, const InnForsendelse& forsendelse, Sink& into,
                               std::stop_token stop);
  /// Says that it is safe here. An id that KS does not have waiting any more was acknowledged before.
  Result<ports::Acknowledged> acknowledge(const InnAccount& account, const std::string& id);
  /// Says that it could not be received; it stays at KS, whose sender sees the text.
  Result<ports::Acknowledged> report_failure(const InnAccount& account, const std::string& id, const std::string& text);

 private:
  [[nodiscard]] net::ClientRequest request_as(const InnAccount& account, std::string url) const;
  [[nodiscard]] Error error_of(const net::ClientResponse& response, const InnAccount& account,
                               std::string_view call) const;
  [[nodiscard]] std::string address_of(const InnForsendelse& forsendelse) const;
  Result<ports::Acknowledged> tell(const InnAccount& account, net::ClientRequest request, std::string_view call);

  const InnSettings& settings_;
  net::HttpClient& http_;
  Clock& clock_;
  Log& log_;
  std::string origin_;  ///< of the configured address: who may have the password
};

}  // namespace kanal::transports::dpf

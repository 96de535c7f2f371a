// The REST API of Altinn Correspondence behind its proxy (dpv.md section 5), as far as a sender uses it. Thread-safe;
// calls block.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "ports/blob_store.hpp"
#include "transports/dpv/correspondence.hpp"
#include "transports/dpv/dpv_settings.hpp"

namespace kanal::transports::dpv {

class CorrespondenceClient {
 public:
  /// `settings` and `http` outlive it.
  CorrespondenceClient(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log);

  /// Request 1: gives the new id. Errors as error_of(), and those of tokens, of the network and of `blobs`.
  Result<std::string> upload(const Correspondence& correspondence, ports::BlobStore& blobs,
                             const std::stop_token& stop);
  /// Request 2: the whole answer, whatever its status.
  Result<net::ClientResponse> overview(const std::string& id);
  /// Request 3: the id of the correspondence with this message id; empty when there is none.
  Result<std::string> find(const std::string& message_id, const std::string& resource);
  /// Is the platform there? Without a token.
  Result<void> knock(const std::stop_token& stop);

  [[nodiscard]] std::vector<lookup::TokenHealth> token_health() const { return tokens_.health(); }

 private:
  Result<net::ClientResponse> post(const Correspondence& correspondence, ports::BlobStore& blobs,
                                   const std::string& token, const std::stop_token& stop);
  Result<net::ClientResponse> ask(std::string path);

  const Settings& settings_;
  net::HttpClient& http_;
  Clock& clock_;
  lookup::TokenSource tokens_;
};

}  // namespace kanal::transports::dpv

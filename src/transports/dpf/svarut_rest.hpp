// SvarUt by REST: v3 for sending and statuses, v2 for look-ups (dpf.md section 3).
#pragma once

#include "base/log.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "transports/dpf/svarut_client.hpp"

namespace kanal::transports::dpf {

class SvarUtRest final : public SvarUtClient {
 public:
  /// The settings must be those of REST and outlive it, as must the rest.
  SvarUtRest(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log);

  Result<std::string> send(const Forsendelse& forsendelse, const lookup::Recipient& recipient, ports::BlobStore& blobs,
                           std::stop_token stop) override;
  Result<std::vector<ForsendelseStatus>> statuses(const std::string& sender,
                                                  const std::vector<std::string>& ids) override;
  Result<std::string> find(const std::string& sender, const std::string& message_id) override;
  Result<std::vector<std::string>> types(const std::string& sender, std::stop_token stop) override;
  [[nodiscard]] std::set<std::string> senders() const override;
  [[nodiscard]] std::vector<std::string> problems() const override;

 private:
  Result<const RestAccount*> account_of(const std::string& sender) const;
  [[nodiscard]] lookup::TokenRequest token_request(const RestAccount& account, const std::string& sender) const;
  [[nodiscard]] net::ClientRequest request_to(const RestAccount& account, std::string path) const;
  Result<net::ClientResponse> post(const RestAccount& account, const Forsendelse& forsendelse,
                                   const lookup::Recipient& recipient, ports::BlobStore& blobs,
                                   const std::string& token, const std::stop_token& stop);
  /// The body of a 200.
  Result<std::string> ask(const std::string& sender, const RestAccount& account, net::ClientRequest request,
                          std::string_view call);
  [[nodiscard]] Error error_of(const net::ClientResponse& response, const RestAccount& account,
                               std::string_view call) const;

  const Settings& settings_;
  net::HttpClient& http_;
  Clock& clock_;
  lookup::TokenSource tokens_;
};

}  // namespace kanal::transports::dpf

// SvarUt by SOAP, ForsendelsesServiceV9 (dpf.md section 5), for those who have it configured still.
#pragma once

#include "base/time.hpp"
#include "net/http_client.hpp"
#include "transports/dpf/svarut_client.hpp"

namespace kanal::transports::dpf {

class SvarUtSoap final : public SvarUtClient {
 public:
  /// The settings must be those of SOAP and outlive it, as must the rest.
  SvarUtSoap(const Settings& settings, net::HttpClient& http, Clock& clock);

  Result<std::string> send(const Forsendelse& forsendelse, const lookup::Recipient& recipient, ports::BlobStore& blobs,
                           std::stop_token stop) override;
  Result<std::vector<ForsendelseStatus>> statuses(const std::string& sender,
                                                  const std::vector<std::string>& ids) override;
  Result<std::string> find(const std::string& sender, const std::string& message_id) override;
  Result<std::vector<std::string>> types(const std::string& sender, std::stop_token stop) override;
  [[nodiscard]] std::set<std::string> senders() const override;
  [[nodiscard]] std::vector<std::string> problems() const override { return {}; }

 private:
  Result<const SoapLogin*> login_of(const std::string& sender) const;
  [[nodiscard]] net::ClientRequest request_as(const SoapLogin& login) const;
  /// The root part of a good answer; the fault of another one.
  Result<std::string> call(const net::ClientRequest& request, const SoapLogin& login, std::string_view what);
  Result<std::string> ask(const std::string& sender, std::string envelope, std::string_view what,
                          std::stop_token stop = {});

  const Settings& settings_;
  net::HttpClient& http_;
  Clock& clock_;
};

}  // namespace kanal::transports::dpf

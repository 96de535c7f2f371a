// Sending over DPF (dpf.md sections 3 to 6): what the port asks of a service that sends, by whichever interface of
// SvarUt is configured. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "lookup/cache.hpp"
#include "ports/transport.hpp"
#include "transports/dpf/dpf_settings.hpp"
#include "transports/dpf/svarut_certificate.hpp"
#include "transports/dpf/svarut_client.hpp"
#include "transports/dpf/svarut_statuses.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpf {

class SvarUt {
 public:
  /// Knocks at SvarUt for every sender that is configured, in the background: who is not let in is told by health() and
  /// the log, and no reason not to start. `settings` outlives it; `settings.sends` must be true.
  SvarUt(const Settings& settings, const Resources& resources);

  // As the port's.
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context);
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file);
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch, std::stop_token stop);
  std::vector<Result<ports::StatusReport>> statuses(const std::vector<ports::StatusQuestion>& questions);
  [[nodiscard]] ports::TransportHealth health() const;

 private:
  Result<void> check_type(const domain::Sbd& sbd, const std::string& sender);
  Result<std::string> post(const ports::OutboundDocument& document, const std::string& sender,
                           ports::Dispatch& dispatch, const std::stop_token& stop);
  Result<std::string> after_duplicate(const Forsendelse& forsendelse, const Error& refusal);
  Result<lookup::Recipient> recipient_of(const domain::Sbd& sbd, const std::string& receiver);
  Result<boost::json::object> info_of(const std::string& organisation);
  [[nodiscard]] ports::Sent sent(std::string id) const;
  void knock(const std::stop_token& stop);
  /// Remembers for health() how a sender's last call went.
  void note(const std::string& sender, const Error* error);
  template <class T>
  Result<T> noted(const std::string& sender, Result<T> result);

  const Settings& settings_;
  Resources resources_;
  SvarUtCertificate certificate_;
  std::unique_ptr<SvarUtClient> client_;
  SvarUtStatuses statuses_;
  lookup::Cache<std::vector<std::string>> types_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> problems_;  ///< by sender
  std::jthread knocking_;                        ///< last: ends before all else
};

}  // namespace kanal::transports::dpf

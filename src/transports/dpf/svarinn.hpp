// Receiving over DPF (dpf.md sections 7 and 8): what the port asks of a service with inboxes. An inbox is an account,
// and is called by the organisation that it is configured for. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpf/svarinn_client.hpp"
#include "transports/dpf/svarinn_settings.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpf {

class SvarInn {
 public:
  /// `settings` outlives it; `settings.enabled` must be true.
  SvarInn(const InnSettings& settings, const Resources& resources);

  // As the port's. What a list tells of an item is kept until the next list of its inbox: it is never in the store,
  // and a take always follows a list.
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const;
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop);
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id);
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop);
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context);
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item);
  Result<ports::Acknowledged> refuse(const ports::RemoteItem& item);
  [[nodiscard]] ports::TransportHealth health() const;

 private:
  /// One that waits, and what its last download said.
  struct Waiting {
    InnForsendelse forsendelse;
    InnDownload download;
  };
  using SharedWaiting = std::shared_ptr<const Waiting>;
  using WaitingById = std::unordered_map<std::string, SharedWaiting>;
  Result<const InnAccount*> account_of(const std::string& inbox) const;
  Result<SharedWaiting> find(const std::string& inbox, const std::string& remote_id) const;
  [[nodiscard]] domain::Sbd document_of(const InnForsendelse& forsendelse, const InnAccount& account) const;
  /// Remembers for health() how the last call of an account went.
  void note(const std::string& organisation, const Error* error);

  const InnSettings& settings_;
  Resources resources_;
  SvarInnClient client_;
  mutable std::mutex mutex_;
  std::map<std::string, WaitingById> waiting_;   ///< by organisation
  std::map<std::string, std::string> problems_;  ///< by organisation: with getting in
  std::map<std::string, std::string> locked_;    ///< by organisation: content that no key opens
};

}  // namespace kanal::transports::dpf

// Receiving over DPE: the queue of this installation as the port's inbox (dpe.md sections 7 and 8). Thread-safe.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpe/bus_client.hpp"
#include "transports/dpe/canary.hpp"
#include "transports/dpe/dead_letters.hpp"
#include "transports/dpe/locked_messages.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpe {

class DpeInbox final : public ports::Surveillance {
 public:
  /// `settings`, `bus` and `reader` outlive it.
  DpeInbox(const Settings& settings, BusClient& bus, QueueReader& reader, const Resources& resources);

  // As the port's.
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const;
  Result<std::vector<ports::Listed>> list(std::stop_token stop);
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id);
  Result<void> fetch(const ports::RemoteItem& item, Sink& into);
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      const ports::OpenContext& context);
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item);
  /// Why the queue could not be read; empty when it could.
  [[nodiscard]] std::string problem() const;
  /// What the broker has put away of it; empty when nothing.
  [[nodiscard]] std::string dead_letters() const { return dead_letters_.problem(); }

  // What the numbers of the queue tell (8.2). The service shows nothing of what leaves, and counts no fetches: every
  // lock is a delivery to it, also one that we gave back, let end, or never heard of (D3: weak alone).
  /// A message whose number never came: it has no other name.
  Result<std::vector<std::string>> confirmed(const ports::Inbox& inbox, Time since, std::stop_token stop) override;
  Result<ports::Whereabouts> whereabouts(const ports::RemoteItem& item) override;

 private:
  void send_canary(std::stop_token stop);

  const Settings& settings_;
  BusClient& bus_;
  Resources resources_;
  LockedMessages locked_;
  DeadLetters dead_letters_;
  mutable std::mutex mutex_;
  Canary canary_;  ///< under the mutex
  std::string problem_;
};

}  // namespace kanal::transports::dpe

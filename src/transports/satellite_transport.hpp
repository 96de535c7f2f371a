// A service whose inbox is a hub (channels.md point 8): this installation sends over the service itself, and gets what
// is its from the hub of its organisation, as if the hub were the service. Nothing leaves before the hub knows whose
// the answers are. Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "ports/transport.hpp"
#include "transports/hub_client.hpp"

namespace kanal::transports {

class SatelliteTransport final : public ports::Transport {
 public:
  /// `organisation`: own, nine digits.
  SatelliteTransport(std::unique_ptr<ports::Transport> service, std::shared_ptr<HubClient> hub,
                     const std::string& organisation);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  std::optional<Result<std::vector<ports::ServiceRecord>>> look_up(const ports::DirectoryQuery& query) override {
    return service_->look_up(query);
  }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override {
    return service_->complete(sbd, context);
  }
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file) override {
    return service_->check_file(sbd, file);
  }
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override {
    return service_->status(question);
  }
  std::vector<Result<ports::StatusReport>> statuses(const std::vector<ports::StatusQuestion>& questions) override {
    return service_->statuses(questions);
  }
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override { return {inbox_}; }
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;

 private:
  std::unique_ptr<ports::Transport> service_;
  std::shared_ptr<HubClient> hub_;
  ports::Descriptor descriptor_;
  ports::Inbox inbox_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::map<std::string, HubItem> listed_;  ///< by the last list
  bool still_ = false;                     ///< the last list had nothing that the one before it had not
};

}  // namespace kanal::transports

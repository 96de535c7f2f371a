// DPO, eFormidling's message service over the Altinn 3 Broker (dpo.md): one package per message, status or receipt;
// installations of one organisation are kept apart by channel names in `sendersFileTransferReference`. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "lookup/token_source.hpp"
#include "ports/directory.hpp"
#include "ports/transport.hpp"
#include "transports/dpo/broker_client.hpp"
#include "transports/dpo/broker_listing.hpp"
#include "transports/dpo/broker_surveillance.hpp"
#include "transports/dpo/dpo_settings.hpp"
#include "transports/recipients.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpo {

class DpoTransport final : public ports::Transport {
 public:
  DpoTransport(Settings settings, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override;
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override;
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;
  [[nodiscard]] ports::Surveillance* surveillance() override { return &surveillance_; }

 private:
  enum class Resume { done, upload_again, start_over };
  Result<Resume> find_out(const lookup::SystemUser& user, const std::string& id, bool has_package);
  Result<ports::BlobRef> make_package(const ports::OutboundDocument& document, domain::Sbd& sbd,
                                      ports::Dispatch& dispatch);
  Result<std::string> initialize(const ports::OutboundDocument& document, const domain::Sbd& sbd,
                                 const Reportee& reportee, const ports::BlobRef& package);
  void keep_for_retry(ports::Dispatch& dispatch, const ports::BlobRef& package);

  Settings settings_;
  Resources resources_;
  ports::Descriptor descriptor_;
  lookup::TokenSource tokens_;
  Recipients recipients_;
  BrokerClient broker_;
  BrokerListing listing_;
  BrokerSurveillance surveillance_;
};

/// On the wire a sender on behalf of others is `0192:<part>` (dpo.md 5.4).
[[nodiscard]] std::string wire_sender(const std::string& sender);

}  // namespace kanal::transports::dpo

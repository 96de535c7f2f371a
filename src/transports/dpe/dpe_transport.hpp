// DPE, the messages of eInnsyn over Azure Service Bus (dpe.md): a queue for each organisation and mode, and one reader
// of it, by REST or AMQP 1.0. What is sent goes by REST. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpe/bus_client.hpp"
#include "transports/dpe/dpe_inbox.hpp"
#include "transports/dpe/dpe_settings.hpp"
#include "transports/dpe/queue_reader.hpp"
#include "transports/dpe/sas_key.hpp"
#include "transports/recipients.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpe {

/// How this service is found and made (transport_factory.hpp).
Factory factory();

class DpeTransport final : public ports::Transport {
 public:
  DpeTransport(Settings settings, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override { return inbox_.inboxes(); }
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;
  [[nodiscard]] ports::Surveillance* surveillance() override { return settings_.receives ? &inbox_ : nullptr; }

 private:
  /// Where a document goes, and whom its files are for.
  struct Destination {
    std::string queue;
    std::optional<crypto::Certificate> recipient;
  };
  Result<Destination> destination_of(const ports::OutboundDocument& document);
  [[nodiscard]] Envelope envelope_of(const domain::Sbd& sbd) const;

  Settings settings_;
  Resources resources_;
  ports::Descriptor descriptor_;
  SasKeySource keys_;
  BusClient bus_;
  Recipients recipients_;
  std::unique_ptr<QueueReader> reader_;
  DpeInbox inbox_;
};

}  // namespace kanal::transports::dpe

// DPFIO, KS Fiks IO (dpfio.md): messages between accounts of systems, sent by REST and received from a queue of AMQP
// 0-9-1. Accounts are found in the catalogue of Fiks IO, not in the Service Registry. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpfio/dpfio_inbox.hpp"
#include "transports/dpfio/dpfio_settings.hpp"
#include "transports/dpfio/fiks_client.hpp"
#include "transports/dpfio/katalog.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpfio {

/// How this service is found and made (transport_factory.hpp).
Factory factory();

class DpfioTransport final : public ports::Transport {
 public:
  DpfioTransport(Settings settings, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  /// Accounts are known here: a UUID, with any protocol as process and document type.
  std::optional<Result<std::vector<ports::ServiceRecord>>> look_up(const ports::DirectoryQuery& query) override;
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override { return inbox_.inboxes(); }
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::InboundDocument> read_orphan(const std::string& text) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;
  [[nodiscard]] ports::Surveillance* surveillance() override { return settings_.receives ? &inbox_ : nullptr; }

 private:
  /// The account that a document goes to.
  Result<std::string> receiver_of(const domain::Sbd& sbd);
  [[nodiscard]] MeldingSpesifikasjon describe_melding(const domain::Sbd& sbd, const Account& from,
                                                      const std::string& to) const;

  Settings settings_;
  Resources resources_;
  ports::Descriptor descriptor_;
  lookup::TokenSource tokens_;
  FiksClient client_;
  Katalog katalog_;
  DpfioInbox inbox_;
};

}  // namespace kanal::transports::dpfio

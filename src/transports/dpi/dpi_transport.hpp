// DPI, digital post to residents, over the REST API of corner 2 (dpi.md): letters go out, receipts come back on the
// channel that the letter was sent on. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate_cache.hpp"
#include "ports/directory.hpp"
#include "ports/transport.hpp"
#include "transports/dpi/access_point.hpp"
#include "transports/dpi/channels.hpp"
#include "transports/dpi/dpi_settings.hpp"
#include "transports/dpi/letter.hpp"
#include "transports/dpi/print_certificate.hpp"
#include "transports/dpi/receipt_listing.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpi {

class DpiTransport final : public ports::Transport {
 public:
  DpiTransport(Settings settings, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override;
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override;
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::InboundDocument> read_orphan(const std::string& text) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;

 private:
  Result<bool> is_known(const domain::Sbd& sbd);
  Result<Recipient> recipient_of(const domain::Sbd& sbd);
  Result<crypto::Certificate> certificate_of(const Recipient& recipient);
  Result<void> post(const ports::OutboundDocument& document, const Sender& sender, const Recipient& recipient,
                    const ports::BlobRef& package, ports::Dispatch& dispatch, const std::stop_token& stop);
  [[nodiscard]] ports::Sent sent(const domain::Sbd& sbd) const;

  Settings settings_;
  Resources resources_;
  ports::Descriptor descriptor_;
  crypto::CertificateCache certificates_;
  ChannelTurns turns_;
  AccessPoint access_point_;
  PrintCertificate print_certificate_;
  ReceiptListing listing_;
};

}  // namespace kanal::transports::dpi

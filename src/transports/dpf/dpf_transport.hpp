// DPF: KS SvarUt, which sends (dpf.md sections 3 to 6), and KS SvarInn, which receives (7 and 8). Either may be
// switched off. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpf/dpf_settings.hpp"
#include "transports/dpf/svarinn.hpp"
#include "transports/dpf/svarinn_settings.hpp"
#include "transports/dpf/svarut.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpf {

/// How this service is found and made (transport_factory.hpp).
Factory factory();

class DpfTransport final : public ports::Transport {
 public:
  DpfTransport(Settings out, InnSettings in, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override;
  std::vector<Result<ports::StatusReport>> statuses(const std::vector<ports::StatusQuestion>& questions) override;
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override;
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop) override;
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) override;
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      ports::OpenContext context) override;
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override;
  Result<ports::Acknowledged> refuse(const ports::RemoteItem& item) override;
  [[nodiscard]] ports::TransportHealth health() const override;

 private:
  Settings out_;
  InnSettings in_;
  ports::Descriptor descriptor_;
  std::optional<SvarUt> svarut_;    ///< absent: this installation only receives
  std::optional<SvarInn> svarinn_;  ///< absent: not one request goes to SvarInn
};

}  // namespace kanal::transports::dpf

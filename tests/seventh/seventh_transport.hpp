// A seventh message service, for tests only: a folder per organisation in which packages lie as files. It proves that a
// service is one folder: nothing else in the program knows it.
#pragma once

#include <filesystem>

#include "ports/transport.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::seventh {

class SeventhTransport final : public ports::Transport {
 public:
  SeventhTransport(std::filesystem::path folder, std::string own_organisation);

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
  [[nodiscard]] ports::TransportHealth health() const override { return {}; }

 private:
  std::filesystem::path folder_;
  std::string own_;
  ports::Descriptor descriptor_;
};

}  // namespace kanal::transports::seventh

// DPV: letters to organisations and residents in Altinn's inbox (dpv.md). It only sends; what becomes of a letter is
// asked by its own id, so installations of one organisation cannot take anything from each other. Thread-safe.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpv/correspondence_client.hpp"
#include "transports/dpv/dpv_settings.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpv {

/// How this service is found and made (transport_factory.hpp).
Factory factory();

class DpvTransport final : public ports::Transport {
 public:
  /// Knocks at Altinn in the background: that it is away is told by health() and the log, and no reason not to start.
  DpvTransport(Settings settings, const Resources& resources);

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override;
  Result<void> check_file(const domain::Sbd& sbd, const ports::Attachment& file) override;
  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token stop) override;
  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override;
  [[nodiscard]] ports::TransportHealth health() const override;

 private:
  Result<std::string> resource_of(const domain::Sbd& sbd);
  Result<std::string> name_of(const domain::Sbd& sbd);
  Result<ports::Sent> post(const ports::OutboundDocument& document, const std::string& resource,
                           ports::Dispatch& dispatch, const std::stop_token& stop);
  [[nodiscard]] ports::StatusReport missing(const ports::StatusQuestion& question) const;
  [[nodiscard]] ports::Sent sent(std::string reference, std::string title) const;
  template <class T>
  Result<T> noted(Result<T> result);

  Settings settings_;
  Resources resources_;
  ports::Descriptor descriptor_;
  CorrespondenceClient client_;
  mutable std::mutex mutex_;
  std::string problem_;    ///< of the last call; empty: none
  std::jthread knocking_;  ///< last: ends before all else
};

}  // namespace kanal::transports::dpv

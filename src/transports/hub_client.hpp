// A satellite's end of the link to its hub (api/hub_api.hpp says what is asked for). Thread-safe; calls may block.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/stream.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"
#include "ports/transport.hpp"

namespace kanal::transports {

/// Something that waits at the hub.
struct HubItem {
  std::string id;
  std::string sender;
  Time created{};
};

class HubClient {
 public:
  /// `url` of the hub, without a slash at its end. `http` shows this installation's certificate.
  HubClient(std::string url, std::shared_ptr<net::HttpClient> http, Clock& clock);

  /// Answers to this message come here. `hub.other_sender` (reject) when another satellite sends it.
  Result<void> note_sent(const ServiceIdentifier& service, const MessageId& message_id,
                         const ConversationId& conversation_id, std::stop_token stop);
  /// Oldest first; waits up to `patience` for something to come.
  Result<std::vector<HubItem>> items(const ServiceIdentifier& service, std::size_t limit,
                                     std::chrono::milliseconds patience, std::stop_token stop);
  /// A document (ports/relayed_document.hpp) and its package.
  Result<void> read(const ServiceIdentifier& service, const std::string& id, Sink& into, std::stop_token stop);
  Result<ports::Acknowledged> finish(const ServiceIdentifier& service, const std::string& id);

  /// Why the hub could not be used last; empty when it could.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  Result<net::ClientResponse> call(net::ClientRequest request, Sink* into);
  [[nodiscard]] std::string address(const ServiceIdentifier& service, std::string_view what,
                                    std::string_view id = {}) const;

  const std::string url_;
  std::shared_ptr<net::HttpClient> http_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::string problem_;
};

}  // namespace kanal::transports

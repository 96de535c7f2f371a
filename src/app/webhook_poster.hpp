// The HTTP side of web-hooks: signature, limits, and the addresses that operators allow.
#pragma once

#include <chrono>
#include <optional>

#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/address_rules.hpp"
#include "net/http_client.hpp"
#include "ports/webhook_sender.hpp"

namespace kanal::app {

struct WebhookPosterOptions {
  std::chrono::milliseconds connect_timeout{10'000};  ///< difi.move.webhooks.connectTimeout
  std::chrono::milliseconds read_timeout{10'000};     ///< difi.move.webhooks.readTimeout, of the whole answer
  net::AddressRules allowed;                          ///< kanal.webhooks.allow; empty: all that are not denied
  net::AddressRules denied;                           ///< kanal.webhooks.deny
  Secret secret;                                      ///< kanal.webhooks.secret; empty: no signature
};

class WebhookPoster final : public ports::WebhookSender {
 public:
  WebhookPoster(WebhookPosterOptions options, net::HttpClient& http, Clock& clock)
      : options_(std::move(options)), http_(http), clock_(clock) {}

  Result<void> post(const std::string& url, const std::string& body, std::stop_token stop) override;

 private:
  WebhookPosterOptions options_;
  net::HttpClient& http_;
  Clock& clock_;
};

}  // namespace kanal::app

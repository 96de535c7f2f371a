// How events leave for a web-hook. Thread-safe.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.hpp"

namespace kanal::ports {

class WebhookSender {
 public:
  WebhookSender() = default;
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;
  virtual ~WebhookSender() = default;
  /// POSTs a JSON body; follows no redirect and reads little of the answer. Any answer but 2xx is the error
  /// `webhook.answer`; a place where calls may not go is `http.forbidden`.
  virtual Result<void> post(const std::string& url, const std::string& body, std::stop_token stop) = 0;
};

}  // namespace kanal::ports

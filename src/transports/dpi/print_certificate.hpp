// Who prints, and with which certificate letters to it are encrypted (dpi.md 8.3). Thread-safe; may block.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http_client.hpp"

namespace kanal::transports::dpi {

struct PrintService {
  std::string organisation;  ///< nine digits
  std::string pem_certificate;
};

class PrintCertificate {
 public:
  /// `http` and `clock` outlive it.
  PrintCertificate(std::string url, net::HttpClient& http, Clock& clock);

  /// Cached for five minutes; while the API is away an answer of the last day is used on. `dpi.print_service` (retry).
  Result<PrintService> get();

 private:
  Result<PrintService> fetch();

  const std::string url_;
  net::HttpClient& http_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<PrintService> known_;
  Time fetched_{};
  Time next_try_{};  ///< after a failure
};

}  // namespace kanal::transports::dpi

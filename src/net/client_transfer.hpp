// One call of the client from its options to its answer, on one handle. Internal to this folder; lives on the caller's
// stack.
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "net/client_handle.hpp"
#include "net/exact_source.hpp"
#include "net/http_client.hpp"

namespace kanal::net {

/// Whom a URL means.
struct Origin {
  std::string host;  ///< `example.no:443`, for sentences
  std::string key;   ///< `https://example.no:443`
  bool tls = false;
};

/// `http.url` for anything but http and https with a host.
Result<Origin> origin_of(const std::string& url);

class Transfer {
 public:
  /// Everything given must outlive the transfer; `sink` may be null.
  Transfer(const ClientOptions& options, const ClientRequest& request, const Origin& origin, Sink* sink,
           ClientHandle& handle);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result<ClientResponse> run();

 private:
  struct Callbacks;
  enum class Cut { none, stopped, silent, failed };

  Result<void> set_options();
  Result<void> set_headers();
  void set_connection();
  void set_body();
  CURLcode drive();
  [[nodiscard]] bool silent_too_long();
  [[nodiscard]] Error error_of(CURLcode code) const;
  [[nodiscard]] Error tls_error() const;
  [[nodiscard]] bool refused_by_certificate() const;

  bool on_header(std::string_view line);
  bool on_body(ByteView bytes);
  /// Bytes put into `into`; nothing on failure.
  std::optional<std::size_t> on_upload(std::span<std::byte> into);
  bool on_start();
  /// Asks the request whether a call may go there.
  bool may_connect(std::string_view address);
  bool fail(Error error);

  const ClientOptions& options_;
  const ClientRequest& request_;
  const Origin& origin_;
  Sink* sink_;
  ClientHandle& handle_;
  ExactSource upload_;
  SystemClock clock_;
  std::unique_ptr<curl_slist, Release<curl_slist_free_all>> headers_;
  std::string curl_says_;

  ClientResponse response_;
  std::size_t header_bytes_ = 0;
  std::optional<Error> failure_;  ///< ours: of the source, the sink, a limit
  Cut cut_ = Cut::none;
  bool started_ = false;   ///< the request has begun to leave on some connection
  std::string forbidden_;  ///< address that the request would not have
  curl_off_t moved_ = 0;
  Duration moved_at_{};
};

}  // namespace kanal::net

// The one HTTP client: libcurl, one easy handle per transfer from a pool that keeps connections alive. A call blocks
// its thread; bodies stream both ways. Never follows redirects, never sends to a host it was not asked for.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/stream.hpp"
#include "net/http_server.hpp"

namespace kanal::net {

/// What came of a call, for statistics.
struct ClientCall {
  std::string_view host;  ///< with its port
  std::string_view method;
  int status = 0;  ///< 0: no answer
  double seconds = 0;
};

struct ClientOptions {
  std::string ca_pem{};  ///< trusted besides the system's store
  std::string client_certificate_pem{};
  std::string client_key_pem{};
  std::string proxy{};
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t max_idle_connections = 32;
  std::string user_agent = "kanal";
  std::function<void(const ClientCall&)> seen{};  ///< after every call, on its thread
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body{};        ///< when `upload` is null
  Source* upload = nullptr;  ///< streamed; with upload_size a Content-Length, else chunked
  std::optional<std::uint64_t> upload_size;
  std::optional<std::chrono::milliseconds> total_timeout =
      std::chrono::milliseconds(30'000);                              ///< absent for large transfers
  std::chrono::milliseconds inactivity_timeout{30'000};               ///< cut when (nearly) nothing moves for so long
  std::uint64_t max_response_bytes = std::uint64_t{4} * 1024 * 1024;  ///< of a collected body
  std::stop_token stop{};
  std::optional<std::chrono::milliseconds> connect_timeout{};  ///< absent: that of the client
  /// Asked with the numeric address before it is connected to, and again before a kept connection is used, so that no
  /// name leads where calls may not go. Absent: anywhere. Refused: `http.forbidden` (reject), nothing was sent.
  std::function<bool(std::string_view address)> may_connect{};
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;  ///< collected, unless a sink took it
  [[nodiscard]] std::string_view header(std::string_view name) const { return net::header(headers, name); }
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  explicit HttpClient(ClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any HTTP answer is a value, whatever its status. Errors (all retry unless said): `http.connect`, `http.timeout`,
  /// `http.tls` (certificate not accepted: reject), `http.broken` (cut in the middle), `http.too_large` (reject),
  /// `http.stopped`, `http.url` (reject); an upload's own Source error comes back unchanged.
  Result<ClientResponse> send(const ClientRequest& request);
  /// As send(), but a 2xx body is pushed into `sink` (not finished); other bodies are collected.
  Result<ClientResponse> send(const ClientRequest& request, Sink& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Percent-encodes everything but unreserved characters (and `keep`).
[[nodiscard]] std::string url_encode(std::string_view text, std::string_view keep = {});

}  // namespace kanal::net

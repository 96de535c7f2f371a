// The one HTTP server: Boost.Beast on coroutines, plain or TLS. Connections cost a coroutine, not a thread; handlers
// run on a bounded pool of worker threads and may block. A body is handed to its handler piece by piece with
// back-pressure; slow and huge requests are cut by limits. Beast's read buffer is 256 KiB (stack.md finding 5). start()
// and stop() from the owner's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/stream.hpp"
#include "net/address_rules.hpp"

namespace kanal::net {

using Headers = std::vector<std::pair<std::string, std::string>>;
/// First value of a header, case-insensitively; empty when absent.
[[nodiscard]] std::string_view header(const Headers& headers, std::string_view name);

/// The head of a request.
struct Request {
  std::string method;
  std::string target;                                      ///< as sent
  std::string path;                                        ///< percent-decoded, without query
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded, `+` is a space, in order
  Headers headers;
  std::string remote_address;
  std::optional<std::uint64_t> content_length;  ///< absent: chunked or none
  bool tls = false;
  /// SHA-256 of the certificate that the client showed, lower-case hex; empty: none was asked for.
  std::string client_certificate;
  /// First value of a query parameter.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const { return net::header(headers, name); }
};

struct Response {
  int status = 200;
  Headers headers;
  /// Text, or a stream of unknown (chunked) or known length.
  std::variant<std::string, std::unique_ptr<Source>> body = std::string{};
  std::optional<std::uint64_t> body_length;  ///< for a Source, when known
  /// Called on a worker when the whole response has been handed to the socket (true) or not (false).
  std::function<void(bool)> done;
  bool close = false;
};

/// Consumes one request's body. All calls come in order, on worker threads, never two at a time. Destroyed before
/// finish() when the client went away: nothing of the request may remain.
class BodyHandler {
 public:
  BodyHandler() = default;
  BodyHandler(const BodyHandler&) = delete;
  BodyHandler& operator=(const BodyHandler&) = delete;
  virtual ~BodyHandler() = default;
  /// May answer early; the rest of the body is then read and dropped (up to a limit), or the connection is closed.
  virtual std::optional<Response> data(ByteView bytes) = 0;
  virtual Response finish() = 0;
};

/// Decides from the head what happens. Runs on a worker. Either an answer at once or a consumer for the body.
using Handler = std::function<std::variant<Response, std::unique_ptr<BodyHandler>>(std::shared_ptr<const Request>)>;

/// A BodyHandler that collects up to `limit` bytes and calls `handle`; over the limit it answers `too_large()`.
std::unique_ptr<BodyHandler> collect_body(std::size_t limit, std::function<Response(Bytes body)> handle,
                                          std::function<Response()> too_large);

struct ServerTls {
  std::string certificate_pem;  ///< leaf first, then chain
  std::string key_pem;
  std::string client_ca_pem{};  ///< when set, clients must show a certificate that is one of these, or issued by one
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< `*`: every interface, IPv4 and IPv6
  std::uint16_t port = 0;             ///< 0: any free one
  std::optional<ServerTls> tls;
  int io_threads = 1;
  int workers = 16;
  std::size_t max_header_bytes = 64 * 1024;
  std::chrono::milliseconds idle_timeout{300'000};   ///< between requests
  std::chrono::milliseconds header_timeout{30'000};  ///< from first byte of a request to the end of its head
  std::chrono::milliseconds body_timeout{60'000};    ///< without any progress of a body, either way
  std::size_t max_connections = 10'000;
  std::string server_name{};
  AddressRules allow{};  ///< who may connect; empty: everybody
  /// Bytes a second that a body must come at, over each `body_rate_window` of waiting for it; 0: none.
  std::uint64_t min_body_rate = 100;
  std::chrono::milliseconds body_rate_window{60'000};
};

class HttpServer {
 public:
  HttpServer(ServerOptions options, Handler handler, Log& log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and serves. `server.bind` names address and port.
  Result<void> start();
  /// Refuses new connections, lets running requests end until `deadline`, then cuts them. Idempotent.
  void stop(std::chrono::milliseconds deadline = std::chrono::seconds(10));
  /// The bound port.
  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:9093` or https.
  [[nodiscard]] std::string url() const;
  /// Connections closed because of `allow`.
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Small path router for handlers: `/api/messages/out/{messageId}`; literal segments win over variables; knows 404 from
/// 405.
class Router {
 public:
  using Variables = std::vector<std::string>;
  using Endpoint = std::function<std::variant<Response, std::unique_ptr<BodyHandler>>(std::shared_ptr<const Request>,
                                                                                      const Variables&)>;
  void add(std::string method, std::string pattern, Endpoint endpoint);
  struct Match {
    const Endpoint* endpoint = nullptr;
    std::string_view pattern;  ///< as it was added: what statistics count requests by
    Variables variables;
    bool path_known = false;  ///< with no endpoint: wrong method
    std::vector<std::string> allowed;
  };
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;
  struct Entry {
    std::string method;
    std::string pattern;
  };
  /// All routes, in the order in which they were added.
  [[nodiscard]] std::vector<Entry> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Endpoint endpoint;
  };
  std::vector<Route> routes_;
};

}  // namespace kanal::net

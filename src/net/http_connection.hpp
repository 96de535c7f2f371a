// One client of the server: who may talk, for how long, and what goes over the wire when. A coroutine on the
// connection's own strand that never blocks: it awaits its worker. It keeps no timer (the server's watchdog looks after
// deadlines) and, while idle, no buffer. Internal to the server's two .cpp files, because it brings Asio with it.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "net/exchange.hpp"
#include "net/input_buffer.hpp"
#include "net/request_parser.hpp"
#include "net/response_head.hpp"
#include "net/socket_io.hpp"
#include "net/tls_context.hpp"

namespace kanal::net {

namespace asio = boost::asio;

using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;

/// The numeric address of the other side, IPv4 also where it is mapped into IPv6; empty when it has gone.
[[nodiscard]] std::string address_of(const Socket& socket);

/// What all connections of one server share.
struct Shared {
  ServerOptions options;
  Handler handler;
  Log& log;
  std::optional<TlsContext> tls{};
  SystemClock clock{};
  std::atomic<bool> stopping = false;
  asio::thread_pool workers;

  Shared(ServerOptions o, Handler h, Log& l)
      : options(std::move(o)),
        handler(std::move(h)),
        log(l),
        workers(static_cast<std::size_t>(std::max(1, options.workers))) {}
};

/// One client. Everything but expired_by() runs on the connection's strand or, while the coroutine awaits it, on one
/// worker.
class Connection {
 public:
  Connection(Shared& shared, Socket socket)
      : shared_(shared),
        socket_(std::move(socket)),
        io_(socket_.native_handle(), shared.tls ? &*shared.tls : nullptr) {}

  /// Serves until one side has had enough.
  asio::awaitable<void> run();
  [[nodiscard]] Strand strand() { return socket_.get_executor(); }
  /// Any thread.
  [[nodiscard]] bool expired_by(Duration now) const { return now.count() >= deadline_.load(std::memory_order_relaxed); }

  /// Ends the present wait when its deadline has really passed.
  void expire();
  /// Ends the connection unless it has a request under way.
  void stop_if_idle();
  /// Ends it whatever it does.
  void cut();

 private:
  using Want = SocketIo::Want;
  enum class After { keep, close, linger };
  enum class Sent { whole, replaced, broken };  ///< replaced: the source failed before anything was sent

  void cancel();
  void arm(std::chrono::milliseconds time);
  void disarm() { deadline_.store(never, std::memory_order_relaxed); }

  asio::awaitable<bool> ready(Want want);
  asio::awaitable<bool> handshake();
  asio::awaitable<bool> next_request();
  asio::awaitable<bool> fill(std::size_t limit);
  asio::awaitable<bool> write(ByteView bytes);
  asio::awaitable<void> on_worker(const std::function<void()>& work);

  asio::awaitable<After> serve_one();
  asio::awaitable<bool> read_head(RequestParser& parser);
  asio::awaitable<After> refuse(int status);
  asio::awaitable<bool> read_body(RequestParser& parser, Exchange& exchange);
  [[nodiscard]] After after(const RequestParser& parser, const Response& answer, const Framing& framing) const;
  asio::awaitable<Sent> send(Response& answer, const Framing& framing, ConnectionHeader connection);
  asio::awaitable<Sent> send_stream(Response& answer, const Framing& framing, ConnectionHeader connection);
  [[nodiscard]] std::string head_of(const Response& answer, const Framing& framing, ConnectionHeader connection) const;
  asio::awaitable<bool> drain(RequestParser& parser);
  asio::awaitable<void> linger();
  void reset();

  static constexpr auto never = std::numeric_limits<Duration::rep>::max();

  Shared& shared_;
  Socket socket_;
  SocketIo io_;
  std::string remote_address_;
  std::string client_certificate_;
  InputBuffer in_;
  std::atomic<Duration::rep> deadline_ = never;
  bool idle_ = true;      // nothing is lost when the connection goes now
  bool expired_ = false;  // the last wait ended because of its deadline
  bool cut_ = false;
};

}  // namespace kanal::net

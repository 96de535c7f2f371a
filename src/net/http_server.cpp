// Accepts connections, watches their deadlines, starts and stops everything. The conversation itself is in
// http_connection.cpp.
#include "net/http_server.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "net/door.hpp"
#include "net/http_connection.hpp"

namespace kanal::net {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds accept_pause{100};

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand>;

}  // namespace

struct HttpServer::Impl {
  Impl(ServerOptions options, Handler handler, Log& log)
      : shared(std::move(options), std::move(handler), log),
        door(shared.options.allow, shared.clock, log),
        io(std::max(1, shared.options.io_threads)),
        acceptor_strand(asio::make_strand(io)),
        acceptor(acceptor_strand),
        pause(acceptor_strand),
        watchdog(acceptor_strand) {}

  void open_at(const std::string& address, error_code& error);
  Result<void> bind();
  asio::awaitable<void> accept();
  asio::awaitable<void> watch();
  void admit(Socket socket);
  void run();
  void for_each(void (Connection::*call)());

  Shared shared;
  Door door;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  Strand acceptor_strand;
  asio::basic_socket_acceptor<tcp, Strand> acceptor;
  Timer pause;
  Timer watchdog;
  bool watching = true;  // on the acceptor's strand
  std::uint16_t port = 0;
  std::string host;
  std::vector<std::jthread> threads;

  std::mutex mutex;
  std::condition_variable all_gone;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  bool refusing = false;  // logged once, until there is room again
};

void HttpServer::Impl::open_at(const std::string& address, error_code& error) {
  error_code ignored;
  acceptor.close(ignored);
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address, std::to_string(shared.options.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) return;
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && address == "::") acceptor.set_option(asio::ip::v6_only(false), error);  // IPv4 clients too
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
}

Result<void> HttpServer::Impl::bind() {
  const auto& options = shared.options;
  error_code error;
  const bool everywhere = options.address == "*";
  open_at(everywhere ? "::" : options.address, error);
  if (everywhere && error) open_at("0.0.0.0", error);  // a machine without IPv6
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
    return reject("server.bind", "Cannot listen on " + options.address + " port " + std::to_string(options.port) +
                                     ": " + error.message() +
                                     "; choose another server.port or end the program that uses it");
  }
  const auto local = acceptor.local_endpoint(error);
  port = local.port();
  auto address = local.address();
  if (address.is_unspecified()) {
    address = address.is_v6() && !everywhere ? asio::ip::address(asio::ip::address_v6::loopback())
                                             : asio::ip::address(asio::ip::address_v4::loopback());
  }
  host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return {};
}

asio::awaitable<void> HttpServer::Impl::accept() {
  while (!shared.stopping) {
    error_code error;
    Socket socket =
        co_await acceptor.async_accept(asio::make_strand(io), asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      admit(std::move(socket));
    } else if (acceptor.is_open()) {  // no file handle left, most likely: connections wait in the kernel meanwhile
      shared.log.warning("http.accept_failed", {{"error", error.message()}});
      pause.expires_after(accept_pause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void HttpServer::Impl::admit(Socket socket) {
  if (!door.admits(address_of(socket))) return;  // closed before a byte is read
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.native_non_blocking(true, ignored);
  auto connection = std::make_shared<Connection>(shared, std::move(socket));
  {
    const std::scoped_lock lock(mutex);
    const bool full = connections.size() >= shared.options.max_connections;
    if (full && !refusing) {
      shared.log.warning("http.too_many_connections", {{"limit", shared.options.max_connections}});
    }
    refusing = full;
    if (full || shared.stopping) return;
    connections.insert(connection);
  }
  const auto strand = connection->strand();
  asio::co_spawn(strand, connection->run(), [this, connection](const std::exception_ptr& error) {
    if (error) shared.log.error("http.connection_failed");
    const std::scoped_lock lock(mutex);
    connections.erase(connection);
    if (connections.empty()) all_gone.notify_all();
  });
}

/// Ends the waits whose deadline has passed.
asio::awaitable<void> HttpServer::Impl::watch() {
  const auto& options = shared.options;
  const auto shortest =
      std::min({options.idle_timeout, options.header_timeout, options.body_timeout, options.body_rate_window});
  const auto interval = std::clamp<milliseconds>(shortest / 4, milliseconds(5), milliseconds(1'000));
  while (watching) {
    error_code error;
    watchdog.expires_after(interval);
    co_await watchdog.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const Duration now = shared.clock.monotonic();
    const std::scoped_lock lock(mutex);
    for (const auto& connection : connections) {
      if (connection->expired_by(now)) asio::post(connection->strand(), [connection] { connection->expire(); });
    }
  }
}

void HttpServer::Impl::for_each(void (Connection::*call)()) {
  const std::scoped_lock lock(mutex);
  for (const auto& connection : connections) {
    asio::post(connection->strand(), [connection, call] { (connection.get()->*call)(); });
  }
}

void HttpServer::Impl::run() {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      shared.log.error("http.io_failed", {{"error", error.what()}});
    }
  }
}

HttpServer::HttpServer(ServerOptions options, Handler handler, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), log)) {}

HttpServer::~HttpServer() { stop(milliseconds(0)); }

Result<void> HttpServer::start() {
  if (!impl_->threads.empty() || impl_->shared.stopping) return bug("server.started", "A server starts only once");
  if (const auto& tls = impl_->shared.options.tls) {
    auto context = TlsContext::make(*tls);
    if (!context) return failed(std::move(context));
    impl_->shared.tls = std::move(*context);
  }
  if (auto bound = impl_->bind(); !bound) return failed(std::move(bound));
  const auto quiet = [](const std::exception_ptr&) {};
  asio::co_spawn(impl_->acceptor_strand, impl_->accept(), quiet);
  asio::co_spawn(impl_->acceptor_strand, impl_->watch(), quiet);
  for (int i = 0; i < std::max(1, impl_->shared.options.io_threads); ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->run(); });
  }
  return {};
}

void HttpServer::stop(milliseconds deadline) {
  if (impl_->shared.stopping.exchange(true)) return;
  asio::post(impl_->acceptor_strand, [impl = impl_.get()] {
    error_code ignored;
    impl->acceptor.close(ignored);
    impl->pause.cancel();
  });
  if (!impl_->threads.empty()) {
    impl_->for_each(&Connection::stop_if_idle);
    std::unique_lock lock(impl_->mutex);
    const auto gone = [&] { return impl_->connections.empty(); };
    if (!impl_->all_gone.wait_for(lock, deadline, gone)) {
      lock.unlock();
      impl_->for_each(&Connection::cut);
      lock.lock();
      impl_->all_gone.wait(lock, gone);  // a handler that still runs cannot be cut, only waited for
    }
  }
  asio::post(impl_->acceptor_strand, [impl = impl_.get()] {
    impl->watching = false;
    impl->watchdog.cancel();
  });
  impl_->work.reset();
  impl_->threads.clear();
  impl_->shared.workers.join();
}

std::uint16_t HttpServer::port() const { return impl_->port; }

std::uint64_t HttpServer::refused() const { return impl_->door.refused(); }

std::string HttpServer::url() const {
  return std::string(impl_->shared.options.tls ? "https://" : "http://") + impl_->host + ":" +
         std::to_string(impl_->port);
}

}  // namespace kanal::net

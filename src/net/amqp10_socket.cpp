#include "net/amqp10_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "net/amqp_tls.hpp"
#include "net/client_handle.hpp"

namespace kanal::net {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Addresses = std::unique_ptr<addrinfo, Release<freeaddrinfo>>;

/// How long nobody asks whether to stop.
constexpr milliseconds slice{50};

/// False when the time is over or it was stopped.
bool wait_for(int socket, short events, Steady::time_point until, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<milliseconds>(until - Steady::now());
    if (left.count() <= 0) return false;
    pollfd wanted{socket, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min(left, slice).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

Result<Addresses> look_up(const Amqp10Options& options, const Amqp10Errors& errors) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(options.port);
  const int problem = ::getaddrinfo(options.host.c_str(), port.c_str(), &wanted, &found);
  if (problem == 0) return Addresses(found);
  return tl::unexpected(errors.make("amqp10.connect", fmt::format("cannot be found ({})", ::gai_strerror(problem))));
}

/// The reason why not; empty when it is connected.
std::string connect_to(int socket, const addrinfo& address, Steady::time_point until, const std::stop_token& stop) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return std::strerror(errno);
  if (!wait_for(socket, POLLOUT, until, stop)) return "it does not answer in time";
  int problem = 0;
  socklen_t size = sizeof problem;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem == 0 ? std::string{} : std::strerror(problem);
}

void send_small_frames_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Amqp10Socket::Amqp10Socket(int socket) : socket_(socket) {}

Amqp10Socket::Amqp10Socket(int socket, const TlsContext* tls) : socket_(socket) {
  send_small_frames_at_once(socket_);
  io_.emplace(socket_, tls == nullptr ? TlsContext::Session{} : tls->open(socket_));
}

Amqp10Socket::~Amqp10Socket() {
  io_.reset();
  ::close(socket_);
}

void Amqp10Socket::cut() const { ::shutdown(socket_, SHUT_RDWR); }

Result<std::unique_ptr<Amqp10Socket>> Amqp10Socket::connect(const Amqp10Options& options, const Amqp10Errors& errors,
                                                            const std::stop_token& stop) {
  auto addresses = look_up(options, errors);
  if (!addresses) return failed(addresses);
  const auto until = Steady::now() + options.connect_timeout;
  std::string why = "it has no address";
  for (const auto* one = addresses->get(); one != nullptr; one = one->ai_next) {
    const int number = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0) continue;
    std::unique_ptr<Amqp10Socket> made(new Amqp10Socket(number));
    why = connect_to(number, *one, until, stop);
    if (!why.empty()) continue;
    send_small_frames_at_once(number);
    if (!options.tls) {
      made->io_.emplace(number, TlsContext::Session{});
      return made;
    }
    if (auto secured = made->secure(options, errors, stop); !secured) return failed(secured);
    return made;
  }
  return tl::unexpected(errors.make("amqp10.connect", fmt::format("cannot be reached: {}", why)));
}

Result<void> Amqp10Socket::secure(const Amqp10Options& options, const Amqp10Errors& errors,
                                  const std::stop_token& stop) {
  const auto refused = [&](std::string_view what) { return tl::unexpected(errors.make("amqp10.tls", what)); };
  ClientTrust trust(options.ca_pem);
  const auto store = trust.store();
  if (!store) return refused("cannot be verified: " + store.error().message);
  const std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  AmqpTls tls(options.host);
  ERR_clear_error();
  if (!context || !bio_.usable() || !tls.demand(context.get(), *store)) return refused("has no name to verify it by");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  TlsContext::Session session(SSL_new(context.get()));
  if (!session || !bio_.attach(session.get(), socket_)) return refused("cannot be reached: no memory");
  // An address is no server name (RFC 6066 section 3): AmqpTls takes it out again.
  SSL_set_tlsext_host_name(session.get(), options.host.c_str());
  SSL_set_connect_state(session.get());
  io_.emplace(socket_, std::move(session));
  const auto until = Steady::now() + options.connect_timeout;
  for (;;) {
    const auto step = io_->handshake();
    if (step.closed) {
      const auto problem = tls.problem();
      ERR_clear_error();
      AmqpTls::release(context.get());
      if (!problem.empty()) return refused("is not accepted: " + problem);
      return refused("is not accepted: the TLS handshake failed");
    }
    if (step.want == SocketIo::Want::nothing) break;
    const short events = step.want == SocketIo::Want::read ? POLLIN : POLLOUT;
    if (wait_for(socket_, events, until, stop)) continue;
    AmqpTls::release(context.get());
    return tl::unexpected(errors.make("amqp10.connect", "does not answer in time"));
  }
  AmqpTls::release(context.get());
  return {};
}

}  // namespace kanal::net

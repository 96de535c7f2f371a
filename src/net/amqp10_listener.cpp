#include "net/amqp10_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <thread>

#include <fmt/format.h>

#include "net/amqp10_served.hpp"

namespace kanal::net {
namespace {

constexpr int accept_slice_ms = 20;
constexpr int backlog = 64;

}  // namespace

class Amqp10Listener::Impl {
 public:
  Impl(Amqp10ListenerOptions options, MakeHost make_host)
      : options_(std::move(options)), make_host_(std::move(make_host)) {}
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start() {
    if (options_.tls) {
      auto made = TlsContext::make(*options_.tls);
      if (!made) return failed(made);
      tls_.emplace(std::move(*made));
    }
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    socklen_t size = sizeof address;
    if (::inet_pton(AF_INET, options_.address.c_str(), &address.sin_addr) != 1 ||
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(socket_, backlog) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      stop();
      return reject("server.bind", fmt::format("Cannot listen on {} port {}", options_.address, options_.port));
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& ending) { accept(ending); });
    return {};
  }

  void stop() {
    thread_ = {};
    for (auto& one : served_) one.thread.request_stop();
    served_.clear();
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  struct Served {
    std::atomic<bool> over = false;
    std::jthread thread{};
  };

  void accept(const std::stop_token& ending) {
    while (!ending.stop_requested()) {
      served_.remove_if([](const Served& one) { return one.over.load(); });
      pollfd one{socket_, POLLIN, 0};
      if (::poll(&one, 1, accept_slice_ms) <= 0) continue;
      const int number = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (number < 0) continue;
      auto socket = std::make_unique<Amqp10Socket>(number, tls_ ? &*tls_ : nullptr);
      auto& served = served_.emplace_back();
      served.thread = std::jthread([this, &served, socket = std::move(socket)](const std::stop_token& stopped) mutable {
        Amqp10Served(options_, std::move(socket), make_host_).run(stopped);
        served.over = true;
      });
    }
  }

  const Amqp10ListenerOptions options_;
  const MakeHost make_host_;
  std::optional<TlsContext> tls_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::list<Served> served_;  ///< of the accepting thread, and of stop() after it
  std::jthread thread_;
};

Amqp10Listener::Amqp10Listener(Amqp10ListenerOptions options, MakeHost make_host)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(make_host))) {}
Amqp10Listener::~Amqp10Listener() = default;

Result<void> Amqp10Listener::start() { return impl_->start(); }
void Amqp10Listener::stop() { impl_->stop(); }
std::uint16_t Amqp10Listener::port() const { return impl_->port(); }

}  // namespace kanal::net

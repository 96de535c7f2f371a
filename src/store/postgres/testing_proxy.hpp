// Stands between a store and its server, and breaks connections at the worst moment. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <list>
#include <string_view>
#include <thread>

namespace kanal::store::postgres {

class Proxy {
 public:
  explicit Proxy(std::uint16_t server) : server_(server) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(::listen(listener_, 32), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept(stop); });
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() {
    acceptor_.request_stop();
    acceptor_.join();
    pipes_.clear();
    ::close(listener_);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The server gets the next COMMIT, its client no answer.
  void lose_answer_to_next_commit() { mode_ = Mode::answer; }
  /// The server does not even get it.
  void lose_next_commit() { mode_ = Mode::request; }
  [[nodiscard]] bool lost_one() const { return mode_ == Mode::none; }

 private:
  enum class Mode { none, answer, request };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void accept(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 50) <= 0) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      pipes_.emplace_back([this, client](const std::stop_token& end) { carry(client, end); });
    }
  }

  void carry(int client, const std::stop_token& stop) {
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto address = loopback(server_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    bool deaf = false;
    while (open && !stop.stop_requested()) {
      std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
      if (::poll(ready.data(), 2, 50) <= 0) continue;
      if (ready[0].revents != 0) open = pass(client, server, true, deaf);
      if (open && ready[1].revents != 0) open = pass(server, client, false, deaf);
    }
    ::close(client);
    ::close(server);
  }

  /// False: the connection ends.
  bool pass(int from, int to, bool is_request, bool& deaf) {
    std::array<char, 65536> bytes{};
    const auto count = ::recv(from, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
    if (!is_request && deaf) return false;  // the answer to the COMMIT: it is done
    if (is_request && text.find(std::string_view("COMMIT\0", 7)) != std::string_view::npos) {
      auto expected = Mode::request;
      if (mode_.compare_exchange_strong(expected, Mode::none)) return false;
      expected = Mode::answer;
      deaf = mode_.compare_exchange_strong(expected, Mode::none);
    }
    return ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
  }

  std::uint16_t server_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<Mode> mode_ = Mode::none;
  std::list<std::jthread> pipes_;
  std::jthread acceptor_;
};

}  // namespace kanal::store::postgres

// A client that costs as little as it can, so that it takes little of the cores it shares with what is measured: one
// kept connection, requests made beforehand, answers only skimmed for their status and length. Plain or TLS without
// checks.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kanal::bench {

class RawClient {
 public:
  RawClient(std::uint16_t port, SSL_CTX* tls = nullptr) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (open_ && tls != nullptr) {
      tls_.reset(SSL_new(tls));
      SSL_set_fd(tls_.get(), socket_);
      open_ = SSL_connect(tls_.get()) == 1;
    }
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    tls_.reset();
    ::close(socket_);
  }
  [[nodiscard]] bool open() const { return open_; }

  /// Sends a whole request and reads a whole answer; gives its status, 0 when the connection broke.
  int exchange(std::string_view request) {
    while (!request.empty()) {
      const auto sent = tls_ ? SSL_write(tls_.get(), request.data(), static_cast<int>(request.size()))
                             : ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent <= 0) return 0;
      request.remove_prefix(static_cast<std::size_t>(sent));
    }
    std::size_t head = std::string::npos;
    std::size_t wanted = 0;
    buffer_.clear();
    for (;;) {
      if (head == std::string::npos) {
        head = buffer_.find("\r\n\r\n");
        if (head != std::string::npos) wanted = head + 4 + content_length();
      }
      if (head != std::string::npos && buffer_.size() >= wanted) break;
      char block[65536];
      const auto got = tls_ ? SSL_read(tls_.get(), block, sizeof block) : ::recv(socket_, block, sizeof block, 0);
      if (got <= 0) return 0;
      buffer_.append(block, static_cast<std::size_t>(got));
    }
    int status = 0;
    std::from_chars(buffer_.data() + 9, buffer_.data() + 12, status);
    return status;
  }

 private:
  [[nodiscard]] std::size_t content_length() const {
    constexpr std::string_view name = "Content-Length: ";
    std::size_t length = 0;
    if (const auto at = buffer_.find(name); at != std::string::npos) {
      std::from_chars(buffer_.data() + at + name.size(), buffer_.data() + buffer_.size(), length);
    }
    return length;
  }

  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  int socket_ = -1;
  bool open_ = false;
  std::unique_ptr<SSL, Free> tls_;
  std::string buffer_;
};

}  // namespace kanal::bench

// Helpers of this folder's tests: a client of raw bytes, a peer that plays a script, certificates, streams. Never
// included by product code.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/stream.hpp"
#include "base/testing.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace kanal::net::testing {

using kanal::testing::TemporaryFolder;

constexpr int patience_ms = 10'000;

/// A connected blocking socket; reads give up after `patience_ms`.
class RawSocket {
 public:
  explicit RawSocket(int socket) : socket_(socket) {}
  RawSocket(RawSocket&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(std::uint16_t port) {
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return RawSocket(made);
  }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// What has arrived after waiting for something; empty at the end (`reset()` tells which).
  std::string receive() {
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, patience_ms) != 1) {
      ADD_FAILURE() << "nothing arrived";
      return {};
    }
    std::string text(65536, '\0');
    const auto got = ::recv(socket_, text.data(), text.size(), 0);
    reset_ = got < 0;
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  /// Up to and with `end`, or as far as the peer went.
  std::string receive_until(std::string_view end) {
    while (rest_.find(end) == std::string::npos) {
      const auto more = receive();
      if (more.empty()) return std::exchange(rest_, {});
      rest_ += more;
    }
    const auto size = rest_.find(end) + end.size();
    std::string out = rest_.substr(0, size);
    rest_.erase(0, size);
    return out;
  }
  std::string receive_all() {
    std::string out = std::exchange(rest_, {});
    for (std::string more = receive(); !more.empty(); more = receive()) out += more;
    return out;
  }
  /// One response with a Content-Length.
  std::string response() {
    const std::string head = receive_until("\r\n\r\n");
    const auto at = head.find("Content-Length: ");
    std::size_t wanted = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    while (rest_.size() < wanted) {
      const auto more = receive();
      if (more.empty()) break;
      rest_ += more;
    }
    wanted = std::min(wanted, rest_.size());
    const std::string out = head + rest_.substr(0, wanted);
    rest_.erase(0, wanted);
    return out;
  }
  [[nodiscard]] bool reset() const { return reset_; }
  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  /// Ends with a reset instead of a clean end.
  void abort() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  int socket_;
  bool reset_ = false;
  std::string rest_;
};

/// A peer that accepts connections one after another and lets `play` deal with each.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(std::function<void(RawSocket&, int connection)> play) : play_(std::move(play)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] {
      for (int count = 0;; ++count) {
        const int socket = ::accept(listener_, nullptr, nullptr);
        if (socket < 0) return;
        ++accepted_;
        set_current(socket);
        RawSocket peer(socket);
        play_(peer, count);
        set_current(-1);
      }
    });
  }
  ~ScriptedPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    {
      const std::scoped_lock lock(mutex_);
      if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void set_current(int socket) {
    const std::scoped_lock lock(mutex_);
    current_ = socket;
  }
  std::function<void(RawSocket&, int)> play_;
  std::mutex mutex_;
  int current_ = -1;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::jthread thread_;
};

/// An authority, a server and a client certificate by it, and a stranger; made once per program.
struct Certificates {
  std::string ca, server, server_key, client, client_key, stranger, stranger_key;

  static const Certificates& get() {
    static const Certificates made = make();
    return made;
  }

 private:
  static void openssl(const TemporaryFolder& folder, const std::string& arguments) {
    const std::string command = "cd '" + folder.path().string() + "' && openssl " + arguments + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) ADD_FAILURE() << command;
  }
  static Certificates make() {
    const TemporaryFolder folder;
    const std::string ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 ";
    openssl(folder, "req -x509 " + ec + "-keyout ca.key -out ca.pem -subj '/CN=Test CA'");
    openssl(folder, "req -x509 " + ec + "-keyout stranger.key -out stranger.pem -subj /CN=stranger");
    openssl(folder, "req -x509 " + ec +
                        "-CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=server "
                        "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE");
    openssl(folder, "req -x509 " + ec +
                        "-CA ca.pem -CAkey ca.key -keyout client.key -out client.pem -subj /CN=client "
                        "-addext basicConstraints=critical,CA:FALSE");
    const auto read = [&](const char* name) { return kanal::testing::read_file(folder.path() / name); };
    return {read("ca.pem"),     read("server.pem"),   read("server.key"),  read("client.pem"),
            read("client.key"), read("stranger.pem"), read("stranger.key")};
  }
};

/// Waits for things that other threads do.
class Events {
 public:
  void add(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    seen_.push_back(what);
    changed_.notify_all();
  }
  bool wait_for(const std::string& what, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [&] { return count(what) >= times; });
  }
  int times(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    return count(what);
  }

 private:
  int count(const std::string& what) const { return static_cast<int>(std::ranges::count(seen_, what)); }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;
};

/// Endless bytes that repeat after a prime length, so that a piece lost, doubled or moved shows.
class Pattern {
 public:
  /// As much as lies in one piece from `place` on, at most `count`.
  static ByteView at(std::uint64_t place, std::size_t count) {
    static const Bytes once = [] {
      Bytes made(65'521);
      for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::byte>((i * 7 + i / 251) & 0xff);
      return made;
    }();
    const auto rest = ByteView(once).subspan(static_cast<std::size_t>(place % once.size()));
    return rest.first(std::min(count, rest.size()));
  }
};

/// `size` bytes of the pattern; may fail at `fail_at`, counted from the start.
class PatternSource final : public Source {
 public:
  explicit PatternSource(std::uint64_t size, std::uint64_t fail_at = UINT64_MAX) : size_(size), fail_at_(fail_at) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (position_ >= fail_at_) return retry("test.source", "the source failed");
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), std::min(size_, fail_at_) - position_));
    for (std::size_t done = 0; done < count;) {
      const ByteView piece = Pattern::at(position_, count - done);
      std::memcpy(into.data() + done, piece.data(), piece.size());
      done += piece.size();
      position_ += piece.size();
    }
    return count;
  }
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  std::uint64_t size_, fail_at_, position_ = 0;
};

/// Counts and compares with the pattern.
class PatternSink final : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ByteView piece = Pattern::at(count, bytes.size());
      good = good && std::memcmp(piece.data(), bytes.data(), piece.size()) == 0;
      count += piece.size();
      bytes = bytes.subspan(piece.size());
    }
    return {};
  }
  Result<void> finish() override { return {}; }
  std::uint64_t count = 0;
  bool good = true;
};

inline Response text_response(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain"}};
  response.body = std::move(text);
  return response;
}

}  // namespace kanal::net::testing

// Ports that are kept: whom they are kept from, and whom they are kept for.
#include "base/reserved_port.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kanal {
namespace {

/// A server of an address, as all of them are: open to reuse.
class Server {
 public:
  Server() : handle_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int reuse = 1;
    EXPECT_EQ(::setsockopt(handle_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse), 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { ::close(handle_); }

  bool listen(std::uint16_t port) {
    auto address = loopback(port);
    return ::bind(handle_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(handle_, 8) == 0;
  }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
  }
  static bool connects(std::uint16_t port) {
    const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(port);
    const bool done = ::connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(handle);
    return done;
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(port);
    return out;
  }
  int handle_;
};

TEST(ReservedPort, IsGivenOnce) {
  const std::vector<ReservedPort> reserved(200);
  std::set<std::uint16_t> numbers;
  for (const auto& one : reserved) numbers.insert(one.number());
  EXPECT_EQ(numbers.size(), reserved.size());
  EXPECT_FALSE(numbers.contains(0));
  std::vector<Server> picked(200);
  for (auto& server : picked) {
    ASSERT_TRUE(server.listen(0));
    EXPECT_FALSE(numbers.contains(server.port()));
  }
}

TEST(ReservedPort, IsForAServerThatComesAndGoes) {
  const ReservedPort reserved;
  EXPECT_FALSE(Server::connects(reserved.number()));
  for (int i = 0; i < 3; ++i) {
    Server server;
    ASSERT_TRUE(server.listen(reserved.number()));
    EXPECT_TRUE(Server::connects(reserved.number()));
    EXPECT_FALSE(Server().listen(reserved.number()));
  }
  EXPECT_FALSE(Server::connects(reserved.number()));
}

TEST(ReservedPort, MovesWithItsOwner) {
  ReservedPort first;
  const auto number = first.number();
  ReservedPort second(std::move(first));
  EXPECT_EQ(second.number(), number);
  ReservedPort third;
  third = std::move(second);
  EXPECT_EQ(third.number(), number);
  EXPECT_TRUE(Server().listen(number));
}

}  // namespace
}  // namespace kanal

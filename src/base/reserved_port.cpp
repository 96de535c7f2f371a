#include "base/reserved_port.hpp"

#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kanal {

ReservedPort::ReservedPort() : handle_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  // Open to reuse, so that a server can share it; a port that is only picked is never a shared one.
  const int reuse = 1;
  if (handle_ >= 0 && ::setsockopt(handle_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 &&
      ::bind(handle_, raw, size) == 0 && ::getsockname(handle_, raw, &size) == 0) {
    number_ = ntohs(address.sin_port);
  }
}

ReservedPort::ReservedPort(ReservedPort&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), number_(std::exchange(other.number_, std::uint16_t{0})) {}

ReservedPort& ReservedPort::operator=(ReservedPort&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(number_, other.number_);
  return *this;
}

ReservedPort::~ReservedPort() {
  if (handle_ >= 0) ::close(handle_);
}

}  // namespace kanal

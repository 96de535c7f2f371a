#include "net/socket_io.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

namespace kanal::net {
namespace {

bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

SocketIo::Step SocketIo::tls_step(int result, std::size_t bytes) {
  if (result == 1) return {bytes, Want::nothing, false};
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {0, Want::read, false};
    case SSL_ERROR_WANT_WRITE:
      return {0, Want::write, false};
    default:
      ERR_clear_error();
      return {0, Want::nothing, true};
  }
}

SocketIo::Step SocketIo::handshake() {
  if (!secure_) return {};
  if (!tls_) return {0, Want::nothing, true};
  ERR_clear_error();
  return tls_step(SSL_do_handshake(tls_.get()), 0);
}

SocketIo::Step SocketIo::read(std::span<std::byte> into) {
  Step step;
  // A TLS record holds 16 KiB at most: go on while there is room, or every piece would be that small.
  do {
    const auto rest = into.subspan(step.bytes);
    Step next;
    if (tls_) {
      std::size_t got = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(tls_.get(), rest.data(), rest.size(), &got);
      next = tls_step(result, got);
    } else {
      const auto got = ::recv(socket_, rest.data(), rest.size(), 0);
      if (got > 0) return {static_cast<std::size_t>(got), Want::nothing, false};
      next = got < 0 && must_wait() ? Step{0, Want::read, false} : Step{0, Want::nothing, true};
    }
    if (next.bytes == 0) {
      // What was read counts now; the end or the wait shows itself again at the next call.
      return step.bytes > 0 ? Step{step.bytes, Want::nothing, false} : next;
    }
    step.bytes += next.bytes;
  } while (step.bytes < into.size());
  return step;
}

SocketIo::Step SocketIo::write(ByteView bytes) {
  if (tls_) {
    std::size_t written = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written);
    return tls_step(result, written);
  }
  const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {static_cast<std::size_t>(sent), Want::nothing, false};
  return must_wait() ? Step{0, Want::write, false} : Step{0, Want::nothing, true};
}

SocketIo::Step SocketIo::discard() {
  std::array<std::byte, 16 * 1024> unread;
  const auto got = ::recv(socket_, unread.data(), unread.size(), 0);
  if (got > 0) return {static_cast<std::size_t>(got), Want::nothing, false};
  return got < 0 && must_wait() ? Step{0, Want::read, false} : Step{0, Want::nothing, true};
}

void SocketIo::shutdown() {
  if (tls_ && SSL_is_init_finished(tls_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  ::shutdown(socket_, SHUT_WR);
}

std::string SocketIo::peer_certificate() const {
  if (!tls_) return {};
  const std::unique_ptr<X509, Release<X509_free>> certificate(SSL_get1_peer_certificate(tls_.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &length) != 1) return {};
  return to_hex(std::as_bytes(std::span(digest).first(length)));
}

}  // namespace kanal::net

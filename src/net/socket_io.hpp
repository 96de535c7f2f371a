// Reads and writes on one non-blocking socket, plain or TLS, without waiting: each call says how far it came and what
// it would have to wait for. The socket belongs to the caller. Never raises SIGPIPE. Internal to this folder; used by
// one thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "net/tls_context.hpp"

namespace kanal::net {

class SocketIo {
 public:
  enum class Want { nothing, read, write };
  struct Step {
    std::size_t bytes = 0;
    Want want = Want::nothing;
    bool closed = false;  ///< by the peer, or broken
  };

  /// `tls` may be null: plain.
  SocketIo(int socket, const TlsContext* tls)
      : socket_(socket), tls_(tls ? tls->open(socket_) : nullptr), secure_(tls) {}
  /// With a session made elsewhere on the same socket; null: plain.
  SocketIo(int socket, TlsContext::Session session)
      : socket_(socket), tls_(std::move(session)), secure_(tls_ != nullptr) {}
  SocketIo(const SocketIo&) = delete;
  SocketIo& operator=(const SocketIo&) = delete;

  /// Done when it wants nothing and is not closed.
  Step handshake();
  /// As many bytes as are there, up to all of `into`.
  Step read(std::span<std::byte> into);
  Step write(ByteView bytes);
  /// Tells the peer that nothing more will be written; afterwards only discard() may be called.
  void shutdown();
  /// Drops what has arrived, encrypted or not.
  Step discard();
  /// SHA-256 of the peer's certificate in lower-case hex; empty: it showed none. After the handshake.
  [[nodiscard]] std::string peer_certificate() const;
  /// Something can be read without waiting for the socket.
  [[nodiscard]] bool pending() const { return tls_ && SSL_has_pending(tls_.get()) == 1; }

 private:
  Step tls_step(int result, std::size_t bytes);

  int socket_;
  TlsContext::Session tls_;
  bool secure_;
};

}  // namespace kanal::net

// The server's side of TLS: certificate, key, accepted clients. TLS 1.2 and 1.3 only. Internal to this folder;
// immutable after make(), so any thread may open sessions from it.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/result.hpp"
#include "net/http_server.hpp"
#include "net/socket_bio.hpp"

namespace kanal::net {

class TlsContext {
 public:
  /// `server.tls` says which part of the configuration OpenSSL does not accept.
  static Result<TlsContext> make(const ServerTls& options);

  using Session = std::unique_ptr<SSL, Release<SSL_free>>;
  /// A session on a non-blocking socket; the socket stays the caller's and must outlive it. Null when out of memory.
  [[nodiscard]] Session open(const int& socket) const;

 private:
  TlsContext() = default;
  std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>> context_;
  SocketBio socket_bio_;
};

}  // namespace kanal::net

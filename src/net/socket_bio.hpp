// How OpenSSL reads and writes a socket without ever raising SIGPIPE. Internal to this folder; immutable, so any thread
// may attach sessions.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>

namespace kanal::net {

/// Calls a C library's own release function.
template <auto function>
struct Release {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};

/// Outlives the sessions it was attached to.
class SocketBio {
 public:
  SocketBio();
  /// False when there was no memory for it.
  [[nodiscard]] bool usable() const { return method_ != nullptr; }
  /// The socket stays the caller's and must outlive the session. False when out of memory.
  [[nodiscard]] bool attach(SSL* session, const int& socket) const;

 private:
  std::unique_ptr<BIO_METHOD, Release<BIO_meth_free>> method_;
};

}  // namespace kanal::net

// TLS of an AMQP client: what librabbitmq's SSL_CTX must demand of the broker. librabbitmq itself knows no addresses in
// certificates and trusts no system store; here OpenSSL does both, within the handshake. Internal to this folder.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "base/result.hpp"

namespace kanal::net {

/// Must outlive the handshake; one thread.
class AmqpTls {
 public:
  explicit AmqpTls(std::string host) : host_(std::move(host)) {}
  AmqpTls(const AmqpTls&) = delete;
  AmqpTls& operator=(const AmqpTls&) = delete;

  /// TLS 1.2 or 1.3, a chain to `trust`, and `host` as DNS name or IP address among the certificate's names. False when
  /// OpenSSL refuses it.
  [[nodiscard]] bool demand(SSL_CTX* context, X509_STORE* trust);
  /// Forgets this object, after the handshake.
  static void release(SSL_CTX* context);
  /// Why the certificate was not accepted, or the handshake ended; empty when it was not TLS that failed.
  [[nodiscard]] std::string problem() const;

 private:
  static int verify(X509_STORE_CTX* chain, void* self);

  std::string host_;
  int verify_error_ = X509_V_OK;
};

}  // namespace kanal::net

// What the client keeps between calls: curl handles with their open connections, and the certificate authorities it
// trusts. Internal to this folder. HandlePool and ClientTrust may be used by several threads; a handle belongs to
// whoever took it.
#pragma once

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/tls_context.hpp"

namespace kanal::net {

/// The system's certificate authorities (system_authorities.hpp) and ours, read once and shared by every connection.
class ClientTrust {
 public:
  explicit ClientTrust(std::string ca_pem) : ca_pem_(std::move(ca_pem)) {}
  /// Reads ours at the first call, because a client that only speaks http needs none. `http.tls` when ours cannot be
  /// read.
  Result<X509_STORE*> store();

 private:
  std::string ca_pem_;
  std::once_flag once_;
  std::unique_ptr<X509_STORE, Release<X509_STORE_free>> store_;
};

/// One transfer at a time, and the connections it left open.
struct ClientHandle {
  std::unique_ptr<CURLM, Release<curl_multi_cleanup>> multi;
  std::unique_ptr<CURL, Release<curl_easy_cleanup>> easy;  // goes before its multi
  std::string origin;                                      ///< whom it last talked to: `https://host:port`
  X509_STORE* trust = nullptr;
  int fatal_alert = 0;  ///< the TLS alert by which the peer ended the handshake; 0: none

  /// Null when out of memory.
  static std::unique_ptr<ClientHandle> make();
  /// Makes new connections of this handle use `trust` and note alerts.
  void prepare_tls();
};

class HandlePool {
 public:
  explicit HandlePool(std::size_t max_idle) : max_idle_(max_idle) {}

  /// One that last talked to `origin`, else the one used last, else a new one; null when out of memory.
  std::unique_ptr<ClientHandle> take(const std::string& origin);
  void give_back(std::unique_ptr<ClientHandle> handle);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ClientHandle>> idle_;  // used last at the end
  std::size_t max_idle_;
};

}  // namespace kanal::net

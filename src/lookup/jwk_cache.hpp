// The Service Registry's public keys (service-registry.md 4.1): fetched without a token, kept for an hour, looked up
// again for an unknown `kid` at most once a minute; the last good set outlives an outage. Thread-safe; key() may block.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/jose.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {

class JwkCache {
 public:
  JwkCache(std::string url, std::chrono::milliseconds timeout, net::HttpClient& http, Clock& clock, Log& log);

  /// The key named `kid`. `directory.signature` when the set has none of that name, `directory.unavailable` without any
  /// set.
  Result<crypto::PublicKey> key(const std::string& kid);
  /// The next key() fetches the set anew.
  void expire();

 private:
  enum class Need { none, refresh, unknown_kid };
  [[nodiscard]] Need need(const std::string& kid) const;
  void refresh(const std::string& kid);
  Result<crypto::JwkSet> fetch() const;

  const std::string url_;
  const std::chrono::milliseconds timeout_;
  net::HttpClient& http_;
  Clock& clock_;
  Log& log_;
  std::mutex refreshing_;     ///< one fetch at a time; taken before `mutex_`
  mutable std::mutex mutex_;  ///< guards what follows
  std::optional<crypto::JwkSet> set_;
  std::optional<Error> failure_;
  Duration fresh_until_ = Duration::min();
  std::optional<Duration> asked_;
};

}  // namespace kanal::lookup

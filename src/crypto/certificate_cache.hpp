// Certificates by their PEM text. Reading one costs as much as a third of an RSA signature, and the same few receivers
// and our own come with every message. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "crypto/certificate.hpp"

namespace kanal::crypto {

class CertificateCache {
 public:
  /// As Certificate::from_pem; only what could be read is remembered.
  Result<Certificate> from_pem(const std::string& pem) {
    {
      const std::scoped_lock lock(mutex_);
      if (const auto known = known_.find(pem); known != known_.end()) return known->second;
    }
    auto read = Certificate::from_pem(pem);
    if (!read) return read;
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(pem, *read);
    return read;
  }

 private:
  static constexpr std::size_t most = 1000;
  std::mutex mutex_;
  std::unordered_map<std::string, Certificate> known_;
};

}  // namespace kanal::crypto

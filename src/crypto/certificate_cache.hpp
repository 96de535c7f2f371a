// Certificates by what they were read from. Reading one costs as much as a third of an RSA signature, and the same few
// of our own, of receivers and of senders come with every message. Thread-safe.
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
    return known_or(pem, [&] { return Certificate::from_pem(pem); });
  }
  /// As Certificate::from_der, and as from_pem() otherwise. No text can be both.
  Result<Certificate> from_der(ByteView der) {
    return known_or(std::string(text_of(der)), [&] { return Certificate::from_der(der); });
  }

 private:
  template <class Read>
  Result<Certificate> known_or(const std::string& written, Read read) {
    {
      const std::scoped_lock lock(mutex_);
      if (const auto known = known_.find(written); known != known_.end()) return known->second;
    }
    auto certificate = read();
    if (!certificate || written.size() > longest) return certificate;
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(written, *certificate);
    return certificate;
  }

  static constexpr std::size_t most = 1000;
  static constexpr std::size_t longest = 8 * 1024;  ///< far more than honest ones have
  std::mutex mutex_;
  std::unordered_map<std::string, Certificate> known_;
};

/// From the cache, where there is one.
inline Result<Certificate> read_certificate(ByteView der, CertificateCache* known) {
  return known != nullptr ? known->from_der(der) : Certificate::from_der(der);
}

}  // namespace kanal::crypto

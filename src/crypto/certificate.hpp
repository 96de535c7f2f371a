// X.509 certificates and RSA keys as values that own their OpenSSL objects. Immutable and thread-safe after
// construction; cheap to copy (shared).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

struct x509_st;
struct evp_pkey_st;

namespace kanal::crypto {

/// A certificate.
class Certificate {
 public:
  /// Reads the first certificate of a PEM text; BEGIN/END lines may be missing (service-registry.md 4.2).
  static Result<Certificate> from_pem(std::string_view pem);
  static Result<Certificate> from_der(ByteView der);
  /// Takes its own reference.
  explicit Certificate(x509_st* x509);

  [[nodiscard]] std::string pem() const;
  [[nodiscard]] Bytes der() const;
  /// Decimal, as Java prints it.
  [[nodiscard]] std::string serial() const;
  [[nodiscard]] std::string subject() const;  ///< RFC 2253
  [[nodiscard]] std::string issuer() const;   ///< RFC 2253
  [[nodiscard]] Time not_before() const;
  [[nodiscard]] Time not_after() const;
  [[nodiscard]] bool valid_at(Time when) const { return not_before() <= when && when <= not_after(); }
  /// Organisation number in the subject: `organizationIdentifier` `NTRNO-<orgnr>`, else a nine-digit `serialNumber`.
  [[nodiscard]] std::optional<Orgnr> organisation() const;
  [[nodiscard]] bool is_rsa() const;
  /// Same issuer, serial number and public key.
  [[nodiscard]] bool same_as(const Certificate& other) const;
  [[nodiscard]] x509_st* get() const { return x509_.get(); }

 private:
  std::shared_ptr<x509_st> x509_;
};

/// All certificates of a PEM text, in order. An error for the first that cannot be read.
Result<std::vector<Certificate>> read_pem_certificates(std::string_view pem);

/// A private RSA key. Never printed.
class PrivateKey {
 public:
  static Result<PrivateKey> from_pem(std::string_view pem);
  static Result<PrivateKey> from_pkcs8(ByteView der);
  /// Takes its own reference.
  explicit PrivateKey(evp_pkey_st* key);
  /// A new RSA key, for sandboxes and tests.
  static PrivateKey generate(int bits = 2048);

  [[nodiscard]] std::string pem() const;
  [[nodiscard]] bool matches(const Certificate& certificate) const;
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  [[nodiscard]] Bytes sign_rs256(ByteView data) const;
  [[nodiscard]] evp_pkey_st* get() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

/// Verifies RSASSA-PKCS1-v1_5 with SHA-256.
[[nodiscard]] bool verify_rs256(const Certificate& certificate, ByteView data, ByteView signature);

/// A key with its certificate and chain: what a keystore entry holds.
struct Identity {
  PrivateKey key;
  Certificate certificate;
  std::vector<Certificate> chain;  ///< issuers, nearest first; may be empty

  /// RSA-OAEP/PKCS#1 operations use the key directly; see cms.hpp.
};

}  // namespace kanal::crypto

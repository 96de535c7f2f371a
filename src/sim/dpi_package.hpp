// The document package as a mailbox or print supplier opens it: decrypted into a file while it comes, then container,
// signature and manifest are verified (dpi.md 2.1 "Checks at C4" and 4.3). One object per package, one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate_cache.hpp"
#include "crypto/digest.hpp"
#include "sim/dpi_sbd.hpp"
#include "sim/temporary_file.hpp"

namespace kanal::sim {

/// A file of the package, for tests to compare.
struct ReceivedDocument {
  std::string href;
  std::string mime;
  std::string title;  ///< may be empty
  std::uint64_t size = 0;
  std::string sha256;     ///< lower-case hex
  bool metadata = false;  ///< data about the document before it
};

struct ReceivedPackage {
  std::string fingerprint;  ///< base64 of the SHA-256 of the encrypted bytes
  crypto::Certificate signer;
  std::vector<crypto::Certificate> signer_chain;
  std::vector<ReceivedDocument> documents;  ///< main document, attachments, each followed by its metadata document
};

class PackageReader {
 public:
  /// `supplier` decrypts; `folder` must exist. `sim.file`.
  static Result<std::unique_ptr<PackageReader>> make(const crypto::Identity& supplier,
                                                     const std::filesystem::path& folder);

  /// Encrypted bytes. The first error stays.
  void write(ByteView bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// After the last byte: everything about the package alone and against its message. Errors: those of the decryptor
  /// and of verify_xades_asic, `manifest.*`, `package.manifest` (says something else than the message, or names a file
  /// that is not there).
  [[nodiscard]] Result<ReceivedPackage> finish(const DpiMessage& message, crypto::CertificateCache* known = nullptr);

 private:
  PackageReader(const crypto::Identity& supplier, std::unique_ptr<TemporaryFile> plain);
  std::unique_ptr<TemporaryFile> plain_;
  std::unique_ptr<Sink> decryptor_;
  crypto::Hasher hasher_{crypto::DigestAlgorithm::sha256};
  std::uint64_t size_ = 0;
  Result<void> state_{};
};

/// What a supplier does not take although the package is in order, to be told by a `feil` receipt (dpi.md 4.3): empty
/// when it takes it.
[[nodiscard]] std::string supplier_objection(DpiType type, const std::vector<ReceivedDocument>& documents);

}  // namespace kanal::sim

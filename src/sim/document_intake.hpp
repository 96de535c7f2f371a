// One document on its way into SvarUt: decrypted while it comes, counted, its digest taken, kept in a file without a
// name. One thread.
#pragma once

#include <filesystem>
#include <memory>

#include "base/stream.hpp"
#include "crypto/certificate.hpp"
#include "sim/svarut_types.hpp"

namespace kanal::sim {

class DocumentIntake {
 public:
  /// `key` decrypts; null: the document comes as it is. `sim.file` (retry).
  static Result<std::unique_ptr<DocumentIntake>> make(const crypto::Identity* key, const std::filesystem::path& folder);
  ~DocumentIntake();
  DocumentIntake(const DocumentIntake&) = delete;
  DocumentIntake& operator=(const DocumentIntake&) = delete;

  /// Errors are kept for finish().
  void write(ByteView bytes);
  /// Fills in size, digest and content; the errors of crypto::make_cms_decryptor.
  Result<void> finish(ForsendelseDokument& into);

 private:
  class Digested;
  DocumentIntake();
  std::unique_ptr<Digested> plain_;
  std::unique_ptr<Sink> decryptor_;
  Result<void> state_{};
};

}  // namespace kanal::sim

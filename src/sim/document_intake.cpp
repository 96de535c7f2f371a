#include "sim/document_intake.hpp"

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"

namespace kanal::sim {

class DocumentIntake::Digested final : public Sink {
 public:
  explicit Digested(std::unique_ptr<TemporaryFile> file)
      : file_(std::move(file)), hasher_(crypto::DigestAlgorithm::sha256) {}
  Result<void> write(ByteView bytes) override {
    hasher_.update(bytes);
    return file_->write(bytes);
  }
  Result<void> finish() override { return {}; }
  void give(ForsendelseDokument& into) {
    into.size = file_->size();
    into.sha256 = to_hex(hasher_.finish());
    into.content = std::move(file_);
  }

 private:
  std::unique_ptr<TemporaryFile> file_;
  crypto::Hasher hasher_;
};

DocumentIntake::DocumentIntake() = default;
DocumentIntake::~DocumentIntake() = default;

Result<std::unique_ptr<DocumentIntake>> DocumentIntake::make(const crypto::Identity* key,
                                                             const std::filesystem::path& folder) {
  auto file = TemporaryFile::make(folder);
  if (!file) return failed(file);
  std::unique_ptr<DocumentIntake> out(new DocumentIntake);
  out->plain_ = std::make_unique<Digested>(std::move(*file));
  if (key != nullptr) out->decryptor_ = crypto::make_cms_decryptor({*key}, *out->plain_);
  return out;
}

void DocumentIntake::write(ByteView bytes) {
  if (state_) state_ = decryptor_ ? decryptor_->write(bytes) : plain_->write(bytes);
}

Result<void> DocumentIntake::finish(ForsendelseDokument& into) {
  if (state_ && decryptor_) state_ = decryptor_->finish();
  if (state_) plain_->give(into);
  return state_;
}

}  // namespace kanal::sim

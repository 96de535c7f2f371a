// Bytes on their way to being looked at: a file without a name, gone with its owner or with the process. Filled by one
// thread, then read by one thread.
#pragma once

#include <filesystem>
#include <memory>

#include "base/stream.hpp"

namespace kanal::sim {

class TemporaryFile final : public Sink {
 public:
  /// `folder` must exist; `sim.file` (retry).
  static Result<std::unique_ptr<TemporaryFile>> make(const std::filesystem::path& folder);
  ~TemporaryFile() override;

  Result<void> write(ByteView bytes) override;
  Result<void> finish() override { return {}; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Reads what has been written; must not outlive the file.
  [[nodiscard]] std::unique_ptr<SeekableSource> reader() const;

 private:
  explicit TemporaryFile(int file) : file_(file) {}
  int file_;
  std::uint64_t size_ = 0;
};

}  // namespace kanal::sim

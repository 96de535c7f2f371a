#include "store/spool/sealed_files.hpp"

#include <fcntl.h>

#include <utility>

namespace kanal::store {
namespace {

/// The disk is set to work in portions of this size, not all at once at the end.
constexpr std::uint64_t writeback_portion = 8 * std::uint64_t{1024} * 1024;

class FileOutput final : public SealedOutput {
 public:
  FileOutput(File file, std::filesystem::path folder, const std::string& name, bool durable)
      : file_(std::move(file)),
        folder_(std::move(folder)),
        temporary_(folder_ / (name + ".tmp")),
        final_(folder_ / name),
        durable_(durable) {}

  ~FileOutput() override {
    if (finished_) return;
    // Nothing can be done about a failure here: the sweep at the next start takes what remains.
    (void)remove_file(temporary_).has_value();
    (void)remove_file(final_).has_value();
  }

  Result<void> write(ByteView bytes) override {
    if (auto written = file_.write_all(bytes); !written) return written;
    length_ += bytes.size();
    if (durable_ && length_ - synced_ >= writeback_portion) {
      file_.start_writeback(synced_, length_ - synced_);
      synced_ = length_;
    }
    return {};
  }

  Result<void> finish() override {
    if (durable_) {
      if (auto synced = file_.sync(); !synced) return synced;
    }
    if (auto renamed = rename_file(temporary_, final_); !renamed) return renamed;
    if (durable_) {
      if (auto synced = sync_folder(folder_); !synced) return synced;
    }
    finished_ = true;
    file_ = File{};
    return {};
  }

 private:
  File file_;
  std::filesystem::path folder_;
  std::filesystem::path temporary_;
  std::filesystem::path final_;
  bool durable_;
  std::uint64_t length_ = 0;
  std::uint64_t synced_ = 0;  ///< bytes already on their way to the disk
  bool finished_ = false;
};

class FileInput final : public SealedInput {
 public:
  explicit FileInput(File file) : file_(std::move(file)) {}
  Result<std::uint64_t> size() override { return file_.size(); }
  Result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) override {
    return file_.read_at(into, offset);
  }

 private:
  File file_;
};

}  // namespace

Result<std::unique_ptr<SealedOutput>> make_sealed_file(const std::filesystem::path& folder, const std::string& name,
                                                       bool durable) {
  auto file = File::open(folder / (name + ".tmp"), O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return failed(file);
  return std::make_unique<FileOutput>(std::move(*file), folder, name, durable);
}

std::unique_ptr<SealedInput> read_sealed_file(File file) { return std::make_unique<FileInput>(std::move(file)); }

}  // namespace kanal::store

#include "sim/broker_content.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t small_size = std::size_t{256} * 1024;
constexpr std::size_t memory_budget = std::size_t{128} * 1024 * 1024;

tl::unexpected<Error> io_error(const std::string& what) {
  return retry("content.io", what + " failed: " + std::strerror(errno));
}

class MemoryContent final : public Source {
 public:
  MemoryContent(std::shared_ptr<const Content> owner, ByteView bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto count = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, into.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  std::shared_ptr<const Content> owner_;
  ByteView bytes_;
};

class FileContent final : public Source {
 public:
  FileContent(std::shared_ptr<const Content> owner, int file, std::uint64_t offset, std::uint64_t length)
      : owner_(std::move(owner)), file_(file), offset_(offset), left_(length) {}
  ~FileContent() override { ::close(file_); }
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
    if (wanted == 0) return std::size_t{0};
    const auto got = ::pread(file_, into.data(), wanted, static_cast<off_t>(offset_));
    if (got <= 0) return io_error("reading a transfer");
    offset_ += static_cast<std::uint64_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  std::shared_ptr<const Content> owner_;
  int file_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

}  // namespace

bool ContentStore::reserve(std::size_t bytes) {
  if (in_memory_.fetch_add(bytes) + bytes <= memory_budget) return true;
  in_memory_ -= bytes;
  return false;
}

Content::Content(std::shared_ptr<ContentStore> store, Bytes bytes)
    : store_(std::move(store)), bytes_(std::move(bytes)), size_(bytes_.size()) {}

Content::Content(std::shared_ptr<ContentStore> store, std::filesystem::path file, std::uint64_t size)
    : store_(std::move(store)), file_(std::move(file)), size_(size) {}

Content::~Content() {
  if (file_.empty()) {
    store_->release(bytes_.size());
  } else {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
}

Result<std::unique_ptr<Source>> Content::open(std::shared_ptr<const Content> self, std::uint64_t offset,
                                              std::uint64_t length) {
  if (self->file_.empty()) {
    const auto view = ByteView(self->bytes_).subspan(offset, length);
    return std::unique_ptr<Source>(std::make_unique<MemoryContent>(std::move(self), view));
  }
  const int file = ::open(self->file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return io_error("opening a transfer");
  return std::unique_ptr<Source>(std::make_unique<FileContent>(std::move(self), file, offset, length));
}

ContentWriter::ContentWriter(std::shared_ptr<ContentStore> store)
    : store_(std::move(store)), md5_(crypto::DigestAlgorithm::md5) {}

ContentWriter::~ContentWriter() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Result<void> ContentWriter::write(ByteView bytes) {
  md5_.update(bytes);
  size_ += bytes.size();
  if (file_ < 0 && size_ <= small_size) {
    small_.insert(small_.end(), bytes.begin(), bytes.end());
    return {};
  }
  if (file_ < 0) {
    if (auto spilled = spill(); !spilled) return spilled;
  }
  return append(bytes);
}

Result<void> ContentWriter::spill() {
  path_ = store_->folder() / new_uuid();
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) return io_error("creating a file for a transfer in " + store_->folder().string());
  const auto small = std::exchange(small_, {});
  return append(small);
}

Result<void> ContentWriter::append(ByteView bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("writing a transfer");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<StoredContent> ContentWriter::finish() {
  auto md5 = to_hex(md5_.finish());
  if (file_ < 0 && store_->reserve(small_.size())) {
    small_.shrink_to_fit();
    return StoredContent{std::make_shared<const Content>(store_, std::move(small_)), std::move(md5)};
  }
  if (file_ < 0) {
    if (auto spilled = spill(); !spilled) return failed(spilled);
  }
  if (::close(std::exchange(file_, -1)) != 0) return io_error("closing a transfer");
  return StoredContent{std::make_shared<const Content>(store_, std::move(path_), size_), std::move(md5)};
}

}  // namespace kanal::sim

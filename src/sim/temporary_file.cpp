#include "sim/temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

tl::unexpected<Error> io_error(const std::string& what) {
  return retry("sim.file", what + " failed: " + std::strerror(errno));
}

class Reader final : public SeekableSource {
 public:
  Reader(int file, std::uint64_t size) : file_(file), size_(size) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - position_));
    if (wanted == 0) return std::size_t{0};
    const auto got = ::pread(file_, into.data(), wanted, static_cast<off_t>(position_));
    if (got <= 0) return io_error("reading a temporary file");
    position_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<void> seek(std::uint64_t offset) override {
    if (offset > size_) return bug("sim.file", "a seek beyond the end");
    position_ = offset;
    return {};
  }

 private:
  int file_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

}  // namespace

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::make(const std::filesystem::path& folder) {
  const auto path = folder / new_uuid();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return io_error("creating a temporary file in " + folder.string());
  ::unlink(path.c_str());
  return std::unique_ptr<TemporaryFile>(new TemporaryFile(file));
}

TemporaryFile::~TemporaryFile() { ::close(file_); }

Result<void> TemporaryFile::write(ByteView bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("writing a temporary file");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

std::unique_ptr<SeekableSource> TemporaryFile::reader() const { return std::make_unique<Reader>(file_, size_); }

}  // namespace kanal::sim

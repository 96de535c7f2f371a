#include "store/spool/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace kanal::store {

tl::unexpected<Error> io_failure(std::string_view what, const std::filesystem::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return retry("spool.full", fmt::format("no room left to {} {}: free space on its disk", what, path.string()));
  }
  return retry("spool.io", fmt::format("cannot {} {} ({}): check the disk and the rights of the folder", what,
                                       path.string(), std::generic_category().message(error)));
}

File::File(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

File::~File() { close(); }

void File::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Result<bool> File::open_if_there(const std::filesystem::path& path, int flags, File& into) {
  constexpr mode_t owner_only = 0600;
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, owner_only);
  if (descriptor < 0 && errno == ENOENT) return false;
  if (descriptor < 0) return io_failure("open", path, errno);
  into = File(descriptor, path);
  return true;
}

Result<File> File::open(const std::filesystem::path& path, int flags) {
  File file;
  auto opened = open_if_there(path, flags, file);
  if (!opened) return failed(opened);
  if (!*opened) return io_failure("open", path, ENOENT);
  return file;
}

Result<void> File::write_all(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_failure("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::size_t> File::read_at(std::span<std::byte> into, std::uint64_t offset) const {
  std::size_t total = 0;
  while (total < into.size()) {
    const ssize_t count =
        ::pread(descriptor_, into.data() + total, into.size() - total, static_cast<off_t>(offset + total));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_failure("read", path_, errno);
    if (count == 0) break;
    total += static_cast<std::size_t>(count);
  }
  return total;
}

Result<std::uint64_t> File::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return io_failure("look at", path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> File::sync() {
  if (::fsync(descriptor_) != 0) return io_failure("sync", path_, errno);
  return {};
}

void File::start_writeback(std::uint64_t offset, std::uint64_t length) {
  // Only a hint: what it fails to do, sync() does and reports.
  (void)::sync_file_range(descriptor_, static_cast<off64_t>(offset), static_cast<off64_t>(length),
                          SYNC_FILE_RANGE_WRITE);
}

bool File::try_lock() { return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

Result<void> sync_folder(const std::filesystem::path& folder) {
  auto opened = File::open(folder, O_RDONLY | O_DIRECTORY);
  if (!opened) return failed(opened);
  return opened->sync();
}

Result<bool> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return io_failure("remove", path, errno);
}

Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_failure("rename", from, errno);
  return {};
}

Result<bool> make_folder(const std::filesystem::path& folder) {
  constexpr mode_t owner_only = 0700;
  if (::mkdir(folder.c_str(), owner_only) == 0) return true;
  if (errno == EEXIST) return false;
  return io_failure("make the folder", folder, errno);
}

}  // namespace kanal::store

// Plain file operations of the spool as Results: `spool.full` when there is no room, `spool.io` for everything else,
// both worth a retry. One File is used by one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::store {

/// The Error for `error` (errno) after trying to `what` the file.
[[nodiscard]] tl::unexpected<Error> io_failure(std::string_view what, const std::filesystem::path& path, int error);

/// An open file; closed at the end. Never inherited by child processes.
class File {
 public:
  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  static Result<File> open(const std::filesystem::path& path, int flags);
  /// Like open(), but says nothing of a file that is not there.
  static Result<bool> open_if_there(const std::filesystem::path& path, int flags, File& into);

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  Result<void> write_all(ByteView bytes);
  /// Bytes read from `offset` on; fewer than asked for only at the end of the file.
  Result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) const;
  Result<std::uint64_t> size() const;
  /// Returns when the content has reached the disk.
  Result<void> sync();
  /// Starts writing `length` bytes from `offset` to the disk, so that a later sync() has little left to do.
  void start_writeback(std::uint64_t offset, std::uint64_t length);
  /// An exclusive lock that the kernel frees at the end of the process; false when somebody else has it.
  [[nodiscard]] bool try_lock();

 private:
  File(int descriptor, std::filesystem::path path);
  void close() noexcept;

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Makes the names in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);
/// Removes a file; false when there is none.
Result<bool> remove_file(const std::filesystem::path& path);
Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Makes a folder with mode 0700; false when it was there.
Result<bool> make_folder(const std::filesystem::path& folder);

}  // namespace kanal::store

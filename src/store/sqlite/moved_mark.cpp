#include "store/sqlite/moved_mark.hpp"

#include <fcntl.h>

#include "store/spool/files.hpp"

namespace kanal::store {

std::filesystem::path moved_mark(const std::filesystem::path& database) {
  return std::filesystem::path(database).concat(".moved");
}

bool is_marked_as_moved(const std::filesystem::path& database) {
  std::error_code error;
  return std::filesystem::exists(moved_mark(database), error) || error;
}

Result<void> mark_as_moved(const std::filesystem::path& database, const std::string& text) {
  auto file = File::open(moved_mark(database), O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return failed(file);
  if (auto written = file->write_all(bytes_of(text + "\n")); !written) return written;
  if (auto synced = file->sync(); !synced) return synced;
  return sync_folder(database.parent_path());
}

Result<bool> undo_moved_mark(const std::filesystem::path& database) { return remove_file(moved_mark(database)); }

}  // namespace kanal::store

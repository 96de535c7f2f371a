// What the readers of configuration files give to the loader.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kanal::ops {

/// One `key = value`, as written, placeholders and blanks included.
struct FileEntry {
  std::string key;
  std::string value;
  int line = 0;
  int document = 0;             ///< counts the parts of a file that `---` or `#---` separates
  bool strange_escape = false;  ///< a backslash before a letter that is no escape: a Windows path, most likely
};

/// A configuration file larger than this is something else.
constexpr std::size_t config_file_limit = std::size_t{1} << 20;
/// Keys per file.
constexpr std::size_t config_entry_limit = 10'000;

}  // namespace kanal::ops

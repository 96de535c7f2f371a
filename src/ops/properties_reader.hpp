// Reader of Java .properties files (java.util.Properties.load). Pure function, any thread.
// Refuses files over config_file_limit, more than config_entry_limit keys, UTF-16, NUL bytes and broken \u escapes.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ops/file_entry.hpp"

namespace kanal::ops {

struct PropertiesFile {
  std::vector<FileEntry> entries;  ///< in file order, duplicates included; text is UTF-8
  bool latin1 = false;             ///< was not UTF-8, so read as ISO-8859-1
};

/// Errors are `config.syntax`; the message starts with the line: `12: ...`.
[[nodiscard]] Result<PropertiesFile> read_properties(std::string_view content);

}  // namespace kanal::ops

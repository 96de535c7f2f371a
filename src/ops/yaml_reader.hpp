// Reader of YAML configuration: flattens it to dotted keys with `[n]` for sequences, as Spring does. Pure function, any
// thread. Refuses what is too large, too deep, has too many keys, merge keys (`<<`) and anything yaml-cpp cannot parse.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ops/file_entry.hpp"

namespace kanal::ops {

/// Errors are `config.syntax`; the message starts with the line: `12: ...`.
[[nodiscard]] Result<std::vector<FileEntry>> read_yaml(std::string_view content);

}  // namespace kanal::ops

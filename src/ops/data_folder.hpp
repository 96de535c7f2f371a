// Where the store and the spool live (architecture.md "Product"): kanal.data-folder, or the folder that a Java
// installation's H2 address names. With PostgreSQL only scratch files live there, or a spool that all nodes share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ops/config.hpp"

namespace kanal::ops {

/// kanal.data-folder when set; else the folder of `jdbc:h2:file:...`; else `kanal-data` in the configuration's folder.
/// The folder need not exist. Error `config.datasource` for a database that cannot be used.
[[nodiscard]] Result<std::filesystem::path> data_folder(const Config& config);

/// Why this value of difi.datasource.url cannot be used; empty when it can.
[[nodiscard]] std::string data_folder_fault(std::string_view url);

}  // namespace kanal::ops

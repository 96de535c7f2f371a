// The random id by which installations of one organisation can be told apart at the broker (dpo.md section 9, D12).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace kanal::transports::dpo {

/// Kept in the file `installation.id` of the data folder, and made when there is none: an id that changed with every
/// start would look like another installation. `dpo.installation_id` (retry) when the file cannot be used.
Result<std::string> installation_id(const std::filesystem::path& data_folder);

}  // namespace kanal::transports::dpo

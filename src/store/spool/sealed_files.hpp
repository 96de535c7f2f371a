// Sealed bytes as files of the spool folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/spool/files.hpp"
#include "store/spool/sealed_bytes.hpp"

namespace kanal::store {

/// A file in `folder` that gets its name only when it is complete; durable: synchronised with the disk by then.
Result<std::unique_ptr<SealedOutput>> make_sealed_file(const std::filesystem::path& folder, const std::string& name,
                                                       bool durable);
/// The bytes of an open file.
std::unique_ptr<SealedInput> read_sealed_file(File file);

}  // namespace kanal::store

// Files that configuration values name: `file:...`, a plain path, `base64:...` (configuration.md section 1). Any
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::ops {

/// Keystores, certificates and configuration files are far smaller.
constexpr std::uint64_t resource_limit = std::uint64_t{16} << 20;

/// Reads a file of at most `limit` bytes. Error: `config.file`; the message names the path and what is wrong.
[[nodiscard]] Result<Bytes> read_file_bytes(const std::filesystem::path& path, std::uint64_t limit);

/// The path in a `file:` value or a plain one, relative to `folder`.
[[nodiscard]] std::filesystem::path resource_path(std::string_view value, const std::filesystem::path& folder);

/// Content of the resource. Errors are `config.file`: absent, unreadable or too large file, broken base64,
/// `classpath:`, `vault:`.
[[nodiscard]] Result<Bytes> read_resource(std::string_view value, const std::filesystem::path& folder);

}  // namespace kanal::ops

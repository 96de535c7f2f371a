#include "ops/resource.hpp"

#include <fstream>

#include <fmt/format.h>

namespace kanal::ops {
namespace fs = std::filesystem;

Result<Bytes> read_file_bytes(const fs::path& path, std::uint64_t limit) {
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (status.type() == fs::file_type::not_found) {
    return reject("config.file", fmt::format("the file {} does not exist", path.string()));
  }
  if (status.type() != fs::file_type::regular) {
    return reject("config.file", fmt::format("{} is not a readable file", path.string()));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return reject("config.file", fmt::format("{} cannot be read by this user", path.string()));
  Bytes out;
  Bytes part(std::size_t{64} * 1024);
  while (in) {
    in.read(reinterpret_cast<char*>(part.data()), static_cast<std::streamsize>(part.size()));
    out.insert(out.end(), part.begin(), part.begin() + in.gcount());
    if (out.size() > limit) {
      return reject("config.file",
                    fmt::format("{} is larger than {} MiB; is it the right file?", path.string(), limit >> 20));
    }
  }
  if (in.bad()) return reject("config.file", fmt::format("reading {} failed", path.string()));
  return out;
}

fs::path resource_path(std::string_view value, const fs::path& folder) {
  if (value.starts_with("file:")) {
    value.remove_prefix(5);
    // file:///etc/x, and file://etc/x as people write it, mean /etc/x and etc/x.
    if (value.starts_with("//")) value.remove_prefix(2);
  }
  return folder / fs::path(value);
}

Result<Bytes> read_resource(std::string_view value, const fs::path& folder) {
  if (value.starts_with("base64:")) {
    auto bytes = from_base64(value.substr(7));
    if (!bytes || bytes->empty()) return reject("config.file", "the text after base64: is not base64");
    return std::move(*bytes);
  }
  if (value.starts_with("classpath:")) {
    return reject("config.file",
                  "classpath: names a file inside the Java program; copy the file out and give its path");
  }
  if (value.starts_with("vault:")) {
    return reject("config.file", "vault: cannot be used for this setting; give a path, or the content as base64:...");
  }
  return read_file_bytes(resource_path(value, folder), resource_limit);
}

}  // namespace kanal::ops

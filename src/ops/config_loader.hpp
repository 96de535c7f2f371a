// Gathers the sources of a configuration in their order (configuration.md section 1) and merges them. Used once, by
// Config::load.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ops/config.hpp"
#include "ops/file_entry.hpp"

namespace kanal::ops {

class ConfigLoader {
 public:
  explicit ConfigLoader(const ConfigSources& sources) : sources_(sources) {}
  Result<Config> load();

 private:
  /// One key of one source.
  struct Entry {
    std::string key;
    std::string value;
    Origin origin;
  };
  /// One source; of two entries for a key the later counts.
  using Layer = std::vector<Entry>;

  // Reading, config_loader.cpp.
  void read_arguments();
  void read_environment();
  void choose_profiles(const Layer& base);
  Result<void> read_named_files(const Layer& from, std::vector<Layer>& into);
  Result<void> read_folder(const std::filesystem::path& folder, std::vector<Layer>& into);
  Result<std::optional<Layer>> read_file(const std::filesystem::path& path);
  Result<std::vector<Layer>> read_local();
  Result<std::vector<Layer>> read_siblings(const std::filesystem::path& stem);
  [[nodiscard]] bool document_applies(const std::vector<FileEntry>& entries, int document) const;
  [[nodiscard]] std::string source_name(const std::filesystem::path& path) const;

  // Merging, config_merge.cpp.
  Result<void> settle();
  Result<void> read_vault();
  void merge();
  void take(const Entry& entry, std::size_t layer, std::map<std::string, std::size_t>& owners);
  void add_fallbacks();
  Result<void> resolve();
  [[nodiscard]] std::optional<std::string> look_up(std::string_view name) const;
  std::optional<std::string> resolve_value(Config::Value& value);
  void spread_secrecy();
  void remark(ConfigRemark::Level level, const Entry& entry, std::string text);

  const ConfigSources& sources_;
  Config config_;
  std::vector<Layer> layers_;  ///< highest first
  std::set<std::filesystem::path> files_read_;
  std::map<std::string, std::vector<std::string>> references_;  ///< canonical key to the canonical names it holds
};

}  // namespace kanal::ops

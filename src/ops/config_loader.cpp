#include "ops/config_loader.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ops/key_names.hpp"
#include "ops/properties_reader.hpp"
#include "ops/resource.hpp"
#include "ops/value_types.hpp"
#include "ops/yaml_reader.hpp"

namespace kanal::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view profiles_key = "spring.profiles.active";
constexpr std::string_view import_key = "spring.config.import";
constexpr std::string_view location_key = "spring.config.additional-location";
constexpr std::string_view local_name = "integrasjonspunkt-local";
/// More configuration files than this import each other by mistake.
constexpr std::size_t file_limit = 32;

/// Highest first: of the same file in several formats the properties win.
constexpr std::array<std::string_view, 3> endings{".properties", ".yml", ".yaml"};

/// Values of `key` (canonical), whole or `[n]`, commas and semicolons split.
template <class Layer>
std::vector<std::string> listed(const Layer& layer, std::string_view key) {
  std::vector<std::string> out;
  for (const auto& entry : layer) {
    if (list_base(canonical(entry.key)) != canonical(key)) continue;
    std::string value = entry.value;
    std::ranges::replace(value, ';', ',');
    const std::vector<std::string> items = parse_list(value);
    if (canonical(entry.key) == canonical(key)) out.clear();
    out.insert(out.end(), items.begin(), items.end());
  }
  return out;
}

}  // namespace

Result<Config> Config::load(const ConfigSources& sources) { return ConfigLoader(sources).load(); }

Result<Config> ConfigLoader::load() {
  config_.folder_ = sources_.folder;
  read_arguments();
  read_environment();

  auto base = read_siblings(sources_.folder / "application");
  if (!base) return failed(std::move(base));
  Layer joined;
  for (auto layer = base->rbegin(); layer != base->rend(); ++layer)
    joined.insert(joined.end(), layer->begin(), layer->end());
  choose_profiles(joined);

  std::vector<Layer> named;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    if (auto done = read_named_files(layers_[i], named); !done) return failed(std::move(done));
  }
  auto local = read_local();
  if (!local) return failed(std::move(local));
  for (const Layer& layer : *local) {
    if (auto done = read_named_files(layer, named); !done) return failed(std::move(done));
  }
  // A later file wins over an earlier one.
  layers_.insert(layers_.end(), named.rbegin(), named.rend());
  layers_.insert(layers_.end(), local->begin(), local->end());
  for (auto profile = config_.profiles_.rbegin(); profile != config_.profiles_.rend(); ++profile) {
    auto layers = read_siblings(sources_.folder / ("application-" + *profile));
    if (!layers) return failed(std::move(layers));
    layers_.insert(layers_.end(), layers->begin(), layers->end());
  }
  layers_.insert(layers_.end(), base->begin(), base->end());

  if (auto done = read_vault(); !done) return failed(std::move(done));
  if (auto done = settle(); !done) return failed(std::move(done));
  return std::move(config_);
}

Result<std::vector<ConfigLoader::Layer>> ConfigLoader::read_local() {
  if (sources_.file.empty()) return read_siblings(sources_.folder / local_name);
  auto layer = read_file(sources_.file);
  if (!layer) return failed(std::move(layer));
  if (!*layer) return reject("config.file", "the file " + sources_.file.string() + " does not exist");
  std::vector<Layer> found;
  found.push_back(std::move(**layer));
  return found;
}

void ConfigLoader::read_arguments() {
  Layer options;
  Layer properties;
  for (const std::string_view argument : sources_.arguments) {
    const bool option = argument.starts_with("--");
    if (!option && !argument.starts_with("-D")) continue;
    const std::string_view text = argument.substr(2);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    (option ? options : properties)
        .push_back({std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), {"command line", 0}});
  }
  layers_.push_back(std::move(options));
  layers_.push_back(std::move(properties));
}

void ConfigLoader::read_environment() {
  Layer layer;
  for (const auto& [name, value] : sources_.environment) {
    if (auto key = key_of_environment(name)) layer.push_back({std::move(*key), value, {"environment", 0}});
  }
  // `..._NOTIFICATIONTEXT` sorts before the legacy `..._NOTIFICATION_TEXT` and shall win over it.
  std::ranges::reverse(layer);
  layers_.push_back(std::move(layer));
}

void ConfigLoader::choose_profiles(const Layer& base) {
  for (const Layer& layer : layers_) {
    if (config_.profiles_.empty()) config_.profiles_ = listed(layer, profiles_key);
  }
  if (config_.profiles_.empty()) config_.profiles_ = listed(base, profiles_key);
  std::erase_if(config_.profiles_, [](const std::string& name) {
    return name.find_first_of("/\\") != std::string::npos || name.size() > 64;
  });
}

std::string ConfigLoader::source_name(const fs::path& path) const {
  const fs::path relative = path.lexically_relative(sources_.folder);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

/// `spring.config.activate.on-profile` in one part of a file keeps it for those profiles.
bool ConfigLoader::document_applies(const std::vector<FileEntry>& entries, int document) const {
  for (const FileEntry& entry : entries) {
    if (entry.document != document || canonical(list_base(entry.key)) != "spring.config.activate.onprofile") continue;
    const std::vector<std::string> wanted = parse_list(entry.value);
    return std::ranges::any_of(wanted, [&](const std::string& name) {
      return std::ranges::find(config_.profiles_, name) != config_.profiles_.end();
    });
  }
  return true;
}

Result<std::optional<ConfigLoader::Layer>> ConfigLoader::read_file(const fs::path& path) {
  std::error_code problem;
  if (fs::status(path, problem).type() == fs::file_type::not_found) return std::optional<Layer>();
  const auto bytes = read_file_bytes(path, config_file_limit);
  if (!bytes) return failed(bytes);
  const std::string source = source_name(path);
  std::vector<FileEntry> entries;
  if (path.extension() == ".yml" || path.extension() == ".yaml") {
    auto read = read_yaml(text_of(*bytes));
    if (!read) return reject("config.syntax", source + ":" + read.error().message);
    entries = std::move(*read);
  } else {
    auto read = read_properties(text_of(*bytes));
    if (!read) return reject("config.syntax", source + ":" + read.error().message);
    entries = std::move(read->entries);
  }
  Layer layer;
  for (FileEntry& entry : entries) {
    if (!document_applies(entries, entry.document)) continue;
    layer.push_back({std::move(entry.key), std::move(entry.value), {source, entry.line}});
    if (entry.strange_escape) {
      remark(ConfigRemark::Level::warning, layer.back(),
             "a backslash starts an escape and was dropped; in a path write / or \\\\");
    }
  }
  return std::optional(std::move(layer));
}

Result<std::vector<ConfigLoader::Layer>> ConfigLoader::read_siblings(const fs::path& stem) {
  std::vector<Layer> found;
  for (const std::string_view ending : endings) {
    auto layer = read_file(fs::path(stem).concat(ending));
    if (!layer) return failed(std::move(layer));
    if (*layer) found.push_back(std::move(**layer));
  }
  return found;
}

Result<void> ConfigLoader::read_folder(const fs::path& folder, std::vector<Layer>& into) {
  std::vector<std::string> stems{"application"};
  for (const std::string& profile : config_.profiles_) stems.push_back("application-" + profile);
  for (const std::string& stem : stems) {
    auto layers = read_siblings(folder / stem);
    if (!layers) return failed(std::move(layers));
    into.insert(into.end(), layers->rbegin(), layers->rend());
  }
  return {};
}

/// Appends the files that `from` names, lowest first; a file that names others comes before them.
Result<void> ConfigLoader::read_named_files(const Layer& from, std::vector<Layer>& into) {
  for (const std::string_view key : {import_key, location_key}) {
    for (std::string name : listed(from, key)) {
      const bool optional = name.starts_with("optional:");
      if (optional) name.erase(0, 9);
      const fs::path path = resource_path(name, sources_.folder).lexically_normal();
      if (!files_read_.insert(path).second) continue;
      if (files_read_.size() > file_limit) {
        return reject("config.syntax", fmt::format("more than {} configuration files are imported", file_limit));
      }
      if (name.ends_with('/')) {
        if (auto done = read_folder(path, into); !done) return done;
        continue;
      }
      auto layer = read_file(path);
      if (!layer) return failed(std::move(layer));
      if (!*layer && !optional) {
        return reject("config.file",
                      fmt::format("{} names the file {}, which does not exist; write optional:{} if it may be absent",
                                  key, path.string(), name));
      }
      if (!*layer) continue;
      const Layer copy = **layer;
      into.push_back(std::move(**layer));
      if (auto done = read_named_files(copy, into); !done) return done;
    }
  }
  return {};
}

}  // namespace kanal::ops

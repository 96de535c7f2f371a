// Form: "jdbc:h2:" [ "file:" ] path *( ";" option ) ; the path names the database file without its ending.
#include "ops/data_folder.hpp"

#include "ops/key_names.hpp"
#include "ops/value_display.hpp"

namespace kanal::ops {
namespace {

constexpr std::string_view folder_key = "kanal.data-folder";
constexpr std::string_view url_key = "difi.datasource.url";

/// The path in an H2 address; the message says why there is none.
Result<std::filesystem::path> h2_path(std::string_view url) {
  const auto refuse = [](std::string message) { return reject("config.datasource", std::move(message)); };
  const std::string start = lower(url.substr(0, 24));
  if (!start.starts_with("jdbc:h2:")) {
    return refuse(
        "this database is not supported: use PostgreSQL (jdbc:postgresql://host/database), or remove this line to use "
        "the embedded store");
  }
  std::string_view path = url.substr(8);
  const std::string rest = lower(path);
  if (rest.starts_with("mem:")) {
    return refuse(
        "a database in memory would lose messages at every stop: name a file (jdbc:h2:file:./name) or "
        "kanal.data-folder");
  }
  for (const std::string_view remote : {"tcp:", "ssl:", "zip:", "nio:", "split:"}) {
    if (rest.starts_with(remote)) {
      return refuse("only jdbc:h2:file: names a folder for the embedded store: set kanal.data-folder instead");
    }
  }
  if (rest.starts_with("file:")) path.remove_prefix(5);
  path = path.substr(0, path.find(';'));
  if (path.empty()) return refuse("the address names no file: write jdbc:h2:file:./name, or set kanal.data-folder");
  if (path.starts_with('~')) {
    return refuse("a path below the home folder depends on the user: write the whole path, or set kanal.data-folder");
  }
  return std::filesystem::path(path);
}

bool names_postgres(std::string_view url) { return lower(url.substr(0, 16)) == "jdbc:postgresql:"; }

}  // namespace

Result<std::filesystem::path> data_folder(const Config& config) {
  const auto named = config.text(folder_key);
  const auto origin = config.origin(folder_key);
  const bool explicitly = origin && origin->source != default_source && named && !named->empty();
  const auto url = config.text(url_key);
  if (!explicitly && url && !url->empty() && !names_postgres(*url)) {
    const auto path = h2_path(*url);
    if (!path) {
      return reject("config.datasource",
                    sentence_about(*config.origin(url_key), url_key, *url, false, path.error().message));
    }
    return (config.folder() / *path).parent_path();
  }
  return config.folder() / (named && !named->empty() ? *named : "kanal-data");
}

std::string data_folder_fault(std::string_view url) {
  if (names_postgres(url)) return {};
  const auto path = h2_path(url);
  return path ? std::string() : path.error().message;
}

}  // namespace kanal::ops

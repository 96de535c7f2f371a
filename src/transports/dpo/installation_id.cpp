#include "transports/dpo/installation_id.hpp"

#include <fstream>

#include "base/ids.hpp"

namespace kanal::transports::dpo {

Result<std::string> installation_id(const std::filesystem::path& data_folder) {
  const auto path = data_folder / "installation.id";
  std::string id;
  if (std::ifstream(path) >> id && is_uuid(id)) return id;
  // Half a file, after a crash, is no id: it is written anew. Nothing depends on the old one.
  std::error_code error;
  std::filesystem::create_directories(data_folder, error);
  id = new_uuid();
  std::ofstream out(path, std::ios::trunc);
  if (!(out << id << '\n' << std::flush)) {
    return retry("dpo.installation_id", "the file " + path.string() +
                                            " cannot be written; make the folder writable, or set "
                                            "kanal.dpo.describe-installation=false");
  }
  return id;
}

}  // namespace kanal::transports::dpo

// Who this process is among the nodes of a shared store.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "store/spool/files.hpp"

namespace kanal::app {

/// A name that stays the same when this node starts again, kept in a file of `folder` that one process at a time holds.
struct NodeName {
  std::string name;
  store::File held;  ///< as long as this lives nobody else gets the name
};

/// The file is `node-<machine>.id`. While another process holds it, the name is a new one that is kept nowhere.
Result<NodeName> node_name(const std::filesystem::path& folder);

}  // namespace kanal::app

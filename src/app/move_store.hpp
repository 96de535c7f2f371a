// Moves everything of an embedded store into a PostgreSQL database: rows with their ids, the installation key, the
// blobs. Offline, in one transaction; what was moved is read back and compared before anything is put away.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/open_store.hpp"

namespace kanal::app {

struct MoveReport {
  std::map<std::string, std::int64_t> rows;  ///< by table
  std::int64_t blobs = 0;                    ///< files that went into the database
  std::filesystem::path put_away;            ///< the embedded database, under its new name
};

/// Errors: `store.locked` (it is in use), `store.not_found` (there is no embedded store), `store.not_empty` (the target
/// holds something already), `store.move` (what arrived is not what was sent; nothing was changed), store.*, spool.*.
Result<MoveReport> move_store(const std::filesystem::path& folder, const DatabasePlace& to,
                              const std::vector<crypto::Identity>& identities, Clock& clock, Log& log);

/// `kanal store migrate`: an exit code.
int move_store_command(const ops::Config& config, const std::string& url, bool as_json, std::ostream& out);

}  // namespace kanal::app

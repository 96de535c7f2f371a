// Which store an installation has, by its settings, and opening it: SQLite with a spool folder, or PostgreSQL with its
// blobs in the database or in a folder that all nodes share.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "app/node_name.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "ops/config.hpp"
#include "store/common/sql_store.hpp"
#include "store/postgres/connection.hpp"
#include "store/spool/spool.hpp"

namespace kanal::app {

/// A PostgreSQL database and how it is used.
struct DatabasePlace {
  store::postgres::ConnectSettings connect;
  int connections = 20;           ///< at most, of one node
  bool blobs_in_database = true;  ///< else in the spool folder, which is shared by all nodes
};

struct StorePlace {
  std::filesystem::path folder;  ///< data folder: of everything, or of scratch files and a shared spool
  std::optional<DatabasePlace> database;
};

/// From difi.datasource.*, kanal.data-folder, kanal.blobs. Errors `config.datasource`, `config.value`.
Result<StorePlace> store_place(const ops::Config& config);
/// The same for another address than the configured one.
Result<DatabasePlace> database_place(const ops::Config& config, const std::string& url);

struct OpenedStore {
  NodeName node{};  ///< of a shared store
  std::unique_ptr<store::Spool> spool;
  std::unique_ptr<store::SqlStore> store;  ///< after the spool: ends first
};

/// Opens it, with the installation key that one of `identities` (current first) opens. `store.unmoved` when the data
/// folder has an embedded store that nobody would look at any more.
Result<OpenedStore> open_store(const StorePlace& place, const std::vector<crypto::Identity>& identities, Clock& clock,
                               Log& log);

/// Where the embedded store has its database.
[[nodiscard]] std::filesystem::path embedded_database(const std::filesystem::path& folder);

}  // namespace kanal::app

#include "app/open_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ops/data_folder.hpp"
#include "store/postgres/database_blobs.hpp"
#include "store/postgres/database_key.hpp"
#include "store/postgres/jdbc_url.hpp"
#include "store/postgres/migrations.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace kanal::app {
namespace {

constexpr const char* spool_folder = "spool";
constexpr int fewest_connections = 5;
constexpr int most_connections = 500;

Result<bool> blobs_in_database(const ops::Config& config) {
  const auto where = config.text_or("kanal.blobs", "database");
  if (where == "database") return true;
  if (where == "folder") return false;
  return reject("config.value", "kanal.blobs must be database or folder");
}

Result<OpenedStore> open_embedded(const StorePlace& place, const std::vector<crypto::Identity>& identities,
                                  Clock& clock, Log& log) {
  auto key = store::load_installation_key(place.folder / spool_folder, identities);
  if (!key) return failed(key);
  auto spool = store::open_spool({place.folder / spool_folder, *key});
  if (!spool) return failed(spool);
  auto database = store::open_sqlite_store({embedded_database(place.folder)}, **spool, clock, log);
  if (!database) return failed(database);
  return OpenedStore{{}, std::move(*spool), std::move(*database)};
}

/// An embedded store that was left behind may hold messages.
Result<void> check_nothing_left(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto file = embedded_database(folder);
  if (!std::filesystem::exists(file, ignored)) return {};
  return reject(
      "store.unmoved",
      fmt::format("there is an embedded store in {}, but difi.datasource.url names another database: start with "
                  "the embedded one until nothing is under way, then put the file away",
                  file.string()));
}

Result<OpenedStore> open_shared(const StorePlace& place, const std::vector<crypto::Identity>& identities, Clock& clock,
                                Log& log) {
  namespace pg = store::postgres;
  const auto& database = *place.database;
  if (auto nothing = check_nothing_left(place.folder); !nothing) return failed(nothing);
  auto connection = pg::Connection::open(database.connect);
  if (!connection) return failed(connection);
  if (auto migrated = pg::migrate(**connection, pg::migrations(), clock.now()); !migrated) return failed(migrated);
  auto key = store::load_installation_key(*pg::key_in_database(**connection), identities);
  if (!key) return failed(key);
  std::error_code ignored;
  std::filesystem::create_directories(place.folder, ignored);
  const bool shared_folder = !database.blobs_in_database;
  auto spool = store::open_spool({place.folder / spool_folder, *key, store::default_inline_limit, shared_folder});
  if (!spool) return failed(spool);
  const int for_blobs = database.blobs_in_database ? std::clamp(database.connections / 4, 1, 8) : 0;
  if (database.blobs_in_database) {
    spool = pg::open_database_blobs({database.connect, for_blobs, *key}, std::move(*spool), clock);
    if (!spool) return failed(spool);
  }
  auto node = node_name(place.folder);
  if (!node) return failed(node);
  auto opened =
      pg::open_postgres_store({database.connect, database.connections - for_blobs, node->name}, **spool, clock, log);
  if (!opened) return failed(opened);
  return OpenedStore{std::move(*node), std::move(*spool), std::move(*opened)};
}

}  // namespace

std::filesystem::path embedded_database(const std::filesystem::path& folder) { return folder / "kanal.db"; }

Result<DatabasePlace> database_place(const ops::Config& config, const std::string& url) {
  auto connect = store::postgres::parse_jdbc_url(url, config.text_or("difi.datasource.username", ""),
                                                 config.secret("difi.datasource.password").reveal(), config.folder());
  if (!connect) return failed(connect);
  auto connections = config.integer("spring.datasource.hikari.maximum-pool-size");
  if (!connections) return failed(connections);
  auto in_database = blobs_in_database(config);
  if (!in_database) return failed(in_database);
  return DatabasePlace{std::move(*connect),
                       static_cast<int>(std::clamp<std::int64_t>(*connections, fewest_connections, most_connections)),
                       *in_database};
}

Result<StorePlace> store_place(const ops::Config& config) {
  StorePlace place;
  auto folder = ops::data_folder(config);
  if (!folder) return failed(folder);
  place.folder = std::move(*folder);
  const auto url = config.text_or("difi.datasource.url", "");
  if (!store::postgres::is_postgres_url(url)) return place;
  auto database = database_place(config, url);
  if (!database) return failed(database);
  place.database = std::move(*database);
  return place;
}

Result<OpenedStore> open_store(const StorePlace& place, const std::vector<crypto::Identity>& identities, Clock& clock,
                               Log& log) {
  auto opened =
      place.database ? open_shared(place, identities, clock, log) : open_embedded(place, identities, clock, log);
  if (!opened) return opened;
  auto swept = opened->spool->sweep([&](const BlobId& id) { return opened->store->knows_blob(id); });
  if (!swept) return failed(swept);
  if (*swept > 0) log.info("spool_swept", {{"files", *swept}});
  return opened;
}

}  // namespace kanal::app

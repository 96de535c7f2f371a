#include "app/move_store.hpp"

#include <array>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "app/identities.hpp"
#include "app/serve_command.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/database_blobs.hpp"
#include "store/postgres/database_key.hpp"
#include "store/postgres/migrations.hpp"
#include "store/spool/spool.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace kanal::app {
namespace {

namespace fs = std::filesystem;
namespace pg = store::postgres;

/// Owners before those who refer to them.
constexpr std::array<std::string_view, 16> tables = {
    "blob",         "conversation",  "message_status", "message", "attachment", "job",         "remote_item",
    "departure",    "orphan",        "quarantine",     "finding", "setting",    "channel_use", "webhook_subscription",
    "status_queue", "sent_elsewhere"};
/// Those whose ids the database gives, with the column.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> numbered = {{{"conversation", "id"},
                                                                                    {"message_status", "id"},
                                                                                    {"message", "id"},
                                                                                    {"attachment", "id"},
                                                                                    {"job", "id"},
                                                                                    {"orphan", "id"},
                                                                                    {"quarantine", "id"},
                                                                                    {"webhook_subscription", "id"}}};
constexpr std::size_t chunk_size = std::size_t{1024} * 1024;

struct Column {
  std::string name;
  std::string type;  ///< INTEGER, TEXT, BLOB
};

/// Reads a whole number.
Result<std::int64_t> number(store::Sql& database, const std::string& sql) {
  auto rows = database.query_once(sql, {});
  auto there = rows.step();
  if (!there) return failed(there);
  return *there ? rows.integer(0) : 0;
}

Result<std::vector<Column>> columns_of(store::Sql& database, std::string_view table) {
  std::vector<Column> columns;
  auto rows =
      database.query_once(fmt::format("SELECT name, type FROM pragma_table_info('{}') ORDER BY cid", table), {});
  for (;;) {
    auto there = rows.step();
    if (!there) return failed(there);
    if (!*there) return columns;
    columns.push_back({rows.text(0), rows.text(1)});
  }
}

store::Param param_of(const store::Row& row, int at, const Column& column) {
  using Type = store::Param::Type;
  const auto type = column.type == "INTEGER" ? Type::integer : column.type == "BLOB" ? Type::bytes : Type::text;
  if (row.is_null(at)) return {type, true, 0, {}};
  if (type == Type::integer) return {type, false, row.integer(at), {}};
  return {type, false, 0, row.bytes(at)};
}

/// The move itself; everything of the target happens in one transaction.
class Move {
 public:
  Move(store::Database& from, pg::Connection& to) : from_(from), to_(to) {}

  Result<void> refuse_unless_empty() {
    for (const auto table : tables) {
      const auto rows = number(to_, fmt::format("SELECT count(*) FROM {}", table));
      if (!rows) return failed(rows);
      if (*rows > 0) {
        return reject("store.not_empty",
                      fmt::format("the target database holds data already ({} rows of {}): move into "
                                  "an empty one",
                                  *rows, table));
      }
    }
    return {};
  }

  Result<std::int64_t> copy(std::string_view table) {
    const auto columns = columns_of(from_, table);
    if (!columns) return failed(columns);
    std::string names;
    std::string marks;
    for (const auto& column : *columns) {
      names += (names.empty() ? "" : ", ") + column.name;
      marks += marks.empty() ? "?" : ", ?";
    }
    // Statuses keep their place in the feed, so web-hooks go on where they were.
    const bool fed = table == "message_status";
    const auto insert = fmt::format("INSERT INTO {} ({}{}) VALUES ({}{})", table, names, fed ? ", position" : "", marks,
                                    fed ? ", ?" : "");
    auto rows = from_.query_once(fmt::format("SELECT {} FROM {}", names, table), {});
    std::int64_t copied = 0;
    for (;; ++copied) {
      auto there = rows.step();
      if (!there) return failed(there);
      if (!*there) break;
      std::vector<store::Param> params;
      params.reserve(columns->size() + 1);
      for (std::size_t i = 0; i < columns->size(); ++i)
        params.push_back(param_of(rows, static_cast<int>(i), (*columns)[i]));
      if (fed) params.push_back(params.front());
      if (auto inserted = to_.run_params(insert, params); !inserted) return failed(inserted);
    }
    const auto arrived = number(to_, fmt::format("SELECT count(*) FROM {}", table));
    if (!arrived) return failed(arrived);
    if (*arrived != copied) {
      return reject("store.move", fmt::format("{} rows of {} were sent and {} arrived", copied, table, *arrived));
    }
    return copied;
  }

  /// New rows go on after the old numbers; none is used twice.
  Result<void> go_on_numbering() {
    for (const auto& [table, column] : numbered) {
      const auto last =
          number(from_, fmt::format("SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE name = '{}'), 0)", table));
      if (!last) return failed(last);
      if (*last > 0) {
        auto set =
            number(to_, fmt::format("SELECT setval(pg_get_serial_sequence('{}', '{}'), {})", table, column, *last));
        if (!set) return failed(set);
      }
      if (table != "message_status") continue;
      if (auto end = to_.script(fmt::format("UPDATE feed_end SET position = {}", *last)); !end) return end;
    }
    auto queue =
        number(to_,
               "SELECT setval(pg_get_serial_sequence('status_queue', 'number'), (SELECT coalesce(max(number), 0) "
               "+ 1 FROM status_queue), false)");
    return queue ? Result<void>{} : Result<void>(failed(queue));
  }

  /// The sealed bytes as they are: their key comes along.
  Result<void> copy_file(const std::string& id, const fs::path& path, Time now) {
    std::ifstream file(path, std::ios::binary);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (!file || error) return reject("store.move", fmt::format("the file of blob {} is not in the spool", id));
    auto begun = to_.run("INSERT INTO blob_content (id, started, length) VALUES (?, ?, ?)", id, now,
                         static_cast<std::int64_t>(size));
    if (!begun) return begun;
    Bytes chunk(chunk_size);
    for (std::int64_t n = 0; file; ++n) {
      file.read(reinterpret_cast<char*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
      const auto got = static_cast<std::size_t>(file.gcount());
      if (got == 0) break;
      auto put =
          to_.run("INSERT INTO blob_chunk (blob, number, content) VALUES (?, ?, ?)", id, n, ByteView(chunk).first(got));
      if (!put) return put;
    }
    return {};
  }

  Result<std::int64_t> copy_files(const fs::path& spool, Time now) {
    auto rows = from_.query_once("SELECT id FROM blob WHERE length(frames) = 0", {});
    for (std::int64_t copied = 0;; ++copied) {
      auto there = rows.step();
      if (!there) return failed(there);
      if (!*there) return copied;
      const auto id = rows.text(0);
      if (auto done = copy_file(id, store::spool_path(spool, BlobId(id)), now); !done) return failed(done);
    }
  }

 private:
  store::Database& from_;
  pg::Connection& to_;
};

/// Every blob can be opened and read to its end where it is now: its frames are authenticated.
Result<void> read_back(pg::Connection& database, ports::BlobStore& blobs) {
  auto rows = database.query_once("SELECT id, size, wrapped_key, frames FROM blob", {});
  for (;;) {
    auto there = rows.step();
    if (!there) return failed(there);
    if (!*there) return {};
    ports::BlobRef ref;
    ref.id = BlobId(rows.text(0));
    ref.size = static_cast<std::uint64_t>(rows.integer(1));
    ref.wrapped_key = copy_of(rows.bytes(2));
    ref.inline_frames = copy_of(rows.bytes(3));
    auto content = blobs.open(ref);
    if (!content) return failed(std::move(content).error(), fmt::format("blob {} did not arrive whole", ref.id.str()));
    Bytes buffer(chunk_size);
    for (std::uint64_t read = 0;;) {
      auto got = (*content)->read(buffer);
      if (!got) return failed(std::move(got).error(), fmt::format("blob {} did not arrive whole", ref.id.str()));
      read += *got;
      if (*got > 0) continue;
      if (read != ref.size) return reject("store.move", fmt::format("blob {} did not arrive whole", ref.id.str()));
      break;
    }
  }
}

}  // namespace

Result<MoveReport> move_store(const fs::path& folder, const DatabasePlace& to,
                              const std::vector<crypto::Identity>& identities, Clock& clock, Log& log) {
  const auto file = embedded_database(folder);
  std::error_code error;
  if (!fs::exists(file, error)) {
    return reject("store.not_found", fmt::format("there is no embedded store at {}", file.string()));
  }
  // Opened as an installation would: it takes the lock and brings the tables up to date.
  auto opened = open_store({folder, {}}, identities, clock, log);
  if (!opened) return failed(opened);
  auto from = store::Database::open(file, store::Database::Access::read_only);
  if (!from) return failed(from);
  auto target = pg::Connection::open(to.connect);
  if (!target) return failed(target);
  if (auto migrated = pg::migrate(**target, pg::migrations(), clock.now()); !migrated) return failed(migrated);

  MoveReport report;
  Move move(**from, **target);
  if (auto begun = (*target)->begin(pg::Connection::Mode::write); !begun) return failed(begun);
  const auto moved = [&]() -> Result<void> {
    if (auto empty = move.refuse_unless_empty(); !empty) return empty;
    for (const auto table : tables) {
      auto copied = move.copy(table);
      if (!copied) return failed(copied);
      report.rows.emplace(table, *copied);
    }
    if (auto freed = (*target)->script("UPDATE job SET leased_until = NULL"); !freed) return freed;
    if (auto numbered_on = move.go_on_numbering(); !numbered_on) return numbered_on;
    if (to.blobs_in_database) {
      auto files = move.copy_files(folder / "spool", clock.now());
      if (!files) return failed(files);
      report.blobs = *files;
    }
    std::ifstream key(folder / "spool" / "installation.key", std::ios::binary);
    const std::string wrapped{std::istreambuf_iterator<char>(key), std::istreambuf_iterator<char>()};
    if (wrapped.empty()) return reject("store.move", "the spool has no installation.key");
    return (*target)->run(
        "INSERT INTO installation_key (id, wrapped) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET wrapped = "
        "excluded.wrapped",
        bytes_of(wrapped));
  }();
  if (!moved) {
    (*target)->rollback();
    return failed(moved);
  }
  if (auto committed = (*target)->commit(); !committed.result) return failed(committed.result);

  if (to.blobs_in_database) {
    auto key = store::load_installation_key(*pg::key_in_database(**target), identities);
    if (!key) return failed(key);
    auto blobs = pg::open_database_blobs({to.connect, 2, *key}, std::move(opened->spool), clock);
    if (!blobs) return failed(blobs);
    if (auto good = read_back(**target, **blobs); !good) return failed(good);
  }
  opened->store.reset();
  (*from).reset();
  report.put_away = fs::path(file).concat(".moved");
  for (const auto* more : {"", "-wal", "-shm"}) {
    if (!fs::exists(fs::path(file).concat(more), error)) continue;
    fs::rename(fs::path(file).concat(more), fs::path(report.put_away).concat(more), error);
    if (error)
      return reject("store.move",
                    fmt::format("everything was moved, but {} cannot be put away: rename it", file.string()));
  }
  return report;
}

int move_store_command(const ops::Config& config, const std::string& url, bool as_json, std::ostream& out) {
  const auto fail = [](const Error& error) {
    std::cerr << "kanal: " << error.text() << "\n";
    return exit_code::failed;
  };
  auto identities = read_identities(config);
  if (!identities) return fail(identities.error());
  auto to = database_place(config, url);
  if (!to) return fail(to.error());
  const auto place = store_place(config);
  if (!place) return fail(place.error());
  SystemClock clock;
  SilentLog log;
  const auto report = move_store(place->folder, *to, *identities, clock, log);
  if (!report) return fail(report.error());
  if (as_json) {
    boost::json::object rows;
    for (const auto& [table, count] : report->rows) rows[table] = count;
    out << boost::json::serialize(boost::json::object{
               {"rows", std::move(rows)}, {"blobs", report->blobs}, {"putAway", report->put_away.string()}})
        << "\n";
    return exit_code::good;
  }
  for (const auto& [table, count] : report->rows) out << fmt::format("{:<22}{:>12}\n", table, count);
  out << fmt::format("{:<22}{:>12}\n", "files of blobs", report->blobs)
      << "Everything has arrived. The embedded database is now " << report->put_away.string()
      << ".\nSet difi.datasource.url, username and password, and start.\n";
  return exit_code::good;
}

}  // namespace kanal::app

#include "store/sqlite/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

#include <fmt/format.h>

namespace kanal::store {
namespace {

constexpr int busy_wait_ms = 5000;

tl::unexpected<Error> error_of(sqlite3* connection, int code) {
  const char* detail = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return retry("store.busy", fmt::format("the database is held by another process: {}", detail));
    case SQLITE_FULL:
      return retry("store.full", fmt::format("no room left for the database: free space on its disk ({})", detail));
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
        return reject("store.not_found", fmt::format("the row it belongs to is not there: {}", detail));
      }
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return reject("store.exists", fmt::format("it is there already: {}", detail));
      }
      return bug("store.sql", fmt::format("a value the database refuses: {}", detail));
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return retry(
          "store.io",
          fmt::format("cannot read or write the database: check its disk and the rights of its folder ({})", detail));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return bug("store.damaged", fmt::format("the database file is damaged: restore it from a backup ({})", detail));
    default:
      return bug("store.sql", fmt::format("a statement that the database does not accept: {}", detail));
  }
}

constexpr Dialect dialect{false, "", "", "", "", true, "CROSS JOIN", "ifnull(message_channel, '')", false};

/// Whether SQLite copies a text or blob that is bound, or reads it where it lies.
enum class Binding { copy, refer };

}  // namespace

class Database::Statement final : public Cursor {
 public:
  /// `in_use` is the cache's mark; null for a statement that is not kept. `prepared`: the result code of that.
  Statement(sqlite3* connection, sqlite3_stmt* statement, bool* in_use, int prepared)
      : connection_(connection), statement_(statement), in_use_(in_use), failed_(prepared) {}
  Statement(Statement&& other) noexcept
      : connection_(other.connection_),
        statement_(std::exchange(other.statement_, nullptr)),
        in_use_(std::exchange(other.in_use_, nullptr)),
        failed_(other.failed_) {}
  ~Statement() override;

  void bind(std::span<const Param> params, Binding binding);
  Result<bool> step() override;
  [[nodiscard]] bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] ByteView bytes(int column) const override {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  int bind(int index, const Param& param, Binding binding);

  sqlite3* connection_;
  sqlite3_stmt* statement_;
  bool* in_use_;
  int failed_;  ///< result code of an earlier failure, or 0
};

Database::Statement::~Statement() {
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  *in_use_ = false;
}

void Database::Statement::bind(std::span<const Param> params, Binding binding) {
  int index = 0;
  for (const auto& param : params) {
    const int code = bind(++index, param, binding);
    if (failed_ == SQLITE_OK) failed_ = code;
  }
}

int Database::Statement::bind(int index, const Param& param, Binding binding) {
  if (param.null) return sqlite3_bind_null(statement_, index);
  if (param.type == Param::Type::integer) return sqlite3_bind_int64(statement_, index, param.integer);
  auto* const destructor = binding == Binding::copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  const auto size = param.bytes.size();
  if (param.type == Param::Type::text) {
    // An empty view may have no address, and no address would mean NULL.
    const char* text = size == 0 ? "" : text_of(param.bytes).data();
    return sqlite3_bind_text64(statement_, index, text, size, destructor, SQLITE_UTF8);
  }
  if (size == 0) return sqlite3_bind_zeroblob(statement_, index, 0);
  return sqlite3_bind_blob64(statement_, index, param.bytes.data(), size, destructor);
}

Result<bool> Database::Statement::step() {
  if (failed_ != SQLITE_OK) return error_of(connection_, failed_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = error_of(connection_, code);
  sqlite3_reset(statement_);
  return error;
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Access access) {
  sqlite3* connection = nullptr;
  // A reader of a WAL database writes to its index file; query_only keeps it from the content.
  const int code = sqlite3_open_v2(file.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) return error_of(connection, code);
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, busy_wait_ms);
  if (access == Access::read_only) {
    if (auto set = database->script("PRAGMA query_only = ON"); !set) return failed(set);
  }
  return database;
}

Database::~Database() = default;

Result<void> Database::script(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return {};
}

Database::Statement Database::prepared(std::string_view sql) {
  auto at = cache_.find(sql);
  if (at == cache_.end()) at = cache_.emplace(std::string(sql), Cached{}).first;
  auto& cached = at->second;
  sqlite3_stmt* statement = cached.statement.get();
  // A statement that is still running somewhere up the stack gets a twin for the occasion.
  if (statement == nullptr || cached.in_use) {
    const unsigned flags = cached.in_use ? 0U : unsigned{SQLITE_PREPARE_PERSISTENT};
    const auto text = expand(sql, dialect);
    const int code =
        sqlite3_prepare_v3(connection_.get(), text.data(), static_cast<int>(text.size()), flags, &statement, nullptr);
    if (cached.in_use || code != SQLITE_OK) return {connection_.get(), statement, nullptr, code};
    cached.statement.reset(statement);
  }
  cached.in_use = true;
  return {connection_.get(), statement, &cached.in_use, SQLITE_OK};
}

Result<void> Database::execute(std::string_view sql, std::span<const Param> params) {
  Statement statement = prepared(sql);
  statement.bind(params, Binding::refer);
  for (;;) {
    auto row = statement.step();
    if (!row) return failed(row);
    if (!*row) return {};
  }
}

std::unique_ptr<Cursor> Database::start(std::string_view sql, std::span<const Param> params, Keep keep) {
  std::unique_ptr<Statement> statement;
  if (keep == Keep::yes) {
    statement = std::make_unique<Statement>(prepared(sql));
  } else {
    const auto text = expand(sql, dialect);
    sqlite3_stmt* handle = nullptr;
    const int code =
        sqlite3_prepare_v3(connection_.get(), text.data(), static_cast<int>(text.size()), 0, &handle, nullptr);
    statement = std::make_unique<Statement>(connection_.get(), handle, nullptr, code);
  }
  statement->bind(params, Binding::copy);
  return statement;
}

std::int64_t Database::changes() const { return sqlite3_changes64(connection_.get()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

}  // namespace kanal::store

// SQLite as owned objects and Results: a connection with its prepared statements. Errors carry the codes of the store:
// `store.busy`, `store.full`, `store.io` (worth a retry), `store.exists`, `store.not_found` (a violated constraint),
// `store.damaged`, `store.sql` (ours or the disk's fault). A Database and its Statements belong to one thread at a
// time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace kanal::store {

/// What a column of a statement put together at run time may hold.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

/// A statement being run. Columns count from 0 and are valid until the next step().
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// True: a row is there. False: the end.
  Result<bool> step();
  /// Steps to the end.
  Result<void> run();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
  [[nodiscard]] Time time(int column) const { return from_micros(integer(column)); }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] ByteView bytes(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  [[nodiscard]] std::optional<Time> optional_time(int column) const;

 private:
  friend class Database;
  /// `in_use` is the cache's mark; null for a statement that is not kept.
  Statement(sqlite3* connection, sqlite3_stmt* statement, bool* in_use, int prepared);

  /// Whether SQLite copies a text or blob that is bound, or reads it where it lies.
  enum class Keep { copy, refer };
  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_text(int index, std::string_view value, Keep keep);
  void bind_bytes(int index, ByteView value, Keep keep);
  void note(int code);

  template <class T>
  void bind(int index, const T& value, Keep keep) {
    if constexpr (std::is_same_v<T, std::nullopt_t>) {
      bind_null(index);
    } else if constexpr (std::is_integral_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, Time>) {
      bind_integer(index, to_micros(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      bind_text(index, value, keep);
    } else if constexpr (std::is_convertible_v<const T&, ByteView>) {
      bind_bytes(index, value, keep);
    } else {
      bind_other(index, value, keep);
    }
  }
  template <class T>
  void bind_other(int index, const std::optional<T>& value, Keep keep) {
    value ? bind(index, *value, keep) : bind_null(index);
  }
  template <class Tag>
  void bind_other(int index, const Id<Tag>& value, Keep keep) {
    bind_text(index, value.str(), keep);
  }
  void bind_other(int index, const Value& value, Keep keep);

  sqlite3* connection_;
  sqlite3_stmt* statement_;
  bool* in_use_;
  int failed_;  ///< result code of an earlier failure, or 0
};

/// A connection.
class Database {
 public:
  enum class Access { read_write, read_only };
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Access access);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Runs any number of statements without results.
  Result<void> script(const std::string& sql);

  /// Runs one statement to its end. It stays prepared: `sql` must be one of few texts.
  template <class... T>
  Result<void> run(std::string_view sql, const T&... values) {
    Statement statement = prepared(sql);
    int index = 0;
    (statement.bind(++index, values, Statement::Keep::refer), ...);
    return statement.run();
  }

  /// Starts a query. It stays prepared: `sql` must be one of few texts.
  template <class... T>
  [[nodiscard]] Statement query(std::string_view sql, const T&... values) {
    Statement statement = prepared(sql);
    int index = 0;
    (statement.bind(++index, values, Statement::Keep::copy), ...);
    return statement;
  }

  /// Like run(), for a list of anything with a member `value`.
  template <class NamedValues>
  Result<void> run_values(std::string_view sql, const NamedValues& values) {
    Statement statement = prepared(sql);
    int index = 0;
    for (const auto& named : values) statement.bind(++index, named.value, Statement::Keep::refer);
    return statement.run();
  }

  /// Starts a statement put together at run time; it is not kept.
  [[nodiscard]] Statement query_once(const std::string& sql, const std::vector<Value>& values);

  [[nodiscard]] std::int64_t last_id() const;
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;
  /// False also when a failure has ended the transaction.
  [[nodiscard]] bool in_transaction() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Cached {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    bool in_use = false;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  explicit Database(sqlite3* connection) : connection_(connection) {}
  Statement prepared(std::string_view sql);

  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<std::string, Cached, TextHash, std::equal_to<>> cache_;
};

}  // namespace kanal::store

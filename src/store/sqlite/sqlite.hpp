// SQLite as owned objects and Results: a connection with its prepared statements (common/sql.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/common/sql.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace kanal::store {

/// A connection.
class Database final : public Sql {
 public:
  enum class Access { read_write, read_only };
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Access access);
  ~Database() override;

  /// Runs any number of statements without results.
  Result<void> script(const std::string& sql);

  [[nodiscard]] std::int64_t changes() const override;
  [[nodiscard]] bool plans() const override { return false; }
  /// A failed statement leaves the rest of its transaction alone, so there is nothing to guard against.
  Result<void> guarded(const std::function<Result<void>()>& work) override { return work(); }
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
  class Statement;
  Statement prepared(std::string_view sql);
  Result<void> execute(std::string_view sql, std::span<const Param> params) override;
  std::unique_ptr<Cursor> start(std::string_view sql, std::span<const Param> params, Keep keep) override;

  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<std::string, Cached, TextHash, std::equal_to<>> cache_;
};

}  // namespace kanal::store

// PostgreSQL as owned objects and Results: a connection with its prepared statements and its transaction
// (common/sql.hpp), through libpq. Every wait has an end: for connecting, for a lock, for a statement at the server,
// and for an answer that does not come. Error texts never hold values of rows. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/common/sql.hpp"

struct pg_conn;
struct pg_result;

namespace kanal::store::postgres {

/// How to reach a database.
struct ConnectSettings {
  std::vector<std::pair<std::string, std::string>> parameters;  ///< libpq's keywords
  std::string schema;                                           ///< empty: as the server has it for this user
  std::chrono::seconds connect_timeout{10};                     ///< per host
  std::chrono::milliseconds statement_timeout{60'000};
  std::chrono::milliseconds lock_timeout{20'000};
};

/// What became of a COMMIT.
struct Committed {
  Result<void> result{};
  /// The connection broke before the answer: the transaction that may or may not have happened.
  std::optional<std::string> unknown{};
};

class Connection final : public Sql {
 public:
  enum class Mode { write, read };

  /// `store.io` when nobody answers (worth a retry), `store.access` when the server refuses this user or database.
  static Result<std::unique_ptr<Connection>> open(const ConnectSettings& settings);
  ~Connection() override;

  /// Runs statements without results and without values.
  Result<void> script(const std::string& sql);

  /// Begins a transaction on one snapshot; a writing one fails when it would overwrite what it has not seen.
  Result<void> begin(Mode mode);
  /// An error when a statement of the transaction failed, even if nobody took notice.
  Committed commit();
  void rollback();

  [[nodiscard]] std::int64_t changes() const override { return changes_; }
  [[nodiscard]] bool plans() const override { return true; }
  /// With a savepoint.
  Result<void> guarded(const std::function<Result<void>()>& work) override;

  /// False when the connection is broken.
  [[nodiscard]] bool usable() const;
  /// Outside a transaction?
  [[nodiscard]] bool idle() const;
  /// Did a statement of this transaction meet another transaction's work, so that it should begin again?
  [[nodiscard]] bool conflicted() const { return conflicted_; }
  /// Process id of the server's end.
  [[nodiscard]] int server_process() const;
  /// For LISTEN.
  [[nodiscard]] int socket() const;
  /// Names of channels and payloads that have arrived from other connections; nothing when the connection is broken.
  [[nodiscard]] std::optional<std::vector<std::string>> notifications();
  /// `name` in quotes.
  [[nodiscard]] std::string quoted(std::string_view name) const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, Clear>;
  class Answered;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Connection(pg_conn* connection, const ConnectSettings& settings);
  Result<void> set_up(const ConnectSettings& settings);

  Result<void> execute(std::string_view sql, std::span<const Param> params) override;
  std::unique_ptr<Cursor> start(std::string_view sql, std::span<const Param> params, Keep keep) override;
  Result<Answer> ask(std::string_view sql, std::span<const Param> params, Keep keep);
  /// The name of the statement, prepared at its first use.
  Result<std::string> prepared(std::string_view sql, std::span<const Param> params);
  /// Waits for the answer to what was sent.
  Result<Answer> await(bool sent);
  /// Takes note of a failed answer.
  tl::unexpected<Error> failure(const pg_result* result);
  tl::unexpected<Error> lost(std::string_view what);

  std::unique_ptr<pg_conn, Close> connection_;
  std::chrono::milliseconds answer_timeout_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> names_;
  std::int64_t changes_ = 0;
  bool wrote_ = false;
  bool conflicted_ = false;
  bool broken_ = false;
  std::optional<Error> first_failure_;
};

}  // namespace kanal::store::postgres

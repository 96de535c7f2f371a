// What the shared code of the stores needs of a database: statements with values, rows of results. Errors carry the
// codes of the store: `store.busy`, `store.full`, `store.io` (worth a retry), `store.exists`, `store.not_found` (a
// violated constraint), `store.damaged`, `store.sql` (ours or the disk's fault). A Sql and its Rows belong to one
// thread at a time.
//
// Statements are written once, in the words both databases share, with `?` or `?1` for values and these marks:
//   @id(column), @id(?)  an id, compared without regard to the case of its letters
//   @index(name)         the index to use, for a database that cannot know better
//   @join                a join in the order written, for the same
//   @channel             the column message_channel, '' when it is null, as its index has it
//   @hold(table)         after a SELECT: nobody else may change these rows until the end of the transaction
//   @skip(table)         the same, passing over rows that somebody else holds now
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::store {

/// What a column of a statement put together at run time may hold.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

/// A value to bind; texts and bytes lie elsewhere.
struct Param {
  enum class Type { unknown, integer, text, bytes };
  Type type = Type::unknown;
  bool null = true;
  std::int64_t integer = 0;
  ByteView bytes{};  ///< also of a text
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
[[nodiscard]] Param param_of(const T& value) {
  if constexpr (std::is_same_v<T, Value>) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return param_of(*integer);
    if (const auto* text = std::get_if<std::string>(&value)) return param_of(*text);
    return {};
  } else if constexpr (IsOptional<T>::value) {
    if (value) return param_of(*value);
    auto none = param_of(typename T::value_type{});
    none.null = true;
    return none;
  } else if constexpr (std::is_integral_v<T>) {
    return {Param::Type::integer, false, static_cast<std::int64_t>(value), {}};
  } else if constexpr (std::is_same_v<T, Time>) {
    return {Param::Type::integer, false, to_micros(value), {}};
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return {Param::Type::text, false, 0, bytes_of(std::string_view(value))};
  } else if constexpr (std::is_convertible_v<const T&, ByteView>) {
    return {Param::Type::bytes, false, 0, ByteView(value)};
  } else {
    return {Param::Type::text, false, 0, bytes_of(std::string_view(value.str()))};
  }
}

/// Columns of a row, counted from 0, valid until the next step.
class Row {
 public:
  Row() = default;
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  virtual ~Row() = default;

  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual ByteView bytes(int column) const = 0;

  [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
  [[nodiscard]] Time time(int column) const { return from_micros(integer(column)); }
  [[nodiscard]] std::string text(int column) const { return std::string(text_of(bytes(column))); }
  [[nodiscard]] std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
  }
  [[nodiscard]] std::optional<Time> optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
  }
};

/// A statement being run.
class Cursor : public Row {
 public:
  /// True: a row is there. False: the end.
  virtual Result<bool> step() = 0;
};

/// The results of a query, owned.
class Rows final : public Row {
 public:
  explicit Rows(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}
  Rows(Rows&& other) noexcept : cursor_(std::move(other.cursor_)) {}

  /// True: a row is there. False: the end.
  Result<bool> step() { return cursor_->step(); }
  /// Steps to the end.
  Result<void> run();

  [[nodiscard]] bool is_null(int column) const override { return cursor_->is_null(column); }
  [[nodiscard]] std::int64_t integer(int column) const override { return cursor_->integer(column); }
  [[nodiscard]] ByteView bytes(int column) const override { return cursor_->bytes(column); }

 private:
  std::unique_ptr<Cursor> cursor_;
};

/// A connection.
class Sql {
 public:
  Sql() = default;
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;
  virtual ~Sql() = default;

  /// Runs one statement to its end. It stays prepared: `sql` must be one of few texts.
  template <class... T>
  Result<void> run(std::string_view sql, const T&... values) {
    const std::array<Param, sizeof...(T)> params{param_of(values)...};
    return execute(sql, params);
  }

  /// Like run(), with values that were put together at run time.
  Result<void> run_params(std::string_view sql, std::span<const Param> params) { return execute(sql, params); }

  /// Starts a query. It stays prepared: `sql` must be one of few texts.
  template <class... T>
  [[nodiscard]] Rows query(std::string_view sql, const T&... values) {
    const std::array<Param, sizeof...(T)> params{param_of(values)...};
    return Rows(start(sql, params, Keep::yes));
  }

  /// Like query(), for a list of anything with a member `value`.
  template <class NamedValues>
  [[nodiscard]] Rows query_values(std::string_view sql, const NamedValues& values) {
    std::vector<Param> params;
    params.reserve(std::size(values));
    for (const auto& named : values) params.push_back(param_of(named.value));
    return Rows(start(sql, params, Keep::yes));
  }

  /// Starts a statement put together at run time; it is not kept.
  [[nodiscard]] Rows query_once(std::string_view sql, const std::vector<Value>& values);

  /// Rows that the last statement changed.
  [[nodiscard]] virtual std::int64_t changes() const = 0;
  /// Does the database choose well between indexes by itself? Else the shared code chooses.
  [[nodiscard]] virtual bool plans() const = 0;
  /// Runs `work`; when it fails, its changes are undone and the transaction can go on.
  virtual Result<void> guarded(const std::function<Result<void>()>& work) = 0;

 protected:
  /// Is the statement kept prepared?
  enum class Keep { yes, no };
  virtual Result<void> execute(std::string_view sql, std::span<const Param> params) = 0;
  virtual std::unique_ptr<Cursor> start(std::string_view sql, std::span<const Param> params, Keep keep) = 0;
};

/// How a database writes the marks.
struct Dialect {
  bool numbered_values = false;  ///< `$1`, not `?1`
  std::string_view id_before, id_after;
  std::string_view id_value_before, id_value_after;
  bool names_indexes = false;
  std::string_view join;
  std::string_view channel;
  bool locks_rows = false;
};

/// `sql` as this database wants it.
[[nodiscard]] std::string expand(std::string_view sql, const Dialect& dialect);

}  // namespace kanal::store

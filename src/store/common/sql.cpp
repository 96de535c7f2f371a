// statement = { character | value | mark }
// value     = "?" [ digits ]
// mark      = "@" name [ "(" argument ")" ]     ; the names are in sql.hpp
#include "store/common/sql.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }

class Expansion {
 public:
  Expansion(std::string_view sql, const Dialect& dialect) : rest_(sql), dialect_(dialect) {}

  std::string run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '?') {
        out_ += value();
      } else if (c == '@') {
        mark();
      } else {
        out_ += c;
        rest_.remove_prefix(1);
      }
    }
    return std::move(out_);
  }

 private:
  std::string_view take(std::size_t count) {
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(std::min(count, rest_.size()));
    return taken;
  }
  template <class Predicate>
  std::string_view take_while(Predicate wanted) {
    const auto end = std::ranges::find_if_not(rest_, wanted);
    return take(static_cast<std::size_t>(end - rest_.begin()));
  }

  std::string value() {
    take(1);
    const auto digits = take_while(is_digit);
    if (!dialect_.numbered_values) return fmt::format("?{}", digits);
    return digits.empty() ? fmt::format("${}", ++values_) : fmt::format("${}", digits);
  }

  void mark() {
    take(1);
    const auto name = take_while(is_small_letter);
    if (name == "join") {
      out_ += dialect_.join;
    } else if (name == "channel") {
      out_ += dialect_.channel;
    } else {
      with_argument(name);
    }
  }

  void with_argument(std::string_view name) {
    take(1);  // the parenthesis
    if (name == "id" && rest_.starts_with('?')) {
      out_ += fmt::format("{}{}{}", dialect_.id_value_before, value(), dialect_.id_value_after);
      take(1);
      return;
    }
    const auto argument = take_while([](char c) { return c != ')'; });
    take(1);
    if (name == "id") {
      out_ += fmt::format("{}{}{}", dialect_.id_before, argument, dialect_.id_after);
    } else if (name == "index" && dialect_.names_indexes) {
      out_ += fmt::format("INDEXED BY {}", argument);
    } else if (name == "hold" && dialect_.locks_rows) {
      out_ += fmt::format("FOR NO KEY UPDATE OF {}", argument);
    } else if (name == "skip" && dialect_.locks_rows) {
      out_ += fmt::format("FOR NO KEY UPDATE OF {} SKIP LOCKED", argument);
    }
  }

  std::string_view rest_;
  const Dialect& dialect_;
  std::string out_;
  int values_ = 0;
};

}  // namespace

Result<void> Rows::run() {
  for (;;) {
    auto row = step();
    if (!row) return failed(row);
    if (!*row) return {};
  }
}

Rows Sql::query_once(std::string_view sql, const std::vector<Value>& values) {
  std::vector<Param> params;
  params.reserve(values.size());
  for (const auto& value : values) params.push_back(param_of(value));
  return Rows(start(sql, params, Keep::no));
}

std::string expand(std::string_view sql, const Dialect& dialect) { return Expansion(sql, dialect).run(); }

}  // namespace kanal::store

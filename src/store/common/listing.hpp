// Pages of the three large tables: filters, order, total. With a million rows one wrong choice of index costs a second.
// PostgreSQL has statistics to choose by; SQLite without them cannot know better, so its choice is made here, from
// maintained counts and short probes: either one filter's index finds the rows and they are sorted, or the rows are
// walked in their order until the page is full.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ports/store.hpp"
#include "store/common/sql.hpp"

namespace kanal::store {

/// One condition, starting with its column.
struct Filter {
  enum class Kind {
    base,     ///< always there, first column of the table's indexes, counted
    few,      ///< matches a handful of rows at most
    indexed,  ///< has an index of its own
    counted,  ///< few different values: has an index and is a column of the counts
    range,    ///< of the column that is usually sorted by
  };
  Kind kind;
  std::string sql;  ///< with marks
  std::vector<Value> values;
};

/// A property one may sort by. Rows of equal value are put in order by `then`, and last by id.
struct SortColumn {
  std::string_view property;
  std::string_view column;
  std::string_view then{};
  bool nullable = false;  ///< absent values come before all others
};

/// One of the tables.
struct ListedTable {
  std::string_view columns;  ///< of a row of the page
  std::string_view joined;   ///< the table with what the columns need
  std::string_view table;    ///< the table alone
  std::string_view id;
  std::string_view counts;  ///< its table of counts
  std::span<const SortColumn> sortable;
};

/// A page on its way: the total is known, the rows are being read.
struct ListedPage {
  std::int64_t total = 0;
  std::optional<Rows> rows;  ///< absent when the page is empty
};

/// `query.sort` for a property that is not in the table.
Result<ListedPage> list(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                        const ports::PageRequest& page);

/// Condition and values for `filters`, such that the most selective one is looked up, or none (and the rows are walked
/// in another order) when even that one matches more than `at_most` rows.
struct Condition {
  std::string sql;
  std::vector<Value> values;
  bool looked_up = false;
};
Result<Condition> selective_condition(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                                      std::int64_t at_most);

}  // namespace kanal::store

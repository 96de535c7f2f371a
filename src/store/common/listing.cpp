#include "store/common/listing.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {
namespace {

using Kind = Filter::Kind;

/// A probe counts no further than this: by then a filter is no longer selective.
constexpr std::int64_t probe_limit = 2000;

struct Order {
  std::string sql;
  bool single = true;  ///< one column, which has an index
};

/// The filter whose index finds the rows, and how many it is thought to match.
struct Driver {
  std::optional<std::size_t> filter;
  std::int64_t matches = 0;
};

Result<std::int64_t> number(Sql& database, const std::string& sql, const std::vector<Value>& values) {
  auto query = database.query_once(sql, values);
  auto row = query.step();
  if (!row) return failed(row);
  return *row ? query.integer(0) : 0;
}

void append(std::vector<Value>& to, const std::vector<Value>& from) { to.insert(to.end(), from.begin(), from.end()); }

bool is_counted(const Filter& filter) { return filter.kind == Kind::base || filter.kind == Kind::counted; }

/// Conditions joined by AND; a plus sign keeps SQLite from using an index for those that are not looked up.
Condition condition(const Sql& database, const std::vector<Filter>& filters, std::optional<std::size_t> looked_up) {
  Condition joined;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto& filter = filters[i];
    const bool free = database.plans() || filter.kind == Kind::base || filter.kind == Kind::range || i == looked_up;
    joined.sql += fmt::format("{}{}{}", joined.sql.empty() ? "" : " AND ", free ? "" : "+", filter.sql);
    append(joined.values, filter.values);
  }
  if (joined.sql.empty()) joined.sql = "1 = 1";
  joined.looked_up = looked_up.has_value();
  return joined;
}

/// Rows that all of the counted filters, or only the base one, match.
Result<std::int64_t> counted(Sql& database, const ListedTable& table, const std::vector<Filter>& filters) {
  const auto where = condition(database, filters, {});
  return number(database,
                fmt::format("SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM {} WHERE {}", table.counts, where.sql),
                where.values);
}

std::vector<Filter> with_base(const std::vector<Filter>& filters, const Filter* one) {
  std::vector<Filter> chosen;
  for (const auto& filter : filters) {
    if (filter.kind == Kind::base || &filter == one) chosen.push_back(filter);
  }
  return chosen;
}

Result<std::int64_t> estimate(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                              const Filter& filter) {
  if (filter.kind == Kind::few) return 1;
  const auto chosen = with_base(filters, &filter);
  if (filter.kind == Kind::counted) return counted(database, table, chosen);
  const auto where = condition(database, chosen, chosen.size() - 1);
  auto values = where.values;
  values.emplace_back(probe_limit);
  return number(database,
                fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT ?)", table.table, where.sql),
                values);
}

Result<Driver> choose_driver(Sql& database, const ListedTable& table, const std::vector<Filter>& filters) {
  Driver best;
  if (database.plans()) return best;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (filters[i].kind == Kind::base || filters[i].kind == Kind::range) continue;
    const auto matches = estimate(database, table, filters, filters[i]);
    if (!matches) return failed(matches);
    if (!best.filter || *matches < best.matches) best = {i, *matches};
  }
  return best;
}

Result<std::int64_t> count(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                           const Driver& driver) {
  if (std::ranges::all_of(filters, is_counted)) return counted(database, table, filters);
  const auto where = condition(database, filters, driver.filter);
  return number(database, fmt::format("SELECT count(*) FROM {} WHERE {}", table.table, where.sql), where.values);
}

Result<Order> order_of(const ListedTable& table, const std::vector<ports::SortKey>& keys) {
  Order order;
  std::vector<std::string_view> used;
  std::string_view then;
  std::string_view way = "ASC";
  const auto add = [&](std::string_view column, bool nullable = false) {
    if (column.empty() || std::ranges::find(used, column) != used.end()) return;
    used.push_back(column);
    const std::string_view nulls = !nullable ? "" : way == "ASC" ? " NULLS FIRST" : " NULLS LAST";
    order.sql += fmt::format("{}{} {}{}", order.sql.empty() ? "" : ", ", column, way, nulls);
  };
  for (const auto& key : keys) {
    const auto sort = std::ranges::find(table.sortable, key.property, &SortColumn::property);
    if (sort == table.sortable.end()) {
      std::string names;
      for (const auto& known : table.sortable) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.property);
      return reject("query.sort",
                    fmt::format("cannot sort by '{}'; possible are {}", key.property.substr(0, 64), names));
    }
    way = key.descending ? "DESC" : "ASC";
    add(sort->column, sort->nullable);
    then = sort->then;
  }
  order.single = used.size() <= 1;
  if (order.single) add(then);
  add(table.id);
  return order;
}

/// Is it cheaper to walk the rows in their order until the page is full than to find all matches and sort them?
Result<bool> worth_walking(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                           std::int64_t total, std::int64_t rows_needed) {
  const auto all = counted(database, table, with_base(filters, nullptr));
  if (!all) return failed(all);
  const double steps = static_cast<double>(rows_needed) * static_cast<double>(*all) / static_cast<double>(total);
  return steps < static_cast<double>(total);
}

}  // namespace

Result<ListedPage> list(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                        const ports::PageRequest& page) {
  const auto order = order_of(table, page.sort);
  if (!order) return failed(order);
  const auto driver = choose_driver(database, table, filters);
  if (!driver) return failed(driver);
  const auto total = count(database, table, filters, *driver);
  if (!total) return failed(total);
  ListedPage listed{*total, {}};
  std::int64_t offset = 0;
  std::int64_t end = 0;
  if (page.page < 0 || page.size <= 0 || __builtin_mul_overflow(page.page, page.size, &offset) ||
      __builtin_add_overflow(offset, page.size, &end) || offset >= *total) {
    return listed;
  }
  auto looked_up = driver->filter;
  if (looked_up && order->single && filters[*looked_up].kind != Kind::few) {
    const auto walk = worth_walking(database, table, filters, *total, end);
    if (!walk) return failed(walk);
    if (*walk) looked_up.reset();
  }
  auto where = condition(database, filters, looked_up);
  where.values.emplace_back(page.size);
  where.values.emplace_back(offset);
  listed.rows.emplace(database.query_once(fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT ? OFFSET ?",
                                                      table.columns, table.joined, where.sql, order->sql),
                                          where.values));
  return listed;
}

Result<Condition> selective_condition(Sql& database, const ListedTable& table, const std::vector<Filter>& filters,
                                      std::int64_t at_most) {
  auto driver = choose_driver(database, table, filters);
  if (!driver) return failed(driver);
  if (driver->matches > at_most) driver->filter.reset();
  return condition(database, filters, driver->filter);
}

}  // namespace kanal::store

#include "store/sqlite/sqlite_txn.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {

Result<std::vector<ports::FeedEntry>> SqliteTxn::feed(std::int64_t position, int limit) {
  static const std::string sql = fmt::format(
      "SELECT {}, s.id FROM message_status s @join conversation c ON c.id = s.conversation WHERE s.id > ? ORDER BY "
      "s.id LIMIT ?",
      columns::feed);
  auto entries = all(db_.query(sql, position, limit), &RowReader::feed_entry);
  if (auto good = readable(); !good) return failed(good);
  return entries;
}

Result<std::int64_t> SqliteTxn::feed_end() {
  auto newest = db_.query("SELECT seq FROM sqlite_sequence WHERE name = 'message_status'");
  const std::int64_t end = next(newest) ? newest.integer(0) : 0;
  if (auto good = readable(); !good) return failed(good);
  return end;
}

Result<std::int64_t> SqliteTxn::feed_position(std::int64_t status) {
  const auto end = feed_end();
  if (!end) return end;
  return std::clamp<std::int64_t>(status - 1, 0, *end);
}

}  // namespace kanal::store

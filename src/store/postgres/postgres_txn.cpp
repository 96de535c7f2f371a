#include "store/postgres/postgres_txn.hpp"

#include <fmt/format.h>

namespace kanal::store::postgres {

Result<std::optional<std::int64_t>> PostgresTxn::number(Rows rows) {
  const bool there = next(rows);
  if (auto good = readable(); !good) return failed(good);
  if (!there || rows.is_null(0)) return std::optional<std::int64_t>{};
  return std::optional(rows.integer(0));
}

Result<void> PostgresTxn::give_positions() {
  const auto untold = number(db_.query("SELECT 1 FROM message_status WHERE position IS NULL LIMIT 1"));
  if (!untold) return failed(untold);
  if (!*untold) return {};
  // Somebody who gave out positions since this transaction began makes it begin again.
  const auto end = number(db_.query("SELECT position FROM feed_end @hold(feed_end)"));
  if (!end) return failed(end);
  auto given = db_.run(
      "UPDATE message_status s SET position = n.position FROM (SELECT id, ? + row_number() OVER (ORDER BY id) AS "
      "position "
      "FROM message_status WHERE position IS NULL) n WHERE n.id = s.id",
      end->value_or(0));
  if (!given) return given;
  return db_.run("UPDATE feed_end SET position = position + ?", db_.changes());
}

Result<std::vector<ports::FeedEntry>> PostgresTxn::feed(std::int64_t position, int limit) {
  if (auto given = give_positions(); !given) return failed(given);
  static const std::string sql = fmt::format(
      "SELECT {}, s.position FROM message_status s JOIN conversation c ON c.id = s.conversation WHERE s.position > ? "
      "ORDER BY s.position LIMIT ?",
      columns::feed);
  auto entries = all(db_.query(sql, position, limit), &RowReader::feed_entry);
  if (auto good = readable(); !good) return failed(good);
  return entries;
}

Result<std::int64_t> PostgresTxn::feed_end() {
  if (auto given = give_positions(); !given) return failed(given);
  const auto end = number(db_.query("SELECT position FROM feed_end"));
  if (!end) return failed(end);
  return end->value_or(0);
}

Result<std::int64_t> PostgresTxn::feed_position(std::int64_t status) {
  const auto end = feed_end();
  if (!end) return end;
  const auto first = number(db_.query("SELECT min(position) FROM message_status WHERE id >= ?", status));
  if (!first) return failed(first);
  return *first ? **first - 1 : *end;
}

Result<void> PostgresTxn::write_lease(const ports::Job& job, Time until) {
  return db_.run("UPDATE job SET fence = ?, leased_until = ?, leased_by = ? WHERE id = ?", job.fence, until, node_,
                 job.id);
}

Result<bool> PostgresTxn::take_turn(std::string_view name, Time now, Time until) {
  {
    auto row = db_.query("SELECT holder, until FROM turn WHERE name = ?", name);
    const bool there = next(row);
    if (auto good = readable(); !good) return failed(good);
    const bool mine = there && row.text(0) == node_;
    if (there && !mine && row.time(1) > now) return false;
    // Asked for often; written only when half of it is over.
    if (mine && row.time(1) > now + (until - now) / 2) return true;
  }
  // Turns of what is no more.
  if (auto gone = db_.run("DELETE FROM turn WHERE until < ?", now - std::chrono::hours(24)); !gone) return failed(gone);
  auto taken = db_.run(
      "INSERT INTO turn (name, holder, until) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET holder = "
      "excluded.holder, until = excluded.until WHERE turn.holder = excluded.holder OR turn.until <= ?4",
      name, node_, until, now);
  if (!taken) return failed(taken);
  return db_.changes() > 0;
}

}  // namespace kanal::store::postgres

// Who is told of statuses: web-hook subscriptions, the feed they follow, and the queue of GET /api/statuses/peek. There
// is one writer, so ids of statuses grow in the order of commits and serve as positions of the feed.
#include <algorithm>

#include <fmt/format.h>

#include "store/sqlite/sqlite_txn.hpp"

namespace kanal::store {

std::optional<ports::Subscription> SqliteTxn::subscription(std::int64_t id) {
  static const std::string sql = fmt::format("SELECT {} FROM webhook_subscription WHERE id = ?", columns::subscription);
  return first(db_.query(sql, id), &RowReader::subscription);
}

std::vector<ports::Subscription> SqliteTxn::subscriptions() {
  static const std::string sql = fmt::format("SELECT {} FROM webhook_subscription ORDER BY id", columns::subscription);
  return all(db_.query(sql), &RowReader::subscription);
}

Result<void> SqliteTxn::insert(ports::Subscription& s) {
  auto inserted = db_.run(
      "INSERT INTO webhook_subscription (name, push_endpoint, resource, event, filter, position, failures, "
      "failing_since, not_before, disabled, last_error, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      s.name, s.push_endpoint, s.resource, s.event, s.filter, s.position, s.failures, s.failing_since, s.not_before,
      s.disabled, s.last_error, s.created);
  if (inserted) s.id = db_.last_id();
  return inserted;
}

Result<void> SqliteTxn::update(const ports::Subscription& s) {
  auto updated = db_.run(
      "UPDATE webhook_subscription SET name = ?, push_endpoint = ?, resource = ?, event = ?, filter = ?, position = ?, "
      "failures = ?, failing_since = ?, not_before = ?, disabled = ?, last_error = ?, created = ? WHERE id = ?",
      s.name, s.push_endpoint, s.resource, s.event, s.filter, s.position, s.failures, s.failing_since, s.not_before,
      s.disabled, s.last_error, s.created, s.id);
  if (updated && db_.changes() == 0) {
    return reject("store.not_found", fmt::format("subscription {} is not in the database", s.id));
  }
  return updated;
}

Result<bool> SqliteTxn::remove_subscription(std::int64_t id) {
  if (auto removed = db_.run("DELETE FROM webhook_subscription WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

Result<std::vector<ports::FeedEntry>> SqliteTxn::feed(std::int64_t position, int limit) {
  static const std::string sql = fmt::format(
      "SELECT {}, c.direction, c.service, c.sender, c.receiver, c.process, c.document_type FROM message_status s "
      "CROSS JOIN conversation c ON c.id = s.conversation WHERE s.id > ? ORDER BY s.id LIMIT ?",
      columns::status);
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

std::optional<ports::MessageStatus> SqliteTxn::offered_status() {
  static const std::string sql = fmt::format(
      "SELECT {} FROM status_queue q CROSS JOIN message_status s ON s.id = q.status CROSS JOIN conversation c ON c.id "
      "= "
      "s.conversation ORDER BY q.number LIMIT 1",
      columns::status);
  return first(db_.query(sql), &RowReader::status);
}

Result<void> SqliteTxn::offer_status(std::int64_t status) {
  return db_.run("INSERT OR IGNORE INTO status_queue (status) VALUES (?)", status);
}

Result<bool> SqliteTxn::withdraw_status(std::int64_t status) {
  if (auto removed = db_.run("DELETE FROM status_queue WHERE status = ?", status); !removed) return failed(removed);
  return db_.changes() > 0;
}

}  // namespace kanal::store

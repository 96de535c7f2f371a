// Who is told of statuses: web-hook subscriptions and the queue of GET /api/statuses/peek. The feed that subscriptions
// follow is each database's own.
#include <fmt/format.h>

#include "store/common/sql_txn.hpp"

namespace kanal::store {

std::optional<ports::Subscription> SqlTxn::subscription(std::int64_t id) {
  static const std::string sql = fmt::format("SELECT {} FROM webhook_subscription WHERE id = ?", columns::subscription);
  return first(db_.query(sql, id), &RowReader::subscription);
}

std::vector<ports::Subscription> SqlTxn::subscriptions() {
  static const std::string sql = fmt::format("SELECT {} FROM webhook_subscription ORDER BY id", columns::subscription);
  return all(db_.query(sql), &RowReader::subscription);
}

Result<void> SqlTxn::insert(ports::Subscription& s) {
  return new_row(
      db_.query("INSERT INTO webhook_subscription (name, push_endpoint, resource, event, filter, position, failures, "
                "failing_since, not_before, disabled, last_error, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING RETURNING id",
                s.name, s.push_endpoint, s.resource, s.event, s.filter, s.position, s.failures, s.failing_since,
                s.not_before, s.disabled, s.last_error, s.created),
      s.id);
}

Result<void> SqlTxn::update(const ports::Subscription& s) {
  auto updated = db_.guarded([&] {
    return db_.run(
        "UPDATE webhook_subscription SET name = ?, push_endpoint = ?, resource = ?, event = ?, filter = ?, position = "
        "?, "
        "failures = ?, failing_since = ?, not_before = ?, disabled = ?, last_error = ?, created = ? WHERE id = ?",
        s.name, s.push_endpoint, s.resource, s.event, s.filter, s.position, s.failures, s.failing_since, s.not_before,
        s.disabled, s.last_error, s.created, s.id);
  });
  if (updated && db_.changes() == 0) {
    return reject("store.not_found", fmt::format("subscription {} is not in the database", s.id));
  }
  return updated;
}

Result<bool> SqlTxn::remove_subscription(std::int64_t id) {
  if (auto removed = db_.run("DELETE FROM webhook_subscription WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

std::optional<ports::MessageStatus> SqlTxn::offered_status() {
  static const std::string sql = fmt::format(
      "SELECT {} FROM status_queue q @join message_status s ON s.id = q.status @join conversation c ON c.id "
      "= "
      "s.conversation ORDER BY q.number LIMIT 1",
      columns::status);
  return first(db_.query(sql), &RowReader::status);
}

Result<void> SqlTxn::offer_status(std::int64_t status) {
  return db_.guarded(
      [&] { return db_.run("INSERT INTO status_queue (status) VALUES (?) ON CONFLICT DO NOTHING", status); });
}

Result<bool> SqlTxn::withdraw_status(std::int64_t status) {
  if (auto removed = db_.run("DELETE FROM status_queue WHERE status = ?", status); !removed) return failed(removed);
  return db_.changes() > 0;
}

}  // namespace kanal::store

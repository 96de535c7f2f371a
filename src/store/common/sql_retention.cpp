// What is only history: how much there is, and removing it a batch at a time.
#include <fmt/format.h>

#include "store/common/sql_txn.hpp"

namespace kanal::store {
namespace {

/// Rows of a kind that may go, oldest first; parameters: before, limit.
std::string_view old_rows(ports::Leftover kind) {
  switch (kind) {
    case ports::Leftover::conversation:
      return "SELECT id FROM conversation c WHERE c.finished = 1 AND c.last_update < ? AND NOT EXISTS (SELECT 1 FROM "
             "message m WHERE @id(m.message_id) = @id(c.message_id) AND m.direction = c.direction) AND NOT EXISTS "
             "(SELECT 1 FROM "
             "job j WHERE j.kind IN (SELECT kind FROM job_count) AND j.key = c.message_id) ORDER BY c.last_update "
             "LIMIT ?";
    case ports::Leftover::orphan:
      return "SELECT id FROM orphan WHERE at < ? ORDER BY at LIMIT ?";
    case ports::Leftover::quarantined:
      return "SELECT id FROM quarantine WHERE at < ? ORDER BY at LIMIT ?";
    case ports::Leftover::remote_item:
    case ports::Leftover::finding:
    case ports::Leftover::sent_elsewhere:
      break;
  }
  return {};
}

}  // namespace

ports::StoreCounts SqlTxn::counts() {
  ports::StoreCounts counts;
  auto conversations = db_.query("SELECT pollable, CAST(sum(n) AS BIGINT) FROM conversation_count GROUP BY pollable");
  while (next(conversations)) {
    counts.conversations += conversations.integer(1);
    if (conversations.boolean(0)) counts.pollable = conversations.integer(1);
  }
  auto messages = db_.query("SELECT direction, CAST(sum(n) AS BIGINT) FROM message_count GROUP BY direction");
  while (next(messages)) (messages.integer(0) == 0 ? counts.outgoing : counts.incoming) = messages.integer(1);
  auto jobs = db_.query("SELECT kind, CAST(sum(n) AS BIGINT) FROM job_count GROUP BY kind ORDER BY kind");
  while (next(jobs)) counts.jobs.emplace_back(jobs.text(0), jobs.integer(1));
  auto statuses =
      db_.query("SELECT status, CAST(sum(n) AS BIGINT) FROM message_status_count GROUP BY status ORDER BY status");
  while (next(statuses)) counts.statuses.emplace_back(statuses.text(0), statuses.integer(1));
  return counts;
}

Result<int> SqlTxn::remove_leftovers(ports::Leftover kind, Time before, int limit) {
  if (kind == ports::Leftover::finding) {
    auto removed = db_.run(
        "DELETE FROM finding WHERE (service, detection, subject) IN (SELECT service, detection, subject FROM finding "
        "WHERE last < ? ORDER BY last LIMIT ?)",
        before, limit);
    if (!removed) return failed(removed);
    return static_cast<int>(db_.changes());
  }
  if (kind == ports::Leftover::sent_elsewhere) {
    auto removed = db_.run(
        "DELETE FROM sent_elsewhere WHERE (service, message_id) IN (SELECT service, message_id FROM sent_elsewhere "
        "WHERE at < ? ORDER BY at LIMIT ?)",
        before, limit);
    if (!removed) return failed(removed);
    return static_cast<int>(db_.changes());
  }
  if (kind == ports::Leftover::remote_item) {
    auto removed = db_.run(
        "DELETE FROM remote_item WHERE (service, remote_id) IN (SELECT service, remote_id FROM remote_item WHERE state "
        "IN ('acknowledged', 'gone') AND last_seen < ? ORDER BY last_seen LIMIT ?)",
        before, limit);
    if (!removed) return failed(removed);
    return static_cast<int>(db_.changes());
  }
  std::vector<std::int64_t> ids;
  {
    auto rows = db_.query(old_rows(kind), before, limit);
    while (next(rows)) ids.push_back(rows.integer(0));
  }
  if (auto good = readable(); !good) return failed(good);
  for (const auto id : ids) {
    Result<bool> removed = true;
    if (kind == ports::Leftover::conversation) {
      removed = remove_conversation(id);
    } else if (kind == ports::Leftover::quarantined) {
      removed = remove_quarantined(id);
    } else if (auto done = db_.run("DELETE FROM orphan WHERE id = ?", id); !done) {
      removed = failed(done);
    }
    if (!removed) return failed(removed);
  }
  return static_cast<int>(ids.size());
}

}  // namespace kanal::store

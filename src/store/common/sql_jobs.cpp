// Jobs: a lease is the row's `leased_until` together with its fence, which grows with every lease. Whoever holds an
// older fence is refused, so that two workers never both finish a job.
#include <fmt/format.h>

#include "store/common/sql_txn.hpp"

namespace kanal::store {
namespace {

tl::unexpected<Error> lease_lost(const ports::Job& job) {
  return reject(
      "store.lease_lost",
      fmt::format("job {} {} ended or went to another worker meanwhile: this result is discarded", job.kind, job.key));
}

}  // namespace

Result<void> SqlTxn::still_leased(const ports::Job& job, Result<void> written) {
  if (written && db_.changes() == 0) return lease_lost(job);
  return written;
}

Result<bool> SqlTxn::enqueue(ports::Job job) {
  std::optional<std::string_view> package;
  if (job.package) package = job.package->id.str();
  auto inserted = db_.run(
      "INSERT INTO job (kind, key, service, package, attempt, not_before, created, fence, last_error, sealed_payload) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (kind, key) DO NOTHING",
      job.kind, job.key, job.service, package, job.attempt, job.not_before, job.created, job.last_error,
      blobs_.seal(bytes_of(job.payload), sealed::payload));
  if (!inserted) return failed(inserted);
  if (db_.changes() == 0) return false;
  added_job_ = true;
  if (job.package) {
    if (auto owned = own(*job.package); !owned) return failed(owned);
  }
  return true;
}

Result<std::vector<ports::Job>> SqlTxn::lease(std::string_view kind, Time now, Time until, int limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM job j @index(job_due) LEFT JOIN blob b ON b.id = j.package WHERE j.kind = ?1 AND j.not_before "
      "<= ?2 "
      "AND (j.leased_until IS NULL OR j.leased_until <= ?2) ORDER BY j.not_before, j.id LIMIT ?3 @skip(j)",
      columns::job);
  auto jobs = all(db_.query(sql, kind, now, limit), &RowReader::job);
  if (auto good = readable(); !good) return failed(good);
  for (auto& job : jobs) {
    ++job.fence;
    if (auto leased = write_lease(job, until); !leased) return failed(leased);
  }
  return jobs;
}

Result<void> SqlTxn::write_lease(const ports::Job& job, Time until) {
  return db_.run("UPDATE job SET fence = ?, leased_until = ? WHERE id = ?", job.fence, until, job.id);
}

Result<bool> SqlTxn::take_turn(std::string_view, Time, Time) { return true; }

Result<void> SqlTxn::remove_job(std::int64_t id) {
  if (auto released = release_all(db_.query("SELECT package FROM job WHERE id = ?", id)); !released) return released;
  return db_.run("DELETE FROM job WHERE id = ?", id);
}

Result<void> SqlTxn::complete(const ports::Job& job) {
  {
    auto held = db_.query("SELECT 1 FROM job WHERE id = ? AND fence = ? @hold(job)", job.id, job.fence);
    const bool is_held = next(held);
    if (auto good = readable(); !good) return good;
    if (!is_held) return lease_lost(job);
  }
  return remove_job(job.id);
}

Result<void> SqlTxn::postpone(const ports::Job& job, Time not_before, std::string_view error, bool count_attempt) {
  return still_leased(job, db_.run("UPDATE job SET attempt = attempt + ?, not_before = ?, last_error = ?, "
                                   "sealed_payload = ?, leased_until = NULL "
                                   "WHERE id = ? AND fence = ?",
                                   count_attempt, not_before, error,
                                   blobs_.seal(bytes_of(job.payload), sealed::payload), job.id, job.fence));
}

Result<void> SqlTxn::renew(const ports::Job& job, Time until) {
  // A job that its holder has just put back has no lease to renew.
  return still_leased(
      job, db_.run("UPDATE job SET leased_until = ? WHERE id = ? AND fence = ? AND leased_until IS NOT NULL", until,
                   job.id, job.fence));
}

Result<void> SqlTxn::save_progress(const ports::Job& job) {
  std::optional<std::string> before;
  {
    auto row = db_.query("SELECT package FROM job WHERE id = ? AND fence = ? @hold(job)", job.id, job.fence);
    const bool is_held = next(row);
    if (auto good = readable(); !good) return good;
    if (!is_held) return lease_lost(job);
    before = row.optional_text(0);
  }
  std::optional<std::string> now;
  if (job.package) now = job.package->id.str();
  auto saved = db_.run("UPDATE job SET sealed_payload = ?, package = ? WHERE id = ?",
                       blobs_.seal(bytes_of(job.payload), sealed::payload), now, job.id);
  if (!saved || before == now) return saved;
  if (job.package) saved = own(*job.package);
  if (saved && before) saved = release(*before);
  return saved;
}

Result<bool> SqlTxn::cancel_job(std::string_view kind, std::string_view key) {
  std::int64_t id = 0;
  {
    auto row = db_.query("SELECT id, leased_until FROM job WHERE kind = ? AND key = ? @hold(job)", kind, key);
    const bool there = next(row);
    if (auto good = readable(); !good) return failed(good);
    const auto leased_until = there ? row.optional_time(1) : std::nullopt;
    if (!there || (leased_until && *leased_until > clock_.now())) return false;
    id = row.integer(0);
  }
  if (auto removed = remove_job(id); !removed) return failed(removed);
  return true;
}

}  // namespace kanal::store

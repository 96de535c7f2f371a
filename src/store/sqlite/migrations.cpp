// Times are microseconds since 1970 (UTC); direction is 0 outgoing, 1 incoming; columns named sealed_* hold boxes of
// the spool's installation key; a column that names a blob counts as one of its owners.
#include "store/sqlite/migrations.hpp"

#include <array>

namespace kanal::store {
namespace {

constexpr std::string_view tables = R"sql(
CREATE TABLE blob (
  id TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  md5 BLOB NOT NULL,
  wrapped_key BLOB NOT NULL,
  owners INTEGER NOT NULL,
  frames BLOB NOT NULL
) STRICT;

CREATE TABLE conversation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation_id TEXT NOT NULL COLLATE NOCASE,
  message_id TEXT NOT NULL COLLATE NOCASE,
  direction INTEGER NOT NULL,
  service TEXT NOT NULL,
  sender TEXT NOT NULL,
  sender_identifier TEXT NOT NULL,
  receiver TEXT NOT NULL,
  receiver_identifier TEXT NOT NULL,
  process TEXT NOT NULL,
  document_type TEXT NOT NULL,
  message_type TEXT NOT NULL,
  message_reference TEXT NOT NULL,
  message_title TEXT NOT NULL,
  last_update INTEGER NOT NULL,
  expiry INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  pollable INTEGER NOT NULL,
  external_system_reference TEXT,
  message_channel TEXT,
  awaiting_since INTEGER, -- got SENDT then, and no answer yet
  UNIQUE (message_id, direction)
) STRICT;
CREATE INDEX conversation_by_conversation_id ON conversation (conversation_id);
CREATE INDEX conversation_by_sender ON conversation (sender);
CREATE INDEX conversation_by_sender_identifier ON conversation (sender_identifier);
CREATE INDEX conversation_by_receiver ON conversation (receiver);
CREATE INDEX conversation_by_receiver_identifier ON conversation (receiver_identifier);
CREATE INDEX conversation_by_message_reference ON conversation (message_reference);
CREATE INDEX conversation_pollable ON conversation (last_update) WHERE pollable = 1;
CREATE INDEX conversation_by_last_update ON conversation (last_update);
CREATE INDEX conversation_by_direction ON conversation (direction, last_update);
CREATE INDEX conversation_by_service ON conversation (service, last_update);
CREATE INDEX conversation_by_finished ON conversation (finished, last_update);
CREATE INDEX conversation_expiring ON conversation (expiry) WHERE finished = 0;
CREATE INDEX conversation_channel ON conversation (service, ifnull(message_channel, ''), expiry)
  WHERE finished = 0 AND direction = 0;
CREATE INDEX conversation_awaiting ON conversation (service, awaiting_since) WHERE awaiting_since IS NOT NULL;

CREATE TABLE message_status (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  at INTEGER NOT NULL,
  status TEXT NOT NULL,
  description TEXT,
  sealed_raw_receipt BLOB,
  UNIQUE (conversation, status)
) STRICT;
CREATE INDEX message_status_by_at ON message_status (at);
CREATE INDEX message_status_by_status ON message_status (status);

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  direction INTEGER NOT NULL,
  message_id TEXT NOT NULL COLLATE NOCASE,
  conversation_id TEXT NOT NULL COLLATE NOCASE,
  service TEXT NOT NULL,
  process TEXT NOT NULL,
  sender_identifier TEXT NOT NULL,
  receiver_identifier TEXT NOT NULL,
  created INTEGER NOT NULL,
  last_updated INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  lock_until INTEGER,
  package TEXT,
  sealed_sbd BLOB NOT NULL,
  UNIQUE (message_id, direction)
) STRICT;
CREATE INDEX message_arrival ON message (direction, created, lock_until);
CREATE INDEX message_by_conversation_id ON message (direction, conversation_id);
CREATE INDEX message_by_sender_identifier ON message (direction, sender_identifier);
CREATE INDEX message_by_last_updated ON message (direction, last_updated);

CREATE TABLE attachment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES message (id),
  number INTEGER NOT NULL,
  filename TEXT NOT NULL,
  mimetype TEXT NOT NULL,
  title TEXT,
  is_primary INTEGER NOT NULL,
  blob TEXT NOT NULL,
  UNIQUE (message, number)
) STRICT;

CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: a stale holder must not match a later job
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  service TEXT NOT NULL,
  package TEXT,
  attempt INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  created INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  leased_until INTEGER,
  last_error TEXT NOT NULL,
  sealed_payload BLOB NOT NULL,
  UNIQUE (kind, key)
) STRICT;
CREATE INDEX job_due ON job (kind, not_before, leased_until);

CREATE TABLE remote_item (
  service TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  inbox TEXT NOT NULL,
  verdict TEXT NOT NULL,
  state TEXT NOT NULL,
  channel_seen TEXT,
  sender TEXT NOT NULL,
  created INTEGER NOT NULL,
  published INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  look_again INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  refers_to TEXT NOT NULL,
  detail TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (service, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_item_by_state ON remote_item (service, inbox, state, created);

CREATE TABLE orphan (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  counterpart TEXT NOT NULL,
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  at INTEGER NOT NULL,
  sealed_sbd BLOB NOT NULL
) STRICT;
CREATE INDEX orphan_by_service ON orphan (service);

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  message_id TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  package TEXT,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE finding (
  service TEXT NOT NULL,
  detection TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (service, detection, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_use (
  service TEXT NOT NULL,
  inbox TEXT NOT NULL,
  channel TEXT NOT NULL,
  first_used INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  retired INTEGER,
  PRIMARY KEY (service, inbox, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Totals of the lists: counting a million rows at every request would take longer than the page itself.
constexpr std::string_view counters = R"sql(
CREATE TABLE conversation_count (
  direction INTEGER NOT NULL, service TEXT NOT NULL, finished INTEGER NOT NULL, pollable INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (direction, service, finished, pollable)
) STRICT, WITHOUT ROWID;
INSERT INTO conversation_count
  SELECT direction, service, finished, pollable, count(*) FROM conversation GROUP BY direction, service, finished, pollable;
CREATE TRIGGER conversation_inserted AFTER INSERT ON conversation BEGIN
  INSERT INTO conversation_count VALUES (new.direction, new.service, new.finished, new.pollable, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER conversation_deleted AFTER DELETE ON conversation BEGIN
  UPDATE conversation_count SET n = n - 1
    WHERE direction = old.direction AND service = old.service AND finished = old.finished AND pollable = old.pollable;
END;
CREATE TRIGGER conversation_moved AFTER UPDATE OF direction, service, finished, pollable ON conversation BEGIN
  UPDATE conversation_count SET n = n - 1
    WHERE direction = old.direction AND service = old.service AND finished = old.finished AND pollable = old.pollable;
  INSERT INTO conversation_count VALUES (new.direction, new.service, new.finished, new.pollable, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE message_status_count (status TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO message_status_count SELECT status, count(*) FROM message_status GROUP BY status;
CREATE TRIGGER message_status_inserted AFTER INSERT ON message_status BEGIN
  INSERT INTO message_status_count VALUES (new.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER message_status_deleted AFTER DELETE ON message_status BEGIN
  UPDATE message_status_count SET n = n - 1 WHERE status = old.status;
END;

CREATE TABLE message_count (
  direction INTEGER NOT NULL, service TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (direction, service)
) STRICT, WITHOUT ROWID;
INSERT INTO message_count SELECT direction, service, count(*) FROM message GROUP BY direction, service;
CREATE TRIGGER message_inserted AFTER INSERT ON message BEGIN
  INSERT INTO message_count VALUES (new.direction, new.service, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER message_deleted AFTER DELETE ON message BEGIN
  UPDATE message_count SET n = n - 1 WHERE direction = old.direction AND service = old.service;
END;

CREATE TABLE job_count (kind TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO job_count SELECT kind, count(*) FROM job GROUP BY kind;
CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
  INSERT INTO job_count VALUES (new.kind, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
  UPDATE job_count SET n = n - 1 WHERE kind = old.kind;
END;
)sql";

// What leaves and how often something was fetched: what other installations are told apart by.
constexpr std::string_view surveillance = R"sql(
CREATE TABLE departure (
  service TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (service, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX departure_by_time ON departure (at);
ALTER TABLE remote_item ADD COLUMN fetches INTEGER NOT NULL DEFAULT 0;
)sql";

// Web-hooks, the queue of GET /api/statuses/peek, and what retention looks rows up by.
constexpr std::string_view telling = R"sql(
CREATE TABLE webhook_subscription (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  push_endpoint TEXT NOT NULL,
  resource TEXT NOT NULL,
  event TEXT NOT NULL,
  filter TEXT,
  position INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  not_before INTEGER,
  disabled INTEGER,
  last_error TEXT NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (name, push_endpoint)
) STRICT;
CREATE TABLE status_queue (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  status INTEGER NOT NULL UNIQUE REFERENCES message_status (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX orphan_by_time ON orphan (at);
CREATE INDEX quarantine_by_time ON quarantine (at);
CREATE INDEX finding_by_time ON finding (last);
CREATE INDEX remote_item_over ON remote_item (last_seen) WHERE state IN ('acknowledged', 'gone');
)sql";

/// Answers that name a message only as its service does.
constexpr std::string_view references = R"sql(
CREATE INDEX conversation_by_reference ON conversation (external_system_reference)
  WHERE external_system_reference IS NOT NULL;
)sql";

/// What other installations send over this one's hub.
constexpr std::string_view hub = R"sql(
CREATE TABLE sent_elsewhere (
  service TEXT NOT NULL,
  message_id TEXT NOT NULL COLLATE NOCASE,
  conversation_id TEXT NOT NULL COLLATE NOCASE,
  installation TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (service, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_elsewhere_by_conversation ON sent_elsewhere (service, conversation_id, at);
CREATE INDEX sent_elsewhere_by_time ON sent_elsewhere (at);
)sql";

constexpr std::array<Migration, 6> steps_so_far = {{{1, "tables", tables},
                                                    {2, "counters", counters},
                                                    {3, "surveillance", surveillance},
                                                    {4, "telling", telling},
                                                    {5, "references", references},
                                                    {6, "hub", hub}}};

Result<void> apply(Database& database, const Migration& step, Time now) {
  if (auto begun = database.script("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = database.script(std::string(step.sql));
  if (done) done = note_step(database, step, now);
  if (done) done = database.script("COMMIT");
  if (!done) {
    // Some failures have ended the transaction already.
    if (database.in_transaction()) (void)database.script("ROLLBACK").has_value();
    return step_failed(step, std::move(done.error()));
  }
  return {};
}

}  // namespace

std::span<const Migration> migrations() { return steps_so_far; }

Result<void> migrate(Database& database, std::span<const Migration> steps, Time now) {
  auto made = database.script(
      "CREATE TABLE IF NOT EXISTS schema_version "
      "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL) STRICT");
  if (!made) return made;
  const auto missing = missing_steps(database, steps);
  if (!missing) return failed(missing);
  for (const auto& step : *missing) {
    if (auto done = apply(database, step, now); !done) return done;
  }
  return {};
}

}  // namespace kanal::store

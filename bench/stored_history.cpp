#include "bench/stored_history.hpp"

#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

#include "store/postgres/connection.hpp"
#include "store/postgres/jdbc_url.hpp"
#include "store/sqlite/sqlite.hpp"

namespace kanal::bench {
namespace {

// SQLite: `n` runs from 0; times are microseconds. The newest row is of about now.
constexpr std::string_view sqlite_history = R"sql(
PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {0})
INSERT INTO conversation (conversation_id, message_id, direction, service, sender, sender_identifier, receiver,
  receiver_identifier, process, document_type, message_type, message_reference, message_title, last_update, expiry, finished,
  pollable)
SELECT printf('%08x-0000-4000-9000-000000000000', n), printf('%08x-0000-4000-8000-000000000000', n), n % 2, 'DPO',
  '0192:310700002', '310700002', printf('0192:9%08d', n % 500), printf('9%08d', n % 500),
  'urn:no:difi:profile:arkivmelding:administrasjon:ver1.0', 'urn:no:difi:arkivmelding:xsd::arkivmelding', 'arkivmelding',
  printf('sak-%d', n), printf('Svar nr. %d', n), (unixepoch() - {0} + n) * 1000000, (unixepoch() + 86400) * 1000000,
  n % 10 <> 0, 0 FROM series;
INSERT INTO message_status (conversation, at, status)
SELECT id, last_update, CASE direction WHEN 0 THEN 'OPPRETTET' ELSE 'INNKOMMENDE_MOTTATT' END FROM conversation
  WHERE conversation_id LIKE '%-0000-4000-9000-000000000000';
INSERT INTO message_status (conversation, at, status)
SELECT id, last_update, CASE direction WHEN 0 THEN 'SENDT' ELSE 'INNKOMMENDE_LEVERT' END FROM conversation
  WHERE conversation_id LIKE '%-0000-4000-9000-000000000000';
COMMIT;
)sql";

bool fill_sqlite(const std::string& file, std::int64_t rows) {
  auto database = store::Database::open(file, store::Database::Access::read_write);
  const auto filled =
      database ? (*database)->script(fmt::format(sqlite_history, rows)) : Result<void>(failed(database));
  if (!filled) std::cerr << filled.error().text() << "\n";
  return filled.has_value();
}

// The same for PostgreSQL.
constexpr std::string_view postgres_history = R"sql(
BEGIN;
SET LOCAL synchronous_commit = off;
INSERT INTO conversation (conversation_id, message_id, direction, service, sender, sender_identifier, receiver,
  receiver_identifier, process, document_type, message_type, message_reference, message_title, last_update, expiry, finished,
  pollable)
SELECT lpad(to_hex(n), 8, '0') || '-0000-4000-9000-000000000000', lpad(to_hex(n), 8, '0') || '-0000-4000-8000-000000000000',
  n % 2, 'DPO', '0192:310700002', '310700002', '0192:9' || lpad((n % 500)::text, 8, '0'), '9' || lpad((n % 500)::text, 8, '0'),
  'urn:no:difi:profile:arkivmelding:administrasjon:ver1.0', 'urn:no:difi:arkivmelding:xsd::arkivmelding', 'arkivmelding',
  'sak-' || n, 'Svar nr. ' || n, (extract(epoch FROM now())::bigint - {0} + n) * 1000000,
  (extract(epoch FROM now())::bigint + 86400) * 1000000, CASE WHEN n % 10 = 0 THEN 0 ELSE 1 END, 0
FROM generate_series(0, {0} - 1) AS n;
INSERT INTO message_status (conversation, at, status)
SELECT id, last_update, CASE direction WHEN 0 THEN 'OPPRETTET' ELSE 'INNKOMMENDE_MOTTATT' END FROM conversation
  WHERE conversation_id LIKE '%-0000-4000-9000-000000000000';
INSERT INTO message_status (conversation, at, status)
SELECT id, last_update, CASE direction WHEN 0 THEN 'SENDT' ELSE 'INNKOMMENDE_LEVERT' END FROM conversation
  WHERE conversation_id LIKE '%-0000-4000-9000-000000000000';
-- Counted as history that came over years is: folded, not as a million deltas of one moment.
CREATE TEMP TABLE folded ON COMMIT DROP AS SELECT direction, service, finished, pollable, sum(n)::bigint AS n
  FROM conversation_count GROUP BY direction, service, finished, pollable;
TRUNCATE conversation_count;
INSERT INTO conversation_count SELECT * FROM folded;
CREATE TEMP TABLE folded_statuses ON COMMIT DROP AS SELECT status, sum(n)::bigint AS n FROM message_status_count GROUP BY status;
TRUNCATE message_status_count;
INSERT INTO message_status_count SELECT * FROM folded_statuses;
COMMIT;
ANALYZE;
)sql";

bool fill_postgres(const std::string& url, std::int64_t rows) {
  auto settings = store::postgres::parse_jdbc_url(url, "", "", ".");
  if (settings) settings->statement_timeout = std::chrono::minutes(30);
  auto database = settings ? store::postgres::Connection::open(*settings)
                           : Result<std::unique_ptr<store::postgres::Connection>>(failed(settings));
  const auto filled =
      database ? (*database)->script(fmt::format(postgres_history, rows)) : Result<void>(failed(database));
  if (!filled) std::cerr << filled.error().text() << "\n";
  return filled.has_value();
}

}  // namespace

bool store_history(const std::string& database, std::int64_t rows) {
  return database.starts_with("jdbc:") ? fill_postgres(database, rows) : fill_sqlite(database, rows);
}

std::string stored_message_id(std::int64_t number) { return fmt::format("{:08x}-0000-4000-8000-000000000000", number); }

}  // namespace kanal::bench

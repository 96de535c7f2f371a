#include "store/sqlite/sqlite_txn.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {
namespace {

using domain::ReceiptStatus;

tl::unexpected<Error> no_row(std::string_view what, std::int64_t id) {
  return reject("store.not_found", fmt::format("{} {} is not in the database", what, id));
}

std::optional<std::string_view> id_of(const std::optional<ports::BlobRef>& blob) {
  return blob ? std::optional<std::string_view>(blob->id.str()) : std::nullopt;
}

std::string insert_conversation_sql(const std::vector<NamedValue>& values) {
  std::string names;
  std::string marks;
  for (const auto& [column, value] : values) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", column);
    marks += marks.empty() ? "?" : ", ?";
  }
  return fmt::format("INSERT INTO conversation ({}) VALUES ({})", names, marks);
}

/// Does this status end the wait for an answer that SENDT began?
bool is_answer(ReceiptStatus status) { return status != ReceiptStatus::opprettet && status != ReceiptStatus::sendt; }

}  // namespace

Result<void> SqliteTxn::conclude(Result<void> outcome, std::vector<BlobId>* released) {
  if (!outcome) return outcome;
  if (auto good = readable(); !good) return good;
  if (released == nullptr) return outcome;
  std::ranges::sort(candidates_);
  const auto repeated = std::ranges::unique(candidates_);
  candidates_.erase(repeated.begin(), repeated.end());
  for (auto& id : candidates_) {
    if (!knows(id)) released->push_back(std::move(id));
  }
  return readable();
}

Result<void> SqliteTxn::own(const ports::BlobRef& blob) {
  return db_.run(
      "INSERT INTO blob (id, size, crc32, sha256, md5, wrapped_key, owners, frames) VALUES (?, ?, ?, ?, ?, ?, 1, ?) "
      "ON CONFLICT (id) DO UPDATE SET owners = owners + 1",
      blob.id, blob.size, blob.crc32, ByteView(blob.sha256), ByteView(blob.md5), ByteView(blob.wrapped_key),
      ByteView(blob.inline_frames));
}

Result<void> SqliteTxn::release(std::string_view blob) {
  bool last = false;
  {
    auto left = db_.query("UPDATE blob SET owners = owners - 1 WHERE id = ? RETURNING owners, length(frames)", blob);
    if (next(left)) {
      last = left.integer(0) == 0;
      const bool has_file = left.integer(1) == 0;
      if (last && has_file) candidates_.emplace_back(std::string(blob));
    }
  }
  if (auto good = readable(); !good) return good;
  return last ? db_.run("DELETE FROM blob WHERE id = ?", blob) : Result<void>{};
}

Result<void> SqliteTxn::release_all(Statement rows) {
  std::vector<std::string> ids;
  while (next(rows)) {
    if (!rows.is_null(0)) ids.push_back(rows.text(0));
  }
  if (auto good = readable(); !good) return good;
  for (const auto& id : ids) {
    if (auto released = release(id); !released) return released;
  }
  return {};
}

Result<void> SqliteTxn::insert(ports::Conversation& conversation) {
  const auto values = values_of(conversation);
  static const std::string sql = insert_conversation_sql(values);
  if (auto inserted = db_.run_values(sql, values); !inserted) return inserted;
  conversation.id = db_.last_id();
  return {};
}

Result<void> SqliteTxn::update(const ports::Conversation& conversation) {
  static const std::string sql = fmt::format("SELECT {} FROM conversation c WHERE c.id = ?", columns::conversation);
  const auto stored = first(db_.query(sql, conversation.id), &RowReader::conversation);
  if (auto good = readable(); !good) return good;
  if (!stored) return no_row("conversation", conversation.id);
  // Only what differs is named: every column has an index, and naming one rewrites it.
  const auto before = values_of(*stored);
  auto changed = values_of(conversation);
  std::erase_if(changed, [&](const NamedValue& value) { return std::ranges::find(before, value) != before.end(); });
  if (changed.empty()) return {};
  std::string assignments;
  std::vector<Value> values;
  for (auto& [column, value] : changed) {
    assignments += fmt::format("{}{} = ?", assignments.empty() ? "" : ", ", column);
    values.push_back(std::move(value));
  }
  values.emplace_back(conversation.id);
  return db_.query_once(fmt::format("UPDATE conversation SET {} WHERE id = ?", assignments), values).run();
}

Result<bool> SqliteTxn::remove_conversation(std::int64_t id) {
  if (auto removed = db_.run("DELETE FROM message_status WHERE conversation = ?", id); !removed) return failed(removed);
  if (auto removed = db_.run("DELETE FROM conversation WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

std::vector<ReceiptStatus> SqliteTxn::present_statuses(std::int64_t conversation) {
  std::vector<ReceiptStatus> present;
  auto rows = db_.query("SELECT status FROM message_status WHERE conversation = ?", conversation);
  while (next(rows)) {
    if (const auto status = domain::receipt_status(rows.text(0))) present.push_back(*status);
  }
  return present;
}

Result<bool> SqliteTxn::add_status(std::int64_t conversation, ReceiptStatus status, Time at,
                                   std::optional<std::string> description, std::optional<std::string> raw_receipt) {
  auto direction = ports::Direction::outgoing;
  {
    auto row = db_.query("SELECT direction FROM conversation WHERE id = ?", conversation);
    const bool there = next(row);
    if (auto good = readable(); !good) return failed(good);
    if (!there) return no_row("conversation", conversation);
    if (row.integer(0) != 0) direction = ports::Direction::incoming;
  }
  const auto present = present_statuses(conversation);
  if (auto good = readable(); !good) return failed(good);
  const auto effect = domain::effect_of(status, present);
  if (effect == domain::StatusEffect::already_there) return false;

  std::optional<Bytes> sealed_receipt;
  if (raw_receipt) sealed_receipt = blobs_.seal(bytes_of(*raw_receipt), sealed::raw_receipt);
  auto written = db_.run(
      "INSERT INTO message_status (conversation, at, status, description, sealed_raw_receipt) VALUES (?, ?, ?, ?, ?)",
      conversation, at, name_of(status), description, sealed_receipt);
  if (!written) return failed(written);
  // A source's own time may lie before what happened here last.
  written = db_.run("UPDATE conversation SET last_update = max(last_update, ?) WHERE id = ?", at, conversation);
  const bool begins_wait = status == ReceiptStatus::sendt && direction == ports::Direction::outgoing &&
                           std::ranges::none_of(present, is_answer);
  if (written && begins_wait) {
    written = db_.run("UPDATE conversation SET awaiting_since = ? WHERE id = ?", at, conversation);
  } else if (written && is_answer(status)) {
    written = db_.run("UPDATE conversation SET awaiting_since = NULL WHERE id = ? AND awaiting_since IS NOT NULL",
                      conversation);
  }
  if (written && effect == domain::StatusEffect::append && domain::finishes(status)) {
    written = db_.run("UPDATE conversation SET finished = 1 WHERE id = ? AND finished = 0", conversation);
  }
  if (!written) return failed(written);
  added_status_ = true;
  return true;
}

Result<void> SqliteTxn::insert(ports::Message& message) {
  auto inserted = db_.run(
      "INSERT INTO message (direction, message_id, conversation_id, service, process, sender_identifier, "
      "receiver_identifier, "
      "created, last_updated, queued, lock_until, package, sealed_sbd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      number_of(message.direction), message.message_id, message.conversation_id, message.service, message.process,
      message.sender_identifier, message.receiver_identifier, message.created, message.last_updated, message.queued,
      message.lock_until, id_of(message.package), blobs_.seal(bytes_of(message.sbd), sealed::sbd));
  if (!inserted) return inserted;
  message.id = db_.last_id();
  return message.package ? own(*message.package) : Result<void>{};
}

Result<void> SqliteTxn::update(const ports::Message& message) {
  auto updated = db_.run("UPDATE message SET sealed_sbd = ?, queued = ?, lock_until = ?, last_updated = ? WHERE id = ?",
                         blobs_.seal(bytes_of(message.sbd), sealed::sbd), message.queued, message.lock_until,
                         message.last_updated, message.id);
  if (updated && db_.changes() == 0) return no_row("message", message.id);
  return updated;
}

Result<bool> SqliteTxn::remove_message(std::int64_t id) {
  auto released = release_all(db_.query(
      "SELECT package FROM message WHERE id = ?1 UNION ALL SELECT blob FROM attachment WHERE message = ?1", id));
  if (!released) return failed(released);
  if (auto removed = db_.run("DELETE FROM attachment WHERE message = ?", id); !removed) return failed(removed);
  if (auto removed = db_.run("DELETE FROM message WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

Result<void> SqliteTxn::insert(ports::Attachment& attachment) {
  auto inserted = db_.run(
      "INSERT INTO attachment (message, number, filename, mimetype, title, is_primary, blob) VALUES (?, ?, ?, ?, ?, ?, "
      "?)",
      attachment.message, attachment.number, attachment.filename, attachment.mimetype, attachment.title,
      attachment.primary, attachment.blob.id);
  if (!inserted) return inserted;
  attachment.id = db_.last_id();
  return own(attachment.blob);
}

Result<void> SqliteTxn::put(const ports::RemoteItem& item) {
  return db_.run(
      "INSERT OR REPLACE INTO remote_item (service, remote_id, inbox, verdict, state, channel_seen, sender, created, "
      "published, "
      "first_seen, last_seen, look_again, attempts, refers_to, detail, reason, fetches) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      item.service, item.remote_id, item.inbox, name_of(item.verdict), name_of(item.state), item.channel_seen,
      item.sender, item.created, item.published, item.first_seen, item.last_seen, item.look_again, item.attempts,
      item.refers_to, item.detail, item.reason, item.fetches);
}

Result<void> SqliteTxn::note_departure(const ServiceIdentifier& service, std::string_view remote_id, Time at) {
  return db_.run("INSERT OR IGNORE INTO departure (service, remote_id, at) VALUES (?, ?, ?)", service, remote_id, at);
}

Result<void> SqliteTxn::forget_departures(Time before) { return db_.run("DELETE FROM departure WHERE at < ?", before); }

Result<void> SqliteTxn::insert(ports::Orphan& orphan) {
  auto inserted = db_.run(
      "INSERT INTO orphan (service, remote_id, message_id, conversation_id, counterpart, kind, cause, at, sealed_sbd) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      orphan.service, orphan.remote_id, orphan.message_id, orphan.conversation_id, orphan.counterpart, orphan.kind,
      orphan.cause, orphan.at, blobs_.seal(bytes_of(orphan.sbd), sealed::orphan_sbd));
  if (inserted) orphan.id = db_.last_id();
  return inserted;
}

Result<void> SqliteTxn::insert(ports::Quarantined& item) {
  auto inserted = db_.run(
      "INSERT INTO quarantine (service, remote_id, sender, message_id, code, reason, package, at) VALUES (?, ?, ?, ?, "
      "?, ?, ?, ?)",
      item.service, item.remote_id, item.sender, item.message_id, item.code, item.reason, id_of(item.package), item.at);
  if (!inserted) return inserted;
  item.id = db_.last_id();
  return item.package ? own(*item.package) : Result<void>{};
}

Result<bool> SqliteTxn::remove_quarantined(std::int64_t id) {
  if (auto released = release_all(db_.query("SELECT package FROM quarantine WHERE id = ?", id)); !released) {
    return failed(released);
  }
  if (auto removed = db_.run("DELETE FROM quarantine WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

Result<void> SqliteTxn::report(const ports::Finding& finding) {
  return db_.run(
      "INSERT INTO finding (service, detection, subject, text, first, last, count) VALUES (?, ?, ?, ?, ?, ?, max(?, "
      "1)) "
      "ON CONFLICT DO UPDATE SET text = excluded.text, last = max(last, excluded.last), count = count + excluded.count",
      finding.service, finding.detection, finding.subject, finding.text, finding.first, finding.last, finding.count);
}

Result<void> SqliteTxn::put(const ports::ChannelUse& use) {
  return db_.run(
      "INSERT INTO channel_use (service, inbox, channel, first_used, last_used, retired) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET first_used = min(first_used, excluded.first_used), "
      "last_used = max(last_used, excluded.last_used), retired = excluded.retired",
      use.service, use.inbox, use.channel, use.first_used, use.last_used, use.retired);
}

Result<void> SqliteTxn::discard(const ports::BlobRef& blob) {
  if (blob.inline_frames.empty()) candidates_.push_back(blob.id);
  return {};
}

Result<void> SqliteTxn::put_setting(std::string_view name, std::string_view value) {
  return db_.run("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", name, value);
}

}  // namespace kanal::store

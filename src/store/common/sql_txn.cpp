#include "store/common/sql_txn.hpp"

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
  return fmt::format("INSERT INTO conversation ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING id", names, marks);
}

/// Does this status end the wait for an answer that SENDT began?
bool is_answer(ReceiptStatus status) { return status != ReceiptStatus::opprettet && status != ReceiptStatus::sendt; }

}  // namespace

Result<void> SqlTxn::conclude(Result<void> outcome, std::vector<BlobId>* released) {
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

Result<void> SqlTxn::own(const ports::BlobRef& blob) {
  return db_.run(
      "INSERT INTO blob (id, size, crc32, sha256, md5, wrapped_key, owners, frames) VALUES (?, ?, ?, ?, ?, ?, 1, ?) "
      "ON CONFLICT (id) DO UPDATE SET owners = blob.owners + 1",
      blob.id, blob.size, blob.crc32, ByteView(blob.sha256), ByteView(blob.md5), ByteView(blob.wrapped_key),
      ByteView(blob.inline_frames));
}

Result<void> SqlTxn::release(std::string_view blob) {
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

Result<void> SqlTxn::release_all(Rows rows) {
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

Result<void> SqlTxn::new_row(Rows inserted, std::int64_t& id) {
  auto row = inserted.step();
  if (!row) return failed(row);
  if (!*row) return reject("store.exists", "it is there already");
  id = inserted.integer(0);
  return inserted.run();
}

Result<void> SqlTxn::insert(ports::Conversation& conversation) {
  const auto values = values_of(conversation);
  static const std::string sql = insert_conversation_sql(values);
  return new_row(db_.query_values(sql, values), conversation.id);
}

Result<void> SqlTxn::update(const ports::Conversation& conversation) {
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

Result<bool> SqlTxn::remove_conversation(std::int64_t id) {
  if (auto removed = db_.run("DELETE FROM message_status WHERE conversation = ?", id); !removed) return failed(removed);
  if (auto removed = db_.run("DELETE FROM conversation WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

std::vector<ReceiptStatus> SqlTxn::present_statuses(std::int64_t conversation) {
  std::vector<ReceiptStatus> present;
  auto rows = db_.query("SELECT status FROM message_status WHERE conversation = ?", conversation);
  while (next(rows)) {
    if (const auto status = domain::receipt_status(rows.text(0))) present.push_back(*status);
  }
  return present;
}

Result<bool> SqlTxn::add_status(std::int64_t conversation, ReceiptStatus status, Time at,
                                std::optional<std::string> description, std::optional<std::string> raw_receipt) {
  auto direction = ports::Direction::outgoing;
  {
    auto row = db_.query("SELECT direction FROM conversation WHERE id = ? @hold(conversation)", conversation);
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
  written = db_.run(
      "UPDATE conversation SET last_update = CASE WHEN last_update < ?1 THEN ?1 ELSE last_update END WHERE id = ?2", at,
      conversation);
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

Result<void> SqlTxn::insert(ports::Message& message) {
  auto inserted = new_row(
      db_.query("INSERT INTO message (direction, message_id, conversation_id, service, process, sender_identifier, "
                "receiver_identifier, "
                "created, last_updated, queued, lock_until, package, sealed_sbd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, ?, ?) "
                "ON CONFLICT DO NOTHING RETURNING id",
                number_of(message.direction), message.message_id, message.conversation_id, message.service,
                message.process, message.sender_identifier, message.receiver_identifier, message.created,
                message.last_updated, message.queued, message.lock_until, id_of(message.package),
                blobs_.seal(bytes_of(message.sbd), sealed::sbd)),
      message.id);
  if (!inserted) return inserted;
  return message.package ? own(*message.package) : Result<void>{};
}

Result<void> SqlTxn::update(const ports::Message& message) {
  auto updated = db_.run("UPDATE message SET sealed_sbd = ?, queued = ?, lock_until = ?, last_updated = ? WHERE id = ?",
                         blobs_.seal(bytes_of(message.sbd), sealed::sbd), message.queued, message.lock_until,
                         message.last_updated, message.id);
  if (updated && db_.changes() == 0) return no_row("message", message.id);
  return updated;
}

Result<bool> SqlTxn::remove_message(std::int64_t id) {
  auto released = release_all(db_.query(
      "SELECT package FROM message WHERE id = ?1 UNION ALL SELECT blob FROM attachment WHERE message = ?1", id));
  if (!released) return failed(released);
  if (auto removed = db_.run("DELETE FROM attachment WHERE message = ?", id); !removed) return failed(removed);
  if (auto removed = db_.run("DELETE FROM message WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

Result<void> SqlTxn::insert(ports::Attachment& attachment) {
  // Its message may be gone, which must not end the transaction.
  auto inserted = db_.guarded([&] {
    return new_row(db_.query("INSERT INTO attachment (message, number, filename, mimetype, title, is_primary, blob) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
                             attachment.message, attachment.number, attachment.filename, attachment.mimetype,
                             attachment.title, attachment.primary, attachment.blob.id),
                   attachment.id);
  });
  return inserted ? own(attachment.blob) : inserted;
}

Result<void> SqlTxn::put(const ports::RemoteItem& item) {
  return db_.run(
      "INSERT INTO remote_item (service, remote_id, inbox, verdict, state, channel_seen, sender, created, "
      "published, "
      "first_seen, last_seen, look_again, attempts, refers_to, detail, reason, fetches) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, remote_id) DO UPDATE SET "
      "inbox = excluded.inbox, verdict = excluded.verdict, state = excluded.state, channel_seen = "
      "excluded.channel_seen, "
      "sender = excluded.sender, created = excluded.created, published = excluded.published, "
      "first_seen = excluded.first_seen, last_seen = excluded.last_seen, look_again = excluded.look_again, "
      "attempts = excluded.attempts, refers_to = excluded.refers_to, detail = excluded.detail, "
      "reason = excluded.reason, fetches = excluded.fetches",
      item.service, item.remote_id, item.inbox, name_of(item.verdict), name_of(item.state), item.channel_seen,
      item.sender, item.created, item.published, item.first_seen, item.last_seen, item.look_again, item.attempts,
      item.refers_to, item.detail, item.reason, item.fetches);
}

Result<void> SqlTxn::note_departure(const ServiceIdentifier& service, std::string_view remote_id, Time at) {
  return db_.run("INSERT INTO departure (service, remote_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", service,
                 remote_id, at);
}

Result<void> SqlTxn::forget_departures(Time before) { return db_.run("DELETE FROM departure WHERE at < ?", before); }

Result<void> SqlTxn::put(const ports::SentElsewhere& sent) {
  auto inserted = db_.run(
      "INSERT INTO sent_elsewhere (service, message_id, conversation_id, installation, at) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT DO NOTHING",
      sent.service, sent.message_id, sent.conversation_id, sent.installation, sent.at);
  if (!inserted || db_.changes() > 0) return inserted;
  const auto known = sent_elsewhere(sent.service, sent.message_id, {});
  if (auto good = readable(); !good) return good;
  if (known == sent.installation) return {};
  return reject("store.exists", "message " + sent.message_id.str() + " is sent by another installation already");
}

Result<void> SqlTxn::insert(ports::Orphan& orphan) {
  return new_row(
      db_.query("INSERT INTO orphan (service, remote_id, message_id, conversation_id, counterpart, kind, cause, at, "
                "sealed_sbd) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                orphan.service, orphan.remote_id, orphan.message_id, orphan.conversation_id, orphan.counterpart,
                orphan.kind, orphan.cause, orphan.at, blobs_.seal(bytes_of(orphan.sbd), sealed::orphan_sbd)),
      orphan.id);
}

Result<void> SqlTxn::insert(ports::Quarantined& item) {
  auto inserted = new_row(db_.query("INSERT INTO quarantine (service, remote_id, sender, message_id, code, reason, "
                                    "package, at) VALUES (?, ?, ?, ?, "
                                    "?, ?, ?, ?) RETURNING id",
                                    item.service, item.remote_id, item.sender, item.message_id, item.code, item.reason,
                                    id_of(item.package), item.at),
                          item.id);
  if (!inserted) return inserted;
  return item.package ? own(*item.package) : Result<void>{};
}

Result<bool> SqlTxn::remove_quarantined(std::int64_t id) {
  if (auto released = release_all(db_.query("SELECT package FROM quarantine WHERE id = ?", id)); !released) {
    return failed(released);
  }
  if (auto removed = db_.run("DELETE FROM quarantine WHERE id = ?", id); !removed) return failed(removed);
  return db_.changes() > 0;
}

Result<void> SqlTxn::report(const ports::Finding& finding) {
  return db_.run(
      "INSERT INTO finding (service, detection, subject, text, first, last, count) VALUES (?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (service, detection, subject) DO UPDATE SET text = excluded.text, "
      "last = CASE WHEN finding.last < excluded.last THEN excluded.last ELSE finding.last END, "
      "count = finding.count + excluded.count",
      finding.service, finding.detection, finding.subject, finding.text, finding.first, finding.last,
      std::max<std::int64_t>(finding.count, 1));
}

Result<void> SqlTxn::put(const ports::ChannelUse& use) {
  return db_.run(
      "INSERT INTO channel_use (service, inbox, channel, first_used, last_used, retired) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (service, inbox, channel) DO UPDATE SET "
      "first_used = CASE WHEN channel_use.first_used > excluded.first_used THEN excluded.first_used ELSE "
      "channel_use.first_used END, "
      "last_used = CASE WHEN channel_use.last_used < excluded.last_used THEN excluded.last_used ELSE "
      "channel_use.last_used END, retired = excluded.retired",
      use.service, use.inbox, use.channel, use.first_used, use.last_used, use.retired);
}

Result<void> SqlTxn::discard(const ports::BlobRef& blob) {
  if (blob.inline_frames.empty()) candidates_.push_back(blob.id);
  return {};
}

Result<void> SqlTxn::put_setting(std::string_view name, std::string_view value) {
  return db_.run(
      "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name,
      value);
}

}  // namespace kanal::store

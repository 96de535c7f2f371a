// Rows of the database as records. A RowReader opens sealed columns and remembers the first thing that was wrong with a
// row: its caller must not hand out records after that.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ports/blob_store.hpp"
#include "ports/records.hpp"
#include "store/common/sql.hpp"

namespace kanal::store {

/// What sealed columns are bound to.
namespace sealed {
constexpr std::string_view raw_receipt = "message_status.raw_receipt";
constexpr std::string_view sbd = "message.sbd";
constexpr std::string_view payload = "job.payload";
constexpr std::string_view orphan_sbd = "orphan.sbd";
}  // namespace sealed

/// SELECT lists, in the order in which RowReader reads them. Messages, attachments, jobs and quarantine rows need their
/// table joined with `blob b`; statuses theirs (`s`) with `conversation c`.
namespace columns {
constexpr std::string_view conversation =
    "c.id, c.conversation_id, c.message_id, c.direction, c.service, c.sender, c.sender_identifier, c.receiver, "
    "c.receiver_identifier, c.process, c.document_type, c.message_type, c.message_reference, c.message_title, "
    "c.last_update, "
    "c.expiry, c.finished, c.pollable, c.external_system_reference, c.message_channel";
constexpr std::string_view status =
    "s.id, s.conversation, c.message_id, c.conversation_id, s.at, s.status, s.description, s.sealed_raw_receipt";
constexpr std::string_view feed =
    "s.id, s.conversation, c.message_id, c.conversation_id, s.at, s.status, s.description, s.sealed_raw_receipt, "
    "c.direction, c.service, c.sender, c.receiver, c.process, c.document_type";
constexpr std::string_view message =
    "m.id, m.direction, m.message_id, m.conversation_id, m.service, m.process, m.sender_identifier, "
    "m.receiver_identifier, "
    "m.created, m.last_updated, m.queued, m.lock_until, m.sealed_sbd, "
    "b.id, b.size, b.crc32, b.sha256, b.md5, b.wrapped_key, b.frames";
constexpr std::string_view attachment =
    "a.id, a.message, a.number, a.filename, a.mimetype, a.title, a.is_primary, "
    "b.id, b.size, b.crc32, b.sha256, b.md5, b.wrapped_key, b.frames";
constexpr std::string_view job =
    "j.id, j.kind, j.key, j.service, j.attempt, j.not_before, j.created, j.fence, j.last_error, "
    "j.sealed_payload, b.id, b.size, b.crc32, b.sha256, b.md5, b.wrapped_key, b.frames";
constexpr std::string_view remote_item =
    "service, inbox, remote_id, verdict, state, channel_seen, sender, created, published, first_seen, last_seen, "
    "look_again, "
    "attempts, refers_to, detail, reason, fetches";
constexpr std::string_view orphan =
    "id, service, remote_id, message_id, conversation_id, counterpart, kind, cause, sealed_sbd, at";
constexpr std::string_view quarantined =
    "q.id, q.service, q.remote_id, q.sender, q.message_id, q.code, q.reason, q.at, "
    "b.id, b.size, b.crc32, b.sha256, b.md5, b.wrapped_key, b.frames";
constexpr std::string_view subscription =
    "id, name, push_endpoint, resource, event, filter, position, failures, failing_since, not_before, disabled, "
    "last_error, created";
}  // namespace columns

/// 0 outgoing, 1 incoming: the column `direction`.
[[nodiscard]] constexpr std::int64_t number_of(ports::Direction direction) {
  return direction == ports::Direction::outgoing ? 0 : 1;
}

/// Columns of a conversation but its id, by name, for INSERT and UPDATE.
struct NamedValue {
  std::string_view column;
  Value value;
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};
[[nodiscard]] std::vector<NamedValue> values_of(const ports::Conversation& conversation);

class RowReader {
 public:
  explicit RowReader(ports::BlobStore& blobs) : blobs_(blobs) {}

  ports::Conversation conversation(const Row& row);
  ports::MessageStatus status(const Row& row);
  ports::Message message(const Row& row);
  ports::Attachment attachment(const Row& row);
  ports::Job job(const Row& row);
  ports::RemoteItem remote_item(const Row& row);
  ports::Orphan orphan(const Row& row);
  ports::Quarantined quarantined(const Row& row);
  ports::Subscription subscription(const Row& row);
  /// Columns of `feed`, then the position.
  ports::FeedEntry feed_entry(const Row& row);

  /// A failure that happened outside a row.
  void fail(const Error& error);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  std::optional<ports::BlobRef> blob(const Row& row, int first);
  std::string opened(const Row& row, int column, std::string_view context);
  void refuse(std::string_view what);

  ports::BlobStore& blobs_;
  std::optional<Error> failure_;
};

}  // namespace kanal::store

#include "store/common/rows.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::store {
namespace {

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }
Value value_of(bool flag) { return std::int64_t{flag ? 1 : 0}; }

template <std::size_t Size>
bool copy_exactly(ByteView from, std::array<std::byte, Size>& to) {
  if (from.size() != Size) return false;
  std::ranges::copy(from, to.begin());
  return true;
}

}  // namespace

std::vector<NamedValue> values_of(const ports::Conversation& c) {
  return {{"conversation_id", c.conversation_id.str()},
          {"message_id", c.message_id.str()},
          {"direction", number_of(c.direction)},
          {"service", c.service.str()},
          {"sender", c.sender},
          {"sender_identifier", c.sender_identifier},
          {"receiver", c.receiver},
          {"receiver_identifier", c.receiver_identifier},
          {"process", c.process},
          {"document_type", c.document_type},
          {"message_type", c.message_type},
          {"message_reference", c.message_reference},
          {"message_title", c.message_title},
          {"last_update", to_micros(c.last_update)},
          {"expiry", to_micros(c.expiry)},
          {"finished", value_of(c.finished)},
          {"pollable", value_of(c.pollable)},
          {"external_system_reference", value_of(c.external_system_reference)},
          {"message_channel", value_of(c.message_channel)}};
}

void RowReader::fail(const Error& error) {
  if (!failure_) failure_ = error;
}

void RowReader::refuse(std::string_view what) {
  fail(Error{
      "store.damaged", fmt::format("the database holds {}: restore it from a backup", what), Disposition::bug, {}, {}});
}

std::string RowReader::opened(const Row& row, int column, std::string_view context) {
  auto plain = blobs_.unseal(row.bytes(column), context);
  if (!plain) {
    fail(plain.error());
    return {};
  }
  return std::string(text_of(*plain));
}

std::optional<ports::BlobRef> RowReader::blob(const Row& row, int first) {
  if (row.is_null(first)) return std::nullopt;
  ports::BlobRef ref;
  ref.id = BlobId(row.text(first));
  ref.size = static_cast<std::uint64_t>(row.integer(first + 1));
  ref.crc32 = static_cast<std::uint32_t>(row.integer(first + 2));
  if (!copy_exactly(row.bytes(first + 3), ref.sha256) || !copy_exactly(row.bytes(first + 4), ref.md5)) {
    refuse("a digest of the wrong length");
  }
  ref.wrapped_key = copy_of(row.bytes(first + 5));
  ref.inline_frames = copy_of(row.bytes(first + 6));
  return ref;
}

ports::Conversation RowReader::conversation(const Row& row) {
  ports::Conversation c;
  c.id = row.integer(0);
  c.conversation_id = ConversationId(row.text(1));
  c.message_id = MessageId(row.text(2));
  c.direction = row.integer(3) == 0 ? ports::Direction::outgoing : ports::Direction::incoming;
  c.service = ServiceIdentifier(row.text(4));
  c.sender = row.text(5);
  c.sender_identifier = row.text(6);
  c.receiver = row.text(7);
  c.receiver_identifier = row.text(8);
  c.process = row.text(9);
  c.document_type = row.text(10);
  c.message_type = row.text(11);
  c.message_reference = row.text(12);
  c.message_title = row.text(13);
  c.last_update = row.time(14);
  c.expiry = row.time(15);
  c.finished = row.boolean(16);
  c.pollable = row.boolean(17);
  c.external_system_reference = row.optional_text(18);
  c.message_channel = row.optional_text(19);
  return c;
}

ports::MessageStatus RowReader::status(const Row& row) {
  ports::MessageStatus s;
  s.id = row.integer(0);
  s.conversation = row.integer(1);
  s.message_id = MessageId(row.text(2));
  s.conversation_id = ConversationId(row.text(3));
  s.at = row.time(4);
  if (const auto status = domain::receipt_status(row.text(5))) {
    s.status = *status;
  } else {
    refuse("a status that nobody knows");
  }
  s.description = row.optional_text(6);
  if (!row.is_null(7)) s.raw_receipt = opened(row, 7, sealed::raw_receipt);
  return s;
}

ports::Message RowReader::message(const Row& row) {
  ports::Message m;
  m.id = row.integer(0);
  m.direction = row.integer(1) == 0 ? ports::Direction::outgoing : ports::Direction::incoming;
  m.message_id = MessageId(row.text(2));
  m.conversation_id = ConversationId(row.text(3));
  m.service = ServiceIdentifier(row.text(4));
  m.process = row.text(5);
  m.sender_identifier = row.text(6);
  m.receiver_identifier = row.text(7);
  m.created = row.time(8);
  m.last_updated = row.time(9);
  m.queued = row.boolean(10);
  m.lock_until = row.optional_time(11);
  m.sbd = opened(row, 12, sealed::sbd);
  m.package = blob(row, 13);
  return m;
}

ports::Attachment RowReader::attachment(const Row& row) {
  ports::Attachment a;
  a.id = row.integer(0);
  a.message = row.integer(1);
  a.number = static_cast<int>(row.integer(2));
  a.filename = row.text(3);
  a.mimetype = row.text(4);
  a.title = row.optional_text(5);
  a.primary = row.boolean(6);
  if (auto ref = blob(row, 7)) {
    a.blob = std::move(*ref);
  } else {
    refuse("an attachment without its blob");
  }
  return a;
}

ports::Job RowReader::job(const Row& row) {
  ports::Job j;
  j.id = row.integer(0);
  j.kind = row.text(1);
  j.key = row.text(2);
  j.service = ServiceIdentifier(row.text(3));
  j.attempt = static_cast<int>(row.integer(4));
  j.not_before = row.time(5);
  j.created = row.time(6);
  j.fence = row.integer(7);
  j.last_error = row.text(8);
  j.payload = opened(row, 9, sealed::payload);
  j.package = blob(row, 10);
  return j;
}

ports::RemoteItem RowReader::remote_item(const Row& row) {
  ports::RemoteItem item;
  item.service = ServiceIdentifier(row.text(0));
  item.inbox = row.text(1);
  item.remote_id = row.text(2);
  const auto verdict = domain::verdict(row.text(3));
  const auto state = ports::remote_item_state(row.text(4));
  if (verdict && state) {
    item.verdict = *verdict;
    item.state = *state;
  } else {
    refuse("a verdict or state that nobody knows");
  }
  item.channel_seen = row.optional_text(5);
  item.sender = row.text(6);
  item.created = row.time(7);
  item.published = row.time(8);
  item.first_seen = row.time(9);
  item.last_seen = row.time(10);
  item.look_again = row.time(11);
  item.attempts = static_cast<int>(row.integer(12));
  item.refers_to = MessageId(row.text(13));
  item.detail = row.text(14);
  item.reason = row.text(15);
  item.fetches = static_cast<int>(row.integer(16));
  return item;
}

ports::Orphan RowReader::orphan(const Row& row) {
  ports::Orphan o;
  o.id = row.integer(0);
  o.service = ServiceIdentifier(row.text(1));
  o.remote_id = row.text(2);
  o.message_id = MessageId(row.text(3));
  o.conversation_id = ConversationId(row.text(4));
  o.counterpart = row.text(5);
  o.kind = row.text(6);
  o.cause = row.text(7);
  o.sbd = opened(row, 8, sealed::orphan_sbd);
  o.at = row.time(9);
  return o;
}

ports::Quarantined RowReader::quarantined(const Row& row) {
  ports::Quarantined q;
  q.id = row.integer(0);
  q.service = ServiceIdentifier(row.text(1));
  q.remote_id = row.text(2);
  q.sender = row.text(3);
  q.message_id = MessageId(row.text(4));
  q.code = row.text(5);
  q.reason = row.text(6);
  q.at = row.time(7);
  q.package = blob(row, 8);
  return q;
}

ports::Subscription RowReader::subscription(const Row& row) {
  ports::Subscription s;
  s.id = row.integer(0);
  s.name = row.text(1);
  s.push_endpoint = row.text(2);
  s.resource = row.text(3);
  s.event = row.text(4);
  s.filter = row.optional_text(5);
  s.position = row.integer(6);
  s.failures = static_cast<int>(row.integer(7));
  s.failing_since = row.optional_time(8);
  s.not_before = row.optional_time(9);
  s.disabled = row.optional_time(10);
  s.last_error = row.text(11);
  s.created = row.time(12);
  return s;
}

ports::FeedEntry RowReader::feed_entry(const Row& row) {
  ports::FeedEntry entry;
  entry.status = status(row);
  entry.position = row.integer(14);
  entry.direction = row.integer(8) == 0 ? ports::Direction::outgoing : ports::Direction::incoming;
  entry.service = ServiceIdentifier(row.text(9));
  entry.sender = row.text(10);
  entry.receiver = row.text(11);
  entry.process = row.text(12);
  entry.document_type = row.text(13);
  return entry;
}

}  // namespace kanal::store

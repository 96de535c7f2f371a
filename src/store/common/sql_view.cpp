#include <fmt/format.h>

#include "store/common/sql_txn.hpp"

namespace kanal::store {
namespace {

// Texts of statements live as long as the program: the connection keeps them prepared.
std::string select(std::string_view columns, std::string_view rest) {
  return fmt::format("SELECT {} FROM {}", columns, rest);
}

}  // namespace

bool SqlTxn::next(Rows& rows) {
  if (rows_.failure()) return false;
  auto row = rows.step();
  if (row) return *row;
  rows_.fail(row.error());
  return false;
}

Result<void> SqlTxn::readable() const {
  if (rows_.failure()) return tl::unexpected<Error>(*rows_.failure());
  return {};
}

void SqlTxn::add_statuses(ports::Conversation& conversation) {
  static const std::string sql =
      select(columns::status,
             "message_status s @join conversation c ON c.id = s.conversation WHERE s.conversation = ? ORDER BY s.id");
  conversation.statuses = all(db_.query(sql, conversation.id), &RowReader::status);
}

std::vector<ports::Conversation> SqlTxn::with_statuses(std::vector<ports::Conversation> conversations) {
  for (auto& conversation : conversations) add_statuses(conversation);
  return conversations;
}

std::optional<ports::Conversation> SqlTxn::conversation(const MessageId& id, ports::Direction direction) {
  static const std::string sql =
      select(columns::conversation, "conversation c WHERE @id(c.message_id) = @id(?) AND c.direction = ?");
  auto found = first(db_.query(sql, id, number_of(direction)), &RowReader::conversation);
  if (found) add_statuses(*found);
  return found;
}

std::optional<ports::Conversation> SqlTxn::conversation(std::int64_t id) {
  static const std::string sql = select(columns::conversation, "conversation c WHERE c.id = ?");
  auto found = first(db_.query(sql, id), &RowReader::conversation);
  if (found) add_statuses(*found);
  return found;
}

bool SqlTxn::conversation_exists(const MessageId& id) {
  auto query = db_.query("SELECT 1 FROM conversation WHERE @id(message_id) = @id(?)", id);
  return next(query);
}

std::vector<ports::Conversation> SqlTxn::expired(Time now, int limit) {
  static const std::string sql = select(columns::conversation,
                                        "conversation c @index(conversation_expiring) WHERE c.finished = 0 AND "
                                        "c.expiry < ? ORDER BY c.expiry, c.id LIMIT ?");
  return with_statuses(all(db_.query(sql, now, limit), &RowReader::conversation));
}

std::vector<ports::Conversation> SqlTxn::sent_without_answer(const ServiceIdentifier& service, Time before, int limit) {
  static const std::string sql = select(
      columns::conversation,
      "conversation c @index(conversation_awaiting) WHERE c.service = ? AND c.awaiting_since < ? AND c.finished = 0 "
      "ORDER BY c.awaiting_since, c.id LIMIT ?");
  return with_statuses(all(db_.query(sql, service, before, limit), &RowReader::conversation));
}

std::vector<std::pair<std::string, Time>> SqlTxn::open_channels(const ServiceIdentifier& service) {
  // From one channel to the next through the index: asked at every poll, while very many messages may be under way.
  constexpr std::string_view from =
      "SELECT @channel, expiry FROM conversation @index(conversation_channel) "
      "WHERE finished = 0 AND direction = 0 AND service = ?1 AND @channel ";
  static const std::string first_sql = fmt::format("{} >= '' ORDER BY @channel LIMIT 1", from);
  static const std::string next_sql = fmt::format("{} > ?2 ORDER BY @channel LIMIT 1", from);
  static const std::string latest_sql = fmt::format("{} = ?2 ORDER BY expiry DESC LIMIT 1", from);
  std::vector<std::pair<std::string, Time>> channels;
  for (;;) {
    auto channel =
        channels.empty() ? db_.query(first_sql, service) : db_.query(next_sql, service, channels.back().first);
    if (!next(channel)) return channels;
    auto latest = db_.query(latest_sql, service, channel.text(0));
    if (!next(latest)) return channels;
    channels.emplace_back(latest.text(0), latest.time(1));
  }
}

std::optional<ports::Message> SqlTxn::message(const MessageId& id, ports::Direction direction) {
  static const std::string sql =
      select(columns::message,
             "message m LEFT JOIN blob b ON b.id = m.package WHERE @id(m.message_id) = @id(?) AND m.direction = ?");
  return first(db_.query(sql, id, number_of(direction)), &RowReader::message);
}

std::vector<ports::Attachment> SqlTxn::attachments(std::int64_t message) {
  static const std::string sql = select(
      columns::attachment, "attachment a LEFT JOIN blob b ON b.id = a.blob WHERE a.message = ? ORDER BY a.number");
  return all(db_.query(sql, message), &RowReader::attachment);
}

std::optional<ports::Job> SqlTxn::job(std::string_view kind, std::string_view key) {
  static const std::string sql =
      select(columns::job, "job j LEFT JOIN blob b ON b.id = j.package WHERE j.kind = ? AND j.key = ?");
  return first(db_.query(sql, kind, key), &RowReader::job);
}

std::int64_t SqlTxn::job_count(std::string_view kind) {
  auto query = db_.query("SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM job_count WHERE kind = ?", kind);
  return next(query) ? query.integer(0) : 0;
}

std::vector<ports::Job> SqlTxn::jobs(std::string_view kind, int limit) {
  static const std::string sql =
      select(columns::job, "job j LEFT JOIN blob b ON b.id = j.package WHERE j.kind = ? ORDER BY j.id LIMIT ?");
  return all(db_.query(sql, kind, limit), &RowReader::job);
}

std::optional<Time> SqlTxn::next_job_time(std::string_view kind) {
  auto query = db_.query(
      "SELECT not_before FROM job @index(job_due) WHERE kind = ? AND (leased_until IS NULL OR leased_until <= ?) "
      "ORDER BY not_before LIMIT 1",
      kind, clock_.now());
  if (!next(query)) return std::nullopt;
  return query.time(0);
}

std::optional<ports::RemoteItem> SqlTxn::remote_item(const ServiceIdentifier& service, std::string_view remote_id) {
  static const std::string sql = select(columns::remote_item, "remote_item WHERE service = ? AND remote_id = ?");
  return first(db_.query(sql, service, remote_id), &RowReader::remote_item);
}

std::vector<ports::RemoteItem> SqlTxn::remote_items(const ServiceIdentifier& service, std::string_view inbox,
                                                    ports::RemoteItem::State state, int limit) {
  static const std::string sql =
      select(columns::remote_item,
             "remote_item WHERE service = ? AND inbox = ? AND state = ? ORDER BY created, remote_id LIMIT ?");
  return all(db_.query(sql, service, inbox, name_of(state), limit), &RowReader::remote_item);
}

bool SqlTxn::knows_departure(const ServiceIdentifier& service, std::string_view remote_id) {
  auto query = db_.query("SELECT 1 FROM departure WHERE service = ? AND remote_id = ?", service, remote_id);
  return next(query);
}

std::optional<std::string> SqlTxn::sent_elsewhere(const ServiceIdentifier& service, const MessageId& message_id,
                                                  const ConversationId& conversation_id) {
  {
    auto row = db_.query("SELECT installation FROM sent_elsewhere WHERE service = ? AND @id(message_id) = @id(?)",
                         service, message_id);
    if (next(row)) return row.text(0);
  }
  if (conversation_id.empty()) return std::nullopt;
  auto row = db_.query(
      "SELECT installation FROM sent_elsewhere WHERE service = ? AND @id(conversation_id) = @id(?) "
      "ORDER BY at DESC LIMIT 1",
      service, conversation_id);
  return next(row) ? std::optional(row.text(0)) : std::nullopt;
}

std::vector<ports::Orphan> SqlTxn::orphans(const ServiceIdentifier& service, int limit) {
  static const std::string sql = select(columns::orphan, "orphan WHERE service = ? ORDER BY id DESC LIMIT ?");
  return all(db_.query(sql, service, limit), &RowReader::orphan);
}

std::vector<ports::Finding> SqlTxn::findings() {
  auto query = db_.query(
      "SELECT service, detection, subject, text, first, last, count FROM finding ORDER BY last DESC, service, "
      "detection, subject");
  std::vector<ports::Finding> found;
  while (next(query)) {
    found.push_back({ServiceIdentifier(query.text(0)), query.text(1), query.text(2), query.text(3), query.time(4),
                     query.time(5), query.integer(6)});
  }
  return found;
}

std::vector<ports::ChannelUse> SqlTxn::channel_uses(const ServiceIdentifier& service) {
  auto query = db_.query(
      "SELECT service, inbox, channel, first_used, last_used, retired FROM channel_use WHERE service = ? "
      "ORDER BY inbox, channel",
      service);
  std::vector<ports::ChannelUse> uses;
  while (next(query)) {
    uses.push_back({ServiceIdentifier(query.text(0)), query.text(1), query.text(2), query.time(3), query.time(4),
                    query.optional_time(5)});
  }
  return uses;
}

std::vector<ports::Quarantined> SqlTxn::quarantined(int limit) {
  static const std::string sql =
      select(columns::quarantined, "quarantine q LEFT JOIN blob b ON b.id = q.package ORDER BY q.id DESC LIMIT ?");
  return all(db_.query(sql, limit), &RowReader::quarantined);
}

std::optional<std::string> SqlTxn::setting(std::string_view name) {
  auto query = db_.query("SELECT value FROM setting WHERE name = ?", name);
  if (!next(query)) return std::nullopt;
  return query.text(0);
}

bool SqlTxn::knows(const BlobId& id) {
  auto query = db_.query("SELECT 1 FROM blob WHERE id = ?", id);
  return next(query);
}

}  // namespace kanal::store

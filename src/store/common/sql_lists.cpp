// The three paged lists of the API: which parameter is which column, and how well its index finds rows.
#include <array>

#include "store/common/sql_txn.hpp"

namespace kanal::store {
namespace {

using Kind = Filter::Kind;

constexpr std::array<SortColumn, 18> conversation_sorts = {
    {{"id", "c.id"},
     {"conversationId", "@id(c.conversation_id)"},
     {"messageId", "@id(c.message_id)"},
     {"sender", "c.sender"},
     {"senderIdentifier", "c.sender_identifier"},
     {"receiver", "c.receiver"},
     {"receiverIdentifier", "c.receiver_identifier"},
     {"processIdentifier", "c.process"},
     {"documentIdentifier", "c.document_type"},
     {"messageReference", "c.message_reference"},
     {"messageTitle", "c.message_title"},
     {"lastUpdate", "c.last_update"},
     {"finished", "c.finished", "c.last_update"},
     {"expiry", "c.expiry"},
     {"direction", "c.direction", "c.last_update"},
     {"serviceIdentifier", "c.service", "c.last_update"},
     {"externalSystemReference", "c.external_system_reference", {}, true},
     {"pollable", "c.pollable"}}};

constexpr std::array<SortColumn, 4> status_sorts = {
    {{"id", "s.id"}, {"lastUpdate", "s.at"}, {"status", "s.status"}, {"description", "s.description", {}, true}}};

constexpr std::array<SortColumn, 9> message_sorts = {{{"id", "m.id"},
                                                      {"conversationId", "@id(m.conversation_id)"},
                                                      {"messageId", "@id(m.message_id)"},
                                                      {"processIdentifier", "m.process"},
                                                      {"receiverIdentifier", "m.receiver_identifier"},
                                                      {"senderIdentifier", "m.sender_identifier"},
                                                      {"serviceIdentifier", "m.service"},
                                                      {"lastUpdated", "m.last_updated"},
                                                      {"lockTimeout", "m.lock_until", {}, true}}};

constexpr ListedTable conversation_table{columns::conversation, "conversation c",  "conversation c", "c.id",
                                         "conversation_count",  conversation_sorts};
constexpr ListedTable status_table{
    columns::status,        "message_status s @join conversation c ON c.id = s.conversation",
    "message_status s",     "s.id",
    "message_status_count", status_sorts};
constexpr ListedTable message_table{columns::message, "message m LEFT JOIN blob b ON b.id = m.package",
                                    "message m",      "m.id",
                                    "message_count",  message_sorts};

/// Filters in the making.
class Filters {
 public:
  void add(Kind kind, std::string_view condition, const std::optional<std::string>& value) {
    if (value) list_.push_back({kind, std::string(condition), {*value}});
  }
  void add(Kind kind, std::string_view condition, const std::optional<std::int64_t>& value) {
    if (value) list_.push_back({kind, std::string(condition), {*value}});
  }
  void add(Kind kind, std::string_view condition, const std::optional<Time>& value) {
    if (value) list_.push_back({kind, std::string(condition), {to_micros(*value)}});
  }
  void add(Kind kind, std::string_view condition, const std::optional<bool>& value) {
    if (value) list_.push_back({kind, std::string(condition), {std::int64_t{*value ? 1 : 0}}});
  }
  [[nodiscard]] const std::vector<Filter>& list() const { return list_; }

 private:
  std::vector<Filter> list_;
};

Filters filters_of(const ports::MessageQuery& query, ports::Direction direction) {
  Filters filters;
  filters.add(Kind::base, "direction = ?", std::optional(number_of(direction)));
  filters.add(Kind::few, "@id(message_id) = @id(?)", query.message_id);
  filters.add(Kind::few, "@id(conversation_id) = @id(?)", query.conversation_id);
  filters.add(Kind::indexed, "process = ?", query.process);
  filters.add(Kind::indexed, "receiver_identifier = ?", query.receiver_identifier);
  filters.add(Kind::indexed, "sender_identifier = ?", query.sender_identifier);
  filters.add(Kind::counted, "service = ?", query.service);
  filters.add(Kind::range, "last_updated >= ?", query.last_updated_from);
  filters.add(Kind::range, "last_updated < ?", query.last_updated_before);
  return filters;
}

}  // namespace

template <class Record>
Result<ports::Page<Record>> SqlTxn::page_of(Result<ListedPage> listed, Record (RowReader::*read)(const Row&)) {
  if (!listed) return failed(listed);
  ports::Page<Record> page;
  page.total = listed->total;
  if (listed->rows) page.content = all(std::move(*listed->rows), read);
  if (auto good = readable(); !good) return failed(good);
  return page;
}

Result<ports::Page<ports::Conversation>> SqlTxn::conversations(const ports::ConversationQuery& query,
                                                               const ports::PageRequest& page) {
  Filters filters;
  filters.add(Kind::few, "@id(message_id) = @id(?)", query.message_id);
  filters.add(Kind::few, "@id(conversation_id) = @id(?)", query.conversation_id);
  filters.add(Kind::few, "external_system_reference = ?", query.external_system_reference);
  filters.add(Kind::indexed, "receiver = ?", query.receiver);
  filters.add(Kind::indexed, "receiver_identifier = ?", query.receiver_identifier);
  filters.add(Kind::indexed, "sender = ?", query.sender);
  filters.add(Kind::indexed, "sender_identifier = ?", query.sender_identifier);
  filters.add(Kind::indexed, "message_reference = ?", query.message_reference);
  filters.add(Kind::indexed, "message_title = ?", query.message_title);
  filters.add(Kind::counted, "service = ?", query.service);
  filters.add(Kind::counted, "pollable = ?", query.pollable);
  filters.add(Kind::counted, "finished = ?", query.finished);
  if (query.direction) filters.add(Kind::counted, "direction = ?", std::optional(number_of(*query.direction)));
  filters.add(Kind::range, "last_update >= ?", query.last_update_from);
  filters.add(Kind::range, "last_update < ?", query.last_update_before);
  auto found = page_of(list(db_, conversation_table, filters.list(), page), &RowReader::conversation);
  if (!found) return found;
  found->content = with_statuses(std::move(found->content));
  if (auto good = readable(); !good) return failed(good);
  return found;
}

Result<ports::Page<ports::MessageStatus>> SqlTxn::statuses(const ports::StatusQuery& query,
                                                           const ports::PageRequest& page) {
  Filters filters;
  filters.add(Kind::few, "s.id = ?", query.id);
  filters.add(Kind::few, "s.conversation IN (SELECT id FROM conversation WHERE @id(message_id) = @id(?))",
              query.message_id);
  filters.add(Kind::few, "s.conversation IN (SELECT id FROM conversation WHERE @id(conversation_id) = @id(?))",
              query.conversation_id);
  if (query.status) filters.add(Kind::counted, "status = ?", std::optional(std::string(name_of(*query.status))));
  filters.add(Kind::range, "at >= ?", query.from);
  filters.add(Kind::range, "at <= ?", query.to);
  return page_of(list(db_, status_table, filters.list(), page), &RowReader::status);
}

Result<ports::Page<ports::Message>> SqlTxn::messages(const ports::MessageQuery& query, const ports::PageRequest& page) {
  return page_of(list(db_, message_table, filters_of(query, query.direction).list(), page), &RowReader::message);
}

Result<std::optional<ports::Message>> SqlTxn::lock_next(const ports::MessageQuery& query, Time now, Time lock_until) {
  // A filter that matches few rows is looked up and those are sorted; otherwise the queue is walked from its front.
  constexpr std::int64_t worth_sorting = 200;
  const auto filters = filters_of(query, ports::Direction::incoming);
  auto where = selective_condition(db_, message_table, filters.list(), worth_sorting);
  if (!where) return failed(where);
  std::optional<std::int64_t> id;
  {
    auto values = where->values;
    values.emplace_back(to_micros(now));
    auto oldest = db_.query_once(
        "SELECT m.id FROM message m " + std::string(where->looked_up ? "" : "@index(message_arrival) ") + "WHERE " +
            where->sql + " AND (lock_until IS NULL OR lock_until <= ?) ORDER BY created, id LIMIT 1 @skip(m)",
        values);
    if (next(oldest)) id = oldest.integer(0);
  }
  if (auto good = readable(); !good) return failed(good);
  if (!id) return std::optional<ports::Message>{};
  if (auto locked = db_.run("UPDATE message SET lock_until = ? WHERE id = ?", lock_until, *id); !locked)
    return failed(locked);
  static const std::string sql =
      "SELECT " + std::string(columns::message) + " FROM message m LEFT JOIN blob b ON b.id = m.package WHERE m.id = ?";
  auto message = first(db_.query(sql, *id), &RowReader::message);
  if (auto good = readable(); !good) return failed(good);
  return message;
}

}  // namespace kanal::store

// One transaction on one connection of any database: reading (sql_view.cpp, sql_lists.cpp) and writing (sql_txn.cpp,
// sql_jobs.cpp, sql_telling.cpp, sql_retention.cpp). Readers get it as a View, on a connection that cannot
// write. The interface has no place for an error in most reads; such an error is kept here, and whoever runs the
// transaction ends it with that.
#pragma once

#include <functional>
#include <vector>

#include "base/time.hpp"
#include "ports/store.hpp"
#include "store/common/listing.hpp"
#include "store/common/rows.hpp"
#include "store/common/sql.hpp"

namespace kanal::store {

class SqlTxn : public ports::Txn {
 public:
  SqlTxn(Sql& database, ports::BlobStore& blobs, Clock& clock)
      : db_(database), blobs_(blobs), clock_(clock), rows_(blobs) {}

  std::optional<ports::Conversation> conversation(const MessageId& id, ports::Direction direction) override;
  std::optional<ports::Conversation> conversation(std::int64_t id) override;
  bool conversation_exists(const MessageId& id) override;
  Result<ports::Page<ports::Conversation>> conversations(const ports::ConversationQuery& query,
                                                         const ports::PageRequest& page) override;
  Result<ports::Page<ports::MessageStatus>> statuses(const ports::StatusQuery& query,
                                                     const ports::PageRequest& page) override;
  std::vector<ports::Conversation> expired(Time now, int limit) override;
  std::vector<ports::Conversation> sent_without_answer(const ServiceIdentifier& service, Time before,
                                                       int limit) override;
  std::vector<std::pair<std::string, Time>> open_channels(const ServiceIdentifier& service) override;
  std::optional<ports::Message> message(const MessageId& id, ports::Direction direction) override;
  Result<ports::Page<ports::Message>> messages(const ports::MessageQuery& query,
                                               const ports::PageRequest& page) override;
  std::vector<ports::Attachment> attachments(std::int64_t message) override;
  std::optional<ports::Job> job(std::string_view kind, std::string_view key) override;
  std::int64_t job_count(std::string_view kind) override;
  std::vector<ports::Job> jobs(std::string_view kind, int limit) override;
  std::optional<Time> next_job_time(std::string_view kind) override;
  std::optional<ports::RemoteItem> remote_item(const ServiceIdentifier& service, std::string_view remote_id) override;
  std::vector<ports::RemoteItem> remote_items(const ServiceIdentifier& service, std::string_view inbox,
                                              ports::RemoteItem::State state, int limit) override;
  bool knows_departure(const ServiceIdentifier& service, std::string_view remote_id) override;
  std::vector<ports::Orphan> orphans(const ServiceIdentifier& service, int limit) override;
  std::optional<std::string> sent_elsewhere(const ServiceIdentifier& service, const MessageId& message_id,
                                            const ConversationId& conversation_id) override;
  std::vector<ports::Finding> findings() override;
  std::vector<ports::ChannelUse> channel_uses(const ServiceIdentifier& service) override;
  std::vector<ports::Quarantined> quarantined(int limit) override;
  std::optional<ports::Subscription> subscription(std::int64_t id) override;
  std::vector<ports::Subscription> subscriptions() override;
  std::optional<ports::MessageStatus> offered_status() override;
  ports::StoreCounts counts() override;
  std::optional<std::string> setting(std::string_view name) override;

  Result<void> insert(ports::Conversation& conversation) override;
  Result<void> update(const ports::Conversation& conversation) override;
  Result<bool> remove_conversation(std::int64_t id) override;
  Result<bool> add_status(std::int64_t conversation, domain::ReceiptStatus status, Time at,
                          std::optional<std::string> description, std::optional<std::string> raw_receipt) override;
  Result<void> insert(ports::Message& message) override;
  Result<void> update(const ports::Message& message) override;
  Result<bool> remove_message(std::int64_t id) override;
  Result<void> insert(ports::Attachment& attachment) override;
  Result<std::optional<ports::Message>> lock_next(const ports::MessageQuery& query, Time now, Time lock_until) override;
  Result<bool> enqueue(ports::Job job) override;
  Result<std::vector<ports::Job>> lease(std::string_view kind, Time now, Time until, int limit) override;
  Result<void> complete(const ports::Job& job) override;
  Result<void> postpone(const ports::Job& job, Time not_before, std::string_view error, bool count_attempt) override;
  Result<void> renew(const ports::Job& job, Time until) override;
  Result<void> save_progress(const ports::Job& job) override;
  Result<bool> cancel_job(std::string_view kind, std::string_view key) override;
  Result<void> put(const ports::RemoteItem& item) override;
  Result<void> note_departure(const ServiceIdentifier& service, std::string_view remote_id, Time at) override;
  Result<void> forget_departures(Time before) override;
  Result<void> put(const ports::SentElsewhere& sent) override;
  Result<void> insert(ports::Orphan& orphan) override;
  Result<void> insert(ports::Quarantined& item) override;
  Result<bool> remove_quarantined(std::int64_t id) override;
  Result<void> report(const ports::Finding& finding) override;
  Result<void> put(const ports::ChannelUse& use) override;
  Result<void> insert(ports::Subscription& subscription) override;
  Result<void> update(const ports::Subscription& subscription) override;
  Result<bool> remove_subscription(std::int64_t id) override;
  Result<void> offer_status(std::int64_t status) override;
  Result<bool> withdraw_status(std::int64_t status) override;
  Result<bool> take_turn(std::string_view name, Time now, Time until) override;
  Result<int> remove_leftovers(ports::Leftover kind, Time before, int limit) override;
  Result<void> discard(const ports::BlobRef& blob) override;
  Result<void> put_setting(std::string_view name, std::string_view value) override;

  /// Does a row refer to this blob?
  bool knows(const BlobId& id);
  /// Has this transaction added statuses, jobs?
  [[nodiscard]] bool added_status() const { return added_status_; }
  [[nodiscard]] bool added_job() const { return added_job_; }
  /// After the work: `outcome`, unless something could not be read; `released` gets the blobs to remove after the
  /// commit.
  Result<void> conclude(Result<void> outcome, std::vector<BlobId>* released);

 protected:
  /// True while there are rows; an error ends the loop and the transaction.
  bool next(Rows& rows);
  template <class Record>
  std::vector<Record> all(Rows rows, Record (RowReader::*read)(const Row&));
  template <class Record>
  std::optional<Record> first(Rows rows, Record (RowReader::*read)(const Row&));
  /// The failure kept so far, as a Result.
  Result<void> readable() const;

  /// The row gets this fence and lease.
  virtual Result<void> write_lease(const ports::Job& job, Time until);

  Sql& db_;

 private:
  /// Reads the id that an INSERT returns; `store.exists` when it returned none.
  static Result<void> new_row(Rows inserted, std::int64_t& id);
  template <class Record>
  Result<ports::Page<Record>> page_of(Result<ListedPage> listed, Record (RowReader::*read)(const Row&));
  void add_statuses(ports::Conversation& conversation);
  std::vector<ports::Conversation> with_statuses(std::vector<ports::Conversation> conversations);
  std::vector<domain::ReceiptStatus> present_statuses(std::int64_t conversation);

  /// The row counts as one more owner of its blob.
  Result<void> own(const ports::BlobRef& blob);
  /// One owner less; the last one takes the blob with it.
  Result<void> release(std::string_view blob);
  /// Blob ids in the only column of `rows` lose an owner.
  Result<void> release_all(Rows rows);
  /// Ends a job whose row is `id`.
  Result<void> remove_job(std::int64_t id);
  /// Error `store.lease_lost` when the last statement changed no row.
  Result<void> still_leased(const ports::Job& job, Result<void> written);

  ports::BlobStore& blobs_;
  Clock& clock_;
  RowReader rows_;
  std::vector<BlobId> candidates_;  ///< blobs with a file that may have lost their last owner
  bool added_status_ = false;
  bool added_job_ = false;
};

template <class Record>
std::vector<Record> SqlTxn::all(Rows rows, Record (RowReader::*read)(const Row&)) {
  std::vector<Record> records;
  while (next(rows)) records.push_back((rows_.*read)(rows));
  return records;
}

template <class Record>
std::optional<Record> SqlTxn::first(Rows rows, Record (RowReader::*read)(const Row&)) {
  if (!next(rows)) return std::nullopt;
  return (rows_.*read)(rows);
}

}  // namespace kanal::store

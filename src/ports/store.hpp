// The durable store behind one interface (architecture.md, "Store"). Every change happens inside write(); the
// call returns after the commit has reached the disk. Waiting writers share one commit (group commit).
// Thread-safe; a View or Txn is valid only inside its call, on that thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ports/records.hpp"

namespace kanal::ports {

/// One property of a `sort` parameter.
struct SortKey {
  std::string property;  ///< API name; the store maps it, unknown ones are rejected with `query.sort`
  bool descending = false;
};

struct PageRequest {
  std::int64_t page = 0;
  std::int64_t size = 10;
  std::vector<SortKey> sort;
};

template <class T>
struct Page {
  std::vector<T> content;
  std::int64_t total = 0;
};

/// Equality filters, all ANDed; absent ones match everything.
struct ConversationQuery {
  std::optional<std::string> conversation_id, message_id, receiver, receiver_identifier, sender, sender_identifier,
      service, message_reference, message_title, external_system_reference;
  std::optional<bool> pollable, finished;
  std::optional<Direction> direction;
  std::optional<Time> last_update_from, last_update_before;  ///< from inclusive, before exclusive
};

struct StatusQuery {
  std::optional<std::int64_t> id;
  std::optional<std::string> conversation_id, message_id;
  std::optional<domain::ReceiptStatus> status;
  std::optional<Time> from, to;  ///< both inclusive
};

struct MessageQuery {
  Direction direction = Direction::outgoing;
  std::optional<std::string> conversation_id, message_id, process, receiver_identifier, sender_identifier, service;
  std::optional<Time> last_updated_from{}, last_updated_before{};  ///< from inclusive, before exclusive
};

/// Reading.
class View {
 public:
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  virtual ~View() = default;

  // Conversations and statuses. Ids are compared case-insensitively (rest-api.md 12 no. 33).
  virtual std::optional<Conversation> conversation(const MessageId& id, Direction direction) = 0;
  virtual std::optional<Conversation> conversation(std::int64_t id) = 0;
  /// Either direction.
  virtual bool conversation_exists(const MessageId& id) = 0;
  virtual Result<Page<Conversation>> conversations(const ConversationQuery& query, const PageRequest& page) = 0;
  virtual Result<Page<MessageStatus>> statuses(const StatusQuery& query, const PageRequest& page) = 0;
  /// Open conversations whose expiry is before `now`, oldest first.
  virtual std::vector<Conversation> expired(Time now, int limit) = 0;
  /// Open outgoing conversations of a service that got SENDT before `before` and have neither MOTTATT nor a later
  /// status.
  virtual std::vector<Conversation> sent_without_answer(const ServiceIdentifier& service, Time before, int limit) = 0;
  /// Open outgoing conversations per channel (empty key: no channel) of a service, with the latest expiry.
  virtual std::vector<std::pair<std::string, Time>> open_channels(const ServiceIdentifier& service) = 0;

  // Messages in hand.
  virtual std::optional<Message> message(const MessageId& id, Direction direction) = 0;
  virtual Result<Page<Message>> messages(const MessageQuery& query, const PageRequest& page) = 0;
  virtual std::vector<Attachment> attachments(std::int64_t message) = 0;

  // Jobs.
  virtual std::optional<Job> job(std::string_view kind, std::string_view key) = 0;
  virtual std::int64_t job_count(std::string_view kind) = 0;
  /// Jobs of this kind, whether leased or not, in the order in which they were enqueued.
  virtual std::vector<Job> jobs(std::string_view kind, int limit) = 0;
  /// Earliest not_before of any job not leased now; nothing when there is none.
  virtual std::optional<Time> next_job_time(std::string_view kind) = 0;

  // The guard's memory.
  virtual std::optional<RemoteItem> remote_item(const ServiceIdentifier& service, std::string_view remote_id) = 0;
  virtual std::vector<RemoteItem> remote_items(const ServiceIdentifier& service, std::string_view inbox,
                                               RemoteItem::State state, int limit) = 0;
  /// Was this seen leaving before: noted by note_departure()?
  virtual bool knows_departure(const ServiceIdentifier& service, std::string_view remote_id) = 0;
  virtual std::vector<Orphan> orphans(const ServiceIdentifier& service, int limit) = 0;
  /// The installation that sends this message over the hub; where none is known, the one that sent last in this
  /// conversation.
  virtual std::optional<std::string> sent_elsewhere(const ServiceIdentifier& service, const MessageId& message_id,
                                                    const ConversationId& conversation_id) = 0;
  virtual std::vector<Finding> findings() = 0;
  virtual std::vector<ChannelUse> channel_uses(const ServiceIdentifier& service) = 0;
  virtual std::vector<Quarantined> quarantined(int limit) = 0;

  // Web-hooks and the status queue.
  virtual std::optional<Subscription> subscription(std::int64_t id) = 0;
  /// All of them, in order of id.
  virtual std::vector<Subscription> subscriptions() = 0;
  /// Oldest status offered to clients of `GET /api/statuses/peek`.
  virtual std::optional<MessageStatus> offered_status() = 0;

  virtual StoreCounts counts() = 0;

  /// Small named values (cursors, installation id).
  virtual std::optional<std::string> setting(std::string_view name) = 0;
};

/// Reading and writing. Violated uniqueness comes back as an Error with code `store.exists`.
class Txn : public View {
 public:
  /// Sets `id`. Statuses inside are ignored; add them with add_status.
  virtual Result<void> insert(Conversation& conversation) = 0;
  /// Writes every column but the statuses; the row must exist.
  virtual Result<void> update(const Conversation& conversation) = 0;
  virtual Result<bool> remove_conversation(std::int64_t id) = 0;
  /// Appends by the rules of domain/receipt_status: repeats are ignored (false). Sets finished and last_update.
  virtual Result<bool> add_status(std::int64_t conversation, domain::ReceiptStatus status, Time at,
                                  std::optional<std::string> description = {},
                                  std::optional<std::string> raw_receipt = {}) = 0;

  virtual Result<void> insert(Message& message) = 0;
  /// Writes sbd, queued, lock_until, last_updated.
  virtual Result<void> update(const Message& message) = 0;
  /// Removes message and attachments, and hands their blobs to the sweeper (removed after the commit).
  virtual Result<bool> remove_message(std::int64_t id) = 0;
  virtual Result<void> insert(Attachment& attachment) = 0;
  /// Oldest unlocked incoming match gets `lock_until`; nothing when there is none.
  virtual Result<std::optional<Message>> lock_next(const MessageQuery& query, Time now, Time lock_until) = 0;

  /// False when a job of this kind and key exists already.
  virtual Result<bool> enqueue(Job job) = 0;
  /// Leases up to `limit` due jobs until `until`, oldest not_before first.
  virtual Result<std::vector<Job>> lease(std::string_view kind, Time now, Time until, int limit) = 0;
  /// Ends a job and discards its package. `store.lease_lost` when somebody else holds it by now.
  virtual Result<void> complete(const Job& job) = 0;
  /// Back into the queue with attempt + 1, `not_before` and `last_error`; payload is written too.
  virtual Result<void> postpone(const Job& job, Time not_before, std::string_view error, bool count_attempt) = 0;
  /// The lease lasts until `until`; `store.lease_lost` when somebody else holds it by now.
  virtual Result<void> renew(const Job& job, Time until) = 0;
  /// New payload and package, lease kept (progress that must survive). A replaced package is discarded.
  virtual Result<void> save_progress(const Job& job) = 0;
  /// False when there is none, or when it is leased now (work is under way: leave it).
  virtual Result<bool> cancel_job(std::string_view kind, std::string_view key) = 0;

  /// Inserts or replaces by (service, remote id).
  virtual Result<void> put(const RemoteItem& item) = 0;
  /// A document that left at `at`: sent from here, or seen to be sent by another installation. Repeats change nothing.
  virtual Result<void> note_departure(const ServiceIdentifier& service, std::string_view remote_id, Time at) = 0;
  virtual Result<void> forget_departures(Time before) = 0;
  /// The first to say so has it: `store.exists` when the message is another installation's already. Repeats change
  /// nothing.
  virtual Result<void> put(const SentElsewhere& sent) = 0;
  virtual Result<void> insert(Orphan& orphan) = 0;
  virtual Result<void> insert(Quarantined& item) = 0;
  virtual Result<bool> remove_quarantined(std::int64_t id) = 0;
  /// Adds to the count of (service, detection, subject), or starts it.
  virtual Result<void> report(const Finding& finding) = 0;
  virtual Result<void> put(const ChannelUse& use) = 0;
  /// Sets `id`. `store.exists` when one with this name and endpoint is there.
  virtual Result<void> insert(Subscription& subscription) = 0;
  /// Writes every column; `store.exists` as insert(), `store.not_found` without such a row.
  virtual Result<void> update(const Subscription& subscription) = 0;
  virtual Result<bool> remove_subscription(std::int64_t id) = 0;
  /// Statuses committed after `position`, in order of their own positions: none is ever passed over, also when several
  /// nodes commit at once. Statuses of removed conversations are not told. (Writing, because some databases number
  /// entries only when they are read.)
  virtual Result<std::vector<FeedEntry>> feed(std::int64_t position, int limit) = 0;
  /// Position of the newest entry; 0 when there is none.
  virtual Result<std::int64_t> feed_end() = 0;
  /// The position just before the first entry whose status has this id or a later one.
  virtual Result<std::int64_t> feed_position(std::int64_t status) = 0;
  /// Puts a status at the end of the queue of `GET /api/statuses/peek`; repeats change nothing.
  virtual Result<void> offer_status(std::int64_t status) = 0;
  /// Takes it out of that queue; false when it was not there.
  virtual Result<bool> withdraw_status(std::int64_t status) = 0;

  /// Of several nodes on one database one at a time has the turn `name`: true when it is this node's until `until`, or
  /// was already. It ends by itself; a node that starts again has lost its own. A store of one process always says yes.
  virtual Result<bool> take_turn(std::string_view name, Time now, Time until) = 0;

  /// Removes up to `limit` rows of this kind that are older than `before`; gives their number.
  virtual Result<int> remove_leftovers(Leftover kind, Time before, int limit) = 0;

  /// A blob that no row refers to any more is removed after the commit.
  virtual Result<void> discard(const BlobRef& blob) = 0;
  virtual Result<void> put_setting(std::string_view name, std::string_view value) = 0;
};

/// What a commit added, for those who wait for it.
enum class Change { status, job };

/// The store.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// Runs `work` in a transaction and returns after the durable commit. When `work` gives an Error, its changes
  /// (and only its) are rolled back and the Error comes back. `work` may run on another thread, and more than once
  /// (only the last time counts, so it sets what it captures and never adds to it), and must not call the store itself.
  virtual Result<void> write(const std::function<Result<void>(Txn&)>& work) = 0;
  /// Runs `work` on a consistent snapshot.
  virtual Result<void> read(const std::function<Result<void>(View&)>& work) = 0;

  /// `told` runs after commits that added statuses or jobs, also those of other nodes if the database tells of them: a
  /// hint, which may come late, twice or not at all. On any thread; must not block nor call the store. Nothing: stop.
  virtual void listen(std::function<void(Change)> told) = 0;

  /// Is the database answering? For health.
  virtual Result<void> check() = 0;
};

}  // namespace kanal::ports

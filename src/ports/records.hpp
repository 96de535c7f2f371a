// Rows of the store in the words of the field (architecture.md, "Store"). Plain values; all times UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "domain/channel.hpp"
#include "domain/receipt_status.hpp"
#include "ports/blob_store.hpp"

namespace kanal::ports {

enum class Direction { outgoing, incoming };
/// `OUTGOING`, `INCOMING`.
[[nodiscard]] std::string_view name_of(Direction direction);
[[nodiscard]] std::optional<Direction> direction(std::string_view name);

/// One status of a conversation (rest-api.md section 8).
struct MessageStatus {
  std::int64_t id = 0;
  std::int64_t conversation = 0;
  MessageId message_id;
  ConversationId conversation_id;
  Time at{};
  domain::ReceiptStatus status{};
  std::optional<std::string> description;
  std::optional<std::string> raw_receipt;
};

/// One message's history (rest-api.md section 7). Unique by (message id, direction).
struct Conversation {
  std::int64_t id = 0;
  ConversationId conversation_id;
  MessageId message_id;
  Direction direction = Direction::outgoing;
  ServiceIdentifier service;
  std::string sender;             ///< full identifier
  std::string sender_identifier;  ///< part or primary
  std::string receiver;
  std::string receiver_identifier;
  std::string process;
  std::string document_type;
  std::string message_type;  ///< catalogue name
  std::string message_reference;
  std::string message_title;
  Time last_update{};
  Time expiry{};
  bool finished = false;
  bool pollable = false;
  std::optional<std::string> external_system_reference;
  /// The channel this message travels under: outgoing, the one it was sent with; incoming, the one its answers
  /// must carry (dpo.md 8.5). Absent: none.
  std::optional<std::string> message_channel;
  std::vector<MessageStatus> statuses;  ///< in order of id
};

/// Has the conversation had this status?
[[nodiscard]] bool has_status(const Conversation& conversation, domain::ReceiptStatus status);

/// A message that is in our hands: being composed or sent (outgoing), or waiting for its client (incoming).
struct Message {
  std::int64_t id = 0;
  Direction direction = Direction::outgoing;
  MessageId message_id;
  ConversationId conversation_id;
  ServiceIdentifier service;
  std::string process;
  std::string sender_identifier;    ///< outgoing: part or primary; incoming: primary
  std::string receiver_identifier;  ///< primary
  std::string sbd;                  ///< JSON text; sealed at rest
  Time created{};                   ///< order of arrival
  Time last_updated{};
  bool queued = false;             ///< outgoing: `send` was answered
  std::optional<Time> lock_until;  ///< incoming: peeked until
  std::optional<BlobRef> package;  ///< incoming: decrypted, verified ASiC-E
};

/// One uploaded file of an outgoing message.
struct Attachment {
  std::int64_t id = 0;
  std::int64_t message = 0;
  int number = 0;  ///< 1-based order of upload
  std::string filename;
  std::string mimetype;
  std::optional<std::string> title;
  bool primary = false;
  BlobRef blob;
};

/// A piece of work under way; its row owns it. Unique by (kind, key): enqueueing again is a no-op.
struct Job {
  std::int64_t id = 0;
  std::string kind;  ///< `send`, `answer`, `follow`, ...
  std::string key;   ///< what it is about, e.g. a message id
  ServiceIdentifier service;
  std::string payload;             ///< JSON of the owner's making, small; sealed at rest
  std::optional<BlobRef> package;  ///< a blob that lives as long as the job; removed when the job ends
  int attempt = 0;                 ///< finished attempts
  Time not_before{};
  Time created{};
  std::int64_t fence = 0;  ///< grows with every lease; a stale holder's writes are refused
  std::string last_error;
};

/// What we know of an item at a remote service: the guard's memory (dpo.md 7.3).
struct RemoteItem {
  enum class State {
    seen,          ///< described, verdict given
    taking,        ///< about to be downloaded, or downloaded but not stored: ours to finish
    stored,        ///< committed here, not yet acknowledged
    acknowledged,  ///< done
    quarantined,   ///< unreadable: kept, acknowledged or left by rule
    gone,          ///< vanished without our doing
    refused,       ///< quarantined, and the service knows
  };
  ServiceIdentifier service;
  std::string inbox;  ///< whose mailbox: system user's organisation
  std::string remote_id;
  domain::Verdict verdict = domain::Verdict::unknown;
  State state = State::seen;
  std::optional<std::string> channel_seen;  ///< `sendersFileTransferReference`
  std::string sender;
  Time created{};  ///< at the service
  Time published{};
  Time first_seen{};
  Time last_seen{};
  Time look_again{};    ///< unknown items: not before
  int attempts = 0;     ///< failed takes
  int fetches = 0;      ///< downloads we began, counted before each; 0: not known
  MessageId refers_to;  ///< message, or conversation when only that is known; once known
  std::string detail;   ///< JSON of the transport's making: size, checksum, ...
  std::string reason;   ///< why this verdict or state, for people
};
[[nodiscard]] std::string_view name_of(RemoteItem::State state);
[[nodiscard]] std::optional<RemoteItem::State> remote_item_state(std::string_view name);

/// A status or receipt for a message this installation never sent (channels.md, point 1).
struct Orphan {
  std::int64_t id = 0;
  ServiceIdentifier service;
  std::string remote_id;
  MessageId message_id;
  ConversationId conversation_id;
  std::string counterpart;
  std::string kind;   ///< `status` or a receipt type
  std::string cause;  ///< likely cause and the property to set
  std::string sbd;    ///< sealed at rest
  Time at{};
};

/// Something that could not be read, kept for a person to look at.
struct Quarantined {
  std::int64_t id = 0;
  ServiceIdentifier service;
  std::string remote_id;
  std::string sender;
  MessageId message_id;  ///< when it could be read
  std::string code;      ///< of the Error
  std::string reason;
  std::optional<BlobRef> package;  ///< the raw bytes
  Time at{};
};

/// Something a detection found (dpo.md section 9), shown by health and `kanal channels`.
struct Finding {
  ServiceIdentifier service;
  std::string detection;  ///< `D1`, `D5`, ...
  std::string subject;    ///< message id, remote id, channel name: unique with the detection
  std::string text;
  Time first{};
  Time last{};
  std::int64_t count = 0;
};

/// A channel this installation sends or has sent with.
struct ChannelUse {
  ServiceIdentifier service;
  std::string inbox;
  std::string channel;  ///< empty: none (main)
  Time first_used{};
  Time last_used{};  ///< rounded up to a minute
  std::optional<Time> retired;
};

/// A message that another installation of the organisation sends over this one's hub: its answers are that one's
/// (dpe.md 8.3). Unique by (service, message id).
struct SentElsewhere {
  ServiceIdentifier service;
  MessageId message_id;
  ConversationId conversation_id;
  std::string installation;  ///< as the hub calls it
  Time at{};
};

/// A web-hook subscription (rest-api.md section 10). Unique by (name, push endpoint).
struct Subscription {
  std::int64_t id = 0;
  std::string name;
  std::string push_endpoint;
  std::string resource;  ///< `all` or `messages`
  std::string event;     ///< `all` or `status`
  std::optional<std::string> filter;
  std::int64_t position = 0;  ///< in the status feed: everything up to here was delivered or did not match
  int failures = 0;           ///< attempts in a row that failed
  std::optional<Time> failing_since;
  std::optional<Time> not_before;  ///< next attempt after a failure
  std::optional<Time> disabled;    ///< gave up then; delivers nothing until it is enabled again
  std::string last_error;
  Time created{};
};

/// A status as the feed tells it, in the order of commits.
struct FeedEntry {
  std::int64_t position = 0;  ///< grows
  MessageStatus status;
  Direction direction = Direction::outgoing;
  ServiceIdentifier service;
  std::string sender;  ///< full identifiers
  std::string receiver;
  std::string process;
  std::string document_type;
};

/// How much there is of what, kept while it changes: cheap to ask for.
struct StoreCounts {
  std::int64_t conversations = 0;
  std::int64_t pollable = 0;  ///< conversations whose status is being asked for
  std::int64_t outgoing = 0;  ///< messages in hand
  std::int64_t incoming = 0;
  std::vector<std::pair<std::string, std::int64_t>> jobs;      ///< by kind
  std::vector<std::pair<std::string, std::int64_t>> statuses;  ///< by name
};

/// Kinds of rows that are only history: what retention removes.
enum class Leftover {
  conversation,  ///< finished, nothing of it in hand; age from its last update, goes with its statuses
  orphan,
  quarantined,  ///< goes with its package
  remote_item,  ///< acknowledged or gone; age from when it was last seen
  finding,      ///< age from when it last happened
  sent_elsewhere,
};

}  // namespace kanal::ports

// The port every message service implements (style.md, "The transport port"). A transport knows one remote
// service and nothing of the store; the flow owns every message and decides; only the channel guard calls
// acknowledge(). All calls are thread-safe, may block on the network, and end early when `stop` is requested.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/stream.hpp"
#include "domain/channel.hpp"
#include "domain/sbd.hpp"
#include "ports/directory.hpp"
#include "ports/inbox.hpp"
#include "ports/records.hpp"
#include "ports/surveillance.hpp"

namespace kanal::ports {

/// How the flow asks what became of a document of which the service does not tell by itself (Sent::follow).
struct FollowPlan {
  Duration first = std::chrono::seconds(30);    ///< from SENDT to the first question
  Duration interval = std::chrono::minutes(5);  ///< between questions about a young message
  Duration longest = std::chrono::minutes(5);   ///< between questions about one as old as `grows_over` and more
  Duration grows_over{};
  int limit = 12;         ///< questions; 0: as long as the conversation is open
  bool pollable = false;  ///< shown by the API: nothing but asking tells (rest-api.md section 7)
  int batch = 1;          ///< questions that one call of statuses() takes
  /// LEVERT makes a conversation finished, but whether it is read is still asked about, until it is settled.
  bool after_delivery = false;
};

/// What a message service is. From it come capability answers, validation, metrics, health and documentation.
struct Descriptor {
  ServiceIdentifier service;
  std::string title;                       ///< for people
  std::vector<std::string> message_types;  ///< catalogue names it carries out
  domain::Isolation isolation = domain::Isolation::by_message_id;
  std::string isolation_property;       ///< the setting that keeps installations apart
  std::uint64_t upload_size_limit = 0;  ///< sum of a message's files, bytes
  std::string upload_size_text;         ///< the limit as configured, for error texts: `1GB`
  std::chrono::hours default_ttl{24};
  bool receives = false;                     ///< has inboxes to poll
  std::string hub{};                         ///< address of the hub that it receives through; empty: the service's own
  bool answers_with_status = false;          ///< MOTTATT and LEVERT go back as documents (status-services)
  bool needs_own_certificate_check = false;  ///< own certificate must equal the one in Virksert (DPO, DPE)
  std::chrono::milliseconds polling_interval{15000};
  FollowPlan follow{};
  /// What cannot be read stays at the service, unacknowledged: whose it is, nobody can tell.
  bool leaves_unreadable = false;
  /// How many items a list shows at most, oldest first; 0: all. Beyond a full list nothing is known.
  std::size_t list_window = 0;
  /// What the service has taken over always brings a receipt of its delivery, on a channel that others may read.
  bool receipts_follow = false;
  std::vector<std::string> channel_remarks{};  ///< what an operator should know about the channels that are set
  /// The service carries no arkivmelding_kvittering: the sender's client gets one made here when a message of its own
  /// reaches this status (dpv.md 8, dpf.md 6.4).
  std::optional<domain::ReceiptStatus> local_receipt{};
};

/// What the flow knows when a client creates a document.
struct CreateContext {
  /// The incoming conversation that this document answers (`relatedToMessageId`), if we remember it.
  std::optional<Conversation> answered;
  /// The channel of the message that was created last over this service, whichever client's: where a service that
  /// takes channels in turn goes on after a restart. Reads the store.
  std::function<std::optional<std::string>()> last_channel{};
};

/// A document ready to go out.
struct OutboundDocument {
  domain::Sbd sbd;
  domain::DocumentRole role = domain::DocumentRole::message;
  /// The channel the answer must carry (remembered from what came in); for ordinary messages absent.
  std::optional<std::string> answer_channel;
  std::vector<Attachment> files;  ///< main document first, then by number
};

/// What a transport may use while it sends one document; what it remembers survives a crash.
class Dispatch {
 public:
  Dispatch() = default;
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;
  virtual ~Dispatch() = default;
  /// What an earlier attempt remembered; empty when there was none.
  [[nodiscard]] virtual const std::string& remembered() const = 0;
  /// Durable before it returns. `state` is JSON of the transport's making. `package`, when given, replaces the kept
  /// one. `remote_reference`: what the service calls the document from now on; empty while it does not know it.
  virtual Result<void> remember(std::string state, const std::optional<BlobRef>& package,
                                const std::string& remote_reference) = 0;
  /// The package blob of an earlier attempt.
  [[nodiscard]] virtual const std::optional<BlobRef>& package() const = 0;
  virtual BlobStore& blobs() = 0;
  /// Passes a crash point.
  virtual void reach(std::string_view point) = 0;
};

/// The service has accepted the document.
struct Sent {
  std::string remote_reference;
  bool follow = false;          ///< ask status() later what became of it
  std::string message_title{};  ///< for the conversation; empty: leave it
  /// Statuses that follow SENDT at once: a receipt that the service cannot carry counts as read.
  std::vector<domain::ReceiptStatus> at_once{};
};

/// A status that a service reports.
struct ReportedStatus {
  domain::ReceiptStatus status{};
  std::optional<Time> at;  ///< absent: when we learnt of it
  std::optional<std::string> description;
  std::optional<std::string> raw_receipt;
};

/// Which document is asked about.
struct StatusQuestion {
  std::string remote_reference;
  std::string sender;        ///< its ISO 6523 text
  std::string remembered{};  ///< what the last report about it said to remember
};

/// What the service says about something we sent.
struct StatusReport {
  std::vector<ReportedStatus> statuses;  ///< in order; those the conversation has already are ignored
  bool settled = false;                  ///< asking again brings nothing more
  bool taken_by_receiver = false;        ///< the receiver has confirmed it (detection D3)
  std::string remember{};                ///< given back with the next question
  std::string remote_reference{};        ///< what the service calls it, when that is only known now
};

/// What a service tells of a message of ours in its own words, not in a document of eFormidling. It names the message
/// or only its conversation.
struct ServiceReceipt {
  std::string kind;  ///< `leveringskvittering`
  MessageId message_id;
  ConversationId conversation_id;
  std::string counterpart;  ///< who tells, ISO 6523 text
  std::vector<ReportedStatus> statuses;
  std::string raw;  ///< as received
  /// What the service calls our message (Sent::remote_reference), where it names it by nothing else.
  std::string remote_reference{};
};

/// What a document that comes in says about one of ours, which it names as the service does.
struct Reply {
  std::string remote_reference;          ///< Sent::remote_reference of ours
  bool takes_conversation = false;       ///< it names no conversation of its own: it belongs to that of ours
  std::vector<ReportedStatus> statuses;  ///< what became of ours by it
};

/// An id in an inbox.
struct Listed {
  std::string remote_id;
  bool touched = false;  ///< somebody has begun to fetch it already
};

/// A package that was read and fully verified.
struct InboundDocument {
  domain::Sbd sbd;
  std::optional<BlobRef> package;           ///< decrypted ASiC-E, when the message has one
  std::optional<Error> damage;              ///< the SBD could be read, its package not: never handed out
  std::optional<ServiceReceipt> receipt{};  ///< instead of the SBD, at services that answer in their own words
  std::optional<Reply> reply{};             ///< besides the SBD
  /// What its sender calls it, at services that give an id of their own to each attempt: what comes with the same name
  /// once more is the same message. Empty: nothing is known.
  std::string sent_as{};
  /// When a hub took it from the service: what came in time then is in time, and the wait since is no part of its life.
  std::optional<Time> taken{};
  /// This installation sent it to itself, to see whether it comes back: there is nothing in it.
  bool probe = false;
};

/// What open() may use.
struct OpenContext {
  BlobStore& blobs;
  std::stop_token stop;
};

enum class Acknowledged {
  done,
  already_done,  ///< the service says it was acknowledged before
};

/// Is the service reachable and are we allowed in?
struct TransportHealth {
  bool up = true;
  std::string detail;
  /// Something is wrong besides.
  void add(std::string_view problem) {
    up = false;
    detail.append(detail.empty() ? "" : "; ").append(problem);
  }
};

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  [[nodiscard]] virtual const Descriptor& descriptor() const = 0;

  /// Who is known to the service itself and not to the register: its records, or why there are none. Nothing: ask the
  /// register. Thread-safe, may block; errors are those of Directory.
  virtual std::optional<Result<std::vector<ServiceRecord>>> look_up(const DirectoryQuery&) { return std::nullopt; }

  /// Fills the service's own defaults into a document that a client creates, and refuses what can never be sent.
  virtual Result<void> complete(domain::Sbd& sbd, const CreateContext& context) = 0;

  /// Refuses a file that the service cannot carry in this message (rest-api.md 5.2 no. 4-6): `submit.no_title`,
  /// `submit.content_type`, `submit.document`. Its blob may not be written yet. Services without such rules leave it.
  virtual Result<void> check_file(const domain::Sbd&, const Attachment&) { return {}; }

  /// Sends one document; called again after a failure with what was remembered. Idempotent by that memory.
  virtual Result<Sent> send(const OutboundDocument& document, Dispatch& dispatch, std::stop_token stop) = 0;

  /// What became of a document we sent; only ever asked for references that send() gave us. Services that tell
  /// everything by themselves leave it: there is nothing to ask.
  virtual Result<StatusReport> status(const StatusQuestion&) {
    StatusReport report;
    report.settled = true;
    return report;
  }

  /// The same for up to FollowPlan::batch documents; an answer each, in the order of the questions.
  virtual std::vector<Result<StatusReport>> statuses(const std::vector<StatusQuestion>& questions) {
    std::vector<Result<StatusReport>> reports;
    reports.reserve(questions.size());
    for (const auto& question : questions) reports.push_back(status(question));
    return reports;
  }

  /// Mailboxes to poll. A service that only sends leaves this and everything that is done with one.
  [[nodiscard]] virtual std::vector<Inbox> inboxes() const { return {}; }

  /// All ids waiting in an inbox, oldest first; ours and others'.
  virtual Result<std::vector<Listed>> list(const Inbox&, std::stop_token) { return no_inbox(); }

  /// What can be known of an item without touching it. The verdict is not filled in.
  virtual Result<RemoteItem> describe(const Inbox&, const std::string& /*remote_id*/) { return no_inbox(); }

  /// Downloads an item. At some services this marks it: only after the guard said ours and journalled it.
  virtual Result<void> fetch(const RemoteItem&, Sink& /*into*/, std::stop_token) { return no_inbox(); }

  /// Reads and verifies a downloaded package. Nothing of it is visible before this has succeeded.
  virtual Result<InboundDocument> open(const RemoteItem&, const BlobRef& /*raw*/, OpenContext) { return no_inbox(); }

  /// Reads an answer that another installation of the organisation kept as nobody's (Orphan::sbd) and handed over.
  virtual Result<InboundDocument> read_orphan(const std::string& text) {
    auto reading = domain::read_sbd(text);
    if (!reading) return tl::unexpected(reading.error());
    InboundDocument document;
    document.sbd = std::move(reading->sbd);
    return document;
  }

  /// Confirms an item at the service. Called by the channel guard only, and only for stored items.
  virtual Result<Acknowledged> acknowledge(const RemoteItem&) { return no_inbox(); }

  /// Tells the service that an item which is kept here unread cannot be received. Called by the channel guard only.
  /// Services that have no word for that leave it.
  virtual Result<Acknowledged> refuse(const RemoteItem&) { return Acknowledged::done; }

  [[nodiscard]] virtual TransportHealth health() const = 0;

  /// Where the service shows what other installations of an organisation do; null where it does not.
  [[nodiscard]] virtual Surveillance* surveillance() { return nullptr; }

 private:
  [[nodiscard]] tl::unexpected<Error> no_inbox() const {
    return bug("transport.no_inbox", descriptor().service.str() + " has no inbox");
  }
};

}  // namespace kanal::ports

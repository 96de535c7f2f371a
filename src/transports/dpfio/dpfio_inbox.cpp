#include "transports/dpfio/dpfio_inbox.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "domain/made_sbd.hpp"
#include "domain/partner.hpp"
#include "transports/dpfio/payload.hpp"

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;
using domain::ReceiptStatus;

/// How long a question waits for something to come.
constexpr milliseconds patience{5'000};
constexpr Duration look_after_interval = minutes(5);
/// Downloads that bring nothing readable before the content itself is blamed.
constexpr int damaged_downloads = 3;
/// Redeliveries after a lost connection come at the head of the queue.
constexpr Duration settles_within = minutes(10);

ports::ReportedStatus reported(ReceiptStatus status, const Melding& melding, std::string_view description = {}) {
  ports::ReportedStatus out;
  out.status = status;
  if (!description.empty()) out.description = std::string(description);
  out.raw_receipt = headers_json(melding);
  return out;
}

/// What an answer of the protocol says about the message it answers (section 8, required improvement 5).
std::vector<ports::ReportedStatus> statuses_of(const Melding& melding, StatusMode mode) {
  switch (what_it_says(melding.type)) {
    case Says::expired:
      return {reported(ReceiptStatus::levetid_utlopt, melding, domain::expired_description)};
    case Says::server_error:
      return {reported(ReceiptStatus::feil, melding, "The receiver's system could not take the message")};
    case Says::failed:
      return {reported(ReceiptStatus::feil, melding, "The receiver answered with an error: " + melding.type)};
    case Says::received:
      if (mode == StatusMode::strict) return {reported(ReceiptStatus::mottatt, melding)};
      return {};
    case Says::nothing_special:
      if (mode == StatusMode::strict) return {reported(ReceiptStatus::levert, melding)};
      return {};
  }
  return {};
}

}  // namespace

std::optional<ports::ServiceReceipt> receipt_in(const Melding& melding) {
  const auto says = what_it_says(melding.type);
  if (melding.answers.empty() || (says != Says::expired && says != Says::server_error)) return std::nullopt;
  ports::ServiceReceipt receipt;
  receipt.kind = melding.type;
  receipt.remote_reference = melding.answers;
  receipt.counterpart = "KS Fiks IO";
  receipt.statuses = statuses_of(melding, StatusMode::legacy);
  receipt.raw = headers_json(melding);
  return receipt;
}

Result<ports::InboundDocument> orphan_in(const std::string& headers) {
  auto melding = read_headers_json(headers);
  if (!melding) return failed(melding);
  auto receipt = receipt_in(*melding);
  if (!receipt) return reject("dpfio.orphan", "it is no message of Fiks IO about one that was sent");
  ports::InboundDocument document;
  document.receipt = std::move(*receipt);
  return document;
}

DpfioInbox::DpfioInbox(const Settings& settings, FiksClient& client, Katalog& katalog, lookup::TokenSource& tokens,
                       const Resources& resources)
    : settings_(settings), client_(client), katalog_(katalog), resources_(resources) {
  if (!settings_.receives) return;
  for (const auto& account : settings_.accounts) {
    boxes_.push_back(std::make_unique<Box>(settings_, account, tokens, resources_));
  }
}

/// An account is a mailbox of its own, whichever organisation's.
std::vector<ports::Inbox> DpfioInbox::inboxes() const {
  std::vector<ports::Inbox> inboxes;
  inboxes.reserve(boxes_.size());
  for (const auto& box : boxes_) inboxes.push_back({box->account.konto_id, {}, false});
  return inboxes;
}

Result<DpfioInbox::Box*> DpfioInbox::box_of(const std::string& inbox) const {
  const auto found =
      std::ranges::find(boxes_, inbox, [](const auto& box) -> const std::string& { return box->account.konto_id; });
  if (found != boxes_.end()) return found->get();
  return retry("dpfio.no_account", fmt::format("the account {} at Fiks IO is not configured here", inbox));
}

std::vector<std::string> DpfioInbox::problems() const {
  std::vector<std::string> problems;
  for (const auto& box : boxes_) {
    if (auto problem = box->reader.problem(); !problem.empty()) problems.push_back(std::move(problem));
    const std::scoped_lock lock(box->mutex);
    if (!box->problem.empty()) problems.push_back(box->problem);
  }
  return problems;
}

std::string DpfioInbox::what_is_wrong(const Account& account, const Konto& konto) {
  if (konto.consumers && *konto.consumers > 1) {
    return fmt::format(
        "{} connections read account {} at Fiks IO, which shares its messages among them at random: give every "
        "installation an account of its own ({}konto-id)",
        *konto.consumers, account.konto_id, account.property);
  }
  if (!konto.valid_sender) {
    return fmt::format("account {} may not send over Fiks IO: {}", account.konto_id, konto.message);
  }
  const auto key = katalog_.key(account.konto_id);
  if (!key) {
    // That the catalogue is away is told where it is needed.
    const bool about_the_key = key.error().code == "dpfio.no_key" || key.error().disposition != Disposition::retry;
    return about_the_key ? key.error().text() : std::string{};
  }
  const bool ours = std::ranges::any_of(resources_.identities,
                                        [&](const auto& identity) { return identity.certificate.same_as(*key); });
  if (ours) return {};
  return fmt::format(
      "the public key of account {} at Fiks IO is not that of difi.move.org.keystore: what is encrypted with it cannot "
      "be read here; give the account this certificate in Fiks Forvaltning",
      account.konto_id);
}

void DpfioInbox::look_after(Box& box) {
  const auto now = resources_.clock.monotonic();
  {
    const std::scoped_lock lock(box.mutex);
    if (box.looked && now - *box.looked < look_after_interval) return;
    box.looked = now;
  }
  const auto konto = katalog_.konto_now(box.account);
  auto problem = konto ? what_is_wrong(box.account, *konto) : konto.error().text();
  if (!problem.empty()) {
    resources_.log.warning("fiksio_account", {{"account", box.account.konto_id}, {"reason", problem}});
  }
  const std::scoped_lock lock(box.mutex);
  box.problem = std::move(problem);
}

Result<std::vector<ports::Listed>> DpfioInbox::list(const ports::Inbox& inbox, std::stop_token stop) {
  auto box = box_of(inbox.id);
  if (!box) return failed(box);
  auto ids = (*box)->reader.waiting(patience, stop);
  if (!ids) return failed(ids);
  look_after(**box);
  std::vector<ports::Listed> listed;
  listed.reserve(ids->size());
  for (auto& id : *ids) listed.push_back({std::move(id), false});
  return listed;
}

/// By our own mapping, else as the catalogue knows it, else as configured for all (section 9, required behaviour 2).
Result<std::string> DpfioInbox::sender_of(const Melding& melding) {
  const auto mapped = settings_.senders.find(melding.sender_konto);
  if (mapped != settings_.senders.end()) return mapped->second;
  const auto konto = katalog_.konto(melding.sender_konto);
  // A catalogue that is away for a moment makes nobody else of the sender; one that we may not ask never tells.
  const bool later = !konto && konto.error().disposition == Disposition::retry && konto.error().code != "dpfio.denied";
  if (later) return failed(konto);
  return konto && !konto->organisation.empty() ? konto->organisation : settings_.fallback_sender;
}

Result<ports::RemoteItem> DpfioInbox::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  auto box = box_of(inbox.id);
  if (!box) return failed(box);
  auto waiting = (*box)->reader.find(remote_id);
  if (!waiting) return failed(waiting);
  ports::RemoteItem item;
  item.service = ServiceIdentifier("DPFIO");
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  item.created = item.published = (*waiting)->arrived;
  const auto& melding = (*waiting)->melding;
  item.sender = melding ? "account " + melding->sender_konto : "an unknown sender";
  return item;
}

Result<void> DpfioInbox::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  auto box = box_of(item.inbox);
  if (!box) return failed(box);
  auto waiting = (*box)->reader.find(item.remote_id);
  if (!waiting) return failed(waiting);
  const auto& melding = (*waiting)->melding;
  if (melding && !melding->dokumentlager_id.empty()) {
    auto fetched = client_.download((*box)->account, melding->dokumentlager_id, into, std::move(stop));
    // One that is gone is told by open(), where it counts as damage of this message.
    if (fetched || fetched.error().code != "dpfio.payload_gone") return fetched;
    return {};
  }
  return (*waiting)->body.copy_to(into);
}

Result<ports::InboundDocument> DpfioInbox::document_of(const Melding& melding, const Account& account) {
  auto sender = sender_of(melding);
  if (!sender) return failed(sender);
  const auto correlation = melding.correlation_id();
  ports::InboundDocument document;
  document.sbd = domain::make_sbd(
      {domain::iso6523(Orgnr(*sender)), domain::iso6523(Orgnr(account.organisation)), melding.type, "fiksio",
       MessageId(melding.id), ConversationId(correlation.empty() ? melding.id : correlation), melding.type},
      settings_.default_ttl, resources_.clock.now());
  if (settings_.deduplicate) document.sent_as = melding.sent_as();
  // The account that an answer can be addressed to, and the message it answers.
  auto& from = document.sbd.sender.front();
  from.contact_information.push_back(boost::json::object{{"contact", melding.sender_konto}});
  domain::add_scope(document.sbd, domain::scope_type::sender_ref, melding.id);
  if (!melding.answers.empty()) {
    domain::add_scope(document.sbd, domain::scope_type::receiver_ref, melding.answers);
    document.reply = ports::Reply{melding.answers, correlation.empty(), statuses_of(melding, settings_.status_mode)};
  }
  return document;
}

Result<ports::InboundDocument> DpfioInbox::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                                const ports::OpenContext& context) {
  auto box = box_of(item.inbox);
  if (!box) return failed(box);
  auto waiting = (*box)->reader.find(item.remote_id);
  if (!waiting) return failed(waiting);
  if (!(*waiting)->melding) return tl::unexpected(*(*waiting)->problem);
  const auto& melding = *(*waiting)->melding;
  if (auto receipt = receipt_in(melding)) {
    ports::InboundDocument document;
    document.receipt = std::move(*receipt);
    return document;
  }
  auto made = document_of(melding, (*box)->account);
  if (!made) return failed(made);
  auto& document = *made;
  if (raw.size == 0) {
    // Messages of a protocol may come without files; one whose files were to be fetched may not.
    if (!melding.dokumentlager_id.empty()) {
      document.damage =
          Error{"dpfio.payload_gone",
                fmt::format("the payload {} is not in Fiks Dokumentlager (any more)", melding.dokumentlager_id),
                Disposition::reject,
                {},
                {}};
    }
    return made;
  }
  auto sealed = context.blobs.open(raw);
  if (!sealed) return failed(sealed);
  auto package = read_payload(**sealed, resources_.identities, document.sbd, settings_, resources_.clock,
                              resources_.log, context.blobs);
  // What was fetched may be damaged on its way.
  const bool fetch_again = !melding.dokumentlager_id.empty() && item.attempts + 1 < damaged_downloads;
  if (package) {
    document.package = std::move(*package);
  } else if (package.error().disposition == Disposition::retry || fetch_again) {
    auto error = package.error();
    error.disposition = Disposition::retry;
    return tl::unexpected(std::move(error));
  } else {
    document.damage = package.error();
  }
  return made;
}

Result<ports::Acknowledged> DpfioInbox::acknowledge(const ports::RemoteItem& item) {
  auto box = box_of(item.inbox);
  if (!box) return failed(box);
  auto done = (*box)->reader.acknowledge(item.remote_id);
  if (!done) return failed(done);
  // Without its connection it comes again, and is acknowledged then: it is known by its id.
  return ports::Acknowledged::done;
}

Result<ports::Whereabouts> DpfioInbox::whereabouts(const ports::RemoteItem& item) {
  auto box = box_of(item.inbox);
  if (!box) return ports::Whereabouts::waiting;
  const auto since = (*box)->reader.connected_for();
  return since && *since > settles_within ? ports::Whereabouts::taken : ports::Whereabouts::waiting;
}

}  // namespace kanal::transports::dpfio

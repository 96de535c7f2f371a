#include "transports/dpi/dpi_transport.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "crypto/jose.hpp"
#include "domain/message_body.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "ports/scratch_blob.hpp"
#include "transports/dpi/letter_package.hpp"
#include "transports/dpi/receipt.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;
using domain::ReceiptStatus;
using namespace std::chrono;

/// Remembered before the first byte of a letter can be at the access point.
constexpr std::string_view posted_state = R"({"posted":true})";
constexpr std::size_t shortest_name = 4;
constexpr std::size_t longest_name = 100;

ports::Descriptor describe_service(const Settings& settings) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPI");
  descriptor.title = "Digital post to residents";
  descriptor.message_types = {"digital", "print"};
  descriptor.isolation = domain::Isolation::by_channel;
  descriptor.isolation_property = "difi.move.dpi.mpcId";
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.receives = settings.fetch_receipts;
  descriptor.leaves_unreadable = true;
  descriptor.receipts_follow = true;
  descriptor.channel_remarks = settings.channel_warnings;
  descriptor.polling_interval = settings.polling_interval;
  auto& follow = descriptor.follow;
  follow.first = seconds(5);
  follow.interval = minutes(1);
  follow.longest = settings.longest_status_interval;
  follow.grows_over = settings.status_interval_grows_over;
  follow.limit = 0;
  follow.pollable = true;
  return descriptor;
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// Has the access point handed it on? The status it gives, in the words of the API (dpi.md 5.2).
std::optional<ports::ReportedStatus> reported(const TransportStatus& status) {
  if (status.status == "OPPRETTET") return std::nullopt;  // SENDT, which is there already
  if (status.status == "SENDT") return ports::ReportedStatus{ReceiptStatus::mottatt, status.at, {}, {}};
  if (status.status == "FEILET") {
    return ports::ReportedStatus{ReceiptStatus::feil,
                                 status.at,
                                 status.description.empty()
                                     ? "Aksesspunktet kunne ikke levere posten"
                                     : "Aksesspunktet kunne ikke levere posten: " + status.description,
                                 {}};
  }
  return ports::ReportedStatus{ReceiptStatus::annet, status.at, "Ukjent status fra aksesspunktet", {}};
}

}  // namespace

DpiTransport::DpiTransport(Settings settings, const Resources& resources)
    : settings_(std::move(settings)),
      resources_(resources),
      descriptor_(describe_service(settings_)),
      turns_(settings_.channels),
      access_point_(settings_, resources_.http, resources_.clock, resources_.log),
      print_certificate_(settings_.print_certificate_url, resources_.http, resources_.clock),
      listing_(settings_, access_point_, resources_.clock, resources_.log) {}

Result<void> DpiTransport::complete(domain::Sbd& sbd, const ports::CreateContext& context) {
  if (auto sender = sender_of(sbd); !sender) return reject("submit.sender", sender.error().message);
  const auto identifier = sbd.body_text("avsenderId");
  const bool allowed = identifier.empty() ? settings_.poll_without_sender_identifier
                                          : std::ranges::count(settings_.sender_identifiers, identifier) > 0;
  if (!allowed) {
    return reject("submit.document",
                  identifier.empty()
                      ? "avsenderId is missing, and difi.move.dpi.pollWithoutAvsenderidentifikator is false"
                      : "avsenderId is none of difi.move.dpi.avsenderidentifikatorListe: its receipts would never "
                        "be fetched");
  }
  if (!is_uuid(sbd.conversation_id().str()) || !is_uuid(sbd.message_id().str())) {
    return reject("submit.document", "messageId and conversationId must be UUIDs: DPI takes nothing else");
  }
  const auto given = sbd.message_channel();
  const auto listed = std::ranges::find_if(
      settings_.channels, [&](const auto& name) { return given && same_channel(name, normalised(*given)); });
  sbd.set_message_channel(listed != settings_.channels.end() ? *listed : turns_.next(context.last_channel));
  return {};
}

Result<void> DpiTransport::check_file(const domain::Sbd& sbd, const ports::Attachment& file) {
  const bool metadata = is_metadata_file(sbd, file.filename);
  const bool titled = file.title && file.title->find_first_not_of(" \t") != std::string::npos;
  if (!file.primary && !metadata && !titled) {
    return reject("submit.no_title", fmt::format("Missing title for file {} ({})", file.filename, "DPI"));
  }
  if (file.filename.size() < shortest_name || file.filename.size() > longest_name) {
    return reject("submit.document",
                  fmt::format("The name of a file in a letter must have 4 to 100 characters: {}", file.filename));
  }
  if (!metadata && settings_.check_content_types && !is_accepted_type(file.mimetype, is_print(sbd))) {
    return reject("submit.content_type",
                  fmt::format("Content type {} of {} is not accepted in {}", file.mimetype, file.filename,
                              is_print(sbd) ? "a letter on paper: only application/pdf is" : "digital post"));
  }
  return {};
}

Result<Recipient> DpiTransport::recipient_of(const domain::Sbd& sbd) {
  Recipient recipient;
  if (!sbd.receiver.empty()) {
    const auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
    if (!receiver) return failed(receiver);
    const auto* type = domain::find_message_type(sbd.document.type);
    const auto security_level = type != nullptr ? domain::security_level(*type, sbd.body) : std::nullopt;
    auto records =
        resources_.directory.lookup({receiver->primary, sbd.process(), security_level, sbd.conversation_id().str()});
    if (!records) return failed(std::move(records).error(), "the resident's mailbox");
    const auto* record = ports::choose(*records, sbd.document.standard);
    if (record == nullptr || record->service != descriptor_.service) {
      return retry("dpi.route_changed", "the Service Registry no longer routes this document type over DPI");
    }
    recipient.supplier = text_in(record->raw, "orgnrPostkasse");
    recipient.pem_certificate = record->pem_certificate;
    recipient.mailbox = text_in(record->raw, "postkasseAdresse");
    recipient.email = text_in(record->raw, "epostAdresse");
    recipient.mobile = text_in(record->raw, "mobilnummer");
    recipient.language = text_in(record->raw, "spraak");
  }
  if (!is_print(sbd)) {
    if (recipient.mailbox.empty() || recipient.supplier.empty()) {
      return reject("dpi.mailbox", "the Service Registry names no mailbox for the receiver");
    }
    return recipient;
  }
  // Only what is printed needs the print service: an outage of it stops no digital mail (dpi.md 8.3).
  auto print = print_certificate_.get();
  if (!print) return failed(print);
  recipient.supplier = print->organisation;
  recipient.pem_certificate = print->pem_certificate;
  recipient.mailbox.clear();
  return recipient;
}

Result<crypto::Certificate> DpiTransport::certificate_of(const Recipient& recipient) {
  auto certificate = certificates_.from_pem(recipient.pem_certificate);
  if (!certificate) return failed(std::move(certificate).error(), "the certificate of supplier " + recipient.supplier);
  if (!certificate->is_rsa()) {
    return reject("dpi.recipient_certificate", "the certificate of supplier " + recipient.supplier + " is not RSA");
  }
  if (!certificate->valid_at(resources_.clock.now())) {
    return retry("dpi.recipient_certificate",
                 fmt::format("the certificate of supplier {} is valid from {} to {} only", recipient.supplier,
                             format_iso(certificate->not_before()), format_iso(certificate->not_after())));
  }
  return certificate;
}

ports::Sent DpiTransport::sent(const domain::Sbd& sbd) const {
  ports::Sent sent;
  sent.remote_reference = sbd.message_id().str();
  sent.follow = settings_.fetch_receipts;
  sent.message_title = sbd.body_text("tittel");
  return sent;
}

/// A repeated id is refused, so the access point is asked before a letter is posted again (dpi.md section 11).
Result<bool> DpiTransport::is_known(const domain::Sbd& sbd) {
  auto statuses = access_point_.statuses(sbd.message_id().str());
  if (!statuses) return failed(statuses);
  return !statuses->empty();
}

Result<ports::Sent> DpiTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                       std::stop_token stop) {
  const auto& sbd = document.sbd;
  const bool posted_before = !dispatch.remembered().empty();
  if (posted_before) {
    auto known = is_known(sbd);
    if (!known) return failed(known);
    if (*known) return sent(sbd);
  }
  auto sender = sender_of(sbd);
  if (!sender) return failed(sender);
  auto recipient = recipient_of(sbd);
  if (!recipient) return failed(recipient);
  auto certificate = certificate_of(*recipient);
  if (!certificate) return failed(certificate);
  auto manifest = manifest_of(document, *sender, *recipient, language_of(sbd, *recipient, settings_.language));
  if (!manifest) return failed(manifest);
  auto package =
      write_package(document, *manifest, settings_.signer, *certificate, resources_.clock.now(), dispatch.blobs());
  if (!package) return failed(package);
  const ports::ScratchBlob scratch(dispatch.blobs(), *package);
  dispatch.reach("send.package_stored");
  if (!posted_before) {
    if (auto stored = dispatch.remember(std::string(posted_state), {}, {}); !stored) return failed(stored);
    dispatch.reach("send.reference_stored");
  }
  auto done = post(document, *sender, *recipient, *package, dispatch, stop);
  if (!done && done.error().code == "dpi.token") done = post(document, *sender, *recipient, *package, dispatch, stop);
  if (done) return sent(sbd);
  const bool id_taken = done.error().code == "dpi.conflict" || (done.error().code == "dpi.refused" && posted_before);
  if (id_taken) {
    // Refused because an earlier attempt had got there?
    if (auto known = is_known(sbd); known && *known) return sent(sbd);
  }
  return failed(done);
}

/// Token, fingerprint and signature belong together: each attempt makes them anew.
Result<void> DpiTransport::post(const ports::OutboundDocument& document, const Sender& sender,
                                const Recipient& recipient, const ports::BlobRef& package, ports::Dispatch& dispatch,
                                const std::stop_token& stop) {
  auto token = access_point_.sending_token(sender.number);
  if (!token) return failed(token);
  const auto letter = write_letter(document.sbd, sender, recipient, {package.sha256, *token}, resources_.clock.now());
  const auto jws = crypto::sign_jws(settings_.signer.key,
                                    json::object{{"x5c", json::array{to_base64(settings_.signer.certificate.der())}}},
                                    json::serialize(letter));
  auto content = dispatch.blobs().open(package);
  if (!content) return failed(content);
  const auto channel = document.sbd.message_channel().value_or(settings_.channels.front());
  auto posted = access_point_.post({*token, channel, jws, **content}, stop);
  if (!posted && posted.error().code == "dpi.token") access_point_.reject_sending_token(sender.number, *token);
  return posted;
}

Result<ports::StatusReport> DpiTransport::status(const ports::StatusQuestion& question) {
  auto statuses = access_point_.statuses(question.remote_reference);
  if (!statuses) return failed(statuses);
  ports::StatusReport report;
  for (const auto& status : *statuses) {
    auto told = reported(status);
    if (!told) continue;
    report.settled = report.settled || told->status != ReceiptStatus::annet;
    report.statuses.push_back(std::move(*told));
  }
  return report;
}

std::vector<ports::Inbox> DpiTransport::inboxes() const {
  ports::Inbox inbox{domain::iso6523(Orgnr(settings_.organisation)), {}, true};
  inbox.channels.own = settings_.channels.front();
  inbox.channels.more.assign(settings_.channels.begin() + 1, settings_.channels.end());
  return {inbox};
}

Result<std::vector<ports::Listed>> DpiTransport::list(const ports::Inbox& inbox, std::stop_token stop) {
  std::vector<std::string> channels = settings_.channels;
  for (const auto& retired : inbox.channels.retired) {
    const auto same = [&](const auto& name) { return same_channel(name, retired); };
    if (std::ranges::none_of(channels, same)) channels.push_back(retired);
  }
  auto receipts = listing_.all(channels, std::move(stop));
  if (!receipts) return failed(receipts);
  std::vector<ports::Listed> listed;
  listed.reserve(receipts->size());
  for (const auto& receipt : *receipts) listed.push_back({receipt->id, false});
  return listed;
}

Result<ports::RemoteItem> DpiTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  const auto receipt = listing_.find(remote_id);
  if (!receipt) return retry("dpi.not_listed", "the receipt is not in the last list any more");
  ports::RemoteItem item;
  item.service = descriptor_.service;
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  item.channel_seen = receipt->channel;
  item.sender = receipt->supplier;
  item.created = receipt->created;
  item.published = receipt->created;
  return item;
}

Result<void> DpiTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token /*stop*/) {
  const auto receipt = listing_.find(item.remote_id);
  if (!receipt) return retry("dpi.not_listed", "the receipt is not in the last list any more");
  return into.write(bytes_of(receipt->jws));
}

Result<ports::InboundDocument> DpiTransport::open(const ports::RemoteItem& /*item*/, const ports::BlobRef& raw,
                                                  ports::OpenContext context) {
  auto source = context.blobs.open(raw);
  if (!source) return failed(source);
  auto bytes = read_all(**source, max_receipt_bytes);
  if (!bytes) return failed(bytes);
  return read_orphan(std::string(text_of(*bytes)));
}

Result<ports::InboundDocument> DpiTransport::read_orphan(const std::string& text) {
  auto receipt = read_receipt(text, settings_, resources_.clock.now(), resources_.log, &certificates_);
  if (!receipt) return failed(receipt);
  ports::InboundDocument document;
  document.receipt = std::move(*receipt);
  return document;
}

Result<ports::Acknowledged> DpiTransport::acknowledge(const ports::RemoteItem& item) {
  return access_point_.mark_read(item.remote_id);
}

ports::TransportHealth DpiTransport::health() const {
  ports::TransportHealth health;
  for (const auto& token : access_point_.token_health()) {
    if (!token.last_error.empty()) health.add(token.organisation + " (" + token.scopes + "): " + token.last_error);
  }
  for (const auto& problem : listing_.problems()) health.add(problem);
  return health;
}

}  // namespace kanal::transports::dpi

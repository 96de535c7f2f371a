#include "transports/dpo/dpo_transport.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "ports/scratch_blob.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::transports::dpo {
namespace {

namespace json = boost::json;

/// An interrupted upload that the broker has not settled after this time never will be.
constexpr Duration upload_settles_within = std::chrono::minutes(10);

class NullSink final : public Sink {
 public:
  Result<void> write(ByteView) override { return {}; }
  Result<void> finish() override { return {}; }
};

std::string text_member(const std::string& text, std::string_view name) {
  json::error_code error;
  const auto value = json::parse(text, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string{};
}

ports::Descriptor describe_service(const Settings& settings) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPO");
  descriptor.title = "eFormidling message service (Altinn 3 Broker)";
  descriptor.message_types = {"arkivmelding", "arkivmelding_kvittering", "avtalt", "status"};
  descriptor.isolation = domain::Isolation::by_channel;
  descriptor.isolation_property = "difi.move.dpo.message-channel";
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.receives = settings.receives;
  descriptor.answers_with_status = settings.answers_with_status;
  descriptor.needs_own_certificate_check = true;
  descriptor.polling_interval = settings.polling_interval;
  return descriptor;
}

}  // namespace

std::string wire_sender(const std::string& sender) {
  const auto partner = domain::parse_partner(domain::iso6523_authority, sender);
  return partner && !partner->part.empty() ? partner->icd + ":" + partner->part : sender;
}

DpoTransport::DpoTransport(Settings settings, const Resources& resources)
    : settings_(std::move(settings)),
      resources_(resources),
      descriptor_(describe_service(settings_)),
      tokens_(settings_.token_client, resources_.http, resources_.clock, resources_.log),
      recipients_(descriptor_.service, resources_),
      broker_(settings_, resources_.http, tokens_, resources_.clock),
      listing_(broker_),
      surveillance_(settings_, broker_, listing_) {}

Result<void> DpoTransport::complete(domain::Sbd& sbd, const ports::CreateContext& context) {
  auto reportee = settings_.reportee(wire_sender(sbd.sender_value()));
  const auto& own = reportee ? (*reportee)->channel : settings_.reportees.front().channel;
  const auto given = sbd.message_channel();
  if (context.answered) {
    // The channel that came in goes back; our own is never put into an answer (dpo.md 8.7 case 4).
    sbd.set_message_channel(context.answered->message_channel);
    return {};
  }
  if (own && !own->empty()) {
    if (given && *given != *own) {
      return reject("submit.message_channel", fmt::format("Valid channels: {}, but found {} in SBDH", *own, *given));
    }
    sbd.set_message_channel(own);
    return {};
  }
  const auto* type = domain::find_message_type(sbd.document.type);
  const bool answer = type != nullptr && (type->is_receipt || type->is_status);
  if (given && !answer && settings_.refuse_unknown_channel &&
      std::ranges::find(settings_.retired_channels, *given) == settings_.retired_channels.end()) {
    return reject("submit.message_channel", fmt::format("Valid channels: {}, but found {} in SBDH",
                                                        fmt::join(settings_.retired_channels, ", "), *given));
  }
  sbd.set_message_channel(given);
  return {};
}

/// What became of an earlier attempt (dpo.md 6.4): ask before anything is sent again.
Result<DpoTransport::Resume> DpoTransport::find_out(const lookup::SystemUser& user, const std::string& id,
                                                    bool has_package) {
  auto overview = broker_.overview(user, id, true);
  if (!overview) {
    if (overview.error().code == "dpo.BRO-00001") return Resume::start_over;
    return failed(overview);
  }
  const auto& status = overview->status;
  // Without the bytes that its checksum was given for, a transfer cannot be completed; nobody ever sees it.
  if (status == "Initialized") return has_package ? Resume::upload_again : Resume::start_over;
  if (status == "UploadStarted") {
    if (has_package) return Resume::upload_again;
    // The broker may hold all bytes already: another transfer now could be a second delivery.
    if (resources_.clock.now() - overview->created > upload_settles_within) return Resume::start_over;
    return retry("dpo.upload_unsettled", "the broker has not decided yet what became of an interrupted upload");
  }
  if (status == "Failed") {
    if (overview->status_text.starts_with("Malware")) return reject("dpo.malware", overview->status_text);
    return Resume::start_over;
  }
  if (status == "Cancelled") return Resume::start_over;
  return Resume::done;
}

Result<ports::BlobRef> DpoTransport::make_package(const ports::OutboundDocument& document, domain::Sbd& sbd,
                                                  ports::Dispatch& dispatch) {
  // Exactly one MessageChannel scope in anything we write (dpo.md 11 no. 3).
  sbd.set_message_channel(document.role == domain::DocumentRole::message ? sbd.message_channel()
                                                                         : document.answer_channel);
  Sealing sealing{resources_.identities.front(), {}, resources_.clock.now()};
  if (!document.files.empty()) {
    auto record = recipients_.record(sbd);
    if (!record) return failed(record);
    auto certificate = recipients_.certificate(*record, sbd);
    if (!certificate) return failed(certificate);
    sealing.recipient = std::move(*certificate);
  }
  auto written = write_package(sbd, document.files, sealing, dispatch.blobs());
  if (written) dispatch.reach("send.package_stored");
  return written;
}

Result<std::string> DpoTransport::initialize(const ports::OutboundDocument& document, const domain::Sbd& sbd,
                                             const Reportee& reportee, const ports::BlobRef& package) {
  Initialization initialization;
  initialization.reference =
      domain::reference_channel(document.role, document.answer_channel, reportee.channel).value_or(new_uuid());
  initialization.sender = sbd.sender_value();
  initialization.receiver = sbd.receiver_value();
  initialization.checksum = to_hex(package.md5);
  if (settings_.describe_installation) {
    initialization.properties = {{instance_property, resources_.installation_id},
                                 {channel_property, reportee.channel.value_or(no_channel)},
                                 {version_property, "kanal " KANAL_VERSION}};
  }
  return broker_.initialize(reportee.user, initialization);
}

/// Makes the package durable, so that the next attempt completes the same transfer. When that fails, it begins another.
void DpoTransport::keep_for_retry(ports::Dispatch& dispatch, const ports::BlobRef& package) {
  const auto keep = [&]() -> Result<void> {
    auto durable = ports::copy_blob(dispatch.blobs(), package, {.md5 = true, .describe = false});
    if (!durable) return failed(durable);
    return dispatch.remember(dispatch.remembered(), *durable, {});
  };
  if (const auto kept = keep(); !kept) resources_.log.warning("package_not_kept", {{"reason", kept.error().text()}});
}

Result<ports::Sent> DpoTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                       std::stop_token stop) {
  domain::Sbd sbd = document.sbd;
  if (sbd.sender.empty() || sbd.receiver.empty()) return reject("dpo.parties", "sender and receiver are required");
  sbd.sender.front().value = wire_sender(sbd.sender.front().value);
  auto reportee = settings_.reportee(sbd.sender_value());
  if (!reportee) return failed(reportee);
  const auto& user = (*reportee)->user;

  const bool follow = document.sbd.document.type != "status";
  const bool kept = dispatch.package().has_value();
  std::string id = text_member(dispatch.remembered(), "id");
  if (!id.empty()) {
    auto resume = find_out(user, id, kept);
    if (!resume) return failed(resume);
    if (*resume == Resume::done) return ports::Sent{id, follow};
    if (*resume == Resume::start_over) id.clear();
  }
  auto package = kept ? Result<ports::BlobRef>(*dispatch.package()) : make_package(document, sbd, dispatch);
  if (!package) return failed(package);
  const ports::ScratchBlob scratch(dispatch.blobs(), *package, !kept);
  if (id.empty()) {
    auto initialized = initialize(document, sbd, **reportee, *package);
    if (!initialized) return failed(initialized);
    id = std::move(*initialized);
    dispatch.reach("send.initialized");
    if (auto stored = dispatch.remember(json::serialize(json::object{{"id", id}}), {}, id); !stored)
      return failed(stored);
    dispatch.reach("send.reference_stored");
  }
  auto content = dispatch.blobs().open(*package);
  if (!content) return failed(content);
  if (auto uploaded = broker_.upload(user, id, **content, package->size, std::move(stop)); !uploaded) {
    // 409: it got there before. 500 BRO-00008 and the like: the next attempt asks what became of it.
    auto error = std::move(uploaded).error();
    if (error.disposition == Disposition::retry && !kept) keep_for_retry(dispatch, *package);
    return tl::unexpected(std::move(error));
  }
  return ports::Sent{id, follow};
}

Result<ports::StatusReport> DpoTransport::status(const ports::StatusQuestion& question) {
  auto reportee = settings_.reportee(wire_sender(question.sender));
  if (!reportee) return failed(reportee);
  auto overview = broker_.overview((*reportee)->user, question.remote_reference, true);
  if (!overview) return failed(overview);
  ports::StatusReport report;
  report.taken_by_receiver = std::ranges::any_of(
      overview->recipients, [](const auto& recipient) { return recipient.second == "DownloadConfirmed"; });
  const auto& status = overview->status;
  if (status == "Failed") report.statuses.push_back({domain::ReceiptStatus::feil, {}, overview->status_text, {}});
  report.settled =
      status == "Failed" || status == "Published" || status == "AllConfirmedDownloaded" || status == "Purged";
  return report;
}

std::vector<ports::Inbox> DpoTransport::inboxes() const {
  std::vector<ports::Inbox> inboxes;
  if (!settings_.receives) return inboxes;
  inboxes.reserve(settings_.reportees.size());
  for (const auto& reportee : settings_.reportees) {
    inboxes.push_back({reportee.user.organisation, {reportee.channel, settings_.retired_channels, false}});
  }
  return inboxes;
}

Result<std::vector<ports::Listed>> DpoTransport::list(const ports::Inbox& inbox, std::stop_token stop) {
  auto reportee = settings_.reportee(inbox.id);
  if (!reportee) return failed(reportee);
  const auto& user = (*reportee)->user;
  auto fresh = listing_.all(user, {"Published", "Initialized", {}}, {}, stop);
  if (!fresh) return failed(fresh);
  // Begun, but not confirmed: ours after a crash, or another installation's (dpo.md 7.3).
  auto begun = listing_.all(user, {"Published", "DownloadStarted", {}}, {}, stop);
  if (!begun) return failed(begun);
  std::unordered_set<std::string> touched(begun->begin(), begun->end());
  std::vector<ports::Listed> listed;
  listed.reserve(fresh->size() + begun->size());
  // One that was begun between the two calls is in both lists.
  for (auto& id : *fresh) {
    if (!touched.contains(id)) listed.push_back({std::move(id), false});
  }
  for (auto& id : *begun) listed.push_back({std::move(id), true});
  return listed;
}

Result<ports::RemoteItem> DpoTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  auto reportee = settings_.reportee(inbox.id);
  if (!reportee) return failed(reportee);
  // What describes an item never changes: list() may have asked for it already (dpo.md 7.4).
  auto overview = listing_.overview((*reportee)->user, remote_id);
  if (!overview) return failed(overview);
  ports::RemoteItem item;
  item.service = descriptor_.service;
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  item.channel_seen = overview->reference;
  item.sender = overview->sender;
  item.created = overview->created;
  item.published = overview->published;
  json::object detail{{"size", overview->size}};
  if (overview->checksum) detail["checksum"] = *overview->checksum;
  item.detail = json::serialize(detail);
  return item;
}

Result<void> DpoTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  auto reportee = settings_.reportee(item.inbox);
  if (!reportee) return failed(reportee);
  return broker_.download((*reportee)->user, item.remote_id, into, std::move(stop));
}

Result<ports::InboundDocument> DpoTransport::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                                  ports::OpenContext context) {
  if (const auto checksum = text_member(item.detail, "checksum"); !checksum.empty() && checksum != to_hex(raw.md5)) {
    return retry("dpo.checksum", "the downloaded file's MD5 differs from the broker's: it will be downloaded again");
  }
  auto document = read_package(raw, resources_.identities, settings_, resources_.clock, resources_.log, context.blobs);
  if (!document) return document;
  if (document->sbd.sender_value() != item.sender && wire_sender(document->sbd.sender_value()) != item.sender) {
    if (document->package) {
      if (auto removed = context.blobs.remove(document->package->id); !removed) {
        resources_.log.warning("blob_not_removed", {{"reason", removed.error().text()}});
      }
    }
    return reject("dpo.sender", fmt::format("the document says it is from {}, but {} uploaded it",
                                            document->sbd.sender_value(), item.sender));
  }
  return document;
}

Result<ports::Acknowledged> DpoTransport::acknowledge(const ports::RemoteItem& item) {
  auto reportee = settings_.reportee(item.inbox);
  if (!reportee) return failed(reportee);
  auto confirmed = broker_.confirm((*reportee)->user, item.remote_id);
  if (!confirmed && confirmed.error().code == "dpo.BRO-00019") {
    // The broker has forgotten our download; we have what was in it. Another one lets it take the confirmation.
    NullSink nowhere;
    if (auto again = broker_.download((*reportee)->user, item.remote_id, nowhere, {}); !again) return failed(again);
    confirmed = broker_.confirm((*reportee)->user, item.remote_id);
  }
  if (!confirmed) {
    // Purged: there is nothing left to confirm.
    if (confirmed.error().code == "dpo.BRO-00001" || confirmed.error().code == "dpo.BRO-00003") {
      return ports::Acknowledged::already_done;
    }
    return failed(confirmed);
  }
  if (*confirmed) return ports::Acknowledged::done;
  auto overview = broker_.overview((*reportee)->user, item.remote_id, false);
  if (!overview) return failed(overview);
  const auto own = overview->recipients.find(item.inbox);
  const bool taken = own != overview->recipients.end() && own->second == "DownloadConfirmed";
  if (taken || overview->status == "Purged" || overview->status == "AllConfirmedDownloaded") {
    return ports::Acknowledged::already_done;
  }
  return retry("dpo.BRO-00010", "the broker refuses the confirmation; the file's status is " + overview->status);
}

ports::TransportHealth DpoTransport::health() const {
  ports::TransportHealth health;
  for (const auto& token : tokens_.health()) {
    if (!token.last_error.empty()) health.add(token.organisation + " (" + token.scopes + "): " + token.last_error);
  }
  return health;
}

}  // namespace kanal::transports::dpo

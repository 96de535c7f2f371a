#include "transports/dpfio/dpfio_transport.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "ops/key_names.hpp"
#include "ports/scratch_blob.hpp"
#include "transports/dpfio/payload.hpp"

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;
using domain::ReceiptStatus;

/// Fiks IO takes no shorter time to live (section 4).
constexpr milliseconds shortest_ttl{1000};
/// Between rounds; a round itself waits for messages.
constexpr milliseconds between_rounds{200};

ports::Descriptor describe_service(const Settings& settings) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPFIO");
  descriptor.title = "KS Fiks IO";
  descriptor.message_types = {"fiksio"};
  descriptor.isolation = domain::Isolation::by_account;
  descriptor.isolation_property = "difi.move.fiks.io.konto-id";
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.receives = settings.receives;
  descriptor.polling_interval = between_rounds;
  descriptor.list_window = settings.prefetch;
  return descriptor;
}

/// Who sends, by the number that accounts are configured with.
Result<std::string> sender_of(const domain::Sbd& sbd) {
  if (sbd.sender.empty() || sbd.receiver.empty()) return reject("dpfio.parties", "sender and receiver are required");
  auto partner = domain::parse_partner(sbd.sender.front().authority, sbd.sender.front().value);
  if (!partner) return failed(partner);
  return partner->part_or_primary();
}

}  // namespace

DpfioTransport::DpfioTransport(Settings settings, const Resources& resources)
    : settings_(std::move(settings)),
      resources_(resources),
      descriptor_(describe_service(settings_)),
      tokens_(settings_.token_client, resources_.http, resources_.clock, resources_.log),
      client_(settings_, resources_.http, tokens_, resources_.clock),
      katalog_(settings_, client_, resources_.clock, resources_.log),
      inbox_(settings_, client_, katalog_, tokens_, resources_) {
  for (const auto& account : settings_.accounts) {
    resources_.log.info("fiksio_account", {{"account", account.konto_id}, {"orgnr", account.organisation}});
  }
}

std::optional<Result<std::vector<ports::ServiceRecord>>> DpfioTransport::look_up(const ports::DirectoryQuery& query) {
  if (!is_uuid(query.identifier)) return std::nullopt;
  std::vector<ports::ServiceRecord> records;
  // An account takes any protocol; without one there is nothing to tell.
  if (!query.process || query.process->empty()) return records;
  auto konto = katalog_.konto(ops::lower(query.identifier));
  if (!konto) {
    auto error = konto.error();
    const bool unknown = error.disposition == Disposition::reject;
    error.code = unknown ? "directory.not_found" : "directory.unavailable";
    return Result<std::vector<ports::ServiceRecord>>(tl::unexpected(std::move(error)));
  }
  if (!konto->valid_receiver) {
    return Result<std::vector<ports::ServiceRecord>>(
        reject("directory.refused",
               fmt::format("account {} takes no messages over Fiks IO: {}", konto->konto_id, konto->message)));
  }
  ports::ServiceRecord record;
  record.service = descriptor_.service;
  record.process = *query.process;
  record.document_types = {*query.process};
  record.endpoint_url = konto->konto_id;
  record.organisation_number = konto->organisation;
  records.push_back(std::move(record));
  return records;
}

Result<void> DpfioTransport::complete(domain::Sbd& sbd, const ports::CreateContext&) {
  if (!is_message_type(sbd.document.standard)) {
    return reject("submit.type_mismatch",
                  fmt::format("{} is no message type of a Fiks IO protocol: letters, digits, dots and hyphens only",
                              sbd.document.standard));
  }
  auto sender = sender_of(sbd);
  if (!sender) return failed(sender);
  if (auto account = settings_.account_of(*sender); !account) {
    return reject("submit.service_disabled", account.error().message);
  }
  return {};
}

Result<void> DpfioTransport::check_file(const domain::Sbd&, const ports::Attachment& file) {
  if (!ops::lower(file.filename).starts_with("meta-inf/")) return {};
  return reject("submit.document", "a file under META-INF/ cannot be sent: the container keeps its signature there");
}

Result<std::string> DpfioTransport::receiver_of(const domain::Sbd& sbd) {
  auto partner = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!partner) return failed(partner);
  if (partner->kind == domain::Partner::Kind::fiksio_account) return ops::lower(partner->primary);
  // A registry that routes an organisation over Fiks IO names its account (section 8).
  auto records = resources_.directory.lookup({partner->primary, sbd.process(), {}, sbd.conversation_id().str()});
  if (!records) return failed(std::move(records).error(), "the receiver's account");
  const auto* record = ports::choose(*records, sbd.document.standard);
  if (record == nullptr || record->service != descriptor_.service || !is_uuid(record->endpoint_url)) {
    return retry("dpfio.route_changed",
                 fmt::format("the Service Registry names no account at Fiks IO for {}", partner->primary));
  }
  return ops::lower(record->endpoint_url);
}

MeldingSpesifikasjon DpfioTransport::describe_melding(const domain::Sbd& sbd, const Account& from,
                                                      const std::string& to) const {
  MeldingSpesifikasjon melding;
  melding.avsender_konto_id = from.konto_id;
  melding.mottaker_konto_id = to;
  melding.melding_type = sbd.document.standard;
  const auto* answered = sbd.find_scope(domain::scope_type::receiver_ref);
  if (answered != nullptr && answered->instance_identifier && is_uuid(*answered->instance_identifier)) {
    melding.svar_pa_melding = ops::lower(*answered->instance_identifier);
  }
  if (const auto end = sbd.expected_response()) {
    // Fiks IO and the conversation here end together.
    melding.ttl = std::max(shortest_ttl, ceil<milliseconds>(end->utc - resources_.clock.now()));
  }
  // The same with every attempt, so that the receiver knows a message it has already (section 4).
  const auto conversation = sbd.conversation_id().str();
  melding.headere = {{"klientMeldingId", sbd.document.instance_identifier},
                     {"klientKorrelasjonsId", conversation},
                     {"klientKorrelasjonId", conversation}};
  return melding;
}

Result<ports::Sent> DpfioTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                         std::stop_token stop) {
  const auto& sbd = document.sbd;
  auto sender = sender_of(sbd);
  if (!sender) return failed(sender);
  auto account = settings_.account_of(*sender);
  if (!account) return failed(account);
  auto receiver = receiver_of(sbd);
  if (!receiver) return failed(receiver);
  auto konto = katalog_.konto(*receiver);
  if (!konto) return failed(konto);
  if (!konto->valid_receiver) {
    return reject("dpfio.closed",
                  fmt::format("account {} takes no messages over Fiks IO: {}", *receiver, konto->message));
  }
  const auto melding = describe_melding(sbd, **account, *receiver);
  const auto sent_as = [](Result<std::string> id, StatusMode mode) -> Result<ports::Sent> {
    if (!id) return failed(id);
    ports::Sent sent;
    sent.remote_reference = std::move(*id);
    if (mode == StatusMode::legacy) sent.at_once = {ReceiptStatus::mottatt, ReceiptStatus::levert};
    return sent;
  };
  if (document.files.empty()) {
    return sent_as(client_.send(**account, melding, nullptr, dispatch.blobs(), std::move(stop)), settings_.status_mode);
  }
  auto key = katalog_.key(*receiver);
  if (!key) return failed(key);
  auto payload =
      write_payload(document.files, {resources_.identities.front(), *key, resources_.clock.now()}, dispatch.blobs());
  if (!payload) return failed(payload);
  const ports::ScratchBlob scratch(dispatch.blobs(), *payload);
  dispatch.reach("send.package_stored");
  return sent_as(client_.send(**account, melding, &*payload, dispatch.blobs(), std::move(stop)), settings_.status_mode);
}

Result<std::vector<ports::Listed>> DpfioTransport::list(const ports::Inbox& inbox, std::stop_token stop) {
  return inbox_.list(inbox, std::move(stop));
}

Result<ports::RemoteItem> DpfioTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  return inbox_.describe(inbox, remote_id);
}

Result<void> DpfioTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  return inbox_.fetch(item, into, std::move(stop));
}

Result<ports::InboundDocument> DpfioTransport::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                                    ports::OpenContext context) {
  return inbox_.open(item, raw, context);
}

Result<ports::InboundDocument> DpfioTransport::read_orphan(const std::string& text) { return orphan_in(text); }

Result<ports::Acknowledged> DpfioTransport::acknowledge(const ports::RemoteItem& item) {
  return inbox_.acknowledge(item);
}

ports::TransportHealth DpfioTransport::health() const {
  ports::TransportHealth health;
  for (const auto& problem : inbox_.problems()) health.add(problem);
  for (const auto& token : tokens_.health()) {
    if (!token.last_error.empty()) health.add("Maskinporten: " + token.last_error);
  }
  return health;
}

}  // namespace kanal::transports::dpfio

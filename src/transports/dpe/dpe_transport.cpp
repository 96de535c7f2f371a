#include "transports/dpe/dpe_transport.hpp"

#include <fmt/format.h>

#include "domain/partner.hpp"
#include "ports/scratch_blob.hpp"
#include "transports/dpe/amqp_reader.hpp"
#include "transports/dpe/package.hpp"

namespace kanal::transports::dpe {
namespace {

/// Headers that come with a body, as the service counts them.
constexpr std::uint64_t header_allowance = 1024;

ports::Descriptor describe_service(const Settings& settings) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPE");
  descriptor.title = "eInnsyn (Azure Service Bus)";
  descriptor.message_types = {"innsynskrav", "publisering", "einnsyn_kvittering", "status"};
  descriptor.isolation = domain::Isolation::single_installation;
  descriptor.isolation_property = "difi.move.feature.enableDPE";
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.receives = settings.receives;
  descriptor.answers_with_status = settings.answers_with_status;
  descriptor.needs_own_certificate_check = true;
  descriptor.polling_interval = settings.polling_interval;
  descriptor.list_window = settings.read_max;
  return descriptor;
}

std::unique_ptr<QueueReader> make_reader(const Settings& settings, BusClient& bus, SasKeySource& keys,
                                         const Resources& resources) {
  if (settings.batch_read) return std::make_unique<AmqpReader>(settings, keys, resources.clock, resources.log);
  return std::make_unique<RestReader>(settings.own_queue(), bus);
}

}  // namespace

DpeTransport::DpeTransport(Settings settings, const Resources& resources)
    : settings_(std::move(settings)),
      resources_(resources),
      descriptor_(describe_service(settings_)),
      keys_(settings_.key, resources_),
      bus_(settings_, resources_.http, keys_, resources_.clock),
      recipients_(descriptor_.service, resources_),
      reader_(make_reader(settings_, bus_, keys_, resources_)),
      inbox_(settings_, bus_, *reader_, resources_) {
  if (!settings_.receives) return;
  resources_.log.info("dpe_queue", {{"queue", settings_.own_queue()},
                                    {"policy", settings_.policy},
                                    {"read_by", settings_.batch_read ? "AMQP 1.0" : "REST"}});
}

Result<void> DpeTransport::complete(domain::Sbd& sbd, const ports::CreateContext&) {
  // The transport takes no notice of it, but who answers sends it back (8.3).
  if (!settings_.channel.empty() && !sbd.message_channel()) sbd.set_message_channel(settings_.channel);
  if (!has_fixed_queue(sbd)) return {};
  const auto suffix = answer_suffix(sbd, settings_.mode, settings_.receipt_queue);
  return suffix ? Result<void>{} : Result<void>(failed(suffix));
}

Result<DpeTransport::Destination> DpeTransport::destination_of(const ports::OutboundDocument& document) {
  const auto& sbd = document.sbd;
  if (sbd.sender.empty() || sbd.receiver.empty()) return reject("dpe.parties", "sender and receiver are required");
  const auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver) return failed(receiver);
  Destination destination;
  std::optional<ports::ServiceRecord> record;
  if (!document.files.empty() || !has_fixed_queue(sbd)) {
    auto found = recipients_.record(sbd);
    if (!found) return failed(found);
    record = std::move(*found);
  }
  if (has_fixed_queue(sbd)) {
    auto suffix = answer_suffix(sbd, settings_.mode, settings_.receipt_queue);
    if (!suffix) return failed(suffix);
    destination.queue = queue_name(receiver->primary, *suffix);
  } else if (record->endpoint_url.empty()) {
    return retry("dpe.no_queue", fmt::format("No endpointUrl defined for process {}", sbd.process()));
  } else {
    destination.queue = queue_name(receiver->primary, net::url_encode(record->endpoint_url));
  }
  if (document.files.empty()) return destination;
  auto certificate = recipients_.certificate(*record, sbd);
  if (!certificate) return failed(certificate);
  destination.recipient = std::move(*certificate);
  return destination;
}

/// A status has the id of what it is about: with its value behind, the broker tells the two apart.
Envelope DpeTransport::envelope_of(const domain::Sbd& sbd) const {
  Envelope envelope;
  envelope.message_id = sbd.document.instance_identifier;
  if (sbd.document.type == "status") envelope.message_id += "." + sbd.body_text("status");
  envelope.correlation_id = sbd.conversation_id().str();
  envelope.label = sbd.document.type;
  if (const auto end = sbd.expected_response()) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end->utc - resources_.clock.now());
    // What is late by now is the receiver's to judge.
    if (left.count() > 0) envelope.time_to_live = left;
  }
  return envelope;
}

Result<ports::Sent> DpeTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                       std::stop_token stop) {
  auto destination = destination_of(document);
  if (!destination) return failed(destination);
  const Sealing sealing{resources_.identities.front(), destination->recipient, resources_.clock.now()};
  auto package = write_package(document.sbd, document.files, sealing, dispatch.blobs());
  if (!package) return failed(package);
  const ports::ScratchBlob scratch(dispatch.blobs(), *package);
  dispatch.reach("send.package_stored");
  if (package->size + header_allowance > settings_.wire_limit) {
    return reject("dpe.too_large", fmt::format("the message takes {} bytes packed, and eInnsyn's queues take {} "
                                               "(kanal.dpe.wire-limit): its files are too large together",
                                               package->size + header_allowance, settings_.wire_limit));
  }
  auto body = dispatch.blobs().open(*package);
  if (!body) return failed(body);
  const auto envelope = envelope_of(document.sbd);
  // Sent again after an answer that was lost, it is there twice; receivers know it by its id (dpe.md section 6).
  if (auto sent = bus_.send(destination->queue, envelope, **body, std::move(stop)); !sent) return failed(sent);
  return ports::Sent{envelope.message_id};
}

Result<std::vector<ports::Listed>> DpeTransport::list(const ports::Inbox&, std::stop_token stop) {
  return inbox_.list(std::move(stop));
}

Result<ports::RemoteItem> DpeTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  return inbox_.describe(inbox, remote_id);
}

Result<void> DpeTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token) {
  return inbox_.fetch(item, into);
}

Result<ports::InboundDocument> DpeTransport::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                                  ports::OpenContext context) {
  return inbox_.open(item, raw, context);
}

Result<ports::Acknowledged> DpeTransport::acknowledge(const ports::RemoteItem& item) {
  return inbox_.acknowledge(item);
}

ports::TransportHealth DpeTransport::health() const {
  ports::TransportHealth health;
  for (const auto& problem : {inbox_.problem(), inbox_.dead_letters(), keys_.problem()}) {
    if (!problem.empty()) health.add(problem);
  }
  return health;
}

}  // namespace kanal::transports::dpe

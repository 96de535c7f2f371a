#include "transports/satellite_transport.hpp"

#include <algorithm>

#include "domain/partner.hpp"
#include "ports/relayed_document.hpp"

namespace kanal::transports {
namespace {

using namespace std::chrono;

constexpr std::size_t most_listed = 100;
/// How long the hub may hold a question while nothing waits.
constexpr milliseconds patience = seconds(20);
/// Between questions: the waiting is done at the hub.
constexpr milliseconds pause{1};
/// Between questions while all there is has been looked at and left.
constexpr milliseconds pause_when_left = seconds(1);

ports::Descriptor through_hub(ports::Descriptor descriptor, const HubClient& hub) {
  descriptor.hub = hub.url();
  // The hub gives each satellite an inbox of its own, by its certificate.
  descriptor.isolation = domain::Isolation::by_account;
  descriptor.isolation_property = "kanal.hub.certificate";
  descriptor.receives = true;
  descriptor.polling_interval = pause;
  descriptor.list_window = most_listed;
  descriptor.leaves_unreadable = false;
  return descriptor;
}

}  // namespace

SatelliteTransport::SatelliteTransport(std::unique_ptr<ports::Transport> service, std::shared_ptr<HubClient> hub,
                                       const std::string& organisation)
    : service_(std::move(service)),
      hub_(std::move(hub)),
      descriptor_(through_hub(service_->descriptor(), *hub_)),
      inbox_{domain::iso6523(Orgnr(organisation)), {}, false} {}

Result<ports::Sent> SatelliteTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                             std::stop_token stop) {
  const auto& sbd = document.sbd;
  // A status has the id of the message it is about, which is the counterpart's; nobody answers it.
  if (sbd.document.type != "status") {
    auto noted = hub_->note_sent(descriptor_.service, sbd.message_id(), sbd.conversation_id(), stop);
    if (!noted) return failed(noted);
    dispatch.reach("satellite.noted");
  }
  return service_->send(document, dispatch, std::move(stop));
}

Result<std::vector<ports::Listed>> SatelliteTransport::list(const ports::Inbox&, std::stop_token stop) {
  milliseconds wait{0};
  {
    std::unique_lock lock(mutex_);
    if (still_ && listed_.empty()) wait = patience;
    if (still_ && !listed_.empty()) wakes_.wait_for(lock, stop, pause_when_left, [] { return false; });
  }
  auto items = hub_->items(descriptor_.service, most_listed, wait, std::move(stop));
  if (!items) return failed(items);
  const std::scoped_lock lock(mutex_);
  still_ = std::ranges::all_of(*items, [&](const auto& item) { return listed_.contains(item.id); });
  listed_.clear();
  std::vector<ports::Listed> listed;
  listed.reserve(items->size());
  for (auto& item : *items) {
    listed.push_back({item.id, false});
    listed_.insert_or_assign(item.id, std::move(item));
  }
  return listed;
}

Result<ports::RemoteItem> SatelliteTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  const std::scoped_lock lock(mutex_);
  const auto listed = listed_.find(remote_id);
  if (listed == listed_.end()) return retry("hub.gone", "the hub does not list it any more");
  ports::RemoteItem item;
  item.service = descriptor_.service;
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  item.sender = listed->second.sender;
  item.created = item.published = listed->second.created;
  return item;
}

Result<void> SatelliteTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  return hub_->read(descriptor_.service, item.remote_id, into, std::move(stop));
}

Result<ports::InboundDocument> SatelliteTransport::open(const ports::RemoteItem&, const ports::BlobRef& raw,
                                                        ports::OpenContext context) {
  auto source = context.blobs.open(raw);
  if (!source) return failed(source);
  std::string line;
  std::vector<std::byte> buffer(stream_chunk);
  std::uint64_t package_at = 0;
  while (package_at == 0) {
    auto got = (*source)->read(buffer);
    if (!got) return failed(got);
    const auto part = text_of(ByteView(buffer).first(*got));
    const auto end = part.find('\n');
    line.append(part.substr(0, end));
    if (end != std::string_view::npos) package_at = line.size() + 1;
    if (*got == 0 || line.size() > ports::max_relayed_line) {
      return reject("hub.document", "the hub gave something that is no document");
    }
  }
  auto document = ports::read_relayed(line);
  if (!document || package_at == raw.size) return document;
  if (auto placed = (*source)->seek(package_at); !placed) return failed(placed);
  auto writer = context.blobs.create({.describe = false});
  if (!writer) return failed(writer);
  if (auto copied = copy(**source, **writer); !copied) return failed(copied);
  if (auto finished = (*writer)->finish(); !finished) return failed(finished);
  document->package = (*writer)->ref();
  return document;
}

Result<ports::Acknowledged> SatelliteTransport::acknowledge(const ports::RemoteItem& item) {
  return hub_->finish(descriptor_.service, item.remote_id);
}

ports::TransportHealth SatelliteTransport::health() const {
  auto health = service_->health();
  if (const auto problem = hub_->problem(); !problem.empty()) health.add(problem);
  return health;
}

}  // namespace kanal::transports

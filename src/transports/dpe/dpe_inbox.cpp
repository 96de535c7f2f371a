#include "transports/dpe/dpe_inbox.hpp"

#include <fmt/format.h>

#include "domain/partner.hpp"
#include "transports/dpe/package.hpp"

namespace kanal::transports::dpe {
namespace {

/// Of a message that was never seen, by its number.
constexpr std::string_view unseen = "unseen-number-";
/// Of a canary that did not come back, by its message id.
constexpr std::string_view lost_canary = "lost-canary-";

/// It was broken off here: nothing is wrong.
bool is_stop(const Error& error) { return error.code == "http.stopped" || error.code == "amqp10.stopped"; }

}  // namespace

DpeInbox::DpeInbox(const Settings& settings, BusClient& bus, QueueReader& reader, const Resources& resources)
    : settings_(settings),
      bus_(bus),
      resources_(resources),
      locked_(settings, reader, resources.clock, resources.log, resources.kept),
      dead_letters_(settings.own_queue(), reader, resources.clock, resources.log),
      canary_(settings, resources.installation_id) {}

std::vector<ports::Inbox> DpeInbox::inboxes() const {
  if (!settings_.receives) return {};
  return {{domain::iso6523(Orgnr(settings_.organisation)), {}, false}};
}

std::string DpeInbox::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

/// One that cannot be sent now is not missed: the next one flies in its time.
void DpeInbox::send_canary(std::stop_token stop) {
  const Time now = resources_.clock.now();
  std::optional<domain::Sbd> canary;
  {
    const std::scoped_lock lock(mutex_);
    canary = canary_.next(now);
    // Before it leaves: its answer may be here before the service's is.
    if (canary) canary_.sent(*canary, now);
  }
  if (!canary) return;
  const auto body = "{\"sbd\":" + domain::write_sbd(*canary) + "}";
  MemorySource source(bytes_of(body));
  const Envelope envelope{canary->document.instance_identifier, canary->conversation_id().str(), "status",
                          std::chrono::hours(1)};
  const auto sent = bus_.send(settings_.own_queue(), envelope, source, std::move(stop));
  if (sent) return;
  resources_.log.warning("canary_not_sent", {{"reason", sent.error().text()}});
  const std::scoped_lock lock(mutex_);
  canary_.returned(*canary);
}

Result<std::vector<ports::Listed>> DpeInbox::list(std::stop_token stop) {
  send_canary(stop);
  auto ids = locked_.refresh(stop);
  {
    const std::scoped_lock lock(mutex_);
    if (ids) problem_.clear();
    if (!ids && !is_stop(ids.error())) problem_ = ids.error().text();
  }
  if (!ids) return failed(ids);
  dead_letters_.look(stop);
  std::vector<ports::Listed> listed;
  listed.reserve(ids->size());
  // A message that was delivered before is no other's: our own answers get lost, too (8.2, D3 is weak alone).
  for (auto& id : *ids) listed.push_back({std::move(id), false});
  return listed;
}

Result<ports::RemoteItem> DpeInbox::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  ports::RemoteItem item;
  item.service = ServiceIdentifier("DPE");
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  if (remote_id.starts_with(unseen) || remote_id.starts_with(lost_canary)) {
    item.sender = remote_id.starts_with(unseen) ? "an unknown sender" : "this installation itself";
    item.created = item.published = resources_.clock.now();
    return item;
  }
  auto message = locked_.find(remote_id);
  if (!message) return failed(message);
  item.created = item.published = message->enqueued;
  // What cannot be read is found out when it is opened; then it is set aside.
  if (const auto sbd = read_sbd_of(*message->body)) {
    item.sender = sbd->sender_value();
    item.channel_seen = sbd->message_channel();
  }
  return item;
}

Result<void> DpeInbox::fetch(const ports::RemoteItem& item, Sink& into) {
  auto message = locked_.find_renewed(item.remote_id);
  if (!message) return failed(message);
  return into.write(*message->body);
}

Result<ports::InboundDocument> DpeInbox::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                              const ports::OpenContext& context) {
  auto message = locked_.find(item.remote_id);
  if (!message) return failed(message);
  if (message->too_large) return reject("dpe.too_large", "the message is larger than any that DPE carries");
  auto document = read_package(raw, resources_.identities, settings_, resources_.clock, resources_.log, context.blobs);
  const std::scoped_lock lock(mutex_);
  if (document && canary_.is_own(document->sbd)) {
    canary_.returned(document->sbd);
    document->probe = true;
  }
  return document;
}

Result<ports::Acknowledged> DpeInbox::acknowledge(const ports::RemoteItem& item) {
  auto completed = locked_.complete(item.remote_id);
  if (!completed) return failed(completed);
  // A lock that has ended in its time brings the message once more: what is stored is acknowledged again then.
  return *completed == LockedMessages::Completed::lost_early ? ports::Acknowledged::already_done
                                                             : ports::Acknowledged::done;
}

Result<std::vector<std::string>> DpeInbox::confirmed(const ports::Inbox&, Time, std::stop_token) {
  std::vector<std::string> ids;
  for (const auto number : locked_.missing()) ids.push_back(fmt::format("{}{}", unseen, number));
  const std::scoped_lock lock(mutex_);
  // While the queue cannot be read, nothing can come back.
  if (!problem_.empty()) return ids;
  for (const auto& id : canary_.lost(resources_.clock.now())) ids.push_back(fmt::format("{}{}", lost_canary, id));
  return ids;
}

Result<ports::Whereabouts> DpeInbox::whereabouts(const ports::RemoteItem& item) {
  return locked_.may_return(item.remote_id) ? ports::Whereabouts::waiting : ports::Whereabouts::taken;
}

}  // namespace kanal::transports::dpe

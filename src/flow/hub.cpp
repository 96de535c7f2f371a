#include "flow/hub.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "flow/channel_guard.hpp"
#include "ports/relayed_document.hpp"

namespace kanal::flow {
namespace {

constexpr std::string_view prefix = "hub/";

/// An inbox of a satellite is a kind of job: each item is work that the satellite owes.
std::string inbox_of(std::string_view satellite, const ServiceIdentifier& service) {
  return fmt::format("{}{}/{}", prefix, satellite, service.str());
}

/// Whose inbox a kind of job is; empty: it is none.
std::string_view satellite_of(std::string_view kind) {
  if (!kind.starts_with(prefix)) return {};
  kind.remove_prefix(prefix.size());
  return kind.substr(0, kind.find('/'));
}

/// The same for the same item, and nothing of the service's own id in it: it stands in addresses.
std::string id_of(const ports::RemoteItem& item) {
  return derived_uuid("hub", item.service.str() + " " + item.remote_id);
}

bool names(const std::vector<std::string>& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

bool has_part(const Satellite& satellite, const ServiceIdentifier& service) {
  return std::ranges::find(satellite.services, service) != satellite.services.end();
}

}  // namespace

Hub::Hub(ports::Store& store, HubSettings settings, Clock& clock, Log& log)
    : store_(store), settings_(std::move(settings)), clock_(clock), log_(log) {}

const Satellite* Hub::find_satellite(std::string_view name) const {
  const auto found = std::ranges::find(settings_.satellites, name, &Satellite::name);
  return found == settings_.satellites.end() ? nullptr : &*found;
}

/// Unless this installation takes part in the conversation itself.
const Satellite* Hub::owner_of_conversation(ports::View& view, const ServiceIdentifier& service,
                                            const ConversationId& conversation) const {
  if (conversation.empty()) return nullptr;
  const auto sender = view.sent_elsewhere(service, {}, conversation);
  if (!sender) return nullptr;
  ports::ConversationQuery own;
  own.conversation_id = conversation.str();
  own.direction = ports::Direction::outgoing;
  const auto sent_here = view.conversations(own, {0, 1, {}});
  if (!sent_here || sent_here->total > 0) return nullptr;
  return find_satellite(*sender);
}

const Satellite* Hub::owner_of_answer(ports::View& view, const ServiceIdentifier& service,
                                      const domain::Sbd& answer) const {
  const auto about = answered_by(answer);
  if (!about.empty()) {
    if (view.conversation(about, ports::Direction::outgoing)) return nullptr;
    if (const auto sender = view.sent_elsewhere(service, about, {})) return find_satellite(*sender);
  }
  if (const auto channel = answer.message_channel()) {
    for (const auto& satellite : settings_.satellites) {
      if (names(satellite.channels, *channel)) return &satellite;
    }
  }
  return owner_of_conversation(view, service, answer.conversation_id());
}

const Satellite* Hub::owner_by_rule(const ServiceIdentifier& service, const domain::Sbd& message) const {
  const auto about = message.body_text("orgnr");
  const auto receiver = message.receiver_value();
  for (const auto& satellite : settings_.satellites) {
    if (!has_part(satellite, service)) continue;
    if (names(satellite.processes, message.process()) || names(satellite.organisations, domain::without_icd(about)) ||
        names(satellite.organisations, domain::without_icd(receiver))) {
      return &satellite;
    }
  }
  return settings_.others.empty() ? nullptr : find_satellite(settings_.others);
}

const Satellite* Hub::owner_of(ports::View& view, const ServiceIdentifier& service,
                               const ports::InboundDocument& document) const {
  // What a service says in its own words is about something that this installation did there.
  if (document.receipt || document.reply || document.damage) return nullptr;
  const auto* type = domain::find_message_type(document.sbd.document.type);
  if (type == nullptr) return nullptr;
  // What has come here before stays here, whatever the rules say by now: it would be handed out twice.
  if (!type->is_status && view.conversation(document.sbd.message_id(), ports::Direction::incoming)) return nullptr;
  const Satellite* owner = nullptr;
  if (type->is_status || type->is_receipt) {
    owner = owner_of_answer(view, service, document.sbd);
  } else {
    owner = owner_of_conversation(view, service, document.sbd.conversation_id());
    if (owner == nullptr) owner = owner_by_rule(service, document.sbd);
  }
  return owner != nullptr && has_part(*owner, service) ? owner : nullptr;
}

Result<void> Hub::keep(ports::Txn& txn, const Satellite& satellite, const ports::RemoteItem& item,
                       const ports::InboundDocument& document) {
  ports::Job job;
  job.kind = inbox_of(satellite.name, item.service);
  job.key = id_of(item);
  job.service = item.service;
  job.package = document.package;
  job.not_before = job.created = clock_.now();
  job.payload = ports::write_relayed(document, job.created);
  auto kept = txn.enqueue(std::move(job));
  if (!kept) return failed(kept);
  if (!*kept && document.package) return txn.discard(*document.package);
  log_.info("kept_for_satellite", {{"satellite", satellite.name},
                                   {"service_identifier", item.service.str()},
                                   {"message_id", document.sbd.message_id().str()},
                                   {"remote_id", item.remote_id}});
  return {};
}

Result<void> Hub::note_sent(const std::string& satellite, const ServiceIdentifier& service, const MessageId& message_id,
                            const ConversationId& conversation_id) {
  return store_.write([&](ports::Txn& txn) -> Result<void> {
    const bool own = txn.conversation(message_id, ports::Direction::outgoing).has_value();
    auto noted = own ? Result<void>(reject("store.exists", ""))
                     : txn.put(ports::SentElsewhere{service, message_id, conversation_id, satellite, clock_.now()});
    if (noted || noted.error().code != "store.exists") return noted;
    return reject("hub.other_sender",
                  fmt::format("message {} is sent by another installation already", message_id.str()));
  });
}

Result<std::vector<Relayed>> Hub::waiting(const std::string& satellite, const ServiceIdentifier& service, int limit,
                                          std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto inbox = inbox_of(satellite, service);
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::scoped_lock lock(mutex_);
      last_seen_[satellite] = clock_.now();
      seen = hints_;
    }
    std::vector<ports::Job> jobs;
    auto read = store_.read([&](ports::View& view) -> Result<void> {
      jobs = view.jobs(inbox, limit);
      return {};
    });
    if (!read) return failed(read);
    std::unique_lock lock(mutex_);
    if (!jobs.empty() || stopped_ || std::chrono::steady_clock::now() >= until) {
      std::vector<Relayed> found;
      found.reserve(jobs.size());
      for (const auto& job : jobs) {
        const auto document = ports::read_relayed(job.payload);
        found.push_back({job.key, document ? document->sbd.sender_value() : std::string{}, job.created});
      }
      return found;
    }
    wakes_.wait_until(lock, until, [&] { return stopped_ || hints_ != seen; });
  }
}

Result<std::optional<ports::Job>> Hub::find(const std::string& satellite, const ServiceIdentifier& service,
                                            const std::string& id) {
  std::optional<ports::Job> job;
  auto read = store_.read([&](ports::View& view) -> Result<void> {
    job = view.job(inbox_of(satellite, service), id);
    return {};
  });
  if (!read) return failed(read);
  return job;
}

Result<bool> Hub::finish(const std::string& satellite, const ServiceIdentifier& service, const std::string& id) {
  bool there = false;
  auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
    auto ended = txn.cancel_job(inbox_of(satellite, service), id);
    if (!ended) return failed(ended);
    there = *ended;
    return {};
  });
  if (!done) return failed(done);
  return there;
}

void Hub::hint() {
  {
    const std::scoped_lock lock(mutex_);
    ++hints_;
  }
  wakes_.notify_all();
}

void Hub::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  wakes_.notify_all();
}

Result<std::vector<SatelliteState>> Hub::states() {
  std::vector<SatelliteState> states;
  auto read = store_.read([&](ports::View& view) -> Result<void> {
    states.clear();
    for (const auto& satellite : settings_.satellites) states.push_back({satellite.name, 0, {}});
    for (const auto& [kind, count] : view.counts().jobs) {
      const auto name = satellite_of(kind);
      if (name.empty() || count == 0) continue;
      auto state = std::ranges::find(states, name, &SatelliteState::name);
      // What waits for one that is configured no more is not forgotten.
      if (state == states.end()) state = states.insert(states.end(), {std::string(name), 0, {}});
      state->waiting += count;
    }
    return {};
  });
  if (!read) return failed(read);
  const std::scoped_lock lock(mutex_);
  for (auto& state : states) {
    if (const auto seen = last_seen_.find(state.name); seen != last_seen_.end()) state.last_seen = seen->second;
  }
  return states;
}

std::vector<std::string> Hub::satellites_of(const ServiceIdentifier& service) const {
  std::vector<std::string> names;
  for (const auto& satellite : settings_.satellites) {
    if (has_part(satellite, service)) names.push_back(satellite.name);
  }
  return names;
}

}  // namespace kanal::flow

#include "sim/correspondence_state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_lookup = 1'000;

using Fate = CorrespondenceFate;
using Status = CorrespondenceStatus;

/// What the recipient does, or Altinn, once it is published.
std::vector<Status> after_publication(Fate fate) {
  switch (fate) {
    case Fate::unread:
      return {};
    case Fate::downloaded:
      return {Status::fetched, Status::read, Status::attachments_downloaded};
    case Fate::purged_by_recipient:
      return {Status::purged_by_recipient};
    case Fate::purged_by_altinn:
      return {Status::purged_by_altinn};
    default:
      return {Status::fetched, Status::read};
  }
}

}  // namespace

CorrespondenceState::CorrespondenceState(CorrespondenceRules rules, const Environment& environment)
    : environment_(environment), rules_(std::move(rules)) {}

bool CorrespondenceState::knows_key(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  return by_key_.contains(key);
}

bool CorrespondenceState::met(std::string_view fault, const StoredCorrespondence& one) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, one.request->senders_reference, one.caller.organisation);
}

std::vector<CorrespondenceEvent> CorrespondenceState::life_of(const StoredCorrespondence& one,
                                                              const CorrespondenceBehaviour& behaviour) const {
  std::vector<CorrespondenceEvent> out{{Status::initialized, one.created, {}}};
  const auto ready = one.files.empty() ? one.created : one.created + rules_.scan_delay;
  const auto requested = one.request->requested_publish.value_or(one.created);
  const auto published = std::max({ready, one.created + rules_.publish_delay, requested});
  if (behaviour.fate == Fate::failed) {
    out.push_back({Status::failed, ready, behaviour.text});
    return out;
  }
  if (behaviour.fate == Fate::reserved) {
    out.push_back({Status::reserved, ready, behaviour.text});
    return out;
  }
  out.push_back({Status::ready_for_publish, ready, {}});
  if (behaviour.fate == Fate::held) return out;
  if (behaviour.fate == Fate::purged_unpublished || met("correspondence.purge_unpublished", one)) {
    out.push_back({Status::purged_by_altinn, ready, {}});
    return out;
  }
  const bool at_once = met("correspondence.straight_to_read", one);
  const bool never_published = met("correspondence.read_unpublished", one);
  if (!never_published) out.push_back({Status::published, published, {}});
  auto time = at_once ? published : published + rules_.read_delay;
  for (const auto status : after_publication(behaviour.fate)) out.push_back({status, time, behaviour.text});
  return out;
}

Result<std::vector<StoredCorrespondence>> CorrespondenceState::accept(
    std::shared_ptr<const CorrespondenceRequest> request, std::vector<CorrespondenceFile> files,
    const CorrespondenceCaller& caller, bool ignore_key) {
  const auto now = environment_.clock.now();
  std::vector<std::string> attachment_ids;
  attachment_ids.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) attachment_ids.push_back(new_uuid());
  std::vector<StoredCorrespondence> out;
  {
    const std::scoped_lock lock(mutex_);
    const auto& key = request->idempotent_key;
    if (!key.empty() && !ignore_key && by_key_.contains(key)) {
      return reject("correspondence.duplicate", "the idempotency key has been used");
    }
    for (const auto& recipient : request->recipients) {
      auto one = std::make_shared<StoredCorrespondence>();
      one->id = new_uuid();
      one->request = request;
      one->recipient = recipient_digits(recipient).value_or("");
      one->caller = caller;
      one->created = now;
      one->attachment_ids = attachment_ids;
      one->files = files;
      const auto behaviour = behaviours_.find(one->recipient);
      one->events = life_of(*one, behaviour == behaviours_.end() ? CorrespondenceBehaviour{} : behaviour->second);
      by_id_.emplace(one->id, one);
      by_reference_.emplace(request->senders_reference, one);
      if (!key.empty()) by_key_.emplace(key, one);
      by_age_.push_back(one);
      out.push_back(*one);
    }
    forget_contents();
  }
  for (const auto& one : out) {
    environment_.audit.record(
        {.simulator = "correspondence",
         .organisation = caller.organisation,
         .vendor = caller.vendor,
         .action = "create",
         .subject = one.id,
         .detail = fmt::format("sendersReference={} resource={} recipient={} files={}", request->senders_reference,
                               request->resource, masked_recipient(one.recipient), one.files.size())});
  }
  return out;
}

/// Called under the lock. What a correspondence is remains; only the bytes of its files go.
void CorrespondenceState::forget_contents() {
  for (; by_age_.size() - forgotten_ > rules_.keep_contents; ++forgotten_) {
    for (auto& file : by_age_[forgotten_]->files) file.content.reset();
  }
}

std::optional<StoredCorrespondence> CorrespondenceState::overview(const std::string& id,
                                                                  const CorrespondenceCaller& caller) {
  std::optional<StoredCorrespondence> out;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = by_id_.find(id);
    if (found != by_id_.end() && found->second->caller.organisation == caller.organisation) {
      ++found->second->overviews;
      out = *found->second;
    }
  }
  const auto status = out ? name_of(out->status(environment_.clock.now()).status) : std::string_view("none");
  environment_.audit.record({.simulator = "correspondence",
                             .organisation = caller.organisation,
                             .vendor = caller.vendor,
                             .action = "overview",
                             .subject = id,
                             .detail = fmt::format("status={}", status)});
  return out;
}

std::vector<std::string> CorrespondenceState::lookup(const CorrespondenceQuery& query,
                                                     const CorrespondenceCaller& caller) {
  const auto now = environment_.clock.now();
  std::vector<std::pair<Time, std::string>> found;
  const auto take = [&](const StoredCorrespondence& one) {
    const auto& request = *one.request;
    const bool mine =
        query.as_sender ? one.caller.organisation == caller.organisation : one.recipient == caller.organisation;
    if (!mine || one.purged(now)) return;
    if (query.senders_reference && request.senders_reference != *query.senders_reference) return;
    if (query.resource && request.resource != *query.resource) return;
    if (query.idempotent_key && request.idempotent_key != *query.idempotent_key) return;
    found.emplace_back(one.created, one.id);
  };
  {
    const std::scoped_lock lock(mutex_);
    if (query.senders_reference) {
      const auto [first, last] = by_reference_.equal_range(*query.senders_reference);
      for (auto at = first; at != last; ++at) take(*at->second);
    } else {
      for (const auto& one : by_age_) take(*one);
    }
  }
  std::ranges::sort(found);
  if (found.size() > max_lookup) found.resize(max_lookup);
  environment_.audit.record({.simulator = "correspondence",
                             .organisation = caller.organisation,
                             .vendor = caller.vendor,
                             .action = "lookup",
                             .subject = query.senders_reference.value_or(query.idempotent_key.value_or("*")),
                             .detail = fmt::format("found={}", found.size())});
  std::vector<std::string> out;
  out.reserve(found.size());
  for (auto& [time, id] : found) out.push_back(std::move(id));
  return out;
}

bool CorrespondenceState::change(const std::string& id, const std::function<void(StoredCorrespondence&, Time)>& how) {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  how(*found->second, now);
  return true;
}

bool CorrespondenceState::publish(const std::string& id) {
  return change(id, [](StoredCorrespondence& one, Time now) {
    if (one.since(Status::published, now)) return;
    std::erase_if(one.events, [](const CorrespondenceEvent& event) { return event.status == Status::published; });
    one.events.push_back({Status::published, now, {}});
  });
}

bool CorrespondenceState::read(const std::string& id) {
  return change(id, [](StoredCorrespondence& one, Time now) {
    if (one.since(Status::read, now)) return;
    one.events.push_back({Status::fetched, now, {}});
    one.events.push_back({Status::read, now, {}});
  });
}

bool CorrespondenceState::download(const std::string& id) {
  return change(id, [](StoredCorrespondence& one, Time now) {
    one.events.push_back({Status::attachments_downloaded, now, {}});
  });
}

bool CorrespondenceState::purge(const std::string& id, Purger by) {
  return change(id, [by](StoredCorrespondence& one, Time now) {
    one.events.push_back({by == Purger::altinn ? Status::purged_by_altinn : Status::purged_by_recipient, now, {}});
  });
}

bool CorrespondenceState::fail(const std::string& id, const std::string& text) {
  return change(id, [&text](StoredCorrespondence& one, Time now) {
    std::erase_if(one.events, [now](const CorrespondenceEvent& event) { return event.time > now; });
    one.events.push_back({Status::failed, now, text});
  });
}

bool CorrespondenceState::reserve(const std::string& id) {
  return change(id, [](StoredCorrespondence& one, Time now) {
    std::erase_if(one.events, [now](const CorrespondenceEvent& event) { return event.time > now; });
    one.events.push_back({Status::reserved, now, {}});
  });
}

void CorrespondenceState::set_behaviour(const std::string& recipient, CorrespondenceBehaviour behaviour) {
  const std::scoped_lock lock(mutex_);
  behaviours_[recipient] = std::move(behaviour);
}

CorrespondenceBehaviour CorrespondenceState::behaviour_of(const std::string& recipient) const {
  const std::scoped_lock lock(mutex_);
  const auto found = behaviours_.find(recipient);
  return found == behaviours_.end() ? CorrespondenceBehaviour{} : found->second;
}

CorrespondenceRules CorrespondenceState::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

void CorrespondenceState::set_rules(CorrespondenceRules rules) {
  const std::scoped_lock lock(mutex_);
  rules_ = std::move(rules);
}

std::vector<StoredCorrespondence> CorrespondenceState::newest(std::size_t limit) const {
  std::vector<StoredCorrespondence> out;
  const std::scoped_lock lock(mutex_);
  for (auto one = by_age_.rbegin(); one != by_age_.rend() && out.size() < limit; ++one) out.push_back(**one);
  return out;
}

std::optional<StoredCorrespondence> CorrespondenceState::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(*found->second);
}

std::vector<StoredCorrespondence> CorrespondenceState::find_by_reference(const std::string& senders_reference) const {
  std::vector<StoredCorrespondence> out;
  const std::scoped_lock lock(mutex_);
  for (const auto& one : by_age_) {
    if (one->request->senders_reference == senders_reference) out.push_back(*one);
  }
  return out;
}

std::size_t CorrespondenceState::size() const {
  const std::scoped_lock lock(mutex_);
  return by_age_.size();
}

void CorrespondenceState::count(const std::string& endpoint, const std::string& authorization) {
  const std::scoped_lock lock(mutex_);
  ++counters_[endpoint];
  last_authorization_ = authorization;
}

std::map<std::string, std::uint64_t> CorrespondenceState::counters() const {
  const std::scoped_lock lock(mutex_);
  return counters_;
}

std::string CorrespondenceState::last_authorization() const {
  const std::scoped_lock lock(mutex_);
  return last_authorization_;
}

}  // namespace kanal::sim

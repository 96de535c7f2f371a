#include "transports/dpe/locked_messages.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;

/// Deliveries after which a message that nobody wants stays here: the broker puts it away after ten.
constexpr int most_deliveries_to_give_back = 3;
/// Bodies in memory; beyond them the next round goes on.
constexpr std::size_t most_bytes = std::size_t{32} * 1024 * 1024;
/// Between two looks at that.
constexpr std::size_t most_at_once = 25;
/// Those that stay here unwanted leave room for others.
constexpr std::size_t room_for_unwanted = 200;
constexpr std::size_t most_remembered = 20'000;
/// The longest lock there is, twice.
constexpr Duration return_time = minutes(10);
constexpr std::size_t longest_id = 200;

}  // namespace

std::string id_of(const Locked& message) {
  return fmt::format("{}.{}", message.sequence, message.message_id.substr(0, longest_id));
}

LockedMessages::LockedMessages(const Settings& settings, QueueReader& reader, Clock& clock, Log& log, KeptSecrets kept)
    : settings_(settings),
      reader_(reader),
      clock_(clock),
      log_(log),
      seen_from_(clock.monotonic()),
      kept_(std::move(kept)) {
  recall_mark();
}

std::string LockedMessages::mark_name() const { return "dpe.sequence." + settings_.own_queue(); }

void LockedMessages::recall_mark() {
  const auto mark = kept_.recall ? kept_.recall(mark_name()) : std::nullopt;
  if (!mark) return;
  watch_.recall(mark->reveal());
  kept_mark_ = watch_.marks();
}

/// Before anything of this round can be completed: or a run after this one would miss what was.
void LockedMessages::keep_mark() {
  auto mark = watch_.marks();
  if (mark == kept_mark_ || !kept_.keep) return;
  kept_.keep(mark_name(), Secret(mark));
  kept_mark_ = std::move(mark);
}

/// Under the mutex. An error means that the lock could not be renewed now; a lost one drops the message.
Result<void> LockedMessages::renew(Held& held) {
  const Duration asked = clock_.monotonic();
  const auto renewed = reader_.renew(held.message);
  if (!renewed) return failed(renewed);
  if (*renewed != AtLock::done) return retry("dpe.not_locked", "the lock of the message is lost; it will come again");
  held.locked_at = asked;
  return {};
}

void LockedMessages::renew_all() {
  for (auto at = held_.begin(); at != held_.end();) {
    auto& held = at->second;
    const Duration age = clock_.monotonic() - held.locked_at;
    const bool ended = age >= held.message.locked_for;
    const auto renewed = !ended && age * 2 < held.message.locked_for ? Result<void>{} : renew(held);
    if (renewed || (renewed.error().code != "dpe.not_locked" && !ended)) {
      ++at;
      continue;
    }
    at = held_.erase(at);
  }
}

std::vector<std::string> LockedMessages::unwanted() const {
  std::vector<std::string> ids;
  for (const auto& [id, held] : held_) {
    if (held.offered && !held.wanted && held.message.delivery_count <= most_deliveries_to_give_back) ids.push_back(id);
  }
  return ids;
}

void LockedMessages::give_back(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    const auto held = held_.find(id);
    if (held == held_.end()) continue;
    const auto unlocked = reader_.unlock(held->second.message);
    if (!unlocked) log_.warning("unlock_failed", {{"remote_id", id}, {"reason", unlocked.error().text()}});
    held_.erase(held);
  }
}

void LockedMessages::add(Locked message) {
  const Duration now = clock_.monotonic();
  auto id = id_of(message);
  // Weak alone (8.2, D3): a call of ours whose answer was lost has locked it, too, or an earlier run.
  if (message.delivery_count > 1 && !seen_.contains(id)) {
    log_.info("delivered_before", {{"remote_id", id}, {"deliveries", message.delivery_count}});
  }
  watch_.met(message.sequence, now);
  lock_length_ = message.locked_for;
  if (seen_.size() >= most_remembered) {
    seen_.clear();
    seen_from_ = now;
  }
  seen_[id] = now;
  Held held{std::move(message), now, false, stored_.contains(id)};
  held_.insert_or_assign(std::move(id), std::move(held));
}

/// The queue gives nothing more: what lies in it all the same, others have locked, or it has only just come.
void LockedMessages::look_behind(const std::stop_token& stop) {
  for (const auto from : watch_.frontiers()) {
    const auto seen = reader_.look(from, stop);
    if (!seen) {
      log_.debug("queue_not_looked_at", {{"queue", settings_.own_queue()}, {"reason", seen.error().text()}});
      return;
    }
    if (*seen) watch_.withheld((*seen)->sequence, clock_.monotonic());
  }
}

Result<void> LockedMessages::lock_more(const std::stop_token& stop) {
  const std::size_t most = std::min(held_.size() + settings_.read_max, settings_.read_max + room_for_unwanted);
  while (held_.size() < most && !stop.stop_requested()) {
    std::size_t bytes = 0;
    for (const auto& [id, held] : held_) bytes += held.message.body->size();
    if (bytes >= most_bytes) return {};
    // Only who has nothing to do waits.
    auto messages = reader_.receive(std::min(most - held_.size(), most_at_once),
                                    held_.empty() ? settings_.receive_wait : seconds(0), stop);
    if (!messages) return failed(messages);
    if (messages->empty()) {
      look_behind(stop);
      return {};
    }
    for (auto& message : *messages) add(std::move(message));
  }
  return {};
}

Result<std::vector<std::string>> LockedMessages::refresh(std::stop_token stop) {
  const std::scoped_lock lock(mutex_);
  const Duration now = clock_.monotonic();
  // Another node of this installation may have read meanwhile.
  if (looked_ && now - *looked_ > std::max<Duration>(minutes(2), settings_.polling_interval * 5)) {
    watch_.forget();
    recall_mark();
  }
  renew_all();
  const auto leftover = unwanted();
  const auto locked = lock_more(stop);
  keep_mark();
  give_back(leftover);
  if (!locked && held_.empty()) return failed(locked);
  if (locked) looked_ = now;
  std::vector<const HeldById::value_type*> in_order;
  in_order.reserve(held_.size());
  for (auto& entry : held_) {
    entry.second.offered = true;
    seen_[entry.first] = now;
    in_order.push_back(&entry);
  }
  std::ranges::sort(in_order, {}, [](const auto* entry) { return entry->second.message.sequence; });
  std::vector<std::string> ids;
  ids.reserve(in_order.size());
  for (const auto* entry : in_order) ids.push_back(entry->first);
  return ids;
}

Result<Locked> LockedMessages::find(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto held = held_.find(id);
  if (held != held_.end()) return held->second.message;
  return retry("dpe.not_locked", "the message is not locked for this installation now");
}

Result<Locked> LockedMessages::find_renewed(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto held = held_.find(id);
  if (held == held_.end()) return retry("dpe.not_locked", "the message is not locked for this installation now");
  if ((clock_.monotonic() - held->second.locked_at) * 2 >= held->second.message.locked_for) {
    if (auto renewed = renew(held->second); !renewed) {
      if (renewed.error().code == "dpe.not_locked") held_.erase(held);
      return failed(renewed);
    }
  }
  return held->second.message;
}

Result<LockedMessages::Completed> LockedMessages::complete(const std::string& id) {
  std::optional<Held> held;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = held_.find(id);
    if (found == held_.end()) {
      if (stored_.size() >= most_remembered) stored_.clear();
      stored_.insert(id);
      return Completed::lost;
    }
    held = found->second;
    found->second.wanted = true;
  }
  const auto completed = reader_.complete(held->message);
  if (!completed) return failed(completed);
  const std::scoped_lock lock(mutex_);
  held_.erase(id);
  if (*completed == AtLock::done) {
    stored_.erase(id);
    return Completed::done;
  }
  stored_.insert(id);
  if (*completed == AtLock::lost_with_link) return Completed::lost;
  // In the last quarter of its time clocks and roads may be to blame.
  const Duration age = clock_.monotonic() - held->locked_at;
  return age * 4 < held->message.locked_for * 3 ? Completed::lost_early : Completed::lost;
}

bool LockedMessages::may_return(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  if (held_.contains(id)) return true;
  const auto seen = seen_.find(id);
  return clock_.monotonic() - (seen == seen_.end() ? seen_from_ : seen->second) < return_time;
}

std::vector<std::uint64_t> LockedMessages::missing() {
  const std::scoped_lock lock(mutex_);
  if (!looked_) return {};
  return watch_.missing_since(std::min(*looked_, clock_.monotonic()) - lock_length_ * 2);
}

}  // namespace kanal::transports::dpe

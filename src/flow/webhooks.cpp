#include "flow/webhooks.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "domain/webhook_filter.hpp"
#include "flow/turn.hpp"
#include "flow/webhook_event.hpp"

namespace kanal::flow {
namespace {

constexpr int batch = 20;  // what a crash may deliver twice
/// Hints may get lost between nodes, and clocks of tests move on their own.
constexpr std::chrono::seconds look_anyway{1};
constexpr std::chrono::seconds first_pause{5};
constexpr std::chrono::seconds longest_pause{900};
constexpr int doublings = 8;  // 5 s becomes more than 15 min

std::chrono::seconds pause_after(int failures) {
  return std::min(longest_pause, first_pause * (1 << std::clamp(failures - 1, 0, doublings)));
}

bool wanted(const ports::Subscription& subscription, const ports::FeedEntry& entry) {
  if (!subscription.filter) return true;
  const auto filter = domain::WebhookFilter::parse(*subscription.filter);
  return filter && filter->matches({name_of(entry.status.status), entry.service.str(), name_of(entry.direction)});
}

}  // namespace

Webhooks::Webhooks(ports::Store& store, ports::WebhookSender& sender, ports::CrashPoints& points,
                   WebhookSettings settings, Clock& clock, Log& log)
    : store_(store), sender_(sender), points_(points), settings_(settings), clock_(clock), log_(log) {}

Webhooks::~Webhooks() { stop(); }

void Webhooks::start() {
  threads_.emplace_back([this](const std::stop_token& stop) { schedule(stop); });
  for (int i = 0; i < settings_.workers; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void Webhooks::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Webhooks::hint() {
  {
    const std::scoped_lock lock(mutex_);
    hinted_ = true;
  }
  scheduler_wakes_.notify_one();
}

Result<void> Webhooks::ping(const std::string& url) {
  const auto pinged = sender_.post(url, ping_event(clock_.now()), {});
  if (pinged) return {};
  if (settings_.ping_must_succeed) {
    return reject("webhook.ping", fmt::format("Ping failed with: {}.", pinged.error().text()));
  }
  log_.warning("webhook_ping_failed", {{"reason", pinged.error().text()}});
  return {};
}

void Webhooks::schedule(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    find_due();
    std::unique_lock lock(mutex_);
    scheduler_wakes_.wait_for(lock, stop, look_anyway, [this] { return hinted_; });
    hinted_ = false;
  }
}

void Webhooks::find_due() {
  std::vector<ports::Subscription> all;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    all = view.subscriptions();
    return {};
  });
  if (!looked) {
    log_.error("webhooks_unreadable", {{"reason", looked.error().text()}});
    return;
  }
  const Time now = clock_.now();
  std::size_t added = 0;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& subscription : all) {
      if (subscription.disabled || (subscription.not_before && *subscription.not_before > now)) continue;
      if (!held_.insert(subscription.id).second) continue;
      ready_.push_back(subscription.id);
      ++added;
    }
  }
  for (std::size_t i = 0; i < added; ++i) work_there_.notify_one();
}

void Webhooks::work(const std::stop_token& stop) {
  for (;;) {
    std::int64_t subscription = 0;
    {
      std::unique_lock lock(mutex_);
      work_there_.wait(lock, stop, [this] { return !ready_.empty(); });
      if (stop.stop_requested() || ready_.empty()) return;
      subscription = ready_.front();
      ready_.erase(ready_.begin());
    }
    try {
      if (const auto delivered = deliver(subscription, stop); !delivered) {
        log_.error("webhook_stuck", {{"subscription", subscription}, {"reason", delivered.error().text()}});
      }
    } catch (const std::exception& error) {  // a broken invariant must not take the others with it
      log_.error("webhook_broken", {{"subscription", subscription}, {"reason", error.what()}});
    }
    const std::scoped_lock lock(mutex_);
    held_.erase(subscription);
  }
}

Result<std::optional<Webhooks::Batch>> Webhooks::next_batch(std::int64_t subscription) {
  std::optional<Batch> found;
  auto read = store_.write([&](ports::Txn& txn) -> Result<void> {
    found.reset();
    // One node at a time delivers to a subscription.
    auto turn = txn.take_turn(fmt::format("webhook {}", subscription), clock_.now(), clock_.now() + turn_length);
    if (!turn) return failed(turn);
    if (!*turn) return {};
    auto current = txn.subscription(subscription);
    if (!current || current->disabled) return {};
    auto entries = txn.feed(current->position, batch);
    if (!entries) return failed(entries);
    if (!entries->empty()) found = Batch{std::move(*current), std::move(*entries)};
    return {};
  });
  if (!read) return failed(read);
  return found;
}

Result<bool> Webhooks::move_on(const ports::Subscription& from, std::int64_t position) {
  bool same = false;
  auto moved = store_.write([&](ports::Txn& txn) -> Result<void> {
    auto current = txn.subscription(from.id);
    // Somebody has set it back, or deleted it: what they want counts.
    same = current && current->position == from.position;
    if (!same) return {};
    current->position = position;
    current->failures = 0;
    current->failing_since.reset();
    current->not_before.reset();
    current->last_error.clear();
    return txn.update(*current);
  });
  if (!moved) return failed(moved);
  return same;
}

Result<void> Webhooks::note_failure(const ports::Subscription& from, std::int64_t position, const Error& error) {
  const Time now = clock_.now();
  return store_.write([&](ports::Txn& txn) -> Result<void> {
    auto current = txn.subscription(from.id);
    if (!current || current->position != from.position) return {};
    if (position > current->position) {  // something was delivered before: the receiver is alive
      current->position = position;
      current->failures = 0;
      current->failing_since.reset();
    }
    ++current->failures;
    if (!current->failing_since) current->failing_since = now;
    current->not_before = now + pause_after(current->failures);
    current->last_error = error.text();
    if (now - *current->failing_since >= settings_.disable_after) current->disabled = now;
    log_.warning(current->disabled ? "webhook_disabled" : "webhook_failed",
                 {{"subscription", current->id},
                  {"name", current->name},
                  {"failures", current->failures},
                  {"next_attempt", current->disabled ? "none" : format_iso(*current->not_before)},
                  {"reason", current->last_error}});
    return txn.update(*current);
  });
}

Result<bool> Webhooks::deliver(std::int64_t subscription, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto next = next_batch(subscription);
    if (!next) return failed(next);
    if (!*next) return true;
    const auto& from = (*next)->subscription;
    std::int64_t position = from.position;
    for (const auto& entry : (*next)->entries) {
      if (stop.stop_requested()) break;
      if (wanted(from, entry)) {
        const auto posted = sender_.post(from.push_endpoint, status_event(entry), stop);
        if (!posted && stop.stop_requested()) break;  // cut by the shutdown: not the receiver's fault
        if (!posted) {
          if (auto noted = note_failure(from, position, posted.error()); !noted) return failed(noted);
          return false;
        }
        points_.reach(ports::webhook_delivered);
      }
      position = entry.position;
    }
    if (position == from.position) return false;
    const auto moved = move_on(from, position);
    if (!moved) return failed(moved);
    if (!*moved) return false;
  }
  return false;
}

}  // namespace kanal::flow

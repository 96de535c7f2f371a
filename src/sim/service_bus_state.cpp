#include "sim/service_bus_state.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view dead_letters = "/$deadletterqueue";
constexpr unsigned partition_shift = 48;
/// How often somebody who waits looks whether a lock has ended by the clock.
constexpr std::chrono::milliseconds wait_slice{20};

std::uint64_t size_of(const BusMessage& message) {
  const auto& properties = message.properties;
  return message.body->size() + properties.message_id.size() + properties.correlation_id.size() +
         properties.label.size() + message.content_type.size();
}

/// 32 hexadecimal digits, as the service makes them.
std::string made_id() {
  auto id = new_uuid();
  std::erase(id, '-');
  return id;
}

}  // namespace

ServiceBusState::Queue* ServiceBusState::find(const std::string& queue) {
  const auto found = queues_.find(lower_case(queue));
  return found == queues_.end() ? nullptr : &found->second;
}

const ServiceBusState::Queue* ServiceBusState::find(const std::string& queue) const {
  const auto found = queues_.find(lower_case(queue));
  return found == queues_.end() ? nullptr : &found->second;
}

ServiceBusState::Queue* ServiceBusState::find_or_make(const std::string& queue) {
  const auto name = lower_case(queue);
  if (auto* there = find(name)) return there;
  const bool is_dead_letters = name.ends_with(dead_letters);
  const auto owner = is_dead_letters ? name.substr(0, name.size() - dead_letters.size()) : name;
  const bool owner_there = queues_.contains(owner);
  if (is_dead_letters ? !owner_there : (!rules_.auto_create || removed_.contains(name))) return nullptr;
  return &queues_[name];
}

void ServiceBusState::declare(const std::string& queue) {
  const std::scoped_lock lock(mutex_);
  const auto name = lower_case(queue);
  removed_.erase(name);
  queues_.try_emplace(name);
}

void ServiceBusState::remove(const std::string& queue) {
  const std::scoped_lock lock(mutex_);
  const auto name = lower_case(queue);
  queues_.erase(name);
  queues_.erase(name + std::string(dead_letters));
  removed_[name] = true;
}

bool ServiceBusState::exists(const std::string& queue) const {
  const std::scoped_lock lock(mutex_);
  return find(queue) != nullptr;
}

bool ServiceBusState::receivable(const std::string& queue) {
  const std::scoped_lock lock(mutex_);
  return find_or_make(queue) != nullptr;
}

std::vector<std::string> ServiceBusState::queues() const {
  std::vector<std::string> names;
  const std::scoped_lock lock(mutex_);
  names.reserve(queues_.size());
  for (const auto& [name, queue] : queues_) names.push_back(name);
  return names;
}

std::vector<BusMessage> ServiceBusState::messages(const std::string& queue) const {
  const std::scoped_lock lock(mutex_);
  const auto* found = find(queue);
  return found == nullptr ? std::vector<BusMessage>{} : found->messages;
}

ServiceBusRules ServiceBusState::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

void ServiceBusState::change_rules(const std::function<void(ServiceBusRules&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(rules_);
}

Result<std::uint64_t> ServiceBusState::send(const std::string& queue, BusProperties properties,
                                            std::string content_type, std::string body) {
  const std::scoped_lock lock(mutex_);
  auto* found = find_or_make(queue);
  if (found == nullptr) return reject("bus.no_queue", "the queue does not exist");
  const Time now = clock_.now();
  BusMessage message;
  message.properties = std::move(properties);
  if (message.properties.message_id.empty()) message.properties.message_id = made_id();
  message.content_type = std::move(content_type);
  message.body = std::make_shared<const std::string>(std::move(body));
  message.enqueued = now;
  message.expires = now + std::min(message.properties.time_to_live.value_or(rules_.default_ttl), rules_.default_ttl);
  const auto size = size_of(message);
  if (size > rules_.max_message_bytes) return reject("bus.too_large", "the message is larger than the queue takes");
  settle(queue, *found, now);
  if (found->bytes + size > rules_.max_queue_bytes) return retry("bus.quota", "the queue is full");
  message.sequence = (std::uint64_t{rules_.partition} << partition_shift) | ++found->last;
  found->bytes += size;
  const auto sequence = message.sequence;
  found->messages.push_back(std::move(message));
  ++changes_;
  changed_.notify_all();
  return sequence;
}

void ServiceBusState::erase(Queue& queue, std::vector<BusMessage>::iterator at) {
  queue.bytes -= size_of(*at);
  queue.messages.erase(at);
}

/// An unlocked message is free again, or a dead letter when it was delivered too often.
void ServiceBusState::give_back(const std::string& name, Queue& queue, std::uint64_t sequence) {
  const auto at = std::ranges::find(queue.messages, sequence, &BusMessage::sequence);
  if (at == queue.messages.end()) return;
  at->lock_token.clear();
  ++changes_;
  changed_.notify_all();
  if (at->delivery_count < rules_.max_delivery_count || name.ends_with(dead_letters)) return;
  bury(name, queue, at, "MaxDeliveryCountExceeded");
}

void ServiceBusState::bury(const std::string& name, Queue& queue, std::vector<BusMessage>::iterator at,
                           const std::string& reason) {
  BusMessage dead = std::move(*at);
  queue.bytes -= size_of(dead);
  queue.messages.erase(at);
  dead.lock_token.clear();
  dead.dead_letter_reason = reason;
  auto& letters = queues_[lower_case(name) + std::string(dead_letters)];
  letters.bytes += size_of(dead);
  letters.messages.push_back(std::move(dead));
}

/// What time has done: locks have ended, messages have expired.
void ServiceBusState::settle(const std::string& name, Queue& queue, Time now) {
  std::vector<std::uint64_t> ended;
  for (const auto& message : queue.messages) {
    if (!message.lock_token.empty() && message.locked_until <= now) ended.push_back(message.sequence);
  }
  for (const auto sequence : ended) give_back(lower_case(name), queue, sequence);
  for (auto at = queue.messages.begin(); at != queue.messages.end();) {
    if (!at->lock_token.empty() || at->expires > now || !at->dead_letter_reason.empty()) {
      ++at;
      continue;
    }
    queue.bytes -= size_of(*at);
    at = queue.messages.erase(at);
  }
}

std::optional<BusMessage> ServiceBusState::lock_first(const std::string& name, Queue& queue) {
  const Time now = clock_.now();
  settle(name, queue, now);
  const auto at =
      std::ranges::find_if(queue.messages, [](const BusMessage& message) { return message.lock_token.empty(); });
  if (at == queue.messages.end()) return std::nullopt;
  at->lock_token = new_uuid();
  at->locked_until = now + rules_.lock_duration;
  ++at->delivery_count;
  return *at;
}

Result<std::optional<BusMessage>> ServiceBusState::receive(const std::string& queue, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  for (auto left = wait;; left -= wait_slice) {
    auto* found = find_or_make(queue);
    if (found == nullptr) return reject("bus.no_queue", "the queue does not exist");
    if (auto message = lock_first(queue, *found)) return message;
    if (left.count() <= 0 || closed_) return std::optional<BusMessage>{};
    const auto seen = changes_;
    changed_.wait_for(lock, std::min(left, wait_slice), [&] { return closed_ || changes_ != seen; });
  }
}

std::vector<BusMessage>::iterator ServiceBusState::locked(const std::string& name, Queue& queue, const std::string& id,
                                                          const std::string& lock) {
  settle(name, queue, clock_.now());
  return std::ranges::find_if(queue.messages, [&](const BusMessage& message) {
    return !lock.empty() && message.lock_token == lock &&
           (message.properties.message_id == id || std::to_string(message.sequence) == id);
  });
}

LockAnswer ServiceBusState::complete(const std::string& queue, const std::string& id, const std::string& lock) {
  const std::scoped_lock guard(mutex_);
  auto* found = find(queue);
  if (found == nullptr) return LockAnswer::no_queue;
  const auto at = locked(queue, *found, id, lock);
  if (at == found->messages.end()) return LockAnswer::lost;
  erase(*found, at);
  return LockAnswer::done;
}

LockAnswer ServiceBusState::unlock(const std::string& queue, const std::string& id, const std::string& lock) {
  const std::scoped_lock guard(mutex_);
  auto* found = find(queue);
  if (found == nullptr) return LockAnswer::no_queue;
  const auto at = locked(queue, *found, id, lock);
  if (at == found->messages.end()) return LockAnswer::lost;
  give_back(lower_case(queue), *found, at->sequence);
  return LockAnswer::done;
}

LockAnswer ServiceBusState::renew(const std::string& queue, const std::string& id, const std::string& lock,
                                  Time& until) {
  const std::scoped_lock guard(mutex_);
  auto* found = find(queue);
  if (found == nullptr) return LockAnswer::no_queue;
  const auto at = locked(queue, *found, id, lock);
  if (at == found->messages.end()) return LockAnswer::lost;
  until = at->locked_until = clock_.now() + rules_.lock_duration;
  return LockAnswer::done;
}

LockAnswer ServiceBusState::dead_letter(const std::string& queue, const std::string& id, const std::string& lock,
                                        const std::string& reason) {
  const std::scoped_lock guard(mutex_);
  auto* found = find(queue);
  if (found == nullptr) return LockAnswer::no_queue;
  const auto at = locked(queue, *found, id, lock);
  if (at == found->messages.end()) return LockAnswer::lost;
  bury(lower_case(queue), *found, at, reason);
  return LockAnswer::done;
}

std::string ServiceBusState::locked_by(const std::string& queue, const std::string& lock) {
  const std::scoped_lock guard(mutex_);
  auto* found = find(queue);
  if (found == nullptr) return {};
  settle(queue, *found, clock_.now());
  const auto at = std::ranges::find(found->messages, lock, &BusMessage::lock_token);
  return lock.empty() || at == found->messages.end() ? std::string{} : std::to_string(at->sequence);
}

void ServiceBusState::break_lock(const std::string& queue, std::uint64_t sequence) {
  const std::scoped_lock guard(mutex_);
  if (auto* found = find(queue)) give_back(lower_case(queue), *found, sequence);
}

void ServiceBusState::skip_sequence(const std::string& queue, std::uint64_t count) {
  const std::scoped_lock guard(mutex_);
  if (auto* found = find_or_make(queue)) found->last += count;
}

void ServiceBusState::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace kanal::sim

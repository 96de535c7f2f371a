#include "flow/follow.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::flow {
namespace {

namespace json = boost::json;

/// More make no pause longer.
constexpr int most_failures = 1'000;

/// On the row as it is now: statuses may have changed it since the caller read it.
Result<void> set_pollable(ports::Txn& txn, const ports::Conversation& known, bool pollable) {
  if (known.pollable == pollable) return {};
  auto current = txn.conversation(known.id);
  if (!current) return {};
  current->pollable = pollable;
  return txn.update(*current);
}

}  // namespace

Result<void> begin_following(ports::Txn& txn, const ports::FollowPlan& plan, const ports::Conversation& conversation,
                             const std::string& reference, Time now) {
  ports::Job follow;
  follow.kind = follow_job;
  follow.key = conversation.message_id.str();
  follow.service = conversation.service;
  follow.payload = write_follow({reference, conversation.sender});
  follow.created = now;
  follow.not_before = now + plan.first;
  if (auto queued = txn.enqueue(std::move(follow)); !queued) return failed(queued);
  return set_pollable(txn, conversation, plan.pollable);
}

Result<void> end_following(ports::Txn& txn, const ports::Conversation& conversation) {
  if (auto cancelled = txn.cancel_job(follow_job, conversation.message_id.str()); !cancelled) return failed(cancelled);
  return set_pollable(txn, conversation, false);
}

Followed read_follow(const ports::Job& job) {
  json::error_code error;
  const auto parsed = json::parse(job.payload, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto text = [&](std::string_view name) {
    const auto* value = object != nullptr ? object->if_contains(name) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
  };
  const auto* failures = object != nullptr ? object->if_contains("failures") : nullptr;
  const bool counted = failures != nullptr && failures->is_int64();
  return {text("reference"), text("sender"), text("remembered"),
          counted ? static_cast<int>(std::clamp<std::int64_t>(failures->get_int64(), 0, most_failures)) : 0};
}

std::string write_follow(const Followed& followed) {
  json::object payload{{"reference", followed.reference}, {"sender", followed.sender}};
  if (!followed.remembered.empty()) payload["remembered"] = followed.remembered;
  if (followed.failures > 0) payload["failures"] = std::min(followed.failures, most_failures);
  return json::serialize(payload);
}

Duration follow_delay(const ports::FollowPlan& plan, Duration age) {
  if (age <= Duration::zero() || plan.grows_over <= Duration::zero()) return plan.interval;
  const double part = std::min(1.0, static_cast<double>(age.count()) / static_cast<double>(plan.grows_over.count()));
  const auto growth = static_cast<double>((plan.longest - plan.interval).count());
  return plan.interval + Duration(static_cast<Duration::rep>(part * growth));
}

}  // namespace kanal::flow

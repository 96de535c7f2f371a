// Following up a document that a service tells of only when asked (ports/transport.hpp, FollowPlan): one job row per
// document. What the API calls `pollable` is whether such a row exists (rest-api.md section 7).
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "ports/store.hpp"
#include "ports/transport.hpp"

namespace kanal::flow {

constexpr std::string_view follow_job = "follow";

/// Begins to ask about a document; its conversation's row is written too. `reference`: what the service calls the
/// document.
Result<void> begin_following(ports::Txn& txn, const ports::FollowPlan& plan, const ports::Conversation& conversation,
                             const std::string& reference, Time now);

/// Nothing is asked any more, and the conversation is not pollable. Repeats change nothing.
Result<void> end_following(ports::Txn& txn, const ports::Conversation& conversation);

/// What to ask for.
struct Followed {
  std::string reference;
  std::string sender;
  std::string remembered{};  ///< StatusReport::remember of the last answer
  int failures = 0;          ///< questions without an answer since then
};
[[nodiscard]] Followed read_follow(const ports::Job& job);
[[nodiscard]] std::string write_follow(const Followed& followed);

/// How long until the next question about a document that has been followed for `age`.
[[nodiscard]] Duration follow_delay(const ports::FollowPlan& plan, Duration age);

}  // namespace kanal::flow

#include "flow/follower.hpp"

#include <algorithm>

#include "flow/local_receipt.hpp"
#include "flow/retry.hpp"

namespace kanal::flow {
namespace {

using namespace std::chrono;

/// Questions leased and written together.
constexpr int most_at_once = 512;
/// Longer than the slowest service takes to refuse to answer so many; what outlasts it is asked once more.
constexpr Duration lease_time = minutes(10);
constexpr milliseconds idle_wait{1000};
/// Questions that wait for an answer side by side.
constexpr int askers = 8;
/// What becomes due within this part of an interval, and a second, is asked together: for one question a transaction or
/// a call costs as much as for many.
constexpr int parts_of_interval = 60;
constexpr Duration longest_gathering = seconds(1);

/// Is there anything left to learn about it?
bool is_open(const ports::FollowPlan& plan, const ports::Conversation& conversation) {
  if (!conversation.finished) return true;
  using enum domain::ReceiptStatus;
  return plan.after_delivery && ports::has_status(conversation, levert) && !ports::has_status(conversation, lest) &&
         !ports::has_status(conversation, feil);
}

}  // namespace

/// One question and what came of it.
struct Follower::Asked {
  ports::Job job;
  Followed followed;
  ports::Transport* transport = nullptr;  ///< null: its service is switched off
  Result<ports::StatusReport> report = tl::unexpected(Error{});
};

Follower::Follower(ports::Store& store, const Services& services, const Settings& settings, Clock& clock, Log& log)
    : store_(store), services_(services), settings_(settings), clock_(clock), log_(log), pool_(askers) {}

Follower::~Follower() { stop(); }

void Follower::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Follower::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Follower::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Duration wait = idle_wait;
    try {
      wait = std::min<Duration>(idle_wait, time_to_next());
      auto due = wait > Duration::zero() ? Result<std::vector<Asked>>() : lease_due();
      if (!due) {
        log_.error("follow_failed", {{"reason", due.error().text()}});
      } else if (!due->empty()) {
        ask(*due);
        auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
          for (const auto& asked : *due) {
            auto done = write_down(txn, asked);
            // Somebody else holds it by now; what it learns counts.
            if (!done && done.error().code != "store.lease_lost") return done;
          }
          return {};
        });
        if (!written) {
          log_.error("follow_not_stored", {{"reason", written.error().text()}});
        } else {
          wait = gathering(*due);
          if (wait == Duration::zero()) continue;
        }
      }
    } catch (const std::exception& failure) {
      log_.error("follow_threw", {{"reason", failure.what()}});
    }
    std::unique_lock lock(mutex_);
    // Due, and yet nothing was asked or written: another node has it, or the store is away.
    if (wait == Duration::zero()) wait = idle_wait;
    wakes_.wait_for(lock, stop, wait, [] { return false; });
  }
}

/// How long to let questions gather after these; zero when more may be due already.
Duration Follower::gathering(const std::vector<Asked>& asked) {
  if (asked.size() == most_at_once) return Duration::zero();
  Duration gathering = longest_gathering;
  for (const auto& one : asked) {
    if (one.transport == nullptr) continue;
    gathering = std::min<Duration>(gathering, one.transport->descriptor().follow.interval / parts_of_interval);
  }
  return gathering;
}

/// Zero when a question is due.
Duration Follower::time_to_next() const {
  std::optional<Time> next;
  auto looked = store_.read([&](ports::View& view) -> Result<void> {
    next = view.next_job_time(follow_job);
    return {};
  });
  if (!looked) log_.error("jobs_unreadable", {{"kind", follow_job}, {"reason", looked.error().text()}});
  if (!looked || !next) return idle_wait;
  return std::max<Duration>(*next - clock_.now(), Duration::zero());
}

Result<std::vector<Follower::Asked>> Follower::lease_due() {
  std::vector<Asked> due;
  const Time now = clock_.now();
  auto leased = store_.write([&](ports::Txn& txn) -> Result<void> {
    due.clear();
    auto jobs = txn.lease(follow_job, now, now + lease_time, most_at_once);
    if (!jobs) return failed(jobs);
    for (auto& job : *jobs) {
      auto followed = read_follow(job);
      auto* transport = services_.find(job.service);
      due.push_back({std::move(job), std::move(followed), transport});
    }
    return {};
  });
  if (!leased) return failed(leased);
  return due;
}

void Follower::ask(std::vector<Asked>& asked) {
  std::ranges::stable_sort(asked, {}, [](const Asked& one) { return one.transport; });
  std::vector<std::function<void()>> tasks;
  for (std::size_t at = 0; at < asked.size();) {
    auto* transport = asked[at].transport;
    const auto batch = transport == nullptr ? 1 : static_cast<std::size_t>(transport->descriptor().follow.batch);
    std::size_t end = at;
    while (end < asked.size() && end - at < batch && asked[end].transport == transport) ++end;
    if (transport != nullptr) {
      tasks.emplace_back([&asked, at, end, transport] {
        std::vector<ports::StatusQuestion> questions;
        questions.reserve(end - at);
        for (auto i = at; i < end; ++i) {
          const auto& followed = asked[i].followed;
          questions.push_back({followed.reference, followed.sender, followed.remembered});
        }
        auto reports = transport->statuses(questions);
        for (auto i = at; i < end && i - at < reports.size(); ++i) asked[i].report = std::move(reports[i - at]);
      });
    }
    at = end;
  }
  pool_.run_all(std::move(tasks));
}

Result<void> Follower::write_down(ports::Txn& txn, const Asked& asked) const {
  const auto& [leased, followed, transport, report] = asked;
  auto job = leased;
  if (transport == nullptr) return txn.complete(job);
  if (report) return write_report(txn, asked, *report);
  const auto& plan = transport->descriptor().follow;
  const bool last = plan.limit > 0 && job.attempt + 1 >= plan.limit;
  const auto& error = report.error();
  if (error.disposition != Disposition::retry || last) return txn.complete(job);
  auto failed_again = followed;
  const Duration delay = retry_delay(++failed_again.failures, settings_.first_retry, error);
  job.payload = write_follow(failed_again);
  return txn.postpone(job, clock_.now() + delay, error.text(), counts_as_attempt(error));
}

/// Writes what was reported, and asks again later unless it is settled or the conversation is over.
Result<void> Follower::write_report(ports::Txn& txn, const Asked& asked, const ports::StatusReport& report) const {
  const auto& service = asked.transport->descriptor();
  const Time now = clock_.now();
  auto job = asked.job;
  auto conversation = txn.conversation(MessageId(job.key), ports::Direction::outgoing);
  if (!conversation) return txn.complete(job);
  auto followed = asked.followed;
  followed.remembered = report.remember;
  followed.failures = 0;
  if (!report.remote_reference.empty() && report.remote_reference != followed.reference) {
    followed.reference = report.remote_reference;
    conversation->external_system_reference = report.remote_reference;
    if (auto updated = txn.update(*conversation); !updated) return updated;
  }
  for (const auto& reported : report.statuses) {
    auto added = txn.add_status(conversation->id, reported.status, reported.at.value_or(now), reported.description,
                                reported.raw_receipt);
    if (!added) return failed(added);
    if (!*added || service.local_receipt != reported.status) continue;
    auto told = deliver_local_receipt(txn, *conversation, settings_.local_receipt, settings_.default_ttl, now);
    if (!told) return told;
  }
  conversation = txn.conversation(conversation->id);
  const auto& plan = service.follow;
  const bool last = plan.limit > 0 && job.attempt + 1 >= plan.limit;
  if (conversation && is_open(plan, *conversation) && !report.settled && !last) {
    job.payload = write_follow(followed);
    // News are followed closely, as a message that has just left is.
    const auto age = now - std::max(job.created, conversation->last_update);
    return txn.postpone(job, now + follow_delay(plan, age), "", true);
  }
  if (auto ended = txn.complete(job); !ended) return ended;
  return conversation ? end_following(txn, *conversation) : Result<void>{};
}

}  // namespace kanal::flow

#include "flow/job_runner.hpp"

#include <algorithm>

namespace kanal::flow {
namespace {

using namespace std::chrono;

constexpr Duration lease_time = minutes(2);
constexpr Duration renewal_interval = seconds(40);
/// How long the pump sleeps when no job is due; a hint wakes it at once.
constexpr milliseconds idle_wait{1000};

}  // namespace

JobRunner::JobRunner(std::string kind, int workers, ports::Store& store, Clock& clock, Log& log, Handle handle)
    : kind_(std::move(kind)), workers_(workers), store_(store), clock_(clock), log_(log), handle_(std::move(handle)) {}

JobRunner::~JobRunner() { stop(); }

void JobRunner::start() {
  for (int i = 0; i < workers_; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  threads_.emplace_back([this](const std::stop_token& stop) { pump(stop); });
}

void JobRunner::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void JobRunner::hint() {
  {
    const std::scoped_lock lock(mutex_);
    hinted_ = true;
  }
  pump_wakes_.notify_one();
}

bool JobRunner::lease_some() {
  int room = 0;
  {
    const std::scoped_lock lock(mutex_);
    room = workers_ * 2 - static_cast<int>(held_.size());
    hinted_ = false;
  }
  if (room <= 0) return false;
  std::vector<ports::Job> leased;
  const Time now = clock_.now();
  auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
    auto jobs = txn.lease(kind_, now, now + lease_time, room);
    if (!jobs) return failed(jobs);
    leased = std::move(*jobs);
    return {};
  });
  if (!done) {
    log_.error("lease_failed", {{"kind", kind_}, {"reason", done.error().text()}});
    return false;
  }
  const bool more_likely = static_cast<int>(leased.size()) == room;
  {
    const std::scoped_lock lock(mutex_);
    for (auto& job : leased) {
      held_[job.id] = job;
      ready_.push_back(std::move(job));
    }
  }
  // One each: waking every worker for one job costs more than the job's bookkeeping.
  for (std::size_t i = 0; i < leased.size(); ++i) work_there_.notify_one();
  return more_likely;
}

void JobRunner::renew_leases() {
  std::vector<ports::Job> held;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, job] : held_) held.push_back(job);
  }
  for (const auto& job : held) {
    auto renewed = store_.write([&](ports::Txn& txn) { return txn.renew(job, clock_.now() + lease_time); });
    // A job that ended meanwhile has no lease to renew; everything else is worth a line.
    if (!renewed && renewed.error().code != "store.lease_lost") {
      log_.warning("lease_not_renewed", {{"kind", kind_}, {"key", job.key}, {"reason", renewed.error().text()}});
    }
  }
}

void JobRunner::pump(const std::stop_token& stop) {
  Duration last_renewal = clock_.monotonic();
  while (!stop.stop_requested()) {
    if (clock_.monotonic() - last_renewal > renewal_interval) {
      renew_leases();
      last_renewal = clock_.monotonic();
    }
    bool hinted = false;
    {
      const std::scoped_lock lock(mutex_);
      hinted = hinted_;
    }
    std::optional<Time> next;
    if (!hinted) {
      auto looked = store_.read([&](ports::View& view) -> Result<void> {
        next = view.next_job_time(kind_);
        return {};
      });
      if (!looked) log_.error("jobs_unreadable", {{"kind", kind_}, {"reason", looked.error().text()}});
    }
    if ((hinted || (next && *next <= clock_.now())) && lease_some()) continue;
    std::unique_lock lock(mutex_);
    milliseconds wait = idle_wait;
    if (next && *next > clock_.now()) wait = std::min(wait, ceil<milliseconds>(*next - clock_.now()));
    pump_wakes_.wait_for(lock, stop, wait, [this] { return hinted_; });
  }
}

void JobRunner::work(const std::stop_token& stop) {
  for (;;) {
    ports::Job job;
    {
      std::unique_lock lock(mutex_);
      if (!work_there_.wait(lock, stop, [this] { return !ready_.empty(); }) || stop.stop_requested()) return;
      job = std::move(ready_.front());
      ready_.pop_front();
    }
    const auto id = job.id;
    try {
      handle_(std::move(job), stop);
    } catch (const std::exception& failure) {
      // A broken invariant: the lease runs out and the job is tried again.
      log_.error("job_threw", {{"kind", kind_}, {"reason", failure.what()}});
    }
    bool wake = false;
    {
      const std::scoped_lock lock(mutex_);
      held_.erase(id);
      wake = ready_.empty() && static_cast<int>(held_.size()) < workers_;
      hinted_ = hinted_ || wake;
    }
    if (wake) pump_wakes_.notify_one();
  }
}

}  // namespace kanal::flow

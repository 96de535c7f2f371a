#include "store/postgres/background.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace kanal::store::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds bunch{10};  ///< at most one NOTIFY in this time
constexpr seconds reconnect_after{2};

/// One node folds at a time; what others append meanwhile stays as it is.
constexpr std::string_view fold_lock = "SELECT pg_try_advisory_xact_lock(7310200902)";
constexpr std::array<std::string_view, 4> folds = {
    "WITH gone AS (DELETE FROM conversation_count RETURNING *) INSERT INTO conversation_count SELECT direction, "
    "service, "
    "finished, pollable, sum(n) FROM gone GROUP BY direction, service, finished, pollable",
    "WITH gone AS (DELETE FROM message_status_count RETURNING *) INSERT INTO message_status_count SELECT status, "
    "sum(n) "
    "FROM gone GROUP BY status",
    "WITH gone AS (DELETE FROM message_count RETURNING *) INSERT INTO message_count SELECT direction, service, sum(n) "
    "FROM gone GROUP BY direction, service",
    "WITH gone AS (DELETE FROM job_count RETURNING *) INSERT INTO job_count SELECT kind, sum(n) FROM gone GROUP BY "
    "kind"};
/// Every list asks for a total: what was folded must not lie in its way until the server sweeps by itself.
constexpr std::string_view sweep = "VACUUM conversation_count, message_status_count, message_count, job_count";

}  // namespace

Background::Background(ConnectSettings settings, std::function<void(ports::Change)> heard, milliseconds fold_every,
                       Log& log)
    : settings_(std::move(settings)),
      heard_(std::move(heard)),
      fold_every_(fold_every),
      log_(log),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::runtime_error("no eventfd left");
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

Background::~Background() {
  thread_.request_stop();
  wake();
  thread_.join();
  ::close(wake_);
}

void Background::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

void Background::committed(bool status, bool job) {
  bool tell = false;
  {
    const std::scoped_lock lock(mutex_);
    ++commits_;
    tell = (status && !status_) || (job && !job_);
    status_ = status_ || status;
    job_ = job_ || job;
  }
  if (tell) wake();
}

void Background::await(int socket, milliseconds limit) {
  std::array<pollfd, 2> ready{{{wake_, POLLIN, 0}, {socket, POLLIN, 0}}};
  (void)::poll(ready.data(), socket < 0 ? 1 : 2, static_cast<int>(limit.count()));
  std::uint64_t count = 0;
  (void)!::read(wake_, &count, sizeof count);
}

void Background::serve(const std::stop_token& stop) {
  bool was_lost = false;
  while (!stop.stop_requested()) {
    auto done = connection_ ? round() : connect();
    if (done) {
      if (std::exchange(was_lost, false)) log_.info("database_hints_resumed");
      continue;
    }
    connection_.reset();
    if (!std::exchange(was_lost, true)) log_.warning("database_hints_lost", {{"reason", done.error().text()}});
    const auto until = steady_clock::now() + reconnect_after;
    while (!stop.stop_requested() && steady_clock::now() < until) await(-1, milliseconds(200));
  }
  // What was committed last is told before the end, if the database is there.
  if (connection_) (void)notify().has_value();
}

Result<void> Background::connect() {
  auto opened = Connection::open(settings_);
  if (!opened) return failed(opened);
  auto schema = (*opened)->query_once("SELECT current_schema()::text", {});
  auto there = schema.step();
  if (!there) return failed(there);
  channel_ = fmt::format("kanal.{}", schema.text(0));
  if (auto listening = (*opened)->script("LISTEN " + (*opened)->quoted(channel_)); !listening) return listening;
  connection_ = std::move(*opened);
  fold_next_ = steady_clock::now() + fold_every_;
  // Nobody told us what happened before.
  heard_(ports::Change::status);
  heard_(ports::Change::job);
  return {};
}

Result<void> Background::round() {
  await(connection_->socket(), std::min<milliseconds>(seconds(1), fold_every_));
  const auto payloads = connection_->notifications();
  if (!payloads) return retry("store.io", "the connection to the database is lost");
  for (const auto& payload : *payloads) hear(payload);
  if (auto told = notify(); !told) return told;
  return steady_clock::now() < fold_next_ ? Result<void>{} : fold();
}

void Background::hear(std::string_view payload) {
  if (payload.find("status") != std::string_view::npos) heard_(ports::Change::status);
  if (payload.find("job") != std::string_view::npos) heard_(ports::Change::job);
}

Result<void> Background::notify() {
  bool status = false;
  bool job = false;
  {
    const std::scoped_lock lock(mutex_);
    status = std::exchange(status_, false);
    job = std::exchange(job_, false);
  }
  if (!status && !job) return {};
  const std::string_view payload = status && job ? "status,job" : status ? "status" : "job";
  auto told = connection_->run("SELECT pg_notify(?, ?)", channel_, payload);
  std::this_thread::sleep_for(bunch);
  return told;
}

Result<void> Background::fold() {
  fold_next_ = steady_clock::now() + fold_every_;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(commits_, 0) == 0) return {};
  }
  if (auto begun = connection_->script("BEGIN"); !begun) return begun;
  auto row = connection_->query(fold_lock);
  auto there = row.step();
  if (!there) return failed(there);
  const bool mine = row.boolean(0);
  if (mine) {
    for (const auto sql : folds) {
      if (auto folded = connection_->run(sql); !folded) return folded;
    }
  }
  if (auto committed = connection_->script("COMMIT"); !committed || !mine) return committed;
  return connection_->script(std::string(sweep));
}

}  // namespace kanal::store::postgres

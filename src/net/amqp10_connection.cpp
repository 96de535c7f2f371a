#include "net/amqp10_connection.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "net/amqp10_core.hpp"
#include "net/amqp10_pump.hpp"

namespace kanal::net {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds farewell{500};
/// How long the thread sleeps at most; it is woken for everything.
constexpr milliseconds nap{10'000};
/// Calls that wait to be made; more are told to come again.
constexpr std::size_t most_jobs = 1000;

}  // namespace

/// Calls hand jobs to the connection's thread and wait for what it notes under the mutex.
class Amqp10Connection::Impl final : Amqp10Listening {
 public:
  Impl(const Amqp10Options& options, const Amqp10Errors& errors, std::unique_ptr<Amqp10Socket> socket)
      : options_(options),
        errors_(errors),
        pump_(Amqp10Side::client, std::move(socket), options_.container_id, options_.host, options_.idle_timeout),
        core_(pump_.connection(), options_, errors_, *this) {}
  ~Impl() override { thread_ = {}; }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start(const std::stop_token& stop) {
    thread_ = std::jthread([this](const std::stop_token& ending) { run(ending); });
    std::unique_lock lock(mutex_);
    return wait(lock, options_.connect_timeout, stop, "does not open the connection in time", [&] { return open_; });
  }

  Result<Amqp10Message> request(const std::string& node, Amqp10Message message, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto number = ++last_request_;
    if (auto handed =
            hand_over([this, number, node, message = std::move(message)] { core_.request(number, node, message); });
        !handed) {
      return failed(handed);
    }
    auto answered = wait(lock, options_.answer_timeout, stop, fmt::format("does not answer a request to {}", node),
                         [&] { return answers_.contains(number); });
    const auto found = answers_.find(number);
    if (found == answers_.end()) {
      forgotten_.insert(number);
      (void)hand_over([this, number] { forget(number); });
      return failed(answered);
    }
    auto answer = std::move(found->second);
    answers_.erase(found);
    return answer;
  }

  Result<void> attach(const std::string& source, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (link_ended_) return tl::unexpected(*link_ended_);
    if (auto handed = hand_over([this, source] { core_.attach(source); }); !handed) return handed;
    return wait(
        lock, options_.answer_timeout, stop, fmt::format("does not open a link from {}", source),
        [&] { return attached_ || link_ended_; }, true);
  }

  Result<std::vector<Amqp10Delivery>> receive(std::size_t most, milliseconds wait_for, const std::stop_token& stop) {
    const std::scoped_lock one(receiving_);
    std::unique_lock lock(mutex_);
    if (arrived_.size() < most) {
      const auto credit = static_cast<int>(most - arrived_.size());
      if (auto asked = fill(lock, credit, wait_for, stop); !asked && arrived_.empty()) return failed(asked);
    }
    std::vector<Amqp10Delivery> out;
    while (!arrived_.empty() && out.size() < most) {
      out.push_back(std::move(arrived_.front()));
      arrived_.pop_front();
    }
    return out;
  }

  Result<void> settle(std::uint64_t number, Amqp10Outcome outcome) {
    std::unique_lock lock(mutex_);
    if (auto handed = hand_over([this, number, outcome] { core_.settle(number, outcome); }); !handed) return handed;
    auto waited = wait(lock, options_.answer_timeout, {}, "does not confirm what became of a message",
                       [&] { return confirmed_.contains(number); });
    const auto found = confirmed_.find(number);
    if (found == confirmed_.end()) return waited;
    auto confirmed = std::move(found->second);
    confirmed_.erase(found);
    return confirmed;
  }

  std::optional<Error> ended() const {
    const std::scoped_lock lock(mutex_);
    return dead_ ? dead_ : link_ended_;
  }

 private:
  using Job = std::function<void()>;

  /// Under the mutex.
  Result<void> hand_over(Job job) {
    if (dead_) return tl::unexpected(*dead_);
    if (jobs_.size() >= most_jobs) return tl::unexpected(errors_.make("amqp10.busy", "is asked for too much at once"));
    jobs_.push_back(std::move(job));
    pump_.wake();
    return {};
  }

  /// Until it holds; an error when it does not in time, the connection ends, or (with `of_link`) the link does.
  template <class Holds>
  Result<void> wait(std::unique_lock<std::mutex>& lock, milliseconds limit, const std::stop_token& stop,
                    const std::string& late, const Holds& holds, bool of_link = false) {
    const auto over = [&] { return holds() || dead_ || (of_link && link_ended_); };
    const bool in_time = changed_.wait_for(lock, stop, limit, over);
    if (of_link && link_ended_) return tl::unexpected(*link_ended_);
    if (holds()) return {};
    if (dead_) return tl::unexpected(*dead_);
    if (!in_time && stop.stop_requested()) return tl::unexpected(errors_.make("amqp10.stopped", "is left: stopped"));
    return tl::unexpected(errors_.make("amqp10.timeout", late));
  }

  /// Gives credit, waits for a first delivery, and takes the rest of the credit back.
  Result<void> fill(std::unique_lock<std::mutex>& lock, int credit, milliseconds wait_for,
                    const std::stop_token& stop) {
    if (link_ended_) return tl::unexpected(*link_ended_);
    drained_ = false;
    const bool at_once = wait_for.count() <= 0;
    auto handed = hand_over([this, credit, at_once] {
      core_.give_credit(credit);
      if (at_once) core_.drain();
    });
    if (!handed) return handed;
    if (!at_once) {
      auto came = wait(
          lock, wait_for, stop, "sends nothing", [&] { return !arrived_.empty(); }, true);
      if (!came && came.error().code != "amqp10.timeout" && came.error().code != "amqp10.stopped") return came;
      if (auto drain = hand_over([this] { core_.drain(); }); !drain) return drain;
    }
    // A broker that does not know how to leaves its credit for the next time.
    auto drained = wait(
        lock, options_.drain_timeout, {}, "does not take credit back", [&] { return drained_; }, true);
    return drained || drained.error().code == "amqp10.timeout" ? Result<void>{} : drained;
  }

  void forget(std::uint64_t number) {
    core_.forget(number);
    const std::scoped_lock lock(mutex_);
    forgotten_.erase(number);
    answers_.erase(number);
  }

  // The connection's thread.

  void run(const std::stop_token& ending) {
    const std::stop_callback wake(ending, [this] { pump_.wake(); });
    const auto handle = [this](pn_event_t* event) { core_.handle(event); };
    core_.open();
    bool alive = true;
    while (alive && !ending.stop_requested()) {
      do_jobs();
      alive = pump_.step(Steady::now() + nap, handle);
    }
    if (alive) {
      core_.close();
      const auto until = Steady::now() + farewell;
      while (Steady::now() < until && pump_.step(until, handle)) {
      }
    }
    ended(errors_.make("amqp10.closed", "or the network has ended the connection"));
  }

  void do_jobs() {
    std::deque<Job> jobs;
    {
      const std::scoped_lock lock(mutex_);
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) job();
  }

  template <class Note>
  void note(const Note& note) {
    {
      const std::scoped_lock lock(mutex_);
      note();
    }
    changed_.notify_all();
  }

  void opened() override {
    note([&] { open_ = true; });
  }
  void ended(Error why) override {
    note([&] {
      if (!dead_) dead_ = std::move(why);
    });
  }
  void answered(std::uint64_t request, Result<Amqp10Message> answer) override {
    note([&] {
      if (!forgotten_.contains(request)) answers_.insert_or_assign(request, std::move(answer));
    });
  }
  void attached() override {
    note([&] { attached_ = true; });
  }
  void detached(Error why) override {
    note([&] { link_ended_ = std::move(why); });
  }
  void delivered(Amqp10Delivery delivery) override {
    note([&] { arrived_.push_back(std::move(delivery)); });
  }
  void settled(std::uint64_t number, Result<void> confirmed) override {
    note([&] { confirmed_.insert_or_assign(number, std::move(confirmed)); });
  }
  void drained() override {
    note([&] { drained_ = true; });
  }

  const Amqp10Options options_;
  const Amqp10Errors errors_;
  Amqp10Pump pump_;
  Amqp10Core core_;

  std::mutex receiving_;  ///< one receive() at a time; taken before `mutex_`
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  bool open_ = false;
  bool attached_ = false;
  bool drained_ = false;
  std::optional<Error> dead_;
  std::optional<Error> link_ended_;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, Result<Amqp10Message>> answers_;
  std::set<std::uint64_t> forgotten_;  ///< requests whose callers have gone
  std::map<std::uint64_t, Result<void>> confirmed_;
  std::deque<Amqp10Delivery> arrived_;
  std::jthread thread_;
};

Amqp10Connection::Amqp10Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Amqp10Connection::~Amqp10Connection() = default;

Result<std::unique_ptr<Amqp10Connection>> Amqp10Connection::open(const Amqp10Options& options,
                                                                 const std::stop_token& stop) {
  const Amqp10Errors errors(fmt::format("{}:{}", options.host, options.port));
  if (options.host.find('\0') != std::string::npos) {
    return tl::unexpected(errors.make("amqp10.connect", "was not asked: its name holds a NUL"));
  }
  auto socket = Amqp10Socket::connect(options, errors, stop);
  if (!socket) return failed(socket);
  auto impl = std::make_unique<Impl>(options, errors, std::move(*socket));
  if (auto started = impl->start(stop); !started) return failed(started);
  return std::unique_ptr<Amqp10Connection>(new Amqp10Connection(std::move(impl)));
}

Result<Amqp10Message> Amqp10Connection::request(const std::string& node, Amqp10Message message,
                                                const std::stop_token& stop) {
  return impl_->request(node, std::move(message), stop);
}

Result<void> Amqp10Connection::attach(const std::string& source, const std::stop_token& stop) {
  return impl_->attach(source, stop);
}

Result<std::vector<Amqp10Delivery>> Amqp10Connection::receive(std::size_t most, milliseconds wait,
                                                              const std::stop_token& stop) {
  return impl_->receive(most, wait, stop);
}

Result<void> Amqp10Connection::settle(std::uint64_t number, Amqp10Outcome outcome) {
  return impl_->settle(number, outcome);
}

std::optional<Error> Amqp10Connection::ended() const { return impl_->ended(); }

}  // namespace kanal::net

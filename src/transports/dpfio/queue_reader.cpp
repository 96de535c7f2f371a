#include "transports/dpfio/queue_reader.hpp"

#include <algorithm>

#include <poll.h>

#include <fmt/format.h>

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;

/// The password is looked at when the connection begins (section 3).
constexpr seconds token_for_connecting{30};
constexpr Duration shortest_pause = seconds(1);
constexpr Duration longest_pause = seconds(60);
constexpr int most_doublings = 6;
/// A connection that lasts so long was a good one.
constexpr Duration steady_after = seconds(60);
/// Without a question for so long, another node may be polling.
constexpr Duration idle_after = seconds(90);
/// How long the thread sleeps at most, so that it ends in time and serves heartbeats.
constexpr milliseconds nap{250};

}  // namespace

QueueReader::QueueReader(const Settings& settings, const Account& account, lookup::TokenSource& tokens, Clock& clock,
                         Log& log)
    : settings_(settings), account_(account), tokens_(tokens), clock_(clock), log_(log) {}

QueueReader::~QueueReader() = default;

std::string QueueReader::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::optional<Duration> QueueReader::connected_for() const {
  const std::scoped_lock lock(mutex_);
  return connected_at_ ? std::optional(clock_.monotonic() - *connected_at_) : std::nullopt;
}

bool QueueReader::idle() const {
  const std::scoped_lock lock(mutex_);
  return asking_ == 0 && (!asked_ || clock_.monotonic() - *asked_ > idle_after);
}

Result<std::vector<std::string>> QueueReader::waiting(milliseconds wait, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  asked_ = clock_.monotonic();
  ++asking_;
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& ended) { run(ended); });
  changed_.notify_all();
  changed_.wait_for(lock, stop, wait, [&] { return !order_.empty() || !problem_.empty(); });
  --asking_;
  asked_ = clock_.monotonic();
  if (order_.empty() && !problem_.empty()) return retry("dpfio.queue", problem_);
  return order_;
}

Result<std::shared_ptr<const Waiting>> QueueReader::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  if (const auto held = held_.find(id); held != held_.end()) return held->second.message;
  return retry("dpfio.not_held", "the connection that brought the message has ended; Fiks IO delivers it again");
}

Result<bool> QueueReader::acknowledge(const std::string& id) {
  const std::scoped_lock connection_lock(connection_mutex_);
  std::vector<std::uint64_t> tags;
  {
    const std::scoped_lock lock(mutex_);
    const auto held = held_.find(id);
    if (held == held_.end()) return false;
    tags = held->second.tags;
  }
  if (!connection_) return false;
  for (const auto tag : tags) {
    // Its thread finds the connection dead; what is stored here is acknowledged when it comes again.
    if (auto told = connection_->acknowledge(tag); !told) return failed(told);
  }
  const std::scoped_lock lock(mutex_);
  held_.erase(id);
  std::erase(order_, id);
  return true;
}

Result<std::unique_ptr<net::AmqpConnection>> QueueReader::connect() {
  auto wanted = fiks_token();
  wanted.at_least = token_for_connecting;
  auto token = tokens_.token(wanted);
  if (!token) return failed(token);
  net::AmqpOptions options;
  options.host = settings_.amqp_host;
  options.port = settings_.amqp_port;
  options.ca_pem = settings_.ca_pem;
  options.vhost = settings_.vhost;
  options.user = account_.integrasjons_id;
  options.password = Secret(account_.integrasjons_passord.reveal() + " " + *token);
  options.connection_name = settings_.application_name;
  options.rpc_timeout = settings_.rpc_timeout;
  options.heartbeat = settings_.heartbeat;
  auto connection = net::AmqpConnection::open(options);
  if (!connection) {
    if (connection.error().code == "amqp.refused") tokens_.reject(wanted, *token);
    return failed(connection);
  }
  if (auto set = (*connection)->set_prefetch(settings_.prefetch); !set) return failed(set);
  if (auto begun = (*connection)->consume(queue_of(account_.konto_id)); !begun) return failed(begun);
  return connection;
}

void QueueReader::add(net::AmqpDelivery delivery) {
  Waiting waiting;
  waiting.arrived = clock_.now();
  auto melding = read_melding(delivery);
  std::string id;
  if (melding && delivery.too_large) {
    melding = Result<Melding>(reject("dpfio.too_large", "the message is larger than Fiks IO delivers in the queue"));
  }
  if (melding) {
    id = melding->id;
    waiting.melding = std::move(*melding);
  } else {
    id = name_of_unreadable(delivery);
    waiting.problem = melding.error();
  }
  waiting.body = HeldBody(std::move(delivery.body));
  const std::scoped_lock lock(mutex_);
  auto& held = held_[id];
  held.tags.push_back(delivery.tag);
  if (held.message) return;
  held.message = std::make_shared<const Waiting>(std::move(waiting));
  order_.push_back(id);
}

bool QueueReader::drain() {
  const std::scoped_lock connection_lock(connection_mutex_);
  bool came = false;
  while (true) {
    auto delivery = connection_->receive(milliseconds(0));
    if (!delivery) {
      if (came) changed_.notify_all();
      connection_.reset();
      lose(delivery.error());
      return false;
    }
    if (!*delivery) break;
    add(std::move(**delivery));
    came = true;
  }
  if (came) changed_.notify_all();
  return true;
}

/// Tags are void without their connection (section 7): what was held comes again.
void QueueReader::lose(const Error& why) {
  {
    const std::scoped_lock lock(mutex_);
    held_.clear();
    order_.clear();
    connected_at_.reset();
    problem_ = fmt::format("account {} at {}: {}", account_.konto_id, settings_.amqp_host, why.text());
  }
  changed_.notify_all();
  log_.warning("fiksio_connection_lost", {{"account", account_.konto_id}, {"code", why.code}, {"reason", why.text()}});
}

/// Few, long-lived connections: back-off with jitter, and long after a refusal (section 7).
Duration QueueReader::delay_after(const Error& error) {
  const bool refused =
      error.code == "amqp.refused" || error.code == "amqp.not_found" || error.code.starts_with("token.");
  const auto doubled = std::min(shortest_pause * (1 << std::min(failures_, most_doublings)), longest_pause);
  ++failures_;
  const auto base = refused ? longest_pause : doubled;
  return base + base * static_cast<int>(random_() % 25) / 100;
}

void QueueReader::pause(Duration length, const std::stop_token& stop) {
  const auto until = clock_.monotonic() + length;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && clock_.monotonic() < until) {
    changed_.wait_for(lock, stop, nap, [] { return false; });
  }
}

void QueueReader::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (idle()) {
      {
        const std::scoped_lock lock(connection_mutex_);
        connection_.reset();
      }
      std::unique_lock lock(mutex_);
      held_.clear();
      order_.clear();
      connected_at_.reset();
      problem_.clear();
      changed_.wait(lock, stop, [&] { return asking_ > 0; });
      continue;
    }
    if (!connection_) {
      auto connection = connect();
      if (!connection) {
        lose(connection.error());
        pause(delay_after(connection.error()), stop);
        continue;
      }
      {
        const std::scoped_lock lock(connection_mutex_);
        connection_ = std::move(*connection);
      }
      {
        const std::scoped_lock lock(mutex_);
        connected_at_ = clock_.monotonic();
        problem_.clear();
      }
      log_.info("fiksio_connected", {{"account", account_.konto_id}, {"host", settings_.amqp_host}});
    }
    if (!drain()) {
      pause(delay_after(Error{"amqp.closed", "", Disposition::retry, {}, {}}), stop);
      continue;
    }
    if (connected_for().value_or(Duration::zero()) > steady_after) failures_ = 0;
    pollfd readable{connection_->socket(), POLLIN, 0};
    ::poll(&readable, 1, static_cast<int>(nap.count()));
  }
  const std::scoped_lock lock(connection_mutex_);
  connection_.reset();
}

}  // namespace kanal::transports::dpfio

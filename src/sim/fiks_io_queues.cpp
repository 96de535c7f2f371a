#include "sim/fiks_io_queues.hpp"

#include <thread>

#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view queue_prefix = "fiksio.konto.";
constexpr const char* dead_exchange = "fiksio.sim.dead";
constexpr std::size_t max_idle = 8;
constexpr std::uint64_t max_body = 256ULL * 1024 * 1024;
constexpr std::chrono::seconds confirm_wait{30};
constexpr std::chrono::seconds cancel_wait{10};

net::AmqpTable queue_arguments(const FiksIoRules& rules) {
  return {{"x-queue-type", std::string("quorum")},
          // So many failed deliveries are forgiven; the next one is the last.
          {"x-delivery-limit", std::int64_t{rules.max_deliveries - 1}},
          {"x-message-ttl", std::int64_t{rules.default_ttl.count()}},
          {"x-dead-letter-exchange", std::string(dead_exchange)},
          // Notices are not lost with a broker that dies; this strategy needs the other argument.
          {"x-dead-letter-strategy", std::string("at-least-once")},
          {"x-overflow", std::string("reject-publish")}};
}

}  // namespace

std::string fiks_io_queue(const std::string& konto_id) { return std::string(queue_prefix) + lower_case(konto_id); }

std::string fiks_io_konto(std::string_view queue) {
  if (!queue.starts_with(queue_prefix)) return {};
  return std::string(queue.substr(queue_prefix.size()));
}

Result<void> FiksIoQueues::start(std::shared_ptr<RabbitMq> broker) {
  broker_ = std::move(broker);
  if (auto started = broker_->start(); !started) return started;
  return with_connection([](net::AmqpConnection& connection) -> Result<void> {
    const std::string queue(fiks_io_dead_queue);
    if (auto made = connection.declare_exchange(dead_exchange, "fanout"); !made) return made;
    if (auto made = connection.declare_queue(queue, {{"x-queue-type", std::string("quorum")}}); !made) return made;
    return connection.bind(queue, dead_exchange, "");
  });
}

void FiksIoQueues::stop() {
  {
    const std::scoped_lock lock(mutex_);
    idle_.clear();
  }
  if (broker_) broker_->stop();
}

void FiksIoQueues::remove_all() {
  std::set<std::string> accounts;
  {
    const std::scoped_lock lock(mutex_);
    accounts.swap(accounts_);
  }
  // Dead letters last: what is in the others then has nowhere to go.
  (void)with_connection([&](net::AmqpConnection& connection) -> Result<void> {
    for (const auto& konto_id : accounts) {
      if (auto removed = connection.delete_queue(fiks_io_queue(konto_id)); !removed) return removed;
    }
    return connection.delete_queue(std::string(fiks_io_dead_queue));
  });
  {
    const std::scoped_lock lock(mutex_);
    idle_.clear();
  }
  broker_.reset();
}

Result<std::unique_ptr<net::AmqpConnection>> FiksIoQueues::connect() {
  if (!broker_) return retry("amqp.connect", "the broker has not been started");
  auto options = broker_->administrator();
  options.connection_name = "Fiks IO";
  options.heartbeat = std::chrono::seconds(0);  // nobody serves a connection that is idle
  options.max_body = max_body;
  return net::AmqpConnection::open(options);
}

std::unique_ptr<net::AmqpConnection> FiksIoQueues::idle_connection() {
  while (true) {
    std::unique_ptr<net::AmqpConnection> connection;
    {
      const std::scoped_lock lock(mutex_);
      if (idle_.empty()) return nullptr;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    // Tells whether the broker has ended it.
    if (connection->receive(std::chrono::milliseconds(0))) return connection;
  }
}

Result<void> FiksIoQueues::with_connection(const Use& use) {
  auto connection = idle_connection();
  if (!connection) {
    auto made = connect();
    if (!made) return failed(made);
    connection = std::move(*made);
    if (auto confirming = connection->confirm_mode(); !confirming) return confirming;
  }
  auto used = use(*connection);
  if (!used) return used;
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < max_idle) idle_.push_back(std::move(connection));
  return used;
}

Result<void> FiksIoQueues::declare(const std::string& konto_id, const FiksIoRules& rules) {
  auto declared = with_connection([&](net::AmqpConnection& connection) {
    return connection.declare_queue(fiks_io_queue(konto_id), queue_arguments(rules));
  });
  if (!declared) return declared;
  const std::scoped_lock lock(mutex_);
  accounts_.insert(konto_id);
  return {};
}

/// A channel that finds the queue there again consumes it silently, without a word to its client. So the queue stays
/// away until a consumer of our own has been cancelled, and a little longer for the others.
Result<void> FiksIoQueues::renew(const std::string& konto_id, const FiksIoRules& rules) {
  const auto queue = fiks_io_queue(konto_id);
  auto witness = connect();
  if (!witness) return failed(witness);
  if (auto consuming = (*witness)->consume(queue); !consuming) return consuming;
  auto removed = with_connection([&](net::AmqpConnection& connection) { return connection.delete_queue(queue); });
  if (!removed) return removed;
  const auto until = std::chrono::steady_clock::now() + cancel_wait;
  while ((*witness)->receive(std::chrono::milliseconds(100)) && std::chrono::steady_clock::now() < until) {
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  return declare(konto_id, rules);
}

Result<void> FiksIoQueues::publish(const std::string& konto_id, const net::AmqpProperties& properties, ByteView body) {
  return with_connection([&](net::AmqpConnection& connection) -> Result<void> {
    if (auto sent = connection.publish("", fiks_io_queue(konto_id), properties, body); !sent) return sent;
    return connection.wait_for_confirms(confirm_wait);
  });
}

Result<FiksIoQueues::Count> FiksIoQueues::count(const std::string& konto_id) {
  Count out;
  auto asked = with_connection([&](net::AmqpConnection& connection) -> Result<void> {
    auto counted = connection.count(fiks_io_queue(konto_id));
    if (!counted) return failed(counted);
    out = *counted;
    return {};
  });
  if (!asked) return failed(asked);
  return out;
}

}  // namespace kanal::sim

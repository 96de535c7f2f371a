#include "sim/fiks_io.hpp"

#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "sim/fiks_io_admin.hpp"
#include "sim/fiks_io_api.hpp"
#include "sim/fiks_io_consumer.hpp"
#include "sim/fiks_io_replies.hpp"

namespace kanal::sim {
namespace {

tl::unexpected<Error> unknown_account(const std::string& konto_id) {
  return reject("fiksio.account", "there is no account " + konto_id);
}

tl::unexpected<Error> no_broker() { return retry("sim.rabbitmq", "the broker has not been started"); }

}  // namespace

struct FiksIo::Impl {
  Impl(FiksIoOptions given, const Issuer& maskinporten, const Environment& surroundings)
      : options(std::move(given)),
        environment(surroundings),
        state(options.rules, environment),
        post(state, queues, environment),
        replies(state, post, options.folder, environment),
        credentials(state, maskinporten, environment.clock),
        login(state, credentials, environment, options.login_port),
        api(options.site, {state, queues, post, credentials}, options.folder, environment) {}

  Result<void> start();
  void stop();
  [[nodiscard]] std::shared_ptr<RabbitMq> make_broker() const;
  void consume_for(const std::string& konto_id);

  FiksIoOptions options;
  Environment environment;
  FiksIoState state;
  FiksIoQueues queues;
  FiksIoPost post;
  FiksIoReplies replies;
  FiksIoCredentials credentials;
  FiksIoLogin login;
  FiksIoApi api;
  std::mutex mutex;
  bool running = false;
  // They use the rest.
  std::unique_ptr<FiksIoConsumer> undertaker;
  std::map<std::string, std::unique_ptr<FiksIoConsumer>> counterparts;  ///< by konto id
};

std::shared_ptr<RabbitMq> FiksIo::Impl::make_broker() const {
  RabbitMqOptions broker;
  broker.folder = options.folder / "rabbitmq";
  broker.address = options.site.address;
  broker.port = options.amqp_port;
  broker.tls = options.site.tls;
  broker.auth_url = login.url();
  broker.heartbeat = options.heartbeat;
  return std::make_shared<RabbitMq>(std::move(broker));
}

Result<void> FiksIo::Impl::start() {
  if (!RabbitMq::installed()) {
    return reject("sim.rabbitmq",
                  "Fiks IO needs RabbitMQ, which is not installed here: install the package rabbitmq-server, or leave "
                  "Fiks IO out");
  }
  if (auto started = login.start(); !started) return started;
  if (auto started = queues.start(options.broker ? options.broker : make_broker()); !started) return started;
  const std::scoped_lock lock(mutex);
  running = true;
  for (const auto& account : state.accounts()) {
    if (auto declared = queues.declare(account.konto_id, state.rules()); !declared) return declared;
  }
  undertaker = std::make_unique<FiksIoConsumer>(
      queues, std::string(fiks_io_dead_queue), [this](const net::AmqpDelivery& letter) { return replies.bury(letter); },
      environment.log);
  for (const auto& konto_id : state.scripted()) consume_for(konto_id);
  return api.start();
}

void FiksIo::Impl::stop() {
  std::unique_ptr<FiksIoConsumer> ended;
  std::map<std::string, std::unique_ptr<FiksIoConsumer>> all_ended;
  {
    const std::scoped_lock lock(mutex);
    running = false;
    ended = std::move(undertaker);
    all_ended = std::move(counterparts);
    counterparts.clear();
  }
  ended.reset();
  all_ended.clear();
  api.stop();
  if (options.broker) {
    queues.remove_all();
  } else {
    queues.stop();
  }
  login.stop();
}

/// Under the lock.
void FiksIo::Impl::consume_for(const std::string& konto_id) {
  if (!running || counterparts.contains(konto_id)) return;
  counterparts.emplace(konto_id, std::make_unique<FiksIoConsumer>(
                                     queues, fiks_io_queue(konto_id),
                                     [this](const net::AmqpDelivery& delivery) -> Result<void> {
                                       replies.answer(delivery);
                                       return {};
                                     },
                                     environment.log));
}

FiksIo::FiksIo(FiksIoOptions options, const Issuer& maskinporten, const Environment& environment)
    : impl_(std::make_unique<Impl>(std::move(options), maskinporten, environment)) {
  add_fiks_io_admin(*this, impl_->api.site().routes());
}

FiksIo::~FiksIo() { stop(); }

bool FiksIo::available() { return RabbitMq::installed(); }

Result<void> FiksIo::start() {
  auto started = impl_->start();
  if (!started) stop();
  return started;
}

void FiksIo::stop() { impl_->stop(); }

std::string FiksIo::url() const { return impl_->api.url(); }

std::string FiksIo::api_host() const {
  const auto whole = url();
  return whole.substr(whole.find("://") + 3);
}

std::string FiksIo::amqp_host() const { return impl_->options.site.address; }

std::uint16_t FiksIo::amqp_port() const {
  auto* broker = impl_->queues.broker();
  return broker != nullptr ? broker->port() : std::uint16_t{0};
}

Result<void> FiksIo::add_account(FiksIoAccount account) {
  const auto konto_id = account.konto_id;
  const std::scoped_lock lock(impl_->mutex);
  impl_->state.add_account(std::move(account));
  return impl_->running ? impl_->queues.declare(konto_id, impl_->state.rules()) : Result<void>{};
}

void FiksIo::add_integration(FiksIoIntegration integration) { impl_->state.add_integration(std::move(integration)); }

Result<std::string> FiksIo::deliver(const FiksIoDelivery& delivery) {
  const auto receiver = impl_->state.account(delivery.to);
  if (!receiver) return unknown_account(delivery.to);
  auto content = impl_->replies.payload(delivery);
  if (!content) return failed(content);
  FiksIoMessage message;
  message.melding_id = delivery.melding_id.empty() ? new_uuid() : delivery.melding_id;
  message.type = delivery.type;
  message.from = delivery.from;
  message.to = receiver->konto_id;
  message.svar_til = delivery.svar_til;
  message.ttl = delivery.ttl;
  message.headere = delivery.headere;
  auto posted = impl_->post.post(std::move(message), *content,
                                 {delivery.svar_til_type, delivery.offload, delivery.raw_headers, delivery.times});
  if (!posted) return failed(posted);
  impl_->environment.audit.record({.simulator = "fiksio",
                                   .organisation = receiver->orgnr,
                                   .vendor = {},
                                   .action = "deliver",
                                   .subject = posted->melding_id,
                                   .detail = fmt::format("to={} type={}", posted->to, posted->type)});
  impl_->state.record(*posted);
  return posted->melding_id;
}

Result<void> FiksIo::set_script(const std::string& konto_id, std::optional<FiksIoScript> script) {
  const auto account = impl_->state.account(konto_id);
  if (!account) return unknown_account(konto_id);
  std::unique_ptr<FiksIoConsumer> ended;  // after the lock: it waits for its thread
  const std::scoped_lock lock(impl_->mutex);
  const bool wanted = script.has_value();
  impl_->state.set_script(account->konto_id, std::move(script));
  if (wanted) {
    impl_->consume_for(account->konto_id);
  } else if (const auto found = impl_->counterparts.find(account->konto_id); found != impl_->counterparts.end()) {
    ended = std::move(found->second);
    impl_->counterparts.erase(found);
  }
  return {};
}

Result<net::AmqpConnection::QueueCount> FiksIo::count(const std::string& konto_id) {
  return impl_->queues.count(konto_id);
}

Result<void> FiksIo::close_connections(const std::string& integration_id, const std::string& reason) {
  auto* broker = impl_->queues.broker();
  return broker != nullptr ? broker->close_connections(integration_id, reason) : Result<void>(no_broker());
}

Result<void> FiksIo::cancel_consumers(const std::string& konto_id) {
  const auto account = impl_->state.account(konto_id);
  if (!account) return unknown_account(konto_id);
  const auto count = impl_->queues.count(account->konto_id);
  if (!count) return failed(count);
  if (count->messages != 0) {
    return reject("fiksio.not_empty", fmt::format("{} messages wait in the queue", count->messages));
  }
  return impl_->queues.renew(account->konto_id, impl_->state.rules());
}

Result<void> FiksIo::restart_broker() {
  auto* broker = impl_->queues.broker();
  return broker != nullptr ? broker->restart() : Result<void>(no_broker());
}

void FiksIo::stop_broker() {
  if (auto* broker = impl_->queues.broker()) broker->stop();
}

void FiksIo::kill_broker() {
  if (auto* broker = impl_->queues.broker()) broker->kill();
}

Result<void> FiksIo::start_broker() {
  auto* broker = impl_->queues.broker();
  return broker != nullptr ? broker->start() : Result<void>(no_broker());
}

FiksIoState& FiksIo::state() { return impl_->state; }

}  // namespace kanal::sim

#include "sim/rabbitmq.hpp"

#include <csignal>

#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/child_process.hpp"
#include "base/worker_pool.hpp"
#include "sim/rabbitmq_setup.hpp"

namespace kanal::sim {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;

constexpr minutes start_limit{10};  ///< a few seconds on an idle machine
constexpr seconds stop_limit{60};
constexpr seconds call_limit{30};

}  // namespace

struct RabbitMq::Impl {
  explicit Impl(RabbitMqOptions options) : setup(std::move(options)) {}

  /// With the lock held, as all below.
  Result<void> start();
  Result<ChildProcess> spawn(const std::string& program, const std::vector<std::string>& arguments, const fs::path& log,
                             ChildProcess::Options how);
  /// What the server answers to Erlang expressions; `sim.rabbitmq` (retry) when it does not.
  Result<std::string> ask(const std::string& expressions);
  void end(int signal);

  std::mutex mutex;
  RabbitMqSetup setup;
  /// Starts the processes: the kernel ends them with the thread that did.
  WorkerPool keeper{1};
  std::optional<ChildProcess> server;
};

Result<ChildProcess> RabbitMq::Impl::spawn(const std::string& program, const std::vector<std::string>& arguments,
                                           const fs::path& log, ChildProcess::Options how) {
  std::optional<Result<ChildProcess>> started;
  how.orphan_signal = SIGKILL;
  how.own_group = true;
  keeper.run_all({[&] { started.emplace(ChildProcess::start(program, arguments, log, how)); }});
  return std::move(*started);
}

Result<std::string> RabbitMq::Impl::ask(const std::string& expressions) {
  const auto question = setup.options().folder / "question";
  const auto answer = setup.options().folder / "answer";
  for (const auto& [file, text] : {std::pair(question, expressions + "\n"), std::pair(answer, std::string{})}) {
    if (auto written = write_private(file, text); !written) return failed(std::move(written));
  }
  ChildProcess::Options how;
  how.input = question;
  how.environment = setup.call_environment();
  auto call = spawn(RabbitMqSetup::caller, setup.call_arguments(), answer, std::move(how));
  if (!call) return failed(std::move(call));
  const auto code = call->wait(call_limit);
  auto text = end_of_log(answer);
  if (code != 0 || !text.starts_with("{ok, ")) return retry("sim.rabbitmq", "RabbitMQ does not answer: " + text);
  return text;
}

Result<void> RabbitMq::Impl::start() {
  if (server && !server->ended()) return {};
  server.reset();
  if (auto written = setup.write(); !written) return written;
  ChildProcess::Options how;
  how.input = "/dev/null";
  how.environment = setup.server_environment();
  auto started = spawn(RabbitMqSetup::server, {}, setup.start_log(), std::move(how));
  if (!started) return failed(std::move(started));
  server.emplace(std::move(*started));
  const auto limit = steady_clock::now() + start_limit;
  // Once it serves, the watch over epmd goes: it would start an Erlang machine each minute to look after a daemon that
  // is not used.
  const std::string ready =
      "case rabbit_boot_state:get() of ready -> supervisor:terminate_child(rabbit_sup, rabbit_epmd_monitor_sup), ready;"
      " Other -> Other end.";
  while (steady_clock::now() < limit && !server->ended()) {
    if (const auto answer = ask(ready); answer && answer->find("ready") != std::string::npos) return {};
    std::this_thread::sleep_for(milliseconds(100));
  }
  end(SIGKILL);
  return reject("sim.rabbitmq", fmt::format("RabbitMQ does not start:\n{}\n{}", end_of_log(setup.start_log()),
                                            end_of_log(setup.server_log())));
}

void RabbitMq::Impl::end(int signal) {
  if (!server) return;
  server->signal(signal);
  if (!server->wait(stop_limit)) server->stop(milliseconds(0));
  server.reset();
}

RabbitMq::RabbitMq(RabbitMqOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

RabbitMq::~RabbitMq() { stop(); }

bool RabbitMq::installed() {
  std::error_code ignored;
  return fs::exists(RabbitMqSetup::server, ignored) && fs::exists(RabbitMqSetup::caller, ignored);
}

Result<void> RabbitMq::start() {
  if (!installed()) return reject("sim.rabbitmq", "RabbitMQ is not installed: install the package rabbitmq-server");
  const std::scoped_lock lock(impl_->mutex);
  return impl_->start();
}

void RabbitMq::stop() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->end(SIGTERM);
}

void RabbitMq::kill() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->end(SIGKILL);
}

Result<void> RabbitMq::restart() {
  stop();
  return start();
}

Result<void> RabbitMq::close_connections(const std::string& user, const std::string& reason) {
  const std::scoped_lock lock(impl_->mutex);
  const auto closed = impl_->ask(fmt::format("rabbit_networking:close_all_user_connections({}, binary_to_list({})).",
                                             erlang_binary(user), erlang_binary(reason)));
  if (!closed) return failed(closed);
  return {};
}

std::uint16_t RabbitMq::port() const { return impl_->setup.port(); }

net::AmqpOptions RabbitMq::administrator() const {
  const std::scoped_lock lock(impl_->mutex);
  const auto& options = impl_->setup.options();
  net::AmqpOptions out;
  out.host = options.address == "0.0.0.0" ? "127.0.0.1" : options.address;
  out.port = options.port;
  out.tls = options.tls.has_value();
  if (options.tls) {
    const auto& chain = options.tls->chain;
    out.ca_pem = chain.empty() ? options.tls->certificate.pem() : chain.back().pem();
  }
  out.user = RabbitMqSetup::administrator;
  out.password = impl_->setup.password();
  out.connection_name = "simulator";
  return out;
}

}  // namespace kanal::sim

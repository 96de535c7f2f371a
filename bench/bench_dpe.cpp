// How fast the queue of the Service Bus is read, by REST and by AMQP 1.0, over TLS from its simulator: messages are
// locked, looked at and completed; what they mean is not read. Everything on this machine's cores.
//   bench_dpe FOLDER N
#include <atomic>
#include <filesystem>
#include <functional>
#include <iostream>

#include "base/worker_pool.hpp"
#include "bench/report.hpp"
#include "crypto/issue.hpp"
#include "sim/service_bus.hpp"
#include "transports/dpe/amqp_reader.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;
namespace dpe = kanal::transports::dpe;

constexpr std::size_t body_bytes = 4096;
constexpr const char* key = "YSBrZXkgb2YgdGhlIGJlbmNobWFyaw==";
/// As many as a round takes, and as many as complete side by side.
constexpr std::size_t round_size = 50;
constexpr int workers = 8;

/// Nobody is looked up.
class NoDirectory final : public ports::Directory {
 public:
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery&) override {
    return std::vector<ports::ServiceRecord>{};
  }
  Result<ports::DirectoryEntity> entity(const std::string&) override { return ports::DirectoryEntity{}; }
  Result<std::string> certificate(const Orgnr&) override { return std::string{}; }
};

/// A Service Bus of its own, and what it takes to read it.
class Bus {
 public:
  explicit Bus(const std::filesystem::path& folder)
      : from_(clock_.now() - std::chrono::hours(24)),
        ca_(crypto::make_ca("Bench CA", from_, from_ + std::chrono::hours(48))),
        bus_(options(), environment_),
        http_(client_options()),
        config_(*ops::Config::load({folder, {}, {}})) {
    if (auto started = bus_.start(); !started) {
      std::cerr << started.error().text() << "\n";
      std::exit(1);
    }
    settings_.organisation = "310700002";
    settings_.base_url = "https://" + bus_.host();
    settings_.policy = "MoveDPE-pilotPolicy";
    settings_.key.from_registry = false;
    settings_.key.fixed = Secret(key);
    settings_.amqp_host = "127.0.0.1";
    settings_.amqp_port = bus_.amqp_port();
    settings_.ca_pem = ca_.certificate.pem();
  }

  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      (void)bus_.state().send(settings_.own_queue(), {}, "", std::string(body_bytes, 'x')).has_value();
    }
  }
  /// Messages a second, until the queue is empty.
  double read(dpe::QueueReader& reader, int count) {
    WorkerPool pool(workers);
    int completed = 0;
    const Stopwatch watch;
    while (completed < count) {
      auto messages = reader.receive(round_size, std::chrono::seconds(1), {});
      if (!messages || messages->empty()) break;
      std::vector<std::function<void()>> tasks;
      std::atomic<int> done = 0;
      for (const auto& message : *messages) {
        tasks.emplace_back([&] {
          const auto at_lock = reader.complete(message);
          if (at_lock && *at_lock == dpe::AtLock::done) ++done;
        });
      }
      pool.run_all(std::move(tasks));
      completed += done;
    }
    return completed / watch.seconds();
  }
  double by_rest(int count) {
    dpe::SasKeySource keys(settings_.key, resources());
    dpe::BusClient client(settings_, http_, keys, clock_);
    dpe::RestReader reader(settings_.own_queue(), client);
    return read(reader, count);
  }
  double by_amqp(int count) {
    dpe::SasKeySource keys(settings_.key, resources());
    dpe::AmqpReader reader(settings_, keys, clock_, log_);
    return read(reader, count);
  }

 private:
  sim::ServiceBusOptions options() {
    sim::ServiceBusOptions out;
    out.site.tls = crypto::issue(
        ca_, {"localhost", "Bench", "", {"localhost", "127.0.0.1"}, from_, from_ + std::chrono::hours(48)});
    out.policy.key = key;
    return out;
  }
  net::ClientOptions client_options() {
    net::ClientOptions out;
    out.ca_pem = ca_.certificate.pem();
    return out;
  }
  transports::Resources resources() { return {config_, http_, directory_, identities_, clock_, log_}; }

  SystemClock clock_;
  SilentLog log_;
  sim::AuditTrail audit_{clock_};
  sim::Faults faults_;
  sim::Environment environment_{clock_, audit_, faults_, log_};
  Time from_;
  crypto::Identity ca_;
  sim::ServiceBus bus_;
  net::HttpClient http_;
  ops::Config config_;
  NoDirectory directory_;
  std::vector<crypto::Identity> identities_;
  dpe::Settings settings_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "bench_dpe FOLDER N\n";
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  const int count = std::stoi(argv[2]);
  Bus bus(folder);
  const auto measure = [&](const std::string& name, double (Bus::*read)(int), boost::json::object more) {
    bus.fill(count);
    (bus.*read)(count);  // warm
    bus.fill(count);
    more["messages"] = count;
    more["bound"] = "reader and simulator share the cores; locked, got and completed only";
    report(name, (bus.*read)(count), "1/s", std::move(more));
  };
  measure("dpe.read.rest.4k", &Bus::by_rest, {});
  measure("dpe.read.amqp.4k", &Bus::by_amqp, {{"goal", 2000}});
}

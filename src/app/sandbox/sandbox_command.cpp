#include "app/sandbox/sandbox_command.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "app/sandbox/demo.hpp"
#include "app/sandbox/sandbox.hpp"
#include "app/serve_command.hpp"
#include "app/signals.hpp"
#include "ops/logger.hpp"
#include "sim/faults.hpp"
#include "sim/national.hpp"

namespace kanal::app {
namespace {

int list_faults() {
  for (const auto& fault : sim::fault_catalogue())
    std::cout << fmt::format("{:<34} {}\n", fault.name, fault.description);
  return exit_code::good;
}

DemoPlan demo_plan(const Sandbox& sandbox) {
  DemoPlan plan;
  for (const auto& installation : sandbox.installations()) {
    DemoParty party{installation.name, installation.channel, sandbox.url(installation.name)};
    if (installation.orgnr == municipality_orgnr) {
      plan.receiver = std::move(party);
    } else {
      plan.senders.push_back(std::move(party));
    }
  }
  plan.receiver_orgnr = municipality_orgnr;
  return plan;
}

void print_installations(const Sandbox& sandbox) {
  for (const auto& installation : sandbox.installations()) {
    std::cout << fmt::format("  {:<16} {}  organisation {}{}\n", installation.name, sandbox.url(installation.name),
                             installation.orgnr,
                             installation.channel.empty() ? "" : ", channel " + installation.channel);
  }
}

void print_simulators(const Sandbox& sandbox, sim::National& national) {
  std::cout << fmt::format("  {:<16} {}\n", "Maskinporten", national.token_url());
  std::cout << fmt::format("  {:<16} {}\n", "token exchange", national.exchange_url());
  std::cout << fmt::format("  {:<16} {}\n", "Service Registry", national.registry_url());
  std::cout << fmt::format("  {:<16} {}\n", "broker", national.broker_url());
  std::cout << fmt::format("  {:<16} {}\n", "their CA", (sandbox.folder("") / "ca.pem").string());
  std::cout << "Each folder below holds a keystore and a configuration that point to them: kanal serve --folder ...\n";
}

void print_addresses(Sandbox& sandbox, bool simulators_only) {
  std::cout << (simulators_only ? "\nThe simulators are up:\n" : "\nThe sandbox is up:\n");
  if (simulators_only) {
    print_simulators(sandbox, sandbox.national());
  } else {
    print_installations(sandbox);
  }
  std::cout << fmt::format("  {:<16} {}/sim/audit\n", "audit trail", sandbox.national().broker().url());
  std::cout << fmt::format("  {:<16} {}\n", "files", sandbox.folder("").string());
}

/// Runs the demo and prints it; true when every message has all its statuses, at its sender only.
Result<bool> show_demo(Sandbox& sandbox, bool json) {
  std::ostream silent(nullptr);
  if (!json) std::cout << "\nThree letters to " << municipality_orgnr << ":\n";
  auto timelines = run_demo(demo_plan(sandbox), sandbox.http(), json ? silent : std::cout);
  if (!timelines) return failed(timelines);
  if (json) {
    std::cout << timelines_json(*timelines) << std::endl;
  } else {
    print_timelines(*timelines, std::cout);
  }
  return std::ranges::all_of(*timelines, [](const auto& timeline) { return timeline.complete(); });
}

}  // namespace

int sandbox(const SandboxOptions& options) {
  if (options.list_faults) return list_faults();
  const StopSignals signals;
  SystemClock clock;
  ops::LoggerOptions logging;
  logging.level = options.verbose ? LogLevel::info : LogLevel::error;
  const auto log = ops::make_logger(logging);
  SandboxPlan plan;
  plan.folder = options.folder;
  plan.keep = options.keep;
  plan.first_port = options.first_port;
  plan.installations = demo_installations();
  auto made = Sandbox::make(std::move(plan), clock, *log);
  if (!made) {
    std::cerr << "kanal sandbox: " << made.error().text() << "\n";
    return exit_code::failed;
  }
  auto& sandbox = **made;
  for (const auto& fault : options.faults) {
    if (auto armed = sandbox.national().faults().arm(fault, {}); !armed) {
      std::cerr << "kanal sandbox: " << armed.error().text() << "\n";
      return exit_code::configuration;
    }
  }
  if (!options.simulators_only) {
    if (auto started = sandbox.start_all(); !started) {
      std::cerr << "kanal sandbox: " << started.error().text() << "\n";
      return exit_code::failed;
    }
  }
  bool complete = true;
  if (options.demo || options.once) {
    auto shown = show_demo(sandbox, options.json);
    if (!shown) {
      std::cerr << "kanal sandbox: " << shown.error().text() << "\n";
      return exit_code::failed;
    }
    complete = *shown;
    if (!options.json) {
      std::cout
          << (complete
                  ? "\nEvery message has all five statuses, at its sender only.\n"
                  : "\nNot every message reached its final status; see kanal.log in the installations' folders.\n");
    }
  }
  if (!options.once) {
    print_addresses(sandbox, options.simulators_only);
    std::cout << "Ctrl-C ends it.\n" << std::flush;
    signals.wait();
  }
  return complete ? exit_code::good : exit_code::failed;
}

}  // namespace kanal::app

#include "app/sandbox/sandbox_command.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "app/installation.hpp"
#include "app/sandbox/demo.hpp"
#include "app/sandbox/duplicate.hpp"
#include "app/sandbox/overview.hpp"
#include "app/sandbox/sandbox.hpp"
#include "app/serve_command.hpp"
#include "app/signals.hpp"
#include "ops/logger.hpp"
#include "sim/faults.hpp"
#include "sim/national.hpp"

namespace kanal::app {
namespace {

int list_faults() {
  std::cout << fmt::format("{:<34} {}\n", duplicate_main,
                           "a second installation of the agency without a channel takes what is the first one's");
  for (const auto& fault : sim::fault_catalogue())
    std::cout << fmt::format("{:<34} {}\n", fault.name, fault.description);
  return exit_code::good;
}

DemoPlan demo_plan(const Sandbox& sandbox) {
  DemoPlan plan;
  for (const auto& installation : sandbox.installations()) {
    DemoParty party{installation.name, installation.channel, sandbox.url(installation.name),
                    !installation.einnsyn_mode.empty()};
    if (installation.name == duplicate_name) continue;
    if (installation.orgnr == municipality_orgnr) {
      plan.receivers.push_back({std::move(party),
                                installation.orgnr,
                                "DPO",
                                true,
                                true,
                                {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"}});
    } else if (installation.only_dpf) {
      plan.receivers.push_back(
          {std::move(party), installation.orgnr, "DPF", false, false, {"OPPRETTET", "SENDT", "LEVERT", "LEST"}});
    } else if (installation.orgnr == einnsyn_orgnr) {
      plan.einnsyn = std::move(party);
      plan.einnsyn_orgnr = installation.orgnr;
    } else {
      plan.senders.push_back(std::move(party));
    }
  }
  plan.orgnr = agency_orgnr;
  plan.mailbox_resident = mailbox_resident;
  plan.paper_resident = paper_resident;
  plan.altinn_resident = altinn_resident;
  plan.altinn_orgnr = company_orgnr;
  if (!plan.senders.empty() && !plan.receivers.empty()) {
    DemoAccounts accounts{sandbox.account_of(plan.senders.front().name),
                          sandbox.account_of(plan.receivers.front().party.name)};
    if (!accounts.sender.empty() && !accounts.receiver.empty()) plan.fiks_io = std::move(accounts);
  }
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
  std::cout << fmt::format("  {:<16} {}\n", "SvarUt", national.svarut_url());
  std::cout << fmt::format("  {:<16} {}\n", "SvarInn", national.svarinn_url());
  std::cout << fmt::format("  {:<16} {}, AMQP 1.0 on port {}\n", "Service Bus", national.service_bus().url(),
                           national.service_bus().amqp_port());
  if (national.has_fiks_io()) {
    const auto& fiks_io = national.fiks_io();
    std::cout << fmt::format("  {:<16} {}, queues at {}:{}\n", "Fiks IO", fiks_io.url(), fiks_io.amqp_host(),
                             fiks_io.amqp_port());
  }
  std::cout << fmt::format("  {:<16} {}\n", "their CA", (sandbox.folder("") / "ca.pem").string());
  std::cout << "Each folder below holds a keystore and a configuration that point to them: kanal serve --folder ...\n";
}

/// The page over all installations: an address of its own between the installations' and the simulators' ones.
Result<std::unique_ptr<Overview>> open_overview(Sandbox& sandbox, std::uint16_t first_port, Log& log) {
  std::vector<OverviewParty> parties;
  for (const auto& one : sandbox.installations()) {
    parties.push_back({one.name, sandbox.url(one.name), one.orgnr, one.channel});
  }
  const int port = first_port == 0 ? 0 : first_port + 9;
  return Overview::start(std::move(parties), version(), static_cast<std::uint16_t>(port), sandbox.http(), log);
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
  if (!json)
    std::cout << "\nLetters to two municipalities, to residents and to a company, and a journal to eInnsyn, a question "
                 "by Fiks IO:\n";
  auto outcome = run_demo(demo_plan(sandbox), sandbox.http(), json ? silent : std::cout);
  if (!outcome) return failed(outcome);
  if (json) {
    std::cout << outcome_json(*outcome) << std::endl;
  } else {
    print_outcome(*outcome, std::cout);
  }
  return outcome->complete();
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
  auto faults = options.faults;
  const bool duplicate = std::erase(faults, std::string(duplicate_main)) > 0;
  if (duplicate) plan.installations.push_back({std::string(duplicate_name), agency_orgnr, "", {}});
  auto made = Sandbox::make(std::move(plan), clock, *log);
  if (!made) {
    std::cerr << "kanal sandbox: " << made.error().text() << "\n";
    return exit_code::failed;
  }
  auto& sandbox = **made;
  for (const auto& fault : faults) {
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
  // Two that take each other's answers would keep the demo waiting.
  if ((options.demo || options.once) && !duplicate) {
    auto shown = show_demo(sandbox, options.json);
    if (!shown) {
      std::cerr << "kanal sandbox: " << shown.error().text() << "\n";
      return exit_code::failed;
    }
    complete = *shown;
    if (!options.json) {
      std::cout
          << (complete
                  ? "\nEvery message has all its statuses, at its sender only.\n"
                  : "\nNot every message reached its final status; see kanal.log in the installations' folders.\n");
    }
  }
  if (duplicate && !options.simulators_only) {
    std::cout << "\nThe agency has two installations without a channel now. Letters go to and fro until they meet:\n"
              << std::flush;
    auto found = meet_the_duplicate(sandbox, std::cout);
    if (!found) {
      std::cerr << "kanal sandbox: " << found.error().text() << "\n";
      return exit_code::failed;
    }
    complete = complete && *found;
  }
  if (!options.once) {
    std::unique_ptr<Overview> overview;
    if (!options.simulators_only) {
      auto opened = open_overview(sandbox, options.first_port, *log);
      if (!opened) {
        std::cerr << "kanal sandbox: " << opened.error().text() << "\n";
        return exit_code::failed;
      }
      overview = std::move(*opened);
    }
    print_addresses(sandbox, options.simulators_only);
    if (overview) std::cout << fmt::format("  {:<16} {}\n", "the page", overview->url());
    std::cout << "Ctrl-C ends it.\n" << std::flush;
    signals.wait();
  }
  return complete ? exit_code::good : exit_code::failed;
}

}  // namespace kanal::app

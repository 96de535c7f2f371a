// What benchmarks of whole installations share: a sandbox, random files, patience.
#pragma once

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "app/case_system.hpp"
#include "app/sandbox/sandbox.hpp"
#include "bench/report.hpp"

namespace kanal::bench {

constexpr std::uint64_t largest = std::uint64_t{16} << 30;

inline std::string random_text(std::size_t size) {
  std::mt19937_64 random(1);
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

/// What every installation is set to, besides what the sandbox writes.
inline std::map<std::string, std::string> usual_settings() {
  return {{"kanal.send.workers", "16"},
          {"kanal.log.level", "error"},
          {"difi.move.dpo.upload-size-limit", std::to_string(largest)}};
}

/// An agency and a municipality.
inline std::vector<app::InstallationPlan> usual_installations() {
  return {{"agency", app::agency_orgnr, "", usual_settings()},
          {"municipality", app::municipality_orgnr, "", usual_settings()}};
}

/// A sandbox whose installations are not started.
struct Stage {
  SystemClock clock;
  SilentLog log;
  std::unique_ptr<app::Sandbox> sandbox;

  Stage(const std::string& folder, const std::string& program,
        std::vector<app::InstallationPlan> installations = usual_installations()) {
    app::SandboxPlan plan;
    plan.folder = folder;
    plan.program = program;
    plan.polling = std::chrono::milliseconds(50);
    plan.largest_transfer = largest;
    plan.installations = std::move(installations);
    auto made = app::Sandbox::make(std::move(plan), clock, log);
    if (!made) {
      std::cerr << made.error().text() << "\n";
      std::exit(1);
    }
    sandbox = std::move(*made);
  }
  void start(const std::string& name, const std::vector<std::string>& settings = {}) {
    if (auto started = sandbox->start(name, settings); !started) {
      std::cerr << started.error().text() << "\n";
      std::exit(1);
    }
  }
  /// Number of conversations that match.
  std::int64_t count(const std::string& name, const std::string& query) {
    net::ClientRequest request;
    request.url = sandbox->url(name) + query;
    const auto answer = sandbox->http().send(request);
    if (!answer) return 0;
    const auto at = answer->body.find("\"totalElements\" : ");
    std::int64_t total = 0;
    if (at != std::string::npos)
      std::from_chars(answer->body.data() + at + 18, answer->body.data() + answer->body.size(), total);
    return total;
  }
};

constexpr int clients = 32;

/// Sends `count` letters of the agency with 32 clients; gives seconds until the last 200.
inline double submit_many(Stage& stage, int count, const std::function<app::Letter()>& make) {
  std::atomic<int> next{0};
  std::atomic<int> refused{0};
  const Stopwatch watch;
  std::vector<std::jthread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      app::CaseSystem client(stage.sandbox->url("agency"), stage.sandbox->http());
      while (next++ < count) {
        if (auto sent = client.send_multipart(make()); !sent && refused++ == 0)
          std::cerr << sent.error().text() << "\n";
      }
    });
  }
  threads.clear();
  if (refused > 0) std::cerr << refused << " messages were refused\n";
  return watch.seconds();
}

/// Five minutes at most.
inline void wait_for(const std::function<bool()>& done) {
  const Stopwatch watch;
  while (!done() && watch.seconds() < 300) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// What is measured, and against what.
struct Measured {
  std::string service;  ///< `dpi`
  std::string size;     ///< of a document: `10k`
  int goal = 0;         ///< messages a second
  std::string bound;
};

/// The agency, which runs, sends `count` of what `make` gives: until all are accepted, and until all have left.
inline void measure_outbound(Stage& stage, const Measured& measured, int count,
                             const std::function<app::Letter()>& make) {
  const pid_t pid = stage.sandbox->process("agency")->pid();
  const double used = processor_time(pid);
  const Stopwatch watch;
  const double submitted = submit_many(stage, count, make);
  wait_for([&] { return stage.count("agency", "/api/statuses?status=SENDT&size=1") >= count; });
  const double seconds = watch.seconds();
  report(measured.service + ".submit." + measured.size, count / submitted, "1/s", {{"clients", clients}});
  report(measured.service + ".outbound." + measured.size, count / seconds, "1/s",
         {{"goal", measured.goal},
          {"messages", count},
          {"installation_ms_each", (processor_time(pid) - used) * 1e3 / count},
          {"bound", measured.bound}});
}

/// `receiver` is started, and takes the `count` messages that wait for it.
inline void measure_inbound(Stage& stage, const Measured& measured, int count, const std::string& receiver) {
  constexpr const char* received = "/api/statuses?status=INNKOMMENDE_MOTTATT&size=1";
  const Stopwatch watch;
  stage.start(receiver);
  wait_for([&] { return stage.count(receiver, received) >= count; });
  const double seconds = watch.seconds();
  report(measured.service + ".inbound." + measured.size, static_cast<double>(stage.count(receiver, received)) / seconds,
         "1/s",
         {{"goal", measured.goal},
          {"messages", count},
          {"installation_ms_each", processor_time(stage.sandbox->process(receiver)->pid()) * 1e3 / count},
          {"bound", measured.bound}});
}

}  // namespace kanal::bench

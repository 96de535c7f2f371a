// The client API alone: nothing is sent on, so what is measured is what a case system waits for.
//   bench_api FOLDER KANAL [--database URL] [submit N] [list ROWS] [connections N]
// `submit` and `list ROWS` are compared with each other when both are given: submit on an empty and on a full store.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <numeric>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "app/case_system.hpp"
#include "app/sandbox/sandbox.hpp"
#include "base/ids.hpp"
#include "base/reserved_port.hpp"
#include "bench/raw_client.hpp"
#include "bench/report.hpp"
#include "bench/stored_history.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;
using namespace std::chrono;

constexpr std::size_t file_bytes = 10'000;
constexpr int clients = 32;
constexpr const char* not_sending = "--app.scheduling.enable=false";

struct Latency {
  double p50_ms = 0;
  double p99_ms = 0;
};

Latency latency_of(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::ranges::sort(seconds);
  const auto at = [&](double part) {
    return 1000 *
           seconds[std::min(seconds.size() - 1, static_cast<std::size_t>(part * static_cast<double>(seconds.size())))];
  };
  return {at(0.5), at(0.99)};
}

/// A whole request of the one-shot way with one random file and an arkivmelding.xml.
std::string submit_request(const std::string& content) {
  constexpr std::string_view boundary = "kanal-bench-boundary";
  app::Letter letter;
  letter.receiver = std::string("0192:") + app::municipality_orgnr;
  letter.files.push_back({"brev.pdf", "application/pdf", content});
  std::string body;
  const auto part = [&](std::string_view disposition, std::string_view type, std::string_view text) {
    body += fmt::format("--{}\r\nContent-Disposition: form-data; {}\r\nContent-Type: {}\r\n\r\n{}\r\n", boundary,
                        disposition, type, text);
  };
  part("name=\"sbd\"", "application/json", boost::json::serialize(app::make_sbd(letter)));
  part("name=\"Arkivmelding\"; filename=\"arkivmelding.xml\"", "application/xml", app::make_arkivmelding_xml(letter));
  part("name=\"Brev\"; filename=\"brev.pdf\"", "application/pdf", content);
  body += fmt::format("--{}--\r\n", boundary);
  return fmt::format(
      "POST /api/messages/out/multipart HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
      "boundary={}\r\n"
      "Content-Length: {}\r\n\r\n{}",
      boundary, body.size(), body);
}

std::string random_text(std::size_t size) {
  std::mt19937_64 random(1);
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

class Stage {
 public:
  Stage(const std::string& folder, const std::string& program, std::string database)
      : program_(program), database_(std::move(database)) {
    app::SandboxPlan plan;
    plan.folder = folder;
    plan.program = program;
    plan.installations = {
        {"agency",
         app::agency_orgnr,
         "",
         {{"kanal.log.level", "error"}, {"kanal.http.max-connections", "4000"}, {"kanal.http.workers", "16"}}},
        {"municipality", app::municipality_orgnr, "", {}}};  // only known to the registry
    if (!database_.empty()) plan.installations[0].settings["difi.datasource.url"] = database_;
    auto made = app::Sandbox::make(std::move(plan), clock_, log_);
    if (!made) fail(made.error());
    sandbox_ = std::move(*made);
  }
  void start() {
    if (auto started = sandbox_->start("agency", {not_sending}); !started) fail(started.error());
  }
  void stop() { sandbox_->stop("agency"); }
  [[nodiscard]] std::uint16_t port() const { return port_of(sandbox_->url("agency")); }
  [[nodiscard]] std::string suffix() const { return database_.empty() ? "sqlite" : "postgresql"; }
  [[nodiscard]] std::string database() const {
    return database_.empty() ? (sandbox_->folder("agency") / "kanal-data" / "kanal.db").string() : database_;
  }
  /// The same installation behind TLS; the process ends with what is returned.
  ChildProcess start_with_tls(std::uint16_t port) {
    const auto folder = sandbox_->folder("agency");
    auto started = ChildProcess::start(
        program_,
        {"--folder", folder.string(), "serve", not_sending, "--difi.ssl.enabled=true",
         "--difi.ssl.key-store=${difi.move.org.keystore.path}", "--difi.ssl.key-store-type=PKCS12",
         "--difi.ssl.key-store-password=${difi.move.org.keystore.password}",
         "--difi.ssl.key-alias=${difi.move.org.keystore.alias}", fmt::format("--server.port={}", port)},
        folder / "tls.log");
    if (!started) fail(started.error());
    return std::move(*started);
  }

 private:
  [[noreturn]] static void fail(const Error& error) {
    std::cerr << error.text() << "\n";
    std::exit(1);
  }
  static std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  SystemClock clock_;
  SilentLog log_;
  std::string program_;
  std::string database_;
  std::unique_ptr<app::Sandbox> sandbox_;
};

struct Submitted {
  double per_second = 0;
  Latency latency;
};

/// `rate` 0: as fast as `clients` connections go. Else an open loop: latency counts from when a request was due.
Submitted submit(std::uint16_t port, int count, double rate, SSL_CTX* tls = nullptr) {
  const std::string request = submit_request(random_text(file_bytes));
  std::atomic<int> next{0};
  std::atomic<int> refused{0};
  std::vector<std::vector<double>> seconds(clients);
  const Stopwatch watch;
  std::vector<std::jthread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      RawClient client(port, tls);
      for (;;) {
        const int number = next++;
        if (number >= count) return;
        double due = watch.seconds();
        if (rate > 0) {
          const double planned = number / rate;
          if (planned > due) std::this_thread::sleep_for(duration<double>(planned - due));
          due = planned;
        }
        if (client.exchange(request) != 200) ++refused;
        seconds[static_cast<std::size_t>(i)].push_back(watch.seconds() - due);
      }
    });
  }
  threads.clear();
  const double total = watch.seconds();
  if (refused > 0) std::cerr << refused << " messages were refused\n";
  std::vector<double> all;
  for (const auto& some : seconds) all.insert(all.end(), some.begin(), some.end());
  return {count / total, latency_of(std::move(all))};
}

double report_submit(Stage& stage, int count, const std::string& when) {
  submit(stage.port(), count / 10, 0);  // warm
  const auto done = submit(stage.port(), count, 0);
  report("submit." + when + "." + stage.suffix(), done.per_second, "1/s",
         {{"goal", 1500},
          {"clients", clients},
          {"p50_ms", done.latency.p50_ms},
          {"p99_ms", done.latency.p99_ms},
          {"bound", "two messages' worth of hashing, sealing and rows each; one durable commit per group"}});
  return done.per_second;
}

void list(Stage& stage, std::int64_t rows) {
  constexpr int requests = 1000;
  struct Case {
    std::string name;
    std::function<std::string(int)> path;
  };
  const std::vector<Case> cases = {
      {"newest", [](int) { return std::string("/api/conversations"); }},
      {"outgoing_open", [](int) { return std::string("/api/conversations?direction=OUTGOING&finished=false"); }},
      {"by_message_id", [&](int i) { return "/api/conversations?messageId=" + stored_message_id((i * 7919) % rows); }},
      {"one", [&](int i) { return "/api/conversations/messageId/" + stored_message_id((i * 7919) % rows / 2 * 2); }},
      {"statuses", [&](int i) { return "/api/statuses/" + stored_message_id((i * 104729) % rows); }}};
  for (const auto& one : cases) {
    RawClient client(stage.port());
    std::vector<double> seconds;
    int wrong = 0;
    const Stopwatch total;
    for (int i = 0; i < requests; ++i) {
      const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", one.path(i));
      const Stopwatch watch;
      if (client.exchange(request) != 200) ++wrong;
      seconds.push_back(watch.seconds());
    }
    if (wrong > 0) std::cerr << wrong << " lists were refused\n";
    const auto latency = latency_of(std::move(seconds));
    report("list." + one.name + "." + stage.suffix(), latency.p99_ms, "ms p99",
           {{"goal", 5}, {"p50_ms", latency.p50_ms}, {"rows", rows}, {"per_second", requests / total.seconds()}});
  }
}

void connections(Stage& stage, int count) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const ReservedPort reserved;
  const auto port = reserved.number();
  auto process = stage.start_with_tls(port);
  for (int i = 0; i < 500 && !RawClient(port, tls.get()).open(); ++i) std::this_thread::sleep_for(milliseconds(10));
  constexpr int messages = 2000;
  submit(port, messages / 10, 0, tls.get());
  const auto full = submit(port, messages, 0, tls.get());
  const double half = full.per_second / 2;
  const auto alone = submit(port, messages, half, tls.get());
  std::vector<std::unique_ptr<RawClient>> idle;
  const Stopwatch opening;
  for (int i = 0; i < count; ++i) {
    idle.push_back(std::make_unique<RawClient>(port, tls.get()));
    if (!idle.back()->open()) {
      std::cerr << "only " << i << " connections could be opened\n";
      break;
    }
  }
  report("connections.handshakes." + stage.suffix(), count / opening.seconds(), "1/s",
         {{"bound", "one RSA-2048 signature each"}});
  const auto beside = submit(port, messages, half, tls.get());
  report("connections.p99." + stage.suffix(), beside.latency.p99_ms, "ms p99",
         {{"goal", 2 * alone.latency.p99_ms},
          {"idle", count},
          {"rate", half},
          {"alone_p99_ms", alone.latency.p99_ms},
          {"ratio", beside.latency.p99_ms / alone.latency.p99_ms}});
  report("connections.resident." + stage.suffix(), memory(process.pid(), "VmRSS"), "MB", {{"goal", 200}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_api FOLDER KANAL [--database URL] [submit N] [list ROWS] [connections N]\n";
    return 2;
  }
  int at = 3;
  std::string database;
  if (at + 1 < argc && std::string(argv[at]) == "--database") {
    database = argv[at + 1];
    at += 2;
  }
  Stage stage(argv[1], argv[2], database);
  double empty_store = 0;
  int submitted = 0;
  for (; at + 1 < argc; at += 2) {
    const std::string what = argv[at];
    const auto number = std::stoll(argv[at + 1]);
    if (what == "submit") {
      stage.start();
      submitted = static_cast<int>(number);
      empty_store = report_submit(stage, submitted, "empty");
      stage.stop();
    }
    if (what == "list") {
      stage.start();
      stage.stop();
      if (!store_history(stage.database(), number)) return 1;
      stage.start();
      list(stage, number);
      if (submitted > 0) {
        const double full = report_submit(stage, submitted, "full");
        report("submit.full_to_empty." + stage.suffix(), full / empty_store, "ratio",
               {{"goal", 0.9}, {"rows", number}});
      }
      stage.stop();
    }
    if (what == "connections") connections(stage, static_cast<int>(number));
  }
}

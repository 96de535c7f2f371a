// Whole messages through real installations and simulators over TLS, everything on this machine's cores:
//   bench_flow FOLDER KANAL [idle] [outbound N] [inbound N] [large BYTES]
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "app/case_system.hpp"
#include "bench/stage.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;
using namespace std::chrono;

constexpr std::size_t message_bytes = 100'000;

void idle(Stage& stage) {
  const Stopwatch watch;
  stage.start("agency");
  const double ready = watch.seconds();
  std::this_thread::sleep_for(seconds(5));
  const pid_t pid = stage.sandbox->process("agency")->pid();
  report("idle.ready", ready, "s", {{"goal", 0.1}, {"bound", "process start, keystore, migration, first answer"}});
  report("idle.resident", memory(pid, "VmRSS"), "MB", {{"goal", 32}});
}

/// To the municipality; gives seconds until the last 200.
double submit_many(Stage& stage, int count) {
  const std::string content = random_text(message_bytes);
  return submit_many(stage, count, [&] {
    app::Letter letter;
    letter.receiver = std::string("0192:") + app::municipality_orgnr;
    letter.files.push_back({"brev.pdf", "application/pdf", content});
    return letter;
  });
}

void outbound(Stage& stage, int count) {
  stage.start("agency");
  submit_many(stage, 50);  // warm
  const auto before = stage.count("agency", "/api/statuses?status=SENDT&size=1");
  const Stopwatch watch;
  const double submitted = submit_many(stage, count);
  wait_for([&] { return stage.count("agency", "/api/statuses?status=SENDT&size=1") >= before + count; });
  const double seconds = watch.seconds();
  report(
      "submit.100k", count / submitted, "1/s",
      {{"clients", clients}, {"bound", "TLS-less HTTP, spool fsync, group commit; load generator on the same cores"}});
  report(
      "outbound.100k", count / seconds, "1/s",
      {{"goal", 1000}, {"messages", count}, {"bound", "both cores: client, installation and simulators share them"}});
}

void inbound(Stage& stage, int count) {
  const auto waiting = stage.count("agency", "/api/statuses?status=SENDT&size=1");
  const Stopwatch watch;
  stage.start("municipality");
  wait_for([&] { return stage.count("municipality", "/api/statuses?status=INNKOMMENDE_MOTTATT&size=1") >= waiting; });
  const double stored = watch.seconds();
  report("inbound.stored.100k", static_cast<double>(waiting) / stored, "1/s",
         {{"goal", 800},
          {"messages", waiting},
          {"bound", "RSA decryption, TLS, fsync; status answers leave at the same time"}});
  std::atomic<int> taken{0};
  const Stopwatch taking;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      app::CaseSystem client(stage.sandbox->url("municipality"), stage.sandbox->http());
      for (;;) {
        auto peeked = client.peek();
        if (!peeked || !*peeked) return;
        auto popped = client.pop((*peeked)->message_id);
        if (popped && client.remove((*peeked)->message_id)) ++taken;
      }
    });
  }
  threads.clear();
  report("inbound.client.100k", taken / taking.seconds(), "1/s",
         {{"messages", taken.load()}, {"expected", waiting}, {"count_asked", count}});
}

class Discard final : public Sink {
 public:
  Result<void> write(ByteView) override { return {}; }
  Result<void> finish() override { return {}; }
};

void large(Stage& stage, std::uint64_t bytes) {
  stage.start("agency");
  stage.start("municipality");
  const auto path = stage.sandbox->folder("") / "large.bin";
  {
    std::ofstream file(path, std::ios::binary);
    const std::string block = random_text(std::size_t{1} << 20);
    for (std::uint64_t written = 0; written < bytes; written += block.size()) file << block;
  }
  app::CaseSystem sender(stage.sandbox->url("agency"), stage.sandbox->http());
  app::CaseSystem receiver(stage.sandbox->url("municipality"), stage.sandbox->http());
  while (true) {
    auto left = receiver.peek();
    if (!left || !*left || !receiver.remove((*left)->message_id)) break;
  }
  app::Letter letter;
  letter.receiver = std::string("0192:") + app::municipality_orgnr;
  letter.files.push_back({"large.bin", "application/octet-stream", {}, path});
  const Stopwatch watch;
  auto id = sender.send(letter);
  if (!id) {
    std::cerr << id.error().text() << "\n";
    return;
  }
  const double uploaded = watch.seconds();
  std::optional<app::Peeked> peeked;
  while (!peeked && watch.seconds() < 900) {
    auto found = receiver.peek();
    if (found && *found) peeked = std::move(**found);
    std::this_thread::sleep_for(milliseconds(50));
  }
  if (!peeked) {
    std::cerr << "the large message did not arrive\n";
    return;
  }
  const double arrived = watch.seconds();
  Discard discard;
  auto popped = receiver.pop_into(peeked->message_id, discard);
  const double seconds = watch.seconds();
  if (!popped || !receiver.remove(peeked->message_id)) std::cerr << "pop failed\n";
  const double gigabytes = static_cast<double>(bytes) / 1e9;
  report("large.end_to_end", gigabytes / seconds, "GB/s",
         {{"goal", 0.3},
          {"gigabytes", gigabytes},
          {"upload_s", uploaded},
          {"arrived_s", arrived},
          {"popped_s", seconds},
          {"bound", "MD5 on both sides, AES-CBC, and four passes over the disk, on two cores with everything"}});
  report("large.upload", gigabytes / uploaded, "GB/s",
         {{"bound", "hashing, sealing, disk; the client shares the cores"}});
  report("large.pop", gigabytes / (seconds - arrived), "GB/s",
         {{"bound", "reading, unsealing; the client shares the cores"}});
  for (const auto* name : {"agency", "municipality"}) {
    report(std::string("large.peak_resident.") + name, memory(stage.sandbox->process(name)->pid(), "VmHWM"), "MB",
           {{"goal", 96}});
  }
  std::filesystem::remove(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_flow FOLDER KANAL [idle] [outbound N] [inbound N] [large BYTES]\n";
    return 2;
  }
  Stage stage(argv[1], argv[2]);
  for (int i = 3; i < argc; ++i) {
    const std::string what = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::stoull(argv[++i]) : 0; };
    if (what == "idle") idle(stage);
    if (what == "outbound") outbound(stage, static_cast<int>(number()));
    if (what == "inbound") inbound(stage, static_cast<int>(number()));
    if (what == "large") large(stage, number());
  }
}

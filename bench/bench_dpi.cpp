// Post to residents through a real installation, corner 2 and its suppliers, over TLS, on this machine's cores:
//   bench_dpi FOLDER KANAL [outbound N] [receipts] [poll CHANNELS]
#include "bench/stage.hpp"
#include "sim/national.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;
using namespace std::chrono;

constexpr std::size_t letter_bytes = 20'000;

/// Nothing is delivered by itself.
void silence_suppliers(Stage& stage) {
  auto& corner2 = stage.sandbox->national().corner2().state();
  auto rules = corner2.rules();
  rules.delivery_delay = hours(24 * 365);
  corner2.set_rules(rules);
}

void outbound(Stage& stage, int count) {
  stage.start("agency");
  silence_suppliers(stage);
  const std::string content = random_text(letter_bytes);
  measure_outbound(
      stage,
      {"dpi", "20k", 800, "two RSA signatures and one RSA encryption per letter, and as much again in the simulator"},
      count, [&] {
        return app::letter_to_resident("digital", app::mailbox_resident, {{"brev.pdf", "application/pdf", content}});
      });
}

/// A delivery receipt for everything that was sent, waiting when the installation starts.
void receipts(Stage& stage) {
  stage.sandbox->stop("agency");
  auto& corner2 = stage.sandbox->national().corner2().state();
  const auto messages = corner2.messages(1'000'000);
  for (const auto& message : messages) {
    sim::ManualReceipt receipt;
    receipt.message_id = message.message.id;
    receipt.order.type = "leveringskvittering";
    receipt.order.time = stage.clock.now();
    if (auto queued = corner2.queue(receipt); !queued) std::cerr << queued.error().text() << "\n";
  }
  const auto count = static_cast<std::int64_t>(messages.size());
  stage.start("agency");
  const Stopwatch watch;
  const auto before = stage.count("agency", "/api/statuses?status=LEVERT&size=1");
  const auto unread = [&] {
    const auto all = corner2.receipts(static_cast<std::size_t>(count));
    return std::ranges::count_if(all, [](const auto& receipt) { return !receipt->read; });
  };
  wait_for([&] { return stage.count("agency", "/api/statuses?status=LEVERT&size=1") >= count && unread() == 0; });
  const double seconds = watch.seconds();
  const double used = processor_time(stage.sandbox->process("agency")->pid());
  report("dpi.receipts", static_cast<double>(count - before) / seconds, "1/s",
         {{"goal", 2000},
          {"receipts", count - before},
          {"installation_ms_each", used * 1e3 / static_cast<double>(count)},
          {"bound", "one request each to mark it read, and the simulator on the same cores"}});
}

/// What it costs to ask many channels that have nothing.
void poll(Stage& stage, int channels) {
  stage.sandbox->stop("agency");
  stage.start("agency", {"--difi.move.dpi.mpcId=bench", "--difi.move.dpi.mpcConcurrency=" + std::to_string(channels)});
  const pid_t pid = stage.sandbox->process("agency")->pid();
  const auto& corner2 = stage.sandbox->national().corner2().state();
  std::this_thread::sleep_for(seconds(2));
  const auto asked = corner2.polls();
  const double used = processor_time(pid);
  const Stopwatch watch;
  std::this_thread::sleep_for(seconds(10));
  const auto questions = static_cast<double>(corner2.polls() - asked);
  report("dpi.poll.channels", (processor_time(pid) - used) * 1e6 / questions, "us/question",
         {{"channels", channels},
          {"questions_per_second", questions / watch.seconds()},
          {"seconds_per_round", channels / (questions / watch.seconds())},
          {"bound", "one request per channel over a kept connection"}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_dpi FOLDER KANAL [outbound N] [receipts] [poll CHANNELS]\n";
    return 2;
  }
  Stage stage(argv[1], argv[2]);
  for (int i = 3; i < argc; ++i) {
    const std::string what = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::stoi(argv[++i]) : 0; };
    if (what == "outbound") outbound(stage, number());
    if (what == "receipts") receipts(stage);
    if (what == "poll") poll(stage, number());
  }
}

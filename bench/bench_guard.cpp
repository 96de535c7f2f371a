// What the channel guard costs for each item that a service offers: the verdict alone, and with its row in the store.
//   bench_guard FOLDER
#include <filesystem>
#include <iostream>

#include "bench/report.hpp"
#include "flow/channel_guard.hpp"
#include "store/spool/spool.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

constexpr int items = 20'000;
/// As many as a round writes together.
constexpr int together = 32;

ports::RemoteItem item_of(int number) {
  ports::RemoteItem item;
  item.service = ServiceIdentifier("DPO");
  item.inbox = "0192:310700002";
  item.remote_id = new_uuid();
  item.channel_seen = number % 2 == 0 ? "kanal" : "another";
  item.sender = "0192:310701378";
  return item;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "bench_guard FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  SystemClock clock;
  SilentLog log;
  crypto::Key256 key{};
  key.fill(std::byte{0x5a});
  auto spool = store::open_spool({folder / "spool", key, 16});
  if (!spool) {
    std::cerr << spool.error().text() << "\n";
    return 1;
  }
  auto store = store::open_sqlite_store({folder / "kanal.db", 4}, **spool, clock, log);
  if (!store) {
    std::cerr << store.error().text() << "\n";
    return 1;
  }
  const flow::ChannelGuard guard(**store, clock, log);
  ports::Descriptor service;
  service.service = ServiceIdentifier("DPO");
  service.isolation = domain::Isolation::by_channel;
  const ports::Inbox inbox{"0192:310700002", {"kanal", {"former"}, false}};
  std::vector<ports::RemoteItem> all;
  all.reserve(items);
  for (int i = 0; i < items; ++i) all.push_back(item_of(i));

  const Stopwatch classifying;
  int ours = 0;
  for (auto& item : all) {
    item.verdict = guard.classify(service, inbox, item);
    ours += item.verdict == domain::Verdict::ours ? 1 : 0;
  }
  report("guard.classify", classifying.seconds() * 1e6 / items, "us/item", {{"items", items}, {"ours", ours}});

  const Stopwatch writing;
  for (int at = 0; at < items; at += together) {
    auto written = (*store)->write([&](ports::Txn& txn) -> Result<void> {
      for (int i = at; i < std::min(at + together, items); ++i) {
        if (auto put = txn.put(all[static_cast<std::size_t>(i)]); !put) return put;
      }
      return {};
    });
    if (!written) {
      std::cerr << written.error().text() << "\n";
      return 1;
    }
  }
  report("guard.verdict_stored", writing.seconds() * 1e6 / items, "us/item",
         {{"items", items}, {"together", together}, {"bound", "one durable commit for 32 verdicts"}});
}

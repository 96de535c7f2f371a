#include "app/sandbox/demo.hpp"

#include <algorithm>
#include <array>
#include <thread>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/time.hpp"

namespace kanal::app {
namespace {

namespace json = boost::json;
using namespace std::chrono;

constexpr std::array<std::string_view, 5> wanted = {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
constexpr milliseconds look_interval{100};

/// `10:15:30.123` of an ISO time.
std::string clock_time(const std::string& iso) {
  const auto t = iso.find('T');
  if (t == std::string::npos) return iso;
  auto text = iso.substr(t + 1);
  text.resize(std::min(text.size(), text.find_first_of("+Z")));
  if (text.size() == 8) text += ".000";
  text.resize(12, '0');
  return text;
}

/// The receiver's client: takes everything that waits and answers ordinary messages with a receipt.
Result<int> serve_receiver(CaseSystem& client, std::ostream& progress) {
  int handled = 0;
  for (;;) {
    auto peeked = client.peek();
    if (!peeked) return failed(peeked);
    if (!*peeked) return handled;
    const auto& message = **peeked;
    auto package = client.pop(message.message_id);
    if (!package) return failed(package);
    if (auto removed = client.remove(message.message_id); !removed) return failed(removed);
    ++handled;
    if (message.type != "arkivmelding") continue;
    progress << fmt::format("  municipality    popped {} ({} bytes of ASiC-E), answers with a receipt\n",
                            message.message_id, *package ? (*package)->size() : 0);
    if (auto answered = client.send_receipt(message, "OK"); !answered) return failed(answered);
  }
}

/// A sender's client: fetches receipts, as an archive system does.
Result<void> fetch_receipts(CaseSystem& client, std::vector<DemoTimeline>& timelines) {
  for (;;) {
    auto peeked = client.peek();
    if (!peeked) return failed(peeked);
    if (!*peeked) return {};
    const auto at = std::ranges::find(timelines, (*peeked)->related_to, &DemoTimeline::message_id);
    if (at != timelines.end() && at->sender.url == client.url()) at->receipt_received = true;
    if (auto removed = client.remove((*peeked)->message_id); !removed) return failed(removed);
  }
}

}  // namespace

bool DemoTimeline::complete() const {
  return receipt_received && seen_elsewhere.empty() && statuses.size() == wanted.size() &&
         std::ranges::all_of(wanted, [&](std::string_view name) {
           return std::ranges::count(statuses, name, &SeenStatus::status) == 1;
         });
}

Result<std::vector<DemoTimeline>> run_demo(const DemoPlan& plan, net::HttpClient& http, std::ostream& progress) {
  std::vector<DemoTimeline> timelines;
  for (const auto& sender : plan.senders) {
    CaseSystem client(sender.url, http);
    Letter letter;
    letter.receiver = "0192:" + plan.receiver_orgnr;
    letter.title = fmt::format("Brev fra {}", sender.name);
    letter.files.push_back({"brev.pdf", "application/pdf", make_pdf(fmt::format("Letter from {}", sender.name))});
    auto id = client.send(letter);
    if (!id) return failed(std::move(id).error(), sender.name);
    progress << fmt::format("  {:<15} sent {}{}\n", sender.name, *id,
                            sender.channel.empty() ? "" : " on channel " + sender.channel);
    timelines.push_back({sender, *id, {}, {}, false});
  }
  CaseSystem receiver(plan.receiver.url, http);
  const auto deadline = steady_clock::now() + plan.limit;
  while (steady_clock::now() < deadline) {
    if (auto served = serve_receiver(receiver, progress); !served)
      return failed(std::move(served).error(), plan.receiver.name);
    bool all = true;
    for (auto& timeline : timelines) {
      CaseSystem client(timeline.sender.url, http);
      if (auto fetched = fetch_receipts(client, timelines); !fetched) return failed(fetched);
      auto statuses = client.statuses(timeline.message_id);
      if (!statuses) return failed(statuses);
      timeline.statuses = std::move(*statuses);
      all = all && timeline.complete();
    }
    progress.flush();
    if (all) break;
    std::this_thread::sleep_for(look_interval);
  }
  for (auto& timeline : timelines) {
    for (const auto& other : plan.senders) {
      if (other.url == timeline.sender.url) continue;
      auto statuses = CaseSystem(other.url, http).statuses(timeline.message_id);
      if (!statuses) return failed(statuses);
      if (!statuses->empty()) timeline.seen_elsewhere.push_back(other.name);
    }
  }
  return timelines;
}

void print_timelines(const std::vector<DemoTimeline>& timelines, std::ostream& out) {
  out << fmt::format("\n  {:<15} {:<10} {:<13}", "sender", "channel", "message");
  for (const auto name : wanted) out << fmt::format(" {:<13}", name);
  out << "receipt  elsewhere\n";
  for (const auto& timeline : timelines) {
    out << fmt::format("  {:<15} {:<10} {:<13}", timeline.sender.name,
                       timeline.sender.channel.empty() ? "-" : timeline.sender.channel,
                       timeline.message_id.substr(0, 8));
    for (const auto name : wanted) {
      const auto at = std::ranges::find(timeline.statuses, name, &SeenStatus::status);
      out << fmt::format(" {:<13}", at == timeline.statuses.end() ? "-" : clock_time(at->at));
    }
    std::string elsewhere;
    for (const auto& name : timeline.seen_elsewhere) elsewhere += name + " ";
    out << fmt::format("{:<8} {}\n", timeline.receipt_received ? "yes" : "no",
                       elsewhere.empty() ? "nowhere" : elsewhere);
    for (const auto& status : timeline.statuses) {
      if (std::ranges::find(wanted, status.status) == wanted.end()) {
        out << fmt::format("      {} {} {}\n", clock_time(status.at), status.status, status.description);
      }
    }
  }
}

std::string timelines_json(const std::vector<DemoTimeline>& timelines) {
  json::array list;
  for (const auto& timeline : timelines) {
    json::array statuses;
    for (const auto& status : timeline.statuses) {
      statuses.push_back(
          json::object{{"status", status.status}, {"at", status.at}, {"description", status.description}});
    }
    list.push_back(
        json::object{{"sender", timeline.sender.name},
                     {"channel", timeline.sender.channel},
                     {"messageId", timeline.message_id},
                     {"statuses", std::move(statuses)},
                     {"receipt", timeline.receipt_received},
                     {"seenElsewhere", json::array(timeline.seen_elsewhere.begin(), timeline.seen_elsewhere.end())},
                     {"complete", timeline.complete()}});
  }
  return json::serialize(list);
}

}  // namespace kanal::app

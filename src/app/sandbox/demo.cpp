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
/// Where a message arrives.
constexpr std::array<std::string_view, 3> there = {"OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"};
constexpr milliseconds look_interval{100};
/// Protocols of Fiks IO that nobody else has.
constexpr std::string_view fiks_io_question = "no.kanal.demo.sporsmal.v1";
constexpr std::string_view fiks_io_answer = "no.kanal.demo.svar.v1";

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

/// An answer over Fiks IO, to the account that the question came from.
Result<void> answer_question(const DemoReceiver& receiver, CaseSystem& client, const Peeked& question,
                             const DemoAccounts& accounts, std::vector<DemoTimeline>& timelines,
                             std::ostream& progress) {
  auto answer = letter_to_account(std::string(fiks_io_answer), accounts.sender,
                                  {{"svar.pdf", "application/pdf", make_pdf("Svar")}});
  answer.answers = question.message_id;
  auto id = client.send(answer);
  if (!id) return failed(id);
  progress << fmt::format("  {:<15} answers with {} over DPFIO\n", receiver.party.name, *id);
  timelines.push_back({receiver.party, "DPFIO", "fiksio", *id, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"}});
  return {};
}

/// The receiver's client: takes everything that waits and answers ordinary messages with a receipt, where that is how
/// senders learn of it.
Result<void> serve_receiver(const DemoPlan& plan, const DemoReceiver& receiver, CaseSystem& client,
                            DemoOutcome& outcome, std::ostream& progress) {
  auto& arrivals = outcome.arrivals;
  for (;;) {
    auto peeked = client.peek();
    if (!peeked) return failed(peeked);
    if (!*peeked) return {};
    const auto& message = **peeked;
    auto package = client.pop(message.message_id);
    if (!package) return failed(package);
    if (auto removed = client.remove(message.message_id); !removed) return failed(removed);
    if (message.type == "fiksio" && plan.fiks_io) {
      progress << fmt::format("  {:<15} popped {} ({} bytes of ASiC-E over DPFIO)\n", receiver.party.name,
                              message.message_id, *package ? (*package)->size() : 0);
      arrivals.push_back({receiver.party.name, "DPFIO", message.type, message.message_id});
      auto answered = answer_question(receiver, client, message, *plan.fiks_io, outcome.timelines, progress);
      if (!answered) return failed(answered);
    }
    if (message.type != "arkivmelding") continue;
    progress << fmt::format("  {:<15} popped {} ({} bytes of ASiC-E{}){}\n", receiver.party.name, message.message_id,
                            *package ? (*package)->size() : 0, receiver.service == "DPF" ? " over DPF" : "",
                            receiver.answers ? ", answers with a receipt" : "");
    arrivals.push_back({receiver.party.name, receiver.service, message.type, message.message_id});
    if (!receiver.answers) continue;
    if (auto answered = client.send_receipt(message, "OK"); !answered) return failed(answered);
  }
}

/// A sender's client, or eInnsyn's: fetches receipts, and what eInnsyn carries, as an archive system does.
Result<void> fetch_answers(const DemoParty& party, CaseSystem& client, DemoOutcome& outcome, std::ostream& progress) {
  auto& timelines = outcome.timelines;
  for (;;) {
    auto peeked = client.peek();
    if (!peeked) return failed(peeked);
    if (!*peeked) return {};
    const auto& message = **peeked;
    if (message.type == "publisering" || message.type == "innsynskrav" || message.type == "fiksio") {
      auto package = client.pop(message.message_id);
      if (!package) return failed(package);
      const std::string service = message.type == "fiksio" ? "DPFIO" : "DPE";
      progress << fmt::format("  {:<15} popped {} ({} bytes of ASiC-E, {} over {})\n", party.name, message.message_id,
                              *package ? (*package)->size() : 0, message.type, service);
      outcome.arrivals.push_back({party.name, service, message.type, message.message_id});
    }
    const auto at = std::ranges::find(timelines, message.related_to, &DemoTimeline::message_id);
    if (at != timelines.end() && at->sender.url == client.url()) at->receipt_received = true;
    if (auto removed = client.remove(message.message_id); !removed) return failed(removed);
  }
}

/// What became of what has arrived at a party.
Result<void> follow_arrivals(const DemoParty& party, CaseSystem& client, std::vector<DemoArrival>& arrivals) {
  for (auto& arrival : arrivals) {
    if (arrival.receiver != party.name || arrival.complete()) continue;
    auto statuses = client.statuses(arrival.message_id);
    if (!statuses) return failed(statuses);
    arrival.statuses = std::move(*statuses);
  }
  return {};
}

}  // namespace

bool DemoArrival::complete() const {
  return std::ranges::all_of(
      there, [&](std::string_view name) { return std::ranges::count(statuses, name, &SeenStatus::status) == 1; });
}

bool DemoOutcome::complete() const {
  return arrivals.size() == arrivals_expected && std::ranges::all_of(timelines, &DemoTimeline::complete) &&
         std::ranges::all_of(arrivals, &DemoArrival::complete);
}

bool DemoTimeline::complete() const {
  return receipt_received == receipt_expected && seen_elsewhere.empty() && statuses.size() == expected.size() &&
         std::ranges::all_of(expected, [&](const std::string& name) {
           return std::ranges::count(statuses, name, &SeenStatus::status) == 1;
         });
}

namespace {

using Names = std::vector<std::string>;

/// A letter, and what comes of it.
struct Errand {
  Letter letter;
  std::string service;
  Names expected;
  bool receipt_expected = false;
};

/// What each sender sends; the first one also what only needs to be shown once.
std::vector<Errand> errands_of(const DemoPlan& plan, const DemoParty& sender, bool first) {
  const Names opened(wanted.begin(), wanted.end());
  const Names on_paper{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};  // nobody opens it for us
  const Names in_altinn{"OPPRETTET", "SENDT", "LEVERT", "LEST"};    // no gateway receives it
  const std::vector<OutgoingFile> files{
      {"brev.pdf", "application/pdf", make_pdf(fmt::format("Letter from {}", sender.name))}};
  const auto archived = [&](const std::string& orgnr) {
    Letter letter;
    letter.receiver = "0192:" + orgnr;
    letter.files = files;
    return letter;
  };
  std::vector<Errand> errands;
  for (const auto& receiver : plan.receivers) {
    if (first || receiver.from_all) {
      errands.push_back({archived(receiver.orgnr), receiver.service, receiver.sender_sees, true});
    }
  }
  if (!plan.mailbox_resident.empty()) {
    errands.push_back({letter_to_resident("digital", plan.mailbox_resident, files), "DPI", opened});
    errands.back().letter.opening_receipt = true;
  }
  if (first && !plan.paper_resident.empty()) {
    errands.push_back({letter_to_resident("print", plan.paper_resident, files), "DPI", on_paper});
  }
  if (first && !plan.altinn_orgnr.empty()) {
    errands.push_back({archived(plan.altinn_orgnr), "DPV", in_altinn, true});
  }
  if (first && !plan.altinn_resident.empty()) {
    errands.push_back({letter_to_resident("digital_dpv", plan.altinn_resident, files), "DPV", in_altinn});
  }
  if (sender.publishes && plan.einnsyn) {
    errands.push_back({letter_to_einnsyn("publisering", "0192:" + plan.einnsyn_orgnr, plan.orgnr,
                                         {{"journal.jsonld", "application/ld+json", R"({"@graph": []})"}}),
                       "DPE", on_paper});
  }
  if (first && plan.fiks_io) {
    errands.push_back(
        {letter_to_account(std::string(fiks_io_question), plan.fiks_io->receiver, files), "DPFIO", on_paper});
  }
  for (auto& errand : errands) errand.letter.title = fmt::format("Brev fra {}", sender.name);
  return errands;
}

/// A request for access to what the senders' organisation has published.
std::vector<Errand> errands_of_einnsyn(const DemoPlan& plan) {
  const OutgoingFile file{"krav.pdf", "application/pdf", make_pdf("Innsynskrav")};
  Errand errand{letter_to_einnsyn("innsynskrav", "0192:" + plan.orgnr, plan.orgnr, {file}),
                "DPE",
                {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"}};
  errand.letter.title = "Innsynskrav";
  return {std::move(errand)};
}

}  // namespace

Result<DemoOutcome> run_demo(const DemoPlan& plan, net::HttpClient& http, std::ostream& progress) {
  DemoOutcome outcome;
  auto& [timelines, arrivals, arrivals_expected] = outcome;
  for (const auto& receiver : plan.receivers) arrivals_expected += receiver.from_all ? plan.senders.size() : 1;
  std::vector<DemoParty> parties = plan.senders;
  if (plan.einnsyn) {
    parties.push_back(*plan.einnsyn);
    // What is published, and what is asked for.
    arrivals_expected += 1 + static_cast<std::size_t>(std::ranges::count(plan.senders, true, &DemoParty::publishes));
  }
  if (plan.fiks_io) arrivals_expected += 2;  // a question, and its answer
  for (const auto& sender : parties) {
    CaseSystem client(sender.url, http);
    const bool is_einnsyn = plan.einnsyn && sender.url == plan.einnsyn->url;
    for (auto& errand :
         is_einnsyn ? errands_of_einnsyn(plan) : errands_of(plan, sender, sender.url == plan.senders.front().url)) {
      auto id = client.send(errand.letter);
      if (!id) return failed(std::move(id).error(), sender.name);
      progress << fmt::format("  {:<15} sent {} ({} over {}){}\n", sender.name, *id, errand.letter.type, errand.service,
                              sender.channel.empty() ? "" : " on channel " + sender.channel);
      timelines.push_back(
          {sender, errand.service, errand.letter.type, *id, std::move(errand.expected), errand.receipt_expected});
    }
  }
  const auto deadline = steady_clock::now() + plan.limit;
  while (steady_clock::now() < deadline) {
    for (const auto& receiver : plan.receivers) {
      CaseSystem client(receiver.party.url, http);
      if (auto served = serve_receiver(plan, receiver, client, outcome, progress); !served) {
        return failed(std::move(served).error(), receiver.party.name);
      }
      if (auto followed = follow_arrivals(receiver.party, client, arrivals); !followed) return failed(followed);
    }
    for (const auto& party : parties) {
      CaseSystem client(party.url, http);
      if (auto fetched = fetch_answers(party, client, outcome, progress); !fetched) return failed(fetched);
      if (auto followed = follow_arrivals(party, client, arrivals); !followed) return failed(followed);
    }
    for (auto& timeline : timelines) {
      CaseSystem client(timeline.sender.url, http);
      auto statuses = client.statuses(timeline.message_id);
      if (!statuses) return failed(statuses);
      timeline.statuses = std::move(*statuses);
    }
    progress.flush();
    if (outcome.complete()) break;
    std::this_thread::sleep_for(look_interval);
  }
  for (auto& timeline : timelines) {
    for (const auto& other : plan.senders) {
      // Where it arrives it has a history, too.
      const bool receives = timeline.type == "innsynskrav" && other.url == plan.senders.front().url;
      if (other.url == timeline.sender.url || receives) continue;
      auto statuses = CaseSystem(other.url, http).statuses(timeline.message_id);
      if (!statuses) return failed(statuses);
      if (!statuses->empty()) timeline.seen_elsewhere.push_back(other.name);
    }
  }
  return outcome;
}

namespace {

void print_status(const std::vector<SeenStatus>& statuses, std::string_view name, std::size_t width,
                  std::ostream& out) {
  const auto at = std::ranges::find(statuses, name, &SeenStatus::status);
  out << fmt::format(" {:<{}}", at == statuses.end() ? "-" : clock_time(at->at), width);
}

void print_arrivals(const std::vector<DemoArrival>& arrivals, std::ostream& out) {
  out << fmt::format("\n  {:<15} {:<10} {:<7} {:<12} {:<9}", "receiver", "", "service", "type", "message");
  for (const auto name : there) out << fmt::format(" {:<20}", name);
  out << "\n";
  for (const auto& arrival : arrivals) {
    out << fmt::format("  {:<15} {:<10} {:<7} {:<12} {:<9}", arrival.receiver, "", arrival.service, arrival.type,
                       arrival.message_id.substr(0, 8));
    for (const auto name : there) print_status(arrival.statuses, name, 20, out);
    out << "\n";
  }
}

void print_timelines(const std::vector<DemoTimeline>& timelines, std::ostream& out) {
  out << fmt::format("\n  {:<15} {:<10} {:<7} {:<12} {:<9}", "sender", "channel", "service", "type", "message");
  for (const auto name : wanted) out << fmt::format(" {:<13}", name);
  out << "receipt  elsewhere\n";
  for (const auto& timeline : timelines) {
    out << fmt::format("  {:<15} {:<10} {:<7} {:<12} {:<9}", timeline.sender.name,
                       timeline.sender.channel.empty() ? "-" : timeline.sender.channel, timeline.service, timeline.type,
                       timeline.message_id.substr(0, 8));
    for (const auto name : wanted) print_status(timeline.statuses, name, 13, out);
    std::string elsewhere;
    for (const auto& name : timeline.seen_elsewhere) elsewhere += name + " ";
    out << fmt::format("{:<8} {}\n",
                       !timeline.receipt_expected  ? "-"
                       : timeline.receipt_received ? "yes"
                                                   : "no",
                       elsewhere.empty() ? "nowhere" : elsewhere);
    for (const auto& status : timeline.statuses) {
      if (std::ranges::find(wanted, status.status) == wanted.end()) {
        out << fmt::format("      {} {} {}\n", clock_time(status.at), status.status, status.description);
      }
    }
  }
}

json::array statuses_json(const std::vector<SeenStatus>& statuses) {
  json::array list;
  for (const auto& status : statuses) {
    list.push_back(json::object{{"status", status.status}, {"at", status.at}, {"description", status.description}});
  }
  return list;
}

}  // namespace

void print_outcome(const DemoOutcome& outcome, std::ostream& out) {
  print_timelines(outcome.timelines, out);
  print_arrivals(outcome.arrivals, out);
}

std::string outcome_json(const DemoOutcome& outcome) {
  json::array sent;
  for (const auto& timeline : outcome.timelines) {
    sent.push_back(
        json::object{{"sender", timeline.sender.name},
                     {"channel", timeline.sender.channel},
                     {"service", timeline.service},
                     {"type", timeline.type},
                     {"messageId", timeline.message_id},
                     {"statuses", statuses_json(timeline.statuses)},
                     {"receipt", timeline.receipt_received},
                     {"seenElsewhere", json::array(timeline.seen_elsewhere.begin(), timeline.seen_elsewhere.end())},
                     {"complete", timeline.complete()}});
  }
  json::array received;
  for (const auto& arrival : outcome.arrivals) {
    received.push_back(json::object{{"receiver", arrival.receiver},
                                    {"service", arrival.service},
                                    {"type", arrival.type},
                                    {"messageId", arrival.message_id},
                                    {"statuses", statuses_json(arrival.statuses)},
                                    {"complete", arrival.complete()}});
  }
  return json::serialize(json::object{{"sent", std::move(sent)}, {"received", std::move(received)}});
}

}  // namespace kanal::app

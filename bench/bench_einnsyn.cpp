// Publications through real installations and the Service Bus by REST, over TLS, on this machine's cores:
//   bench_einnsyn FOLDER KANAL N
// The agency publishes N; eInnsyn is not started before all of them wait in its queue. Then a satellite of the agency
// publishes one after the other: how long do its statuses stay at the hub?
#include <algorithm>
#include <fstream>

#include "bench/stage.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

constexpr std::size_t document_bytes = 10'000;
constexpr int through_hub = 200;

std::vector<app::InstallationPlan> installations() {
  auto logging = usual_settings();
  logging["kanal.log.level"] = "info";
  return {{"agency", app::agency_orgnr, "", logging, {}, false, false, "innsyn"},
          {"satellite", app::agency_orgnr, "satellite", usual_settings(), {}, false, false, "innsyn", "agency"},
          {"einnsyn", app::einnsyn_orgnr, "", usual_settings(), {}, false, false, "data"}};
}

app::Letter publication(const std::string& content) {
  return app::letter_to_einnsyn("publisering", std::string("0192:") + app::einnsyn_orgnr, app::agency_orgnr,
                                {{"journal.jsonld", "application/ld+json", content}});
}

void outbound(Stage& stage, int count, const std::string& content) {
  stage.start("agency");
  measure_outbound(
      stage,
      {"dpe", "10k", 500, "an RSA signature and encryption each; client, installation and simulator share the cores"},
      count, [&] { return publication(content); });
}

void inbound(Stage& stage, int count) {
  measure_inbound(
      stage,
      {"dpe", "10k", 500, "two requests and an RSA decryption each; the statuses leave and arrive at the same time"},
      count, "einnsyn");
}

/// When the hub put a status of this message into the satellite's inbox, as its log says.
std::optional<Time> kept_at(const Stage& stage, const std::string& message_id) {
  std::ifstream log(stage.sandbox->folder("agency") / "kanal.log");
  for (std::string line; std::getline(log, line);) {
    if (line.find("kept_for_satellite") == std::string::npos || line.find(message_id) == std::string::npos) continue;
    const auto parsed = parse_iso(line.substr(0, line.find(' ')));
    if (parsed) return parsed->utc;
  }
  return std::nullopt;
}

/// From there to the status at the satellite, both as they are written before their commits.
void hub(Stage& stage, const std::string& content) {
  stage.start("satellite");
  app::CaseSystem client(stage.sandbox->url("satellite"), stage.sandbox->http());
  std::vector<double> milliseconds;
  for (int i = 0; i < through_hub; ++i) {
    const auto id = client.send(publication(content));
    if (!id) {
      std::cerr << id.error().text() << "\n";
      return;
    }
    std::optional<Time> arrived;
    wait_for([&] {
      const auto statuses = client.statuses(*id);
      if (!statuses) return false;
      const auto found = std::ranges::find(*statuses, "MOTTATT", &app::SeenStatus::status);
      if (found == statuses->end()) return false;
      if (const auto at = parse_iso(found->at)) arrived = at->utc;
      return true;
    });
    const auto kept = kept_at(stage, *id);
    if (!arrived || !kept) continue;
    milliseconds.push_back(std::chrono::duration<double, std::milli>(*arrived - *kept).count());
  }
  if (milliseconds.empty()) return;
  std::ranges::sort(milliseconds);
  report("hub.added.p50", milliseconds[milliseconds.size() / 2], "ms",
         {{"goal", 5},
          {"p99_ms", milliseconds[milliseconds.size() * 99 / 100]},
          {"statuses", milliseconds.size()},
          {"bound", "a durable commit at the hub and one at the satellite, two requests over mutual TLS"}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_einnsyn FOLDER KANAL N\n";
    return 2;
  }
  Stage stage(argv[1], argv[2], installations());
  const int count = std::stoi(argv[3]);
  const std::string content = random_text(document_bytes);
  outbound(stage, count, content);
  inbound(stage, count);
  hub(stage, content);
}

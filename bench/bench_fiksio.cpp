// Messages through real installations and Fiks IO with its RabbitMQ, over TLS, on this machine's cores:
//   bench_fiksio FOLDER KANAL N
// The agency sends N to the municipality, which is not started before all of them wait in its queue.
#include "bench/stage.hpp"
#include "sim/national.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

constexpr std::size_t document_bytes = 10'000;
constexpr const char* sent_count = "/api/statuses?status=SENDT&size=1";
constexpr const char* received_count = "/api/statuses?status=INNKOMMENDE_MOTTATT&size=1";

std::vector<app::InstallationPlan> installations() {
  auto receiving = usual_settings();
  receiving["kanal.dpfio.prefetch"] = "100";
  return {{"agency", app::agency_orgnr, "", usual_settings(), {}, false, true},
          {"municipality", app::municipality_orgnr, "", receiving, {}, false, true}};
}

void outbound(Stage& stage, int count) {
  stage.start("agency");
  const auto account = stage.sandbox->account_of("municipality");
  const std::string content = random_text(document_bytes);
  const pid_t pid = stage.sandbox->process("agency")->pid();
  const double used = processor_time(pid);
  const Stopwatch watch;
  const double submitted = submit_many(stage, count, [&] {
    return app::letter_to_account("no.kanal.bench.v1", account, {{"fil.pdf", "application/pdf", content}});
  });
  wait_for([&] { return stage.count("agency", sent_count) >= count; });
  const double seconds = watch.seconds();
  report("dpfio.submit.10k", count / submitted, "1/s", {{"clients", clients}});
  report(
      "dpfio.outbound.10k", count / seconds, "1/s",
      {{"goal", 500},
       {"messages", count},
       {"installation_ms_each", (processor_time(pid) - used) * 1e3 / count},
       {"bound", "an RSA signature and encryption each; client, installation, simulator and broker share the cores"}});
}

void inbound(Stage& stage, int count) {
  stage.sandbox->stop("agency");
  const Stopwatch watch;
  stage.start("municipality");
  wait_for([&] { return stage.count("municipality", received_count) >= count; });
  const double seconds = watch.seconds();
  report("dpfio.inbound.10k", static_cast<double>(stage.count("municipality", received_count)) / seconds, "1/s",
         {{"goal", 1000},
          {"messages", count},
          {"installation_ms_each", processor_time(stage.sandbox->process("municipality")->pid()) * 1e3 / count},
          {"bound", "an RSA decryption and verification each; installation and broker share the cores"}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_fiksio FOLDER KANAL N\n";
    return 2;
  }
  Stage stage(argv[1], argv[2], installations());
  const int count = std::stoi(argv[3]);
  outbound(stage, count);
  inbound(stage, count);
}

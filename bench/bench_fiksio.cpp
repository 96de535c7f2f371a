// Messages through real installations and Fiks IO with its RabbitMQ, over TLS, on this machine's cores:
//   bench_fiksio FOLDER KANAL N
// The agency sends N to the municipality, which is not started before all of them wait in its queue.
#include "bench/stage.hpp"
#include "sim/national.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

constexpr std::size_t document_bytes = 10'000;

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
  measure_outbound(
      stage,
      {"dpfio", "10k", 500,
       "an RSA signature and encryption each; client, installation, simulator and broker share the cores"},
      count, [&] {
        return app::letter_to_account("no.kanal.bench.v1", account, {{"fil.pdf", "application/pdf", content}});
      });
}

void inbound(Stage& stage, int count) {
  stage.sandbox->stop("agency");
  measure_inbound(
      stage, {"dpfio", "10k", 1000, "an RSA decryption and verification each; installation and broker share the cores"},
      count, "municipality");
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

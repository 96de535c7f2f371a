// The agency S and eInnsyn, played by R: their registrations and settings for DPE.
#pragma once

#include "tests/e2e/bench.hpp"

namespace kanal::testing::einnsyn {

inline const std::string agency_queue = "nextbestqueue" + s_org + "innsyn";
inline const std::string journal_queue = "nextbestqueue" + r_org + "data";

/// Both are known for everything that eInnsyn carries.
inline void set_up(sim::National& national) {
  for (const auto& orgnr : {s_org, r_org}) {
    auto processes = sim::processes_of(sim::ProcessCategory::arkivmelding);
    processes.merge(sim::processes_of(sim::ProcessCategory::avtalt));
    processes.merge(sim::processes_of(sim::ProcessCategory::einnsyn));
    national.register_organisation(
        {orgnr, "Org " + orgnr, processes, BenchKeys::get().organisations.at(orgnr).certificate});
  }
}

/// Of an installation that reads the queue of `mode`.
inline Names settings(sim::National& national, const std::string& mode) {
  const std::string bus = "--difi.move.nextmove.serviceBus.";
  return {"--difi.move.feature.enableDPE=true",
          bus + "baseUrl=" + national.service_bus_host(),
          bus + "mode=" + mode,
          bus + "pollingrate=50",
          bus + "connectTimeout=2000",
          "--kanal.dpe.receive-wait=0"};
}

inline app::Letter publication(const std::string& content = R"({"@graph":[]})") {
  return app::letter_to_einnsyn("publisering", "0192:" + r_org, s_org,
                                {{"journal.jsonld", "application/ld+json", content}});
}
inline app::Letter request() {
  return app::letter_to_einnsyn("innsynskrav", "0192:" + s_org, s_org,
                                {{"krav.pdf", "application/pdf", app::make_pdf("krav")}});
}

/// What eInnsyn says about a document.
inline app::Letter receipt() {
  app::Letter receipt;
  receipt.type = "einnsyn_kvittering";
  receipt.receiver = "0192:" + s_org;
  receipt.process = app::einnsyn_response_process;
  receipt.body = {
      {"dokumentId", "http://data.oslo.no/1"}, {"status", "{\"ok\":true}"}, {"referanseType", "publisering"}};
  return receipt;
}

}  // namespace kanal::testing::einnsyn

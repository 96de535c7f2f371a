// KS for a bench: S sends from an account of SvarUt, and T is a municipality that is reached there only.
#pragma once

#include "tests/e2e/bench.hpp"

namespace kanal::testing::ks {

inline const std::string konto = "5d0b3a0e-3f1c-4a43-9b53-0f7f2f7f1c11";
inline const std::string integrasjon = "b7bb0f4e-57d5-4f2b-9a3f-9d1c3ad6d0ab";

inline void set_up(sim::National& national) {
  sim::OrganisationRegistration receiver;
  receiver.orgnr = t_org;
  receiver.name = "HAVNA KOMMUNE";
  receiver.processes.emplace();
  receiver.dpf = true;
  national.register_organisation(receiver);
  national.svarut().state().add_system(
      {"mottak", "hemmelig", {t_org}, BenchKeys::get().organisations.at(t_org).certificate});
  sim::SvarUtAccount account;
  account.konto_id = konto;
  account.integrasjon_id = integrasjon;
  account.integrasjon_passord = "passord-ut";
  account.authorised_orgnr = s_org;
  account.username = "etaten";
  account.password = "passord-ws";
  national.svarut().add_account(account);
}

/// Of an installation that sends, by `rest` or `ws`.
inline Names sending(sim::National& national, const std::string& type = "rest") {
  Names settings{"--difi.move.feature.enableDPF=true", "--difi.move.fiks.inn.enable=false"};
  for (const auto& [name, value] : std::map<std::string, std::string>{{"type", type},
                                                                      {"endpointUrl", national.svarut_url()},
                                                                      {"rest.kontoid", konto},
                                                                      {"rest.integrasjon-id", integrasjon},
                                                                      {"rest.integrasjon-passord", "passord-ut"},
                                                                      {"username", "etaten"},
                                                                      {"password", "passord-ws"},
                                                                      {"ekskluderesFraPrint", "png"}}) {
    settings.push_back("--difi.move.fiks.ut." + name + "=" + value);
  }
  return settings;
}

/// Of one that receives, and nothing else.
inline Names receiving(sim::National& national) {
  return {"--difi.move.fiks.inn.enable=true",         "--difi.move.fiks.inn.baseUrl=" + national.svarinn_url(),
          "--difi.move.fiks.inn.username=mottak",     "--difi.move.fiks.inn.password=hemmelig",
          "--difi.move.fiks.inn.connectTimeout=2000", "--difi.move.fiks.inn.readTimeout=2000",
          "--difi.move.fiks.pollingrate=50"};
}

}  // namespace kanal::testing::ks

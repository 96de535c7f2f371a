// KS for a bench: S sends from an account of SvarUt, and T is a municipality that is reached there only.
#pragma once

#include "formats/zip_testing.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing::ks {

inline const std::string konto = "5d0b3a0e-3f1c-4a43-9b53-0f7f2f7f1c11";
inline const std::string integrasjon = "b7bb0f4e-57d5-4f2b-9a3f-9d1c3ad6d0ab";
inline const std::string username = "etaten";  ///< of the account, over SOAP
inline const std::string receiver = "mottak";  ///< the receiving system of T

inline void set_up(sim::National& national) {
  sim::OrganisationRegistration organisation;
  organisation.orgnr = t_org;
  organisation.name = "HAVNA KOMMUNE";
  organisation.processes.emplace();
  organisation.dpf = true;
  national.register_organisation(organisation);
  national.svarut().state().add_system(
      {receiver, "hemmelig", {t_org}, BenchKeys::get().organisations.at(t_org).certificate});
  sim::SvarUtAccount account;
  account.konto_id = konto;
  account.integrasjon_id = integrasjon;
  account.integrasjon_passord = "passord-ut";
  account.authorised_orgnr = s_org;
  account.username = username;
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
                                                                      {"username", username},
                                                                      {"password", "passord-ws"},
                                                                      {"ekskluderesFraPrint", "png"}}) {
    settings.push_back("--difi.move.fiks.ut." + name + "=" + value);
  }
  return settings;
}

/// Of one that receives, and nothing else.
inline Names receiving(sim::National& national) {
  return {"--difi.move.fiks.inn.enable=true",
          "--difi.move.fiks.inn.baseUrl=" + national.svarinn_url(),
          "--difi.move.fiks.inn.username=" + receiver,
          "--difi.move.fiks.inn.password=hemmelig",
          "--difi.move.fiks.inn.connectTimeout=2000",
          "--difi.move.fiks.inn.readTimeout=2000",
          "--difi.move.fiks.pollingrate=50"};
}

/// Somebody writes to T, `at` so many milliseconds after others; gives the id at KS.
inline std::string arrives(sim::National& national, const std::string& title, int at) {
  sim::InjectedItem item;
  item.username = receiver;
  item.item = boost::json::object{{"tittel", title},
                                  {"date", 1'788'250'000'000 + at},
                                  {"niva", "3"},
                                  {"mottaker", boost::json::object{{"orgnr", t_org}}},
                                  {"svarSendesTil", boost::json::object{{"orgnr", s_org}, {"navn", "Etaten"}}}};
  item.content = formats::testing::make_zip({{title + ".pdf", "%PDF-1.7 " + title}});
  return national.svarut().state().inject(item);
}

}  // namespace kanal::testing::ks

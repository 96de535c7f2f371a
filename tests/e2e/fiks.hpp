// KS Fiks IO for a bench: S and R have an account each, and an integration that may use it.
#pragma once

#include "sim/fiks_io_state.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing::fiks {

inline const std::string s_konto = "0c4ad7a1-0bb0-4cc8-9a3c-d7d8a5c9f001";
inline const std::string r_konto = "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002";
inline const std::string s_integrasjon = "11111111-aaaa-4bbb-8ccc-000000000001";
inline const std::string r_integrasjon = "11111111-aaaa-4bbb-8ccc-000000000002";
inline const std::string password = "hemmelig-passord";
inline const std::string protocol = "no.example.byggesak.soknad.v1";

inline sim::FiksIoAccount account(const std::string& konto, const std::string& orgnr) {
  sim::FiksIoAccount account;
  account.konto_id = konto;
  account.navn = "Konto " + orgnr;
  account.orgnr = orgnr;
  account.certificate = BenchKeys::get().organisations.at(orgnr).certificate;
  return account;
}

inline void set_up(sim::National& national) {
  auto& fiks = national.fiks_io();
  for (const auto& [konto, integration, orgnr] :
       {std::tuple{s_konto, s_integrasjon, s_org}, std::tuple{r_konto, r_integrasjon, r_org}}) {
    const auto added = fiks.add_account(account(konto, orgnr));
    ASSERT_TRUE(added) << added.error().text();
    fiks.add_integration({integration, Secret(password), orgnr, {konto}});
  }
}

/// Of an installation with this account.
inline Names settings(sim::National& national, const std::string& konto, const std::string& integration) {
  const std::string io = "--difi.move.fiks.io.";
  return {"--difi.move.feature.enableDPFIO=true",
          io + "konto-id=" + konto,
          io + "integrasjons-id=" + integration,
          io + "integrasjons-passord=" + password,
          io + "sender-orgnr=999999999",
          io + "host=" + national.fiks_io().amqp_host(),
          io + "api-host=" + national.fiks_io().api_host(),
          "--kanal.dpfio.port=" + std::to_string(national.fiks_io().amqp_port())};
}
inline Names settings_of_s(sim::National& national) { return settings(national, s_konto, s_integrasjon); }
inline Names settings_of_r(sim::National& national) { return settings(national, r_konto, r_integrasjon); }

/// What Fiks calls the message that an installation sent: several ids when it was sent again.
inline Names ids_of(sim::National& national, const std::string& message_id) {
  Names ids;
  for (const auto& message : national.fiks_io().state().messages(1000)) {
    const auto own = message.headere.find("klientMeldingId");
    if (own != message.headere.end() && own->second == message_id) ids.push_back(message.melding_id);
  }
  return ids;
}

inline app::Letter letter(const std::string& to = r_konto, const std::string& content = "soknad") {
  return app::letter_to_account(
      protocol, to, {{"soknad.pdf", "application/pdf", app::make_pdf(content)}, {"kart.txt", "text/plain", "kart"}});
}

}  // namespace kanal::testing::fiks

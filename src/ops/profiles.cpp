#include "ops/profiles.hpp"

#include <array>

namespace kanal::ops {
namespace {

// clang-format off
constexpr auto production = std::to_array<ProfileValue>({
    {"difi.move.serviceregistryEndpoint", "https://eformidling.no/adressetjeneste"},
    {"difi.move.oidc.url", "https://maskinporten.no/token"},
    {"difi.move.oidc.audience", "https://maskinporten.no/"},
    {"difi.move.feature.enableDPE", "true"},
    {"difi.move.arkivmelding.generate-arkivmelding-receipts", "false"},
    {"difi.move.dpo.brokerserviceUrl", "https://platform.altinn.no/broker/api/v1"},
    {"difi.move.dpo.altinnTokenExchangeUrl", "https://platform.altinn.no/authentication/api/v1/exchange/maskinporten"},
    {"difi.move.dpo.systemRegisterUrl", "https://platform.altinn.no/authentication/api/v1"},
    {"difi.move.dpv.correspondenceServiceUrl", "https://eformidling.no/altinn-proxy/correspondence/api/v1"},
    {"difi.move.dpv.altinnTokenExchangeUrl", "https://platform.altinn.no/authentication/api/v1/exchange/maskinporten"},
    {"difi.move.dpv.health-check-url", "https://platform.altinn.no/health-probe/"},
    {"difi.move.dpi.uri", "https://edi.edigard.com/api/v2/dpi"},
    {"difi.move.dpi.mpcId", "no.difi.move.integrasjonspunkt"},
    {"difi.move.dpi.krr-print-url", "https://kontaktregisteret.no/rest/v2/printSertifikat"},
    {"difi.move.dpi.certificate.mode", "PRODUCTION"},
    {"difi.move.fiks.inn.baseUrl", "https://svarut.ks.no/tjenester/svarinn"},
    {"difi.move.fiks.ut.endpointUrl", "https://svarut.ks.no"},
    {"difi.move.fiks.io.host", "io.fiks.ks.no"},
    {"difi.move.fiks.io.api-host", "api.fiks.ks.no"},
    {"difi.move.nextmove.serviceBus.sasKeyName", "MoveDPE-prodPolicy"},
    {"difi.move.nextmove.serviceBus.baseUrl", "efm-dpe-prod.servicebus.windows.net"},
    {"difi.move.dph.uri", "https://eformidling.no/nhn-adapter/api"},
    {"difi.move.dph.certificate.mode", "PRODUCTION"},
    {"app.logger.enableLogstash", "true"},
    {"app.logger.secureLogstash", "true"},
    {"app.logger.destination", "logs.eformidling.no:443"},
    {"kanal.registry.pinned-organisation", "991825827"},
});

constexpr auto staging = std::to_array<ProfileValue>({
    {"difi.move.identifier.synthetic.allow", "true"},
    {"difi.move.feature.enableBetaFeatures", "true"},
    {"difi.move.arkivmelding.generate-arkivmelding-receipts", "false"},
    {"difi.move.dpi.mpcId", "no_difi_move_integrasjonspunkt-staging"},
    {"app.logger.enableLogstash", "true"},
});

constexpr auto dev = std::to_array<ProfileValue>({
    {"difi.move.identifier.synthetic.allow", "true"},
    {"difi.move.serviceregistryEndpoint", "https://eformidling.dev/adressetjeneste"},
    {"difi.move.dpi.mpcId", "no_difi_move_integrasjonspunkt-dev"},
    {"difi.move.fiks.pollingrate", "15000"},
    {"difi.move.nextmove.serviceBus.pollingrate", "5000"},
});
// clang-format on

}  // namespace

std::span<const ProfileValue> profile_values(std::string_view profile) {
  if (profile == "production") return production;
  if (profile == "staging") return staging;
  if (profile == "dev") return dev;
  return {};
}

bool is_built_in_profile(std::string_view profile) { return !profile_values(profile).empty(); }

}  // namespace kanal::ops

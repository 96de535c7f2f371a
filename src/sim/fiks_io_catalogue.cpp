// The catalogue and dokumentlager (dpfio.md 6 and 7).
#include <fmt/format.h>

#include "crypto/issue.hpp"
#include "sim/drip_source.hpp"
#include "sim/fiks_io_api.hpp"
#include "sim/svarinn_package.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::uint64_t max_dripped = std::uint64_t{16} * 1024 * 1024;

/// Of a key that nobody has, good until `until`.
crypto::Certificate other_certificate(const FiksIoAccount& account, Time from, Time until) {
  const auto ca = crypto::make_ca("Another CA", from, until);
  return crypto::issue(ca, {account.navn, account.navn, account.orgnr, {}, from, until}).certificate;
}

}  // namespace

Result<json::object> FiksIoApi::status_of(const FiksIoAccount& account, const Call& call) {
  const auto count = queues_.count(account.konto_id);
  if (!count) return failed(count);
  const bool refused = met("fiksio.status.ugyldig_mottaker", call);
  json::object out{{"gyldigAvsender", account.gyldig_avsender},
                   {"gyldigMottaker", account.gyldig_mottaker && !refused},
                   {"antallKonsumenter", count->consumers},
                   {"antallUavhentedeMeldinger", count->messages}};
  if (refused) {
    out["melding"] = "Kontoen er sperret";
  } else if (!account.melding.empty()) {
    out["melding"] = account.melding;
  }
  return out;
}

net::Response FiksIoApi::account(const Call& call) {
  const auto found = state_.account(call.subject);
  if (!found) return problem(call, {404, "Fant ikke konto " + call.subject});
  auto status = status_of(*found, call);
  if (!status) return problem(call, {500, status.error().text()});
  audit("konto", call, call.subject);
  json::object out{{"kontoId", found->konto_id},
                   {"kontoNavn", found->navn},
                   {"fiksOrgId", found->fiks_org_id},
                   {"fiksOrgNavn", found->fiks_org_navn},
                   {"status", std::move(*status)}};
  if (!found->orgnr.empty()) out["organisasjonsnummer"] = found->orgnr;
  if (!found->kommunenummer.empty()) out["kommunenummer"] = found->kommunenummer;
  return json_answer(200, out);
}

net::Response FiksIoApi::status(const Call& call) {
  const auto found = state_.account(call.subject);
  if (!found) return problem(call, {404, "Fant ikke konto " + call.subject});
  auto status = status_of(*found, call);
  if (!status) return problem(call, {500, status.error().text()});
  audit("status", call, call.subject);
  return json_answer(200, *status);
}

net::Response FiksIoApi::public_key(const Call& call) const {
  const auto found = state_.account(call.subject);
  if (!found) return problem(call, {404, "Fant ikke konto " + call.subject});
  std::optional<crypto::Certificate> certificate;
  if (const auto* key = found->public_key()) certificate = *key;
  if (!certificate || met("fiksio.nokkel.missing", call)) return problem(call, {404, "Kontoen har ingen nøkkel"});
  const auto now = environment_.clock.now();
  const auto days = std::chrono::days(30);
  if (met("fiksio.nokkel.expired", call)) certificate = other_certificate(*found, now - 2 * days, now - days);
  if (met("fiksio.nokkel.changed", call)) certificate = other_certificate(*found, now - days, now + days);
  audit("nokkel", call, call.subject, certificate->serial());
  const bool valid = certificate->valid_at(now);
  json::object out{{"nokkel", certificate->pem()},
                   {"valid", valid},
                   {"validFrom", format_iso(certificate->not_before())},
                   {"validTo", format_iso(certificate->not_after())},
                   {"serial", certificate->serial()},
                   {"subjectDN", certificate->subject()},
                   {"issuerDN", certificate->issuer()}};
  if (!valid) out["statusMessage"] = "Sertifikatet er ikke gyldig";
  if (met("fiksio.nokkel.malformed", call)) out["nokkel"] = "-----BEGIN CERTIFICATE-----\nikke et sertifikat\n";
  return json_answer(200, out);
}

tl::expected<FiksIoStored, FiksIoApi::Problem> FiksIoApi::document(const Call& call) const {
  auto found = state_.stored(call.subject);
  if (!found) return tl::unexpected(Problem{404, "Fant ikke dokument " + call.subject});
  if (!call.konto_ids.contains(found->konto_id)) {
    return tl::unexpected(Problem{403, "Integrasjonen har ikke tilgang til dokumentet"});
  }
  return std::move(*found);
}

net::Response FiksIoApi::download(const Call& call) {
  auto found = document(call);
  if (!found) return problem(call, found.error());
  audit("download", call, call.subject, "melding=" + found->melding_id);
  auto response = text_answer(200, {}, "application/octet-stream");
  if (met("fiksio.nedlasting.drip", call)) {
    const auto content = read_all(*found->content->reader(), max_dripped);
    if (!content) return problem(call, {500, content.error().text()});
    response.body_length = content->size();
    response.body = std::make_unique<DripSource>(std::string(text_of(*content)), environment_.faults);
    return response;
  }
  DownloadEnd end = DownloadEnd::whole;
  if (met("fiksio.nedlasting.truncated", call)) end = DownloadEnd::truncated;
  if (met("fiksio.nedlasting.reset", call)) end = DownloadEnd::broken;
  std::uint64_t size = 0;
  response.body = read_package(found->content, end, size);
  response.body_length = size;
  return response;
}

net::Response FiksIoApi::document_metadata(const Call& call) {
  const auto found = document(call);
  if (!found) return problem(call, found.error());
  audit("metadata", call, call.subject);
  return json_answer(200, json::object{{"dokumentId", found->id},
                                       {"kontoId", found->konto_id},
                                       {"dokumentnavn", found->melding_id},
                                       {"mimetype", "application/octet-stream"},
                                       {"storrelse", found->content->size()},
                                       {"ttl", format_iso(found->expires)}});
}

}  // namespace kanal::sim

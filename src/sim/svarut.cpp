// Order of checks: token and integration (401), account (404, 403), faults, then the endpoint's own. Errors are as in
// dpf.md 3.7.
#include "sim/svarut.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "crypto/digest.hpp"
#include "sim/svarut_rules.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view scope = "ks:fiks";
constexpr std::size_t max_question_bytes = std::size_t{1} << 20U;
constexpr std::string_view html_error = "<html><body><h1>502 Bad Gateway</h1></body></html>";
constexpr const char* retry_after_seconds = "2";

bool same_secret(std::string_view a, std::string_view b) { return crypto::equal(bytes_of(a), bytes_of(b)); }

std::string iso(Time time) { return format_iso(in_oslo(time)); }

}  // namespace

SvarUt::SvarUt(SvarUtOptions options, crypto::Identity identity, const Issuer& maskinporten,
               const Environment& environment)
    : environment_(environment),
      folder_(std::move(options.folder)),
      identity_(std::move(identity)),
      check_(environment.clock, {&maskinporten}),
      state_(std::move(options.rules), environment),
      site_("svarut", std::move(options.site), environment) {
  add_routes();
  add_admin_routes();
}

void SvarUt::add(std::string method, const std::string& path, const std::string& endpoint, Handle handle) {
  const bool of_account = path.find("{kontoId}") != std::string::npos;
  site_.routes().add(
      std::move(method), path,
      [this, endpoint, of_account, handle = std::move(handle)](const Request& request, const auto& v) -> Answer {
        const auto first = v.empty() ? std::string{} : lower_case(v.front());
        auto admitted = authenticate(*request, of_account ? first : std::string{});
        if (!admitted) {
          Admitted nobody;
          nobody.path = request->path;
          return problem(endpoint, nobody, admitted.error());
        }
        if (!of_account) admitted->subject = first;
        if (auto answer = fault_answer(endpoint, *admitted)) return std::move(*answer);
        return handle(request, *admitted);
      });
}

tl::expected<SvarUt::Admitted, SvarUt::Problem> SvarUt::authenticate(const net::Request& request,
                                                                     const std::string& konto_id) {
  const auto refuse = [](int status, std::string message) {
    return tl::unexpected(Problem{status, std::move(message)});
  };
  const auto token = check_.check(request.header("Authorization"));
  if (!token) return refuse(401, "Maskinporten-token kunne ikke valideres: " + token.error().message);
  if (!(*token)->has_scope(scope)) return refuse(401, "Maskinporten-token kunne ikke valideres: mangler scope ks:fiks");
  const std::string integration(request.header("IntegrasjonId"));
  const auto account = state_.account_of_integration(integration);
  const auto consumer = (*token)->consumer.substr((*token)->consumer.rfind(':') + 1);
  if (!account || !same_secret(account->integrasjon_passord, request.header("IntegrasjonPassord")) ||
      account->authorised_orgnr != consumer) {
    // Which of them it was is not told.
    return refuse(401, fmt::format("Autentisering feilet for integrasjon med id {}", integration));
  }
  Admitted out{*account, (*token)->client_id, request.path};
  if (konto_id.empty()) return out;
  const auto wanted = state_.account(konto_id);
  if (!wanted) return refuse(404, fmt::format("Fant ikke konto {}", konto_id));
  if (wanted->integrasjon_id != integration) return refuse(403, "Integrasjonen har ikke tilgang til kontoen");
  out.account = *wanted;
  return out;
}

bool SvarUt::met(std::string_view fault, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, admitted.subject, admitted.account.authorised_orgnr);
}

std::optional<net::Response> SvarUt::fault_answer(const std::string& endpoint, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("svarut.slow", admitted)) faults.hold(slow_by);
  if (met("svarut.hang", admitted)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("svarut.reset", admitted)) return lost_answer();
  for (const int status : {400, 401, 403, 404, 413, 429, 500, 502, 503}) {
    if (!met(fmt::format("svarut.{}", status), admitted) &&
        !met(fmt::format("svarut.{}.{}", endpoint, status), admitted)) {
      continue;
    }
    audit(endpoint + ".refused", admitted, admitted.subject, fmt::format("{} Fault injected", status));
    if (status == 502) return text_answer(502, std::string(html_error), "text/html");
    return problem(endpoint, admitted, {status, status == 401 ? "Token has expired" : "Fault injected"});
  }
  return std::nullopt;
}

void SvarUt::audit(const std::string& action, const Admitted& admitted, const std::string& subject,
                   const std::string& detail) const {
  environment_.audit.record({.simulator = "svarut",
                             .organisation = admitted.account.authorised_orgnr,
                             .vendor = admitted.vendor,
                             .action = action,
                             .subject = subject,
                             .detail = detail});
}

net::Response SvarUt::problem(const std::string& endpoint, const Admitted& admitted, const Problem& problem) const {
  audit(endpoint + ".refused", admitted, admitted.subject, fmt::format("{} {}", problem.status, problem.message));
  const auto now = std::chrono::floor<std::chrono::milliseconds>(environment_.clock.now().time_since_epoch());
  json::object body{{"timestamp", now.count()},
                    {"status", problem.status},
                    {"error", reason_phrase(problem.status)},
                    {"errorId", new_uuid()},
                    {"path", admitted.path},
                    {"originalPath", nullptr},
                    {"message", problem.message},
                    {"errorCode", fmt::format("no.ks.svarut.{}", endpoint)},
                    {"errorJson", json::object{{"feilmelding", problem.message}}}};
  if (met("svarut.error_json_string", admitted)) body["errorJson"] = "{}";
  auto response = json_answer(problem.status, body);
  if (problem.status == 429) response.headers.emplace_back("Retry-After", retry_after_seconds);
  return response;
}

Answer SvarUt::status(std::string_view member, const Admitted& admitted) {
  return net::collect_body(
      max_question_bytes,
      [this, member, admitted](const Bytes& body) {
        const auto question = parse_object(text_of(body));
        if (!question) return problem("status", admitted, {400, question.error().message});
        const auto ids = texts_member(*question, member);
        if (!ids || !std::ranges::all_of(*ids, [](const std::string& id) { return is_uuid(id); })) {
          return problem("status", admitted, {400, fmt::format("{} må være en liste av uuid", member)});
        }
        return status_answer(*ids, admitted);
      },
      [this, admitted] {
        return problem("status", admitted, {413, "for stort søk"});
      });
}

net::Response SvarUt::status_answer(const std::vector<std::string>& ids, const Admitted& admitted) const {
  std::vector<std::string> wanted;
  wanted.reserve(ids.size());
  for (const auto& id : ids) wanted.push_back(lower_case(id));
  auto found = state_.statuses(wanted, admitted.account.konto_id);
  const auto rule = state_.rules().unknown_ids;
  if (found.size() < wanted.size() && rule != UnknownIds::omit) {
    return problem("status", admitted,
                   rule == UnknownIds::not_found ? Problem{404, "Fant ikke forsendelse"}
                                                 : Problem{403, "Mangler tilgang til forsendelse"});
  }
  json::array out;
  for (const auto& [id, status] : found) {
    audit("status", admitted, id, status.status);
    json::object entry{{"id", id}, {"sisteStatusEndring", iso(status.time)}, {"status", status.status}};
    Admitted about = admitted;
    about.subject = id;
    if (met("svarut.status.missing", about)) continue;
    if (met("svarut.status.unknown_status", about)) entry["status"] = "DRØMMER";
    if (met("svarut.status.null_status", about)) entry["status"] = nullptr;
    if (met("svarut.status.duplicated", about)) out.push_back(entry);
    out.push_back(std::move(entry));
  }
  if (met("svarut.status.foreign_id", admitted)) {
    out.push_back(
        json::object{{"id", new_uuid()}, {"sisteStatusEndring", iso(environment_.clock.now())}, {"status", "LEST"}});
  }
  // The order is not promised: the question's is not given back.
  std::ranges::reverse(out);
  return json_answer(200, json::object{{"statuser", std::move(out)}});
}

net::Response SvarUt::ekstern_ref(const net::Request& request, const Admitted& admitted, bool metadata) const {
  const auto reference = request.parameter("eksternRef");
  if (!reference || reference->empty()) return problem("eksternref", admitted, {400, "eksternRef mangler"});
  Admitted about = admitted;
  about.subject = *reference;
  auto found = state_.by_ekstern_ref(*reference, admitted.account.konto_id);
  if (met("svarut.eksternref.empty", about)) found.clear();
  audit("eksternref", admitted, *reference, fmt::format("{}", found.size()));
  json::array ids;
  json::array described;
  for (const auto& forsendelse : found) {
    ids.emplace_back(forsendelse.id);
    json::object entry{{"id", forsendelse.id}, {"dato", iso(forsendelse.accepted)}};
    if (!forsendelse.avgivende_system.empty()) entry["avgivendeSystem"] = forsendelse.avgivende_system;
    described.push_back(std::move(entry));
  }
  if (metadata) return json_answer(200, json::object{{"forsendelser", std::move(described)}});
  return json_answer(200, json::object{{"forsendelseIds", std::move(ids)}});
}

net::Response SvarUt::types(const Admitted& admitted) const {
  json::array out;
  for (const auto& type : state_.rules().forsendelsestyper) out.emplace_back(type);
  audit("types", admitted, admitted.account.konto_id);
  return json_answer(200, json::object{{"forsendelsestyper", std::move(out)}});
}

net::Response SvarUt::receiving_systems(const net::Request& request) const {
  const auto orgnr = request.parameter("organisasjonsnummer");
  json::array out;
  for (const auto& system : state_.systems()) {
    for (const auto& served : system.orgnr) {
      if (orgnr && served != *orgnr) continue;
      for (const int level : system.levels) {
        out.push_back(json::object{{"id", system.username},
                                   {"navn", system.username},
                                   {"organisasjonsnummer", served},
                                   {"forsendelseType", system.forsendelsestype.value_or("")},
                                   {"niva", level}});
      }
    }
  }
  return json_answer(200, json::object{{"mottakersystemer", std::move(out)}});
}

net::Response SvarUt::events(const std::string& id, const Admitted& admitted) const {
  const auto found = state_.find(id);
  if (!found || found->konto_id != admitted.account.konto_id) {
    return problem("events", admitted, {404, "Fant ikke forsendelse"});
  }
  json::array out;
  const auto now = environment_.clock.now();
  for (const auto& status : found->statuses) {
    if (status.time > now) continue;
    out.push_back(json::object{{"tidspunkt", iso(status.time)}, {"hendelse", status.status}});
  }
  for (const auto& failure : found->feilmeldinger) {
    out.push_back(json::object{{"tidspunkt", iso(now)}, {"hendelse", "Mottak feilet: " + failure}});
  }
  return json_answer(200, json::object{{"hendelser", std::move(out)}});
}

Result<std::string> SvarUt::accept(Forsendelse forsendelse, const Admitted& admitted, const std::string& how) {
  const auto reference = forsendelse.ekstern_ref;
  forsendelse.konto_id = admitted.account.konto_id;
  if (auto good = check_documents(forsendelse, state_.rules()); !good) return failed(good);
  auto id = state_.accept(std::move(forsendelse));
  if (id) audit("forsendelse", admitted, *id, fmt::format("{} {}", how, reference));
  return id;
}

void SvarUt::add_routes() {
  const std::string v3 = "/api/v3/kontoer/{kontoId}/forsendelser";
  const std::string v2 = "/api/v2/kontoer/{kontoId}/forsendelser";
  add("POST", v3 + "/organisasjon", "send",
      [this](const Request& request, Admitted& admitted) { return send(request, admitted); });
  add("POST", v3 + "/status/sok", "status",
      [this](const Request&, Admitted& admitted) { return status("id", admitted); });
  add("POST", v2 + "/status-sok", "status",
      [this](const Request&, Admitted& admitted) { return status("forsendelseIds", admitted); });
  add("GET", v2, "eksternref",
      [this](const Request& request, Admitted& admitted) { return ekstern_ref(*request, admitted, false); });
  add("GET", v2 + "/metadata", "eksternref",
      [this](const Request& request, Admitted& admitted) { return ekstern_ref(*request, admitted, true); });
  add("GET", "/api/v2/forsendelsestyper", "types",
      [this](const Request&, Admitted& admitted) { return types(admitted); });
  add("GET", "/api/v2/mottakersystem", "systems",
      [this](const Request& request, Admitted&) { return receiving_systems(*request); });
  add("GET", "/api/v2/forsendelser/{id}/hendelser", "events",
      [this](const Request&, Admitted& admitted) { return events(admitted.subject, admitted); });
  site_.routes().add("POST", "/tjenester/forsendelseservice/ForsendelsesServiceV9",
                     [this](const Request& request, const auto&) -> Answer { return soap(request); });
  site_.routes().add("GET", "/forsendelse/publickey/hent", [this](const Request&, const auto&) -> Answer {
    return text_answer(200, identity_.certificate.pem(), "application/x-pem-file");
  });
}

}  // namespace kanal::sim

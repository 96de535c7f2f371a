#include "transports/dpf/forsendelse_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;

constexpr std::string_view product = "Kanal";

void put(json::object& into, std::string_view name, const std::string& text) {
  if (!text.empty()) into[name] = text;
}
void put(json::object& into, std::string_view name, const std::optional<std::int64_t>& number) {
  if (number) into[name] = *number;
}
void put(json::object& into, std::string_view name, const std::optional<OffsetTime>& time) {
  if (time) into[name] = format_iso(*time);
}

json::object adresse(const Adresse& from) {
  json::object out{{"adresselinje1", from.adresselinje1}};
  put(out, "postnummer", from.postnummer);
  out["poststed"] = from.poststed;
  return out;
}

json::object mottaker(const Part& from) {
  json::object out{{"navn", from.navn}, {"digitalId", from.orgnr}};
  if (from.adresse) out["adresse"] = adresse(*from.adresse);
  return out;
}

json::object svar_sendes_til(const Part& from) {
  auto out = mottaker(from);
  out["type"] = "ORGANISASJON";
  return out;
}

json::object metadata(const Forsendelse& forsendelse) {
  const auto& from = forsendelse.metadata;
  json::object out;
  put(out, "saksaar", from.saksaar);
  put(out, "sakssekvensnummer", from.sakssekvensnummer);
  put(out, "journalaar", from.journalaar);
  put(out, "journalsekvensnummer", from.journalsekvensnummer);
  put(out, "journalpostnummer", from.journalpostnummer);
  put(out, "journalposttype", from.journalposttype);
  put(out, "journalstatus", from.journalstatus);
  put(out, "journaldato", from.journaldato);
  put(out, "dokumentetsDato", from.dokumentets_dato);
  put(out, "tittel", forsendelse.tittel);
  put(out, "saksbehandler", from.saksbehandler);
  if (!from.ekstra.empty()) {
    auto& list = out["ekstraMetadata"].emplace_array();
    for (const auto& [key, value] : from.ekstra) list.push_back(json::object{{"key", key}, {"value", value}});
  }
  return out;
}

json::array dokumenter(const Forsendelse& forsendelse) {
  json::array list;
  for (const auto& dokument : forsendelse.dokumenter) {
    list.push_back(json::object{{"filnavn", dokument.file->filename},
                                {"mimeType", dokument.file->mimetype},
                                {"skalEkskluderesFraUtskrift", dokument.not_printed}});
  }
  return list;
}

}  // namespace

std::string write_json(const Forsendelse& forsendelse) {
  json::object out{{"mottaker", mottaker(forsendelse.mottaker)},
                   {"tittel", forsendelse.tittel},
                   {"avgivendeSystem", product},
                   {"kunDigitalLevering", forsendelse.only_digital},
                   {"kryptert", forsendelse.encrypted},
                   {"utskriftskonfigurasjon", json::object{{"tosidig", true}}},
                   {"sikkerhetsniva", forsendelse.highest_level ? "HOYESTE" : "BETYDELIG"},
                   {"metadataFraAvleverendeSystem", metadata(forsendelse)},
                   {"svarSendesTil", svar_sendes_til(forsendelse.svar_sendes_til)},
                   {"dokumenter", dokumenter(forsendelse)},
                   {"eksternReferanse", forsendelse.message_id},
                   {"kanSvareViaEdialog", false},
                   {"taushetsbelagtPost", forsendelse.confidential}};
  put(out, "konteringskode", forsendelse.kontering);
  put(out, "svarPaForsendelseId", forsendelse.answers);
  put(out, "forsendelsestype", forsendelse.forsendelsestype);
  put(out, "korrelasjonsid", forsendelse.conversation_id);
  return json::serialize(out);
}

}  // namespace kanal::transports::dpf

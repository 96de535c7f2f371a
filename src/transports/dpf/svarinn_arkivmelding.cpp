// Order and presence of elements are the schema's; values that it asks for and KS does not tell are the date of the
// forsendelse, its sending system, and the first words of each list of codes.
#include "transports/dpf/svarinn_arkivmelding.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "formats/utf8.hpp"
#include "formats/xml.hpp"
#include "transports/dpf/noark_codes.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::string_view noark = "http://www.arkivverket.no/standarder/noark5/arkivmelding";
constexpr std::size_t longest_name = 200;

/// Builds XML of elements and texts.
class Xml {
 public:
  void open(std::string_view name, std::string_view attributes = {}) {
    text_ += fmt::format("<{}{}{}>", name, attributes.empty() ? "" : " ", attributes);
  }
  void close(std::string_view name) { text_ += fmt::format("</{}>", name); }
  void add(std::string_view name, std::string_view value) {
    text_ += fmt::format("<{0}>{1}</{0}>", name, formats::xml_escape(value));
  }
  void add(std::string_view name, std::int64_t value) { add(name, std::to_string(value)); }
  void add_if(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_ = R"(<?xml version="1.0" encoding="UTF-8"?>)";
};

/// The day in Norway, with its offset: `2026-09-01+02:00`.
struct Day {
  std::chrono::sys_days day;
  std::chrono::minutes offset;
};

Day day_of(Time time) {
  const auto local = in_oslo(time);
  const auto day = std::chrono::floor<std::chrono::days>(local.utc + local.offset);
  // What lies before our era, or after four digits, has no form in the schema.
  using namespace std::chrono;
  const sys_days first = year(1) / January / 1;
  const sys_days last = year(9999) / December / 31;
  return {std::clamp(day, first, last), local.offset};
}

std::string offset_text(std::chrono::minutes offset) {
  const auto minutes = offset.count();
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

std::string bare_day(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string date_text(Time time) {
  const auto day = day_of(time);
  return bare_day(day.day) + offset_text(day.offset);
}

std::string midnight_text(Time time) {
  const auto day = day_of(time);
  return bare_day(day.day) + "T00:00:00" + offset_text(day.offset);
}

bool starts_name(char32_t c) {
  return c == U'_' || (c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z') ||
         (c >= 0xC0 && c <= 0x2FF && c != 0xD7 && c != 0xF7) || (c >= 0x370 && c <= 0x1FFF && c != 0x37E);
}

bool continues_name(char32_t c) {
  return starts_name(c) || c == U'-' || c == U'.' || (c >= U'0' && c <= U'9') || c == 0xB7;
}

void add_document(Xml& xml, const InnForsendelse& forsendelse, const ArchivedFile& file, std::size_t number,
                  const std::string& made, const std::string& maker) {
  xml.open("dokumentbeskrivelse");
  xml.add("systemID", derived_uuid("dokumentbeskrivelse", fmt::format("{} {}", forsendelse.id, number)));
  xml.add("dokumenttype", file.dokumenttype.empty() ? "Dokument" : file.dokumenttype);
  xml.add("dokumentstatus", "Dokumentet er ferdigstilt");
  xml.add("tittel", file.tittel);
  xml.add("opprettetDato", made);
  xml.add("opprettetAv", maker);
  xml.add("tilknyttetRegistreringSom", number == 1 ? "Hoveddokument" : "Vedlegg");
  xml.add("dokumentnummer", static_cast<std::int64_t>(number));
  xml.add("tilknyttetDato", made);
  xml.add("tilknyttetAv", maker);
  xml.open("dokumentobjekt");
  xml.add("versjonsnummer", 1);
  xml.add("variantformat", "Produksjonsformat");
  xml.add("opprettetDato", made);
  xml.add("opprettetAv", maker);
  xml.add("referanseDokumentfil", file.name);
  xml.close("dokumentobjekt");
  xml.close("dokumentbeskrivelse");
}

void add_extra(Xml& xml, const InnForsendelse& forsendelse) {
  if (forsendelse.ekstra.empty()) return;
  xml.open("virksomhetsspesifikkeMetadata");
  for (const auto& [key, value] : forsendelse.ekstra) xml.add(element_name(key), value);
  xml.close("virksomhetsspesifikkeMetadata");
}

void add_sender(Xml& xml, const InnForsendelse& forsendelse) {
  const auto& sender = forsendelse.sender;
  xml.open("korrespondansepart");
  xml.add("korrespondanseparttype", "Avsender");
  xml.add("korrespondansepartNavn", sender.navn);
  xml.add_if("postadresse", sender.adresse);
  xml.add_if("postnummer", sender.postnummer);
  xml.add_if("poststed", sender.poststed);
  xml.add_if("land", sender.land);
  xml.close("korrespondansepart");
}

void add_journalpost(Xml& xml, const InnForsendelse& forsendelse, std::span<const ArchivedFile> files, Time now,
                     const std::string& folder, const std::string& made, const std::string& maker) {
  xml.open("basisregistrering", R"(xsi:type="journalpost")");
  xml.add("systemID", derived_uuid("journalpost", forsendelse.id));
  xml.add("opprettetDato", made);
  xml.add("opprettetAv", maker);
  xml.add("arkivertDato", made);
  xml.add("arkivertAv", maker);
  xml.add("referanseForelderMappe", folder);
  for (std::size_t i = 0; i < files.size(); ++i) add_document(xml, forsendelse, files[i], i + 1, made, maker);
  auto title = forsendelse.noark_tittel.empty() ? forsendelse.tittel : forsendelse.noark_tittel;
  if (!forsendelse.sender.fnr.empty()) title += fmt::format(" (eDialog fra {})", forsendelse.sender.fnr);
  xml.add("tittel", title);
  xml.add("offentligTittel", forsendelse.tittel);
  add_extra(xml, forsendelse);
  const std::chrono::year_month_day today(day_of(now).day);
  xml.add("journalaar", forsendelse.journalaar != 0 ? forsendelse.journalaar : static_cast<int>(today.year()));
  xml.add("journalsekvensnummer", forsendelse.journalsekvensnummer);
  xml.add("journalpostnummer", forsendelse.journalpostnummer);
  xml.add("journalposttype", code_text(journalpost_types, forsendelse.journalposttype));
  xml.add("journalstatus", code_text(journalpost_statuses, forsendelse.journalstatus));
  xml.add("journaldato", date_text(forsendelse.journaldato.value_or(now)));
  if (forsendelse.dokumentets_dato) xml.add("dokumentetsDato", date_text(*forsendelse.dokumentets_dato));
  add_sender(xml, forsendelse);
  xml.close("basisregistrering");
}

}  // namespace

std::string element_name(std::string_view key) {
  std::string name;
  while (!key.empty() && name.size() < longest_name) {
    auto c = formats::next_code_point(key);
    if (!c) {
      key.remove_prefix(1);
      c = U'_';
    }
    if (name.empty() && !starts_name(*c)) name += '_';
    formats::append_utf8(name, continues_name(*c) ? *c : U'_');
  }
  return name.empty() ? "_" : name;
}

std::string write_arkivmelding(const InnForsendelse& forsendelse, std::span<const ArchivedFile> files, Time now) {
  const auto folder = derived_uuid("saksmappe", forsendelse.id);
  const auto made = format_iso(in_oslo(forsendelse.date.value_or(now)));
  const auto maker = forsendelse.system.empty() ? forsendelse.sender.navn : forsendelse.system;
  Xml xml;
  xml.open("arkivmelding", fmt::format(R"(xmlns="{}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance")", noark));
  xml.add("system", "Integrasjonspunkt");
  xml.add("meldingId", forsendelse.id);
  xml.add("tidspunkt",
          forsendelse.dokumentets_dato ? midnight_text(*forsendelse.dokumentets_dato) : format_iso(in_oslo(now)));
  xml.add("antallFiler", static_cast<std::int64_t>(files.size()));
  xml.open("mappe", R"(xsi:type="saksmappe")");
  xml.add("systemID", folder);
  xml.add("tittel", forsendelse.tittel);
  xml.add("opprettetDato", made);
  xml.add("opprettetAv", maker);
  add_journalpost(xml, forsendelse, files, now, folder, made, maker);
  xml.add("saksaar", forsendelse.saksaar);
  xml.add("sakssekvensnummer", forsendelse.sakssekvensnummer);
  xml.add("saksdato", date_text(forsendelse.date.value_or(now)));
  xml.add("administrativEnhet", "");
  xml.add("saksansvarlig", forsendelse.saksbehandler);
  xml.add("saksstatus", "Under behandling");
  xml.close("mappe");
  xml.close("arkivmelding");
  return xml.take();
}

}  // namespace kanal::transports::dpf

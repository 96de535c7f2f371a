#include "sim/svarut_rules.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "sim/json_members.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_links = 5;
constexpr std::size_t max_extra = 20;
constexpr std::string_view forbidden_in_names = "*:\"\\/<>|?";

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_country(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}
/// `^[a-zA-Z0-9_\-.øæåØÆÅ]{0,20}$`; the length is checked apart.
bool is_account_code(std::string_view text) {
  constexpr std::string_view norwegian[] = {"ø", "æ", "å", "Ø", "Æ", "Å"};
  while (!text.empty()) {
    const char c = text.front();
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    const bool letter = std::ranges::any_of(norwegian, [&](std::string_view one) { return text.starts_with(one); });
    if (!plain && !letter) return false;
    text.remove_prefix(plain ? 1 : 2);
  }
  return true;
}
bool is_file_name(std::string_view text) { return text.find_first_of(forbidden_in_names) == std::string_view::npos; }
bool is_reply_type(std::string_view text) {
  return text == "PERSON" || text == "ORGANISASJON" || text == "NHN_MOTTAKER";
}
bool is_level(std::string_view text) { return text == "BETYDELIG" || text == "HOYESTE"; }

const TextRule hundred{1, 100};
const TextRule thousand{1, 1000};

/// Java clients write absent members as null.
json::value without_nulls(const json::value& value, int depth = 0) {
  constexpr int deepest = 16;
  if (depth > deepest) return value;
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& member : *object) {
      if (!member.value().is_null()) out[member.key()] = without_nulls(member.value(), depth + 1);
    }
    return out;
  }
  if (const auto* array = value.if_array()) {
    json::array out;
    for (const auto& entry : *array) out.push_back(without_nulls(entry, depth + 1));
    return out;
  }
  return value;
}

std::int64_t millis(std::string_view iso) {
  const auto time = parse_iso(iso);
  return time ? std::chrono::floor<std::chrono::milliseconds>(time->utc.time_since_epoch()).count() : 0;
}

/// One forsendelse on its way from JSON: the first thing wrong is kept.
class Reader {
 public:
  Result<Forsendelse> read(const json::value& given) {
    Members top(given, "forsendelse", violation_);
    read_receiver(top);
    out_.tittel = top.text("tittel", thousand);
    read_exposed(top);
    out_.avgivende_system = top.optional_text("avgivendeSystem", hundred).value_or("");
    top.optional_text("avgivendeSystemAktor", hundred);
    top.optional_text("konteringskode", {1, 20, is_account_code, "konteringskode"});
    out_.kun_digital = top.optional_flag("kunDigitalLevering").value_or(false);
    out_.kryptert = top.optional_flag("kryptert").value_or(false);
    if (const auto* print = top.optional("utskriftskonfigurasjon")) {
      Members members(*print, top.place_of("utskriftskonfigurasjon"), violation_);
      members.optional_flag("tosidig");
      members.no_others();
    }
    const auto level = top.optional_text("sikkerhetsniva", {0, SIZE_MAX, is_level, "sikkerhetsniva"});
    out_.niva = level == "HOYESTE" ? 4 : 3;
    read_noark(top, "metadataFraAvleverendeSystem", true);
    read_noark(top, "metadataForImport", false);
    read_reply(top);
    if (const auto to = top.optional_text("svarPaForsendelseId", {0, SIZE_MAX, is_uuid, "uuid"})) {
      out_.item["svarPaForsendelse"] = *to;
    }
    read_documents(top);
    read_links(top);
    out_.forsendelsestype = top.optional_text("forsendelsestype", hundred).value_or("");
    out_.ekstern_ref = top.optional_text("eksternReferanse", hundred).value_or("");
    top.optional_text("korrelasjonsid", hundred);
    top.optional_flag("kanSvareViaEdialog");
    out_.item["taushetsbelagtPost"] = top.optional_flag("taushetsbelagtPost").value_or(false);
    top.no_others();
    if (violation_) return reject("svarut.schema", *violation_);
    return std::move(out_);
  }

 private:
  struct Address {
    std::optional<std::string> line1, line2, line3, code, area, country;
  };

  Address read_address(const json::value& given, const std::string& place) {
    Members members(given, place, violation_);
    Address out;
    const TextRule line{1, 70};
    out.line1 = members.text("adresselinje1", line);
    out.line2 = members.optional_text("adresselinje2", line);
    out.line3 = members.optional_text("adresselinje3", line);
    out.area = members.text("poststed", line);
    out.code = members.optional_text("postnummer", {1, 20});
    out.country = members.optional_text("landkode", {0, SIZE_MAX, is_country, "landkode"});
    members.no_others();
    return out;
  }

  static json::value or_null(const std::optional<std::string>& text) {
    return text ? json::value(*text) : json::value(nullptr);
  }
  static json::object party(const std::string& name, const Address& address) {
    return {{"navn", name},
            {"adresse1", or_null(address.line1)},
            {"adresse2", or_null(address.line2)},
            {"adresse3", or_null(address.line3)},
            {"postnr", or_null(address.code)},
            {"poststed", or_null(address.area)},
            {"land", or_null(address.country)},
            {"orgnr", nullptr},
            {"fnr", nullptr}};
  }

  void read_receiver(Members& top) {
    const auto* given = top.required("mottaker");
    if (given == nullptr) return;
    Members members(*given, top.place_of("mottaker"), violation_);
    const auto name = members.text("navn", hundred);
    out_.mottaker = members.text("digitalId", {9, 11, digits, "digitalId"});
    Address address;
    if (const auto* where = members.optional("adresse")) address = read_address(*where, members.place_of("adresse"));
    members.no_others();
    auto item = party(name, address);
    item["orgnr"] = out_.mottaker;
    out_.item["mottaker"] = std::move(item);
  }

  void read_reply(Members& top) {
    const auto* given = top.optional("svarSendesTil");
    if (given == nullptr) return;
    Members members(*given, top.place_of("svarSendesTil"), violation_);
    const auto name = members.text("navn", hundred);
    const auto type = members.text("type", {0, SIZE_MAX, is_reply_type, "type"});
    out_.svar_sendes_til = members.text("digitalId", {1, 11, digits, "digitalId"});
    Address address;
    if (const auto* where = members.required("adresse")) address = read_address(*where, members.place_of("adresse"));
    members.no_others();
    auto item = party(name, address);
    item[type == "PERSON" ? "fnr" : "orgnr"] = out_.svar_sendes_til;
    out_.item["avsender"] = json::object{{"navn", name},
                                         {"adresselinje1", or_null(address.line1)},
                                         {"adresselinje2", or_null(address.line2)},
                                         {"adresselinje3", or_null(address.line3)},
                                         {"postnr", or_null(address.code)},
                                         {"poststed", or_null(address.area)}};
    out_.item["svarSendesTil"] = std::move(item);
  }

  void read_exposed(Members& top) {
    const auto* given = top.optional("eksponertFor");
    if (given == nullptr) return;
    const auto* array = given->if_array();
    if (array == nullptr || !std::ranges::all_of(*array, [](const json::value& one) { return one.is_string(); })) {
      top.note("eksponertFor is no array of texts");
    }
  }

  /// `[{key, value}]` as both sides write it.
  json::array read_extra(Members& members) {
    json::array out;
    const auto* given = members.optional("ekstraMetadata");
    if (given == nullptr) return out;
    const auto* array = given->if_array();
    if (array == nullptr || array->size() > max_extra) {
      members.note("ekstraMetadata is no array of at most 20");
      return out;
    }
    for (const auto& entry : *array) {
      Members one(entry, members.place_of("ekstraMetadata"), violation_);
      const auto key = one.text("key", hundred);
      const auto value = one.text("value", {1, 500});
      one.no_others();
      json::object pair{{"key", key}, {"value", value}};
      if (std::ranges::find(out, json::value(pair)) != out.end()) one.note("is there twice");
      out.push_back(std::move(pair));
    }
    return out;
  }

  std::int64_t number(Members& members, std::string_view name, std::int64_t least, std::int64_t most) {
    const auto given = members.optional_integer(name);
    if (given && (*given < least || *given > most)) members.note(fmt::format("{} is not {} to {}", name, least, most));
    return given.value_or(0);
  }

  void read_noark(Members& top, std::string_view name, bool full) {
    const auto* given = top.optional(name);
    if (given == nullptr) return;
    Members members(*given, top.place_of(name), violation_);
    const auto text = [&](std::string_view member, const TextRule& rule) -> json::value {
      return or_null(members.optional_text(member, rule));
    };
    const auto date = [&](std::string_view member) -> json::value {
      const auto value = members.optional_text(member, {0, SIZE_MAX, is_date_time, "date-time with an offset"});
      return value ? json::value(millis(*value)) : json::value(nullptr);
    };
    json::object item;
    item["saksaar"] = number(members, "saksaar", 1000, 9999);
    item["sakssekvensnummer"] = number(members, "sakssekvensnummer", 1, INT64_MAX);
    for (const char* id : {"mappeId", "mappeSystemId", "systemId", "registreringsId"}) item[id] = text(id, hundred);
    item["journalposttype"] = text("journalposttype", hundred);
    item["journalstatus"] = text("journalstatus", hundred);
    item["dokumentetsDato"] = date("dokumentetsDato");
    item["tittel"] = text("tittel", thousand);
    if (full) {
      item["journalaar"] = number(members, "journalaar", 1000, 9999);
      item["journalsekvensnummer"] = number(members, "journalsekvensnummer", 1, INT64_MAX);
      item["journalpostnummer"] = number(members, "journalpostnummer", 1, INT64_MAX);
      item["saksBehandler"] = text("saksbehandler", hundred);
      item["journaldato"] = date("journaldato");
      item["ekstraMetadata"] = read_extra(members);
    }
    members.no_others();
    out_.item[name] = std::move(item);
  }

  void read_documents(Members& top) {
    const auto* given = top.optional("dokumenter");
    if (given == nullptr) return;
    if (!given->is_array()) return top.note("dokumenter is no array");
    for (const auto& entry : given->get_array()) {
      Members members(entry, top.place_of("dokumenter"), violation_);
      ForsendelseDokument dokument;
      dokument.filnavn = members.text("filnavn", {1, 226, is_file_name, "file name"});
      dokument.mimetype = members.text("mimeType", {1, 127});
      members.optional_text("dokumentType", hundred);
      number(members, "giroarkSide", 1, INT32_MAX);
      dokument.excluded_from_print = members.optional_flag("skalEkskluderesFraUtskrift").value_or(false);
      read_extra(members);
      members.optional_flag("inneholderPersonsensitivInformasjon");
      members.no_others();
      out_.dokumenter.push_back(std::move(dokument));
    }
  }

  void read_links(Members& top) {
    json::array links;
    if (const auto* given = top.optional("lenker")) {
      if (!given->is_array() || given->get_array().size() > max_links) {
        return top.note("lenker is no array of at most 5");
      }
      for (const auto& entry : given->get_array()) {
        Members members(entry, top.place_of("lenker"), violation_);
        json::object link{{"urlLenke", members.text("url", thousand)}, {"urlTekst", members.text("tekst", hundred)}};
        link["ledetekst"] = or_null(members.optional_text("ledetekst", hundred));
        members.no_others();
        links.push_back(std::move(link));
      }
    }
    out_.item["lenker"] = std::move(links);
  }

  Violation violation_;
  Forsendelse out_;
};

// SOAP V9 -----------------------------------------------------------------------------------------------------------

std::string child_text(const formats::XmlElement& element, std::string_view name) {
  const auto child = element.child(name);
  return child ? child->text() : std::string{};
}

json::value text_or_null(const formats::XmlElement& element, std::string_view name) {
  const auto text = child_text(element, name);
  return text.empty() ? json::value(nullptr) : json::value(text);
}

/// The booleans that the WSDL demands.
Result<bool> flag(const formats::XmlElement& element, std::string_view name) {
  const auto text = child_text(element, name);
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return reject("svarut.schema", fmt::format("{} must be true or false", name));
}

json::object party_of(const formats::XmlElement& element, std::string& orgnr) {
  json::object out{{"orgnr", nullptr}, {"fnr", nullptr}};
  if (const auto post = element.child("postAdresse")) {
    for (const char* name : {"navn", "adresse1", "adresse2", "adresse3", "postnr", "poststed", "land"}) {
      out[name] = text_or_null(*post, name);
    }
  }
  if (const auto digital = element.child("digitalAdresse")) {
    const auto type = digital->attribute("type").value_or("");
    if (type.ends_with("organisasjonDigitalAdresse")) {
      orgnr = child_text(*digital, "orgnr");
      out["orgnr"] = orgnr;
    } else if (type.ends_with("personDigitalAdresse")) {
      orgnr = child_text(*digital, "fnr");
      out["fnr"] = orgnr;
    }
  }
  return out;
}

Result<json::object> noark_of(const formats::XmlElement& element) {
  json::object out;
  for (const char* name : {"saksaar", "sakssekvensnummer", "journalaar", "journalsekvensnummer", "journalpostnummer"}) {
    const auto text = child_text(element, name);
    if (text.empty() || text.size() > 9 || !digits(text)) {
      return reject("svarut.schema", fmt::format("metadataFraAvleverendeSystem.{} must be an int", name));
    }
    out[name] = std::stoi(text);
  }
  for (const char* name : {"journalposttype", "journalstatus", "tittel"}) out[name] = text_or_null(element, name);
  out["saksBehandler"] = text_or_null(element, "saksbehandler");
  for (const char* name : {"journaldato", "dokumentetsDato"}) {
    const auto text = child_text(element, name);
    if (!text.empty() && !parse_iso(text)) {
      return reject("svarut.schema", fmt::format("metadataFraAvleverendeSystem.{} must be a dateTime", name));
    }
    out[name] = text.empty() ? json::value(nullptr) : json::value(millis(text));
  }
  json::array extra;
  for (const auto& entry : element.children("ekstraMetadata")) {
    extra.push_back(json::object{{"key", child_text(entry, "key")}, {"value", child_text(entry, "value")}});
  }
  out["ekstraMetadata"] = std::move(extra);
  return out;
}

Result<ForsendelseDokument> document_of(const formats::XmlElement& element) {
  ForsendelseDokument out;
  out.filnavn = child_text(element, "filnavn");
  out.mimetype = child_text(element, "mimetype");
  const auto data = element.child("data");
  if (out.filnavn.empty() || !is_file_name(out.filnavn) || out.mimetype.empty() || !data) {
    return reject("svarut.schema", "dokumenter: a legal filnavn, mimetype and data are needed");
  }
  const auto excluded = flag(element, "ekskluderesFraPrint");
  if (!excluded) return failed(excluded);
  if (const auto sign = flag(element, "skalSigneres"); !sign) return failed(sign);
  out.excluded_from_print = *excluded;
  if (const auto include = data->child("Include")) out.cid = include->attribute("href").value_or("");
  return out;
}

}  // namespace

Result<Forsendelse> read_forsendelse(const json::value& given) { return Reader().read(without_nulls(given)); }

Result<Forsendelse> read_forsendelse(const formats::XmlElement& given) {
  Forsendelse out;
  out.avgivende_system = child_text(given, "avgivendeSystem");
  out.ekstern_ref = child_text(given, "eksternref");
  out.forsendelsestype = child_text(given, "forsendelseType");
  out.tittel = child_text(given, "tittel");
  const auto level4 = flag(given, "krevNiva4Innlogging");
  if (!level4) return failed(level4);
  const auto encrypted = flag(given, "kryptert");
  if (!encrypted) return failed(encrypted);
  const auto digital = flag(given, "kunDigitalLevering");
  if (!digital) return failed(digital);
  if (const auto link = flag(given, "svarPaForsendelseLink"); !link) return failed(link);
  for (const char* nillable : {"signaturtype", "signeringUtloper"}) {
    if (!given.child(nillable)) return reject("svarut.schema", fmt::format("{} is missing: nil is enough", nillable));
  }
  const auto receiver = given.child("mottaker");
  const auto reply = given.child("svarSendesTil");
  if (out.tittel.empty() || !receiver) return reject("svarut.schema", "tittel and mottaker are needed");
  out.niva = *level4 ? 4 : 3;
  out.kryptert = *encrypted;
  out.kun_digital = *digital;
  out.item["mottaker"] = party_of(*receiver, out.mottaker);
  if (reply) {
    auto party = party_of(*reply, out.svar_sendes_til);
    out.item["avsender"] = json::object{{"navn", party["navn"]},
                                        {"adresselinje1", party["adresse1"]},
                                        {"postnr", party["postnr"]},
                                        {"poststed", party["poststed"]}};
    out.item["svarSendesTil"] = std::move(party);
  }
  if (const auto to = child_text(given, "svarPaForsendelse"); !to.empty()) out.item["svarPaForsendelse"] = to;
  if (const auto noark = given.child("metadataFraAvleverendeSystem")) {
    auto item = noark_of(*noark);
    if (!item) return failed(item);
    out.item["metadataFraAvleverendeSystem"] = std::move(*item);
  }
  out.item["lenker"] = json::array{};
  out.item["taushetsbelagtPost"] = false;
  for (const auto& element : given.children("dokumenter")) {
    auto dokument = document_of(element);
    if (!dokument) return failed(dokument);
    out.dokumenter.push_back(std::move(*dokument));
  }
  return out;
}

Result<void> check_forsendelse(const Forsendelse& forsendelse, const SvarUtAccount& account, const SvarUtRules& rules) {
  const auto wrong = [](std::string text) { return reject("svarut.rule", std::move(text)); };
  if (!domain::is_orgnr(forsendelse.mottaker)) return wrong("Mottaker finnes ikke i Enhetsregisteret");
  if (!account.senders.empty() && !account.senders.contains(forsendelse.svar_sendes_til)) {
    return wrong("svarSendesTil er ikke en organisasjon som kontoen kan sende for");
  }
  if (!forsendelse.forsendelsestype.empty() && !rules.forsendelsestyper.contains(forsendelse.forsendelsestype)) {
    return wrong(fmt::format("Ukjent forsendelsestype {}", forsendelse.forsendelsestype));
  }
  if (forsendelse.niva == 4 && !forsendelse.kryptert) return wrong("Dokumentene må være krypterte på nivå 4");
  std::set<std::string> names;
  for (const auto& dokument : forsendelse.dokumenter) {
    if (!names.insert(dokument.filnavn).second) return wrong(fmt::format("Filnavn {} er ikke unikt", dokument.filnavn));
    if (dokument.mimetype != "application/pdf" && !dokument.excluded_from_print && !forsendelse.kun_digital) {
      return wrong(fmt::format("Dokument {} må ekskluderes fra utskrift", dokument.filnavn));
    }
  }
  return {};
}

Result<void> check_documents(const Forsendelse& forsendelse, const SvarUtRules& rules) {
  std::uint64_t printed = 0;
  for (const auto& dokument : forsendelse.dokumenter) {
    if (dokument.size == 0) {
      return reject("svarut.rule", fmt::format("Kan ikke lagre tomt dokument {}", dokument.filnavn));
    }
    if (!dokument.excluded_from_print) printed += dokument.size;
  }
  if (!forsendelse.kun_digital && printed >= rules.max_pdf_bytes) {
    return reject("svarut.rule", "Dokumentene som skal kunne skrives ut er til sammen for store");
  }
  return {};
}

}  // namespace kanal::sim

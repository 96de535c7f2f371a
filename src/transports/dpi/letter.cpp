#include "transports/dpi/letter.hpp"

#include <array>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "crypto/digest.hpp"
#include "domain/partner.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;

constexpr std::string_view sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr std::array<std::string_view, 4> address_lines{"adresselinje1", "adresselinje2", "adresselinje3",
                                                        "adresselinje4"};

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_int64() ? std::to_string(value->get_int64()) : std::string{};
}

const json::object& object_in(const json::object& object, std::string_view name) {
  static const json::object none;
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

/// The reference takes numbers and truth values in texts too.
bool flag_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  return value->is_string() && same_ignoring_case(value->get_string(), "true");
}

int number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value != nullptr && value->is_int64()) return static_cast<int>(value->get_int64());
  const auto text = text_in(object, name);
  return text.size() == 1 && text[0] >= '0' && text[0] <= '9' ? text[0] - '0' : 0;
}

void put_if_given(json::object& into, std::string_view name, const std::string& text) {
  if (!text.empty()) into[name] = text;
}

json::object organisation(const std::string& value) {
  return {{"authority", domain::iso6523_authority}, {"value", value}};
}

json::object avsender(const json::object& body, const Sender& sender) {
  json::object out{{"virksomhetsidentifikator", organisation(sender.organisation)}};
  put_if_given(out, "avsenderidentifikator", text_in(body, "avsenderId"));
  put_if_given(out, "fakturaReferanse", text_in(body, "fakturaReferanse"));
  return out;
}

json::object fingerprint(const Seal& seal) {
  return {{"digestMethod", sha256_uri}, {"digestValue", to_base64(seal.package_sha256)}};
}

json::array repetitions() { return {0, 7}; }

/// Only where both the address and the text are there (4.1).
json::object notifications(const json::object& body, const Recipient& recipient) {
  const auto& texts = object_in(body, "varsler");
  json::object out;
  if (const auto text = text_in(texts, "epostTekst"); !text.empty() && !recipient.email.empty()) {
    out["epostvarsel"] =
        json::object{{"epostadresse", recipient.email}, {"varslingstekst", text}, {"repetisjoner", repetitions()}};
  }
  if (const auto text = text_in(texts, "smsTekst"); !text.empty() && !recipient.mobile.empty()) {
    out["smsvarsel"] = json::object{
        {"mobiltelefonnummer", recipient.mobile}, {"varslingstekst", text}, {"repetisjoner", repetitions()}};
  }
  return out;
}

json::object digital(const json::object& body, const Sender& sender, const Recipient& recipient, const Seal& seal) {
  const auto& info = object_in(body, "digitalPostInfo");
  json::object out{{"avsender", avsender(body, sender)},
                   {"mottaker", json::object{{"postkasseadresse", recipient.mailbox}}},
                   {"dokumentpakkefingeravtrykk", fingerprint(seal)},
                   {"maskinportentoken", seal.token},
                   {"sikkerhetsnivaa", number_in(body, "sikkerhetsnivaa")}};
  // A day in the installation's time zone begins at midnight there.
  if (const auto day = text_in(info, "virkningsdato"); !day.empty()) {
    if (const auto midnight = parse_iso(day.substr(0, 10) + "T00:00:00")) {
      out["virkningstidspunkt"] = format_iso(*midnight);
    }
  }
  out["aapningskvittering"] = flag_in(info, "aapningskvittering");
  out["ikkesensitivtittel"] = text_in(body, "tittel");
  out["spraak"] = text_in(body, "spraak");
  out["varsler"] = notifications(body, recipient);
  return out;
}

bool is_norwegian(const std::string& country) {
  return country.empty() || same_ignoring_case(country, "norge") || same_ignoring_case(country, "norway");
}

/// Exactly one of postal code with place, and country (4.2). A foreign place goes into the first free line.
json::object address(const json::object& from) {
  json::object out{{"navn", text_in(from, "navn")}};
  std::array<std::string, address_lines.size()> lines;
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i] = text_in(from, address_lines[i]);
  const auto code = text_in(from, "postnummer");
  const auto place = text_in(from, "poststed");
  const auto country = text_in(from, "land");
  const bool norwegian = is_norwegian(country);
  if (const auto locality = code + (code.empty() || place.empty() ? "" : " ") + place;
      !norwegian && !locality.empty()) {
    const auto free = std::find_if(lines.begin() + 1, lines.end(), [](const auto& line) { return line.empty(); });
    if (free != lines.end()) {
      *free = locality;
    } else {
      lines.back() += " " + locality;
    }
  }
  out[address_lines.front()] = lines.front();
  for (std::size_t i = 1; i < lines.size(); ++i) put_if_given(out, address_lines[i], lines[i]);
  if (norwegian) {
    out["postnummer"] = code;
    out["poststed"] = place;
  } else {
    out["land"] = country;
  }
  return out;
}

json::object utskrift(const json::object& body, const Sender& sender, const Seal& seal) {
  const auto& retur = object_in(body, "retur");
  const bool shred = text_in(retur, "returhaandtering") == "MAKULERING_MED_MELDING";
  return {{"avsender", avsender(body, sender)},
          {"mottaker", address(object_in(body, "mottaker"))},
          {"utskriftstype", text_in(body, "utskriftsfarge") == "FARGE" ? "FARGE" : "SORT_HVIT"},
          {"posttype", text_in(body, "posttype") == "A_PRIORITERT" ? "A" : "B"},
          {"retur", json::object{{"mottaker", address(object_in(retur, "mottaker"))},
                                 {"returposthaandtering", shred ? "MAKULERING_MED_MELDING" : "DIREKTE_RETUR"}}},
          {"dokumentpakkefingeravtrykk", fingerprint(seal)},
          {"maskinportentoken", seal.token}};
}

std::string iso6523(const std::string& number) { return domain::iso6523(Orgnr(number)); }

json::array one_party(const std::string& value) { return {json::object{{"identifier", organisation(value)}}}; }

}  // namespace

bool is_print(const domain::Sbd& sbd) { return sbd.document.type == "print"; }

Result<Sender> sender_of(const domain::Sbd& sbd) {
  if (sbd.sender.empty()) return reject("dpi.sender", "the document names no sender");
  const auto partner = domain::parse_partner(sbd.sender.front().authority, sbd.sender.front().value);
  if (!partner) return reject("dpi.sender", "the sender is no organisation: " + partner.error().message);
  return Sender{iso6523(partner->primary), iso6523(partner->part_or_primary()), partner->part_or_primary()};
}

json::object write_letter(const domain::Sbd& sbd, const Sender& sender, const Recipient& recipient, const Seal& seal,
                          Time now) {
  const bool print = is_print(sbd);
  const std::string type = print ? "utskrift" : "digital";
  json::object information;
  if (const auto ttl = sbd.expected_response()) information["expectedResponseDateTime"] = format_iso(*ttl);
  json::object scope{
      {"type", domain::scope_type::conversation_id},
      {"instanceIdentifier", sbd.conversation_id().str()},
      {"identifier", fmt::format("urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:{}:ver1.0", type)}};
  if (!information.empty()) scope["scopeInformation"] = json::array{std::move(information)};
  json::object header{
      {"headerVersion", "1.0"},
      {"sender", one_party(sender.processor)},
      {"receiver", one_party(iso6523(recipient.supplier))},
      {"documentIdentification",
       json::object{
           {"standard", fmt::format("urn:fdc:digdir.no:2020:innbyggerpost:xsd::innbyggerpost##urn:fdc:digdir.no:2020:"
                                    "innbyggerpost:schema:{}::1.0",
                                    type)},
           {"typeVersion", "1.0"},
           {"instanceIdentifier", sbd.message_id().str()},
           {"type", type},
           {"creationDateAndTime", format_iso(in_oslo(now))}}},
      {"businessScope", json::object{{"scope", json::array{std::move(scope)}}}}};
  const json::object none;
  const auto* body = sbd.body.if_object();
  const auto& given = body != nullptr ? *body : none;
  json::object document;
  document["standardBusinessDocumentHeader"] = std::move(header);
  document[type] = print ? utskrift(given, sender, seal) : digital(given, sender, recipient, seal);
  json::object out;
  out["standardBusinessDocument"] = std::move(document);
  return out;
}

std::string language_of(const domain::Sbd& sbd, const Recipient& recipient, std::string_view otherwise) {
  for (const auto& language : {is_print(sbd) ? std::string{} : sbd.body_text("spraak"), recipient.language}) {
    if (language.size() == 2) return language;
  }
  return std::string(otherwise);
}

}  // namespace kanal::transports::dpi

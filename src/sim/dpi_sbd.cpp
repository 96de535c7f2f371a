// { "standardBusinessDocument": { "standardBusinessDocumentHeader": {...}, "digital" | "utskrift": {...} } }
#include "sim/dpi_sbd.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"
#include "sim/json_members.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view prefix = "0192:";
constexpr std::string_view sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr std::string_view header_name = "standardBusinessDocumentHeader";
constexpr std::size_t sha256_bytes = 32;

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_organisation(std::string_view text) {
  return text.starts_with(prefix) && domain::is_orgnr(text.substr(prefix.size()));
}
bool is_postal_code(std::string_view text) { return text.size() == 4 && is_digits(text); }
bool is_country_code(std::string_view text) {
  return text.size() == 2 &&
         std::ranges::all_of(text, [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; });
}
bool is_mobile(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("- _0123456789") == std::string_view::npos;
}
bool is_sha256(std::string_view text) {
  const auto bytes = from_base64(text);
  return bytes && bytes->size() == sha256_bytes;
}

constexpr TextRule organisation_rule{.good = is_organisation, .called = "organisation (0192: and nine digits)"};
constexpr TextRule uuid_rule{.good = is_uuid, .called = "UUID"};
constexpr TextRule date_time_rule{.good = is_date_time, .called = "date-time with offset"};

std::string number_of(const std::string& organisation) {
  return organisation.empty() ? organisation : organisation.substr(prefix.size());
}

/// `{authority, value}`; the nine digits.
std::string read_identifier(const json::value& value, std::string place, Violation& violation) {
  Members identifier(value, std::move(place), violation);
  identifier.constant("authority", domain::iso6523_authority);
  auto organisation = identifier.text("value", organisation_rule);
  identifier.no_others();
  return number_of(organisation);
}

/// `[ { "identifier": {...} } ]`, exactly one.
std::string read_actor(Members& header, std::string_view name, Violation& violation) {
  const auto* value = header.required(name);
  if (value == nullptr) return {};
  const auto* list = value->if_array();
  if (list == nullptr || list->size() != 1) {
    header.note(std::string(name) + " must be a list of one");
    return {};
  }
  Members actor(list->front(), header.place_of(name), violation);
  const auto* identifier = actor.required("identifier");
  actor.no_others();
  return identifier != nullptr ? read_identifier(*identifier, actor.place_of("identifier"), violation) : std::string{};
}

void read_scope_information(const json::value& value, const std::string& place, Violation& violation) {
  const auto* list = value.if_array();
  if (list == nullptr) {
    if (!violation) violation = place + ": is no list";
    return;
  }
  for (const auto& entry : *list) {
    Members information(entry, place, violation);
    information.optional_text("expectedResponseDateTime", date_time_rule);
    information.no_others();
  }
}

/// The conversation id.
std::string read_scopes(const json::value& value, std::string_view type, Violation& violation) {
  Members business(value, "businessScope", violation);
  const auto* scopes = business.required("scope");
  business.no_others();
  if (scopes == nullptr) return {};
  if (!scopes->is_array()) {
    business.note("scope is no list");
    return {};
  }
  std::string conversation;
  for (const auto& entry : scopes->get_array()) {
    Members scope(entry, "scope", violation);
    const auto kind = scope.text("type");
    const auto instance = scope.optional_text("instanceIdentifier", uuid_rule);
    const auto identifier = scope.optional_text("identifier");
    if (const auto* information = scope.optional("scopeInformation")) {
      read_scope_information(*information, scope.place_of("scopeInformation"), violation);
    }
    scope.no_others();
    if (kind != "ConversationId") continue;
    if (!instance) scope.note("instanceIdentifier is missing");
    if (identifier != dpi_process(type)) scope.note("identifier must be " + dpi_process(type));
    if (!conversation.empty()) scope.note("there are two ConversationId scopes");
    conversation = lower_case(instance.value_or(""));
  }
  if (conversation.empty()) business.note("there is no ConversationId scope");
  return conversation;
}

/// Gives the type, for the body goes by it.
std::string read_header(const json::value& value, DpiMessage& out, Violation& violation) {
  Members header(value, std::string(header_name), violation);
  header.constant("headerVersion", "1.0");
  out.sender = read_actor(header, "sender", violation);
  out.receiver = read_actor(header, "receiver", violation);
  std::string type;
  if (const auto* identification = header.required("documentIdentification")) {
    Members document(*identification, "documentIdentification", violation);
    type = document.text("type");
    if (type != "digital" && type != "utskrift") document.note("type is neither digital nor utskrift");
    document.constant("standard", dpi_standard(type));
    document.constant("typeVersion", "1.0");
    out.id = lower_case(document.text("instanceIdentifier", uuid_rule));
    document.text("creationDateAndTime", date_time_rule);
    document.no_others();
  }
  if (const auto* scopes = header.required("businessScope")) out.conversation = read_scopes(*scopes, type, violation);
  header.no_others();
  return type;
}

/// avsender, dokumentpakkefingeravtrykk and maskinportentoken, which both types have.
void read_common(Members& body, DpiMessage& out, Violation& violation) {
  if (const auto* value = body.required("avsender")) {
    Members sender(*value, body.place_of("avsender"), violation);
    if (const auto* identifier = sender.required("virksomhetsidentifikator")) {
      out.organisation = read_identifier(*identifier, sender.place_of("virksomhetsidentifikator"), violation);
    }
    out.sender_unit = sender.optional_text("avsenderidentifikator", {.max = 100});
    sender.optional_text("fakturaReferanse", {.max = 40});
    sender.no_others();
  }
  if (const auto* value = body.required("dokumentpakkefingeravtrykk")) {
    Members print(*value, body.place_of("dokumentpakkefingeravtrykk"), violation);
    print.constant("digestMethod", sha256_uri);
    out.digest = print.text("digestValue", {.good = is_sha256, .called = "base64 of a SHA-256"});
    print.no_others();
  }
  out.token = body.text("maskinportentoken", {.min = 1});
}

void read_repetitions(Members& notification) {
  const auto* value = notification.required("repetisjoner");
  if (value == nullptr) return;
  const auto* list = value->if_array();
  const bool good =
      list != nullptr && !list->empty() && list->size() <= 10 && std::ranges::all_of(*list, [](const json::value& day) {
        return day.is_int64() && day.get_int64() >= 0 && day.get_int64() <= 25;
      });
  if (!good) notification.note("repetisjoner must be 1 to 10 numbers of days from 0 to 25");
}

void read_notifications(const json::value& value, const std::string& place, DpiMessage& out, Violation& violation) {
  Members notifications(value, place, violation);
  if (const auto* given = notifications.optional("epostvarsel")) {
    Members email(*given, notifications.place_of("epostvarsel"), violation);
    email.text("epostadresse", {.good = is_email, .called = "e-mail address"});
    email.text("varslingstekst", {.min = 1, .max = 500});
    read_repetitions(email);
    email.no_others();
    out.notify_by_email = true;
  }
  if (const auto* given = notifications.optional("smsvarsel")) {
    Members sms(*given, notifications.place_of("smsvarsel"), violation);
    sms.text("mobiltelefonnummer", {.min = 8, .max = 20, .good = is_mobile, .called = "telephone number"});
    sms.text("varslingstekst", {.min = 1, .max = 160});
    read_repetitions(sms);
    sms.no_others();
    out.notify_by_sms = true;
  }
  notifications.no_others();
}

void read_digital(const json::value& value, DpiMessage& out, Violation& violation) {
  Members body(value, "digital", violation);
  read_common(body, out, violation);
  if (const auto* given = body.required("mottaker")) {
    Members receiver(*given, body.place_of("mottaker"), violation);
    out.mailbox = receiver.text("postkasseadresse", {.min = 1});
    receiver.no_others();
  }
  body.required("sikkerhetsnivaa");
  const auto level = body.optional_integer("sikkerhetsnivaa");
  if (level && *level != 3 && *level != 4) body.note("sikkerhetsnivaa is neither 3 nor 4");
  body.optional_text("virkningstidspunkt", date_time_rule);
  body.optional_text("virkningsdato", {.good = is_date, .called = "date"});
  out.wants_opening_receipt = body.optional_flag("aapningskvittering").value_or(false);
  body.text("ikkesensitivtittel", {.min = 1, .max = 255});
  body.text("spraak", {.min = 2, .max = 2});
  if (const auto* given = body.optional("varsler")) {
    read_notifications(*given, body.place_of("varsler"), out, violation);
  }
  body.no_others();
}

/// Exactly one of postal code with place, country, country code. Gives the name.
std::string read_address(const json::value& value, const std::string& place, Violation& violation) {
  Members address(value, place, violation);
  auto name = address.text("navn");
  address.text("adresselinje1", {.max = 100});
  for (const auto* line : {"adresselinje2", "adresselinje3", "adresselinje4"})
    address.optional_text(line, {.max = 100});
  address.optional_text("postnummer", {.good = is_postal_code, .called = "postal code of four digits"});
  address.optional_text("poststed", {.max = 80});
  address.optional_text("land", {.max = 80});
  address.optional_text("landkode", {.good = is_country_code, .called = "country code of two letters"});
  const int norwegian = address.has("postnummer") && address.has("poststed") ? 1 : 0;
  const int foreign = address.has("land") != address.has("landkode") ? 1 : 0;
  if (norwegian + foreign != 1) address.note("must have either postnummer and poststed, or land, or landkode");
  address.no_others();
  return name;
}

void one_of(Members& body, std::string_view name, std::string_view a, std::string_view b) {
  const auto text = body.optional_text(name);
  if (text && *text != a && *text != b) body.note(std::string(name) + " has an unknown value");
}

void read_print(const json::value& value, DpiMessage& out, Violation& violation) {
  Members body(value, "utskrift", violation);
  read_common(body, out, violation);
  if (const auto* given = body.required("mottaker")) {
    out.addressee = read_address(*given, body.place_of("mottaker"), violation);
  }
  body.required("utskriftstype");
  one_of(body, "utskriftstype", "SORT_HVIT", "FARGE");
  one_of(body, "posttype", "A", "B");
  if (const auto* given = body.required("retur")) {
    Members returned(*given, body.place_of("retur"), violation);
    if (const auto* to = returned.required("mottaker")) read_address(*to, returned.place_of("mottaker"), violation);
    returned.required("returposthaandtering");
    one_of(returned, "returposthaandtering", "DIREKTE_RETUR", "MAKULERING_MED_MELDING");
    returned.no_others();
  }
  body.no_others();
}

}  // namespace

std::string_view name_of(DpiType type) { return type == DpiType::digital ? "digital" : "utskrift"; }

std::string dpi_standard(std::string_view type) {
  return "urn:fdc:digdir.no:2020:innbyggerpost:xsd::innbyggerpost##urn:fdc:digdir.no:2020:innbyggerpost:schema:" +
         std::string(type) + "::1.0";
}

std::string dpi_process(std::string_view type) {
  return "urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:" + std::string(type) + ":ver1.0";
}

Result<DpiMessage> read_dpi_message(std::string_view payload) {
  auto root = parse_object(payload);
  if (!root) return reject("sbd.schema", root.error().message);
  const json::value whole(std::move(*root));
  DpiMessage out;
  Violation violation;
  Members outer(whole, "SBD", violation);
  if (const auto* document = outer.required("standardBusinessDocument")) {
    Members sbd(*document, "standardBusinessDocument", violation);
    std::string type;
    if (const auto* header = sbd.required(header_name)) type = read_header(*header, out, violation);
    out.type = type == "utskrift" ? DpiType::utskrift : DpiType::digital;
    if (const auto* body = sbd.required(name_of(out.type))) {
      if (out.type == DpiType::digital) {
        read_digital(*body, out, violation);
      } else {
        read_print(*body, out, violation);
      }
    }
    sbd.no_others();
  }
  outer.no_others();
  if (violation) return reject("sbd.schema", *violation);
  return out;
}

}  // namespace kanal::sim

#include "transports/dpf/svarut_envelope.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "formats/xml.hpp"
#include "ops/key_names.hpp"

namespace kanal::transports::dpf {
namespace {

using formats::xml_escape;

constexpr std::string_view service_namespace = "http://www.ks.no/svarut/servicesV9";
constexpr std::size_t most_lines = 10'000;
constexpr std::size_t longest_fault = 2'000;

std::string envelope(std::string_view operation, std::string_view inside) {
  return fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>)"
                     R"(<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>)"
                     R"(<ns:{0} xmlns:ns="{1}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{2}</ns:{0}>)"
                     R"(</soap:Body></soap:Envelope>)",
                     operation, service_namespace, inside);
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{0}>{1}</{0}>", name, xml_escape(text));
}
std::string optional_element(std::string_view name, std::string_view text) {
  return text.empty() ? std::string{} : element(name, text);
}
std::string flag(std::string_view name, bool value) { return element(name, value ? "true" : "false"); }

/// xs:int, and 0 for what is missing or does not fit.
std::string number(std::string_view name, const std::optional<std::int64_t>& value) {
  const bool fits = value && *value <= std::numeric_limits<std::int32_t>::max();
  return element(name, std::to_string(fits ? *value : 0));
}

std::string date(std::string_view name, const std::optional<OffsetTime>& time) {
  return time ? element(name, format_iso(*time)) : std::string{};
}

std::string adresse(std::string_view name, const Part& part) {
  // The schema wants postAdresse's members in alphabetical order.
  std::string post;
  if (part.adresse) {
    post = element("adresse1", part.adresse->adresselinje1) + element("land", "Norge") + element("navn", part.navn) +
           optional_element("postnr", part.adresse->postnummer) + element("poststed", part.adresse->poststed);
  } else {
    post = element("navn", part.navn);
  }
  return fmt::format(
      R"(<{0}><digitalAdresse xsi:type="ns:organisasjonDigitalAdresse"><orgnr>{1}</orgnr></digitalAdresse>)"
      R"(<postAdresse>{2}</postAdresse></{0}>)",
      name, xml_escape(part.orgnr), post);
}

std::string metadata(const Forsendelse& forsendelse) {
  const auto& from = forsendelse.metadata;
  std::string out = date("dokumentetsDato", from.dokumentets_dato);
  for (const auto& [key, value] : from.ekstra) {
    out += "<ekstraMetadata>" + element("key", key) + element("value", value) + "</ekstraMetadata>";
  }
  out += number("journalaar", from.journalaar) + date("journaldato", from.journaldato) +
         number("journalpostnummer", from.journalpostnummer) + element("journalposttype", from.journalposttype) +
         number("journalsekvensnummer", from.journalsekvensnummer) + element("journalstatus", from.journalstatus) +
         number("saksaar", from.saksaar) + optional_element("saksbehandler", from.saksbehandler) +
         number("sakssekvensnummer", from.sakssekvensnummer) + element("tittel", forsendelse.tittel);
  return "<metadataFraAvleverendeSystem>" + out + "</metadataFraAvleverendeSystem>";
}

std::string dokument(const Dokument& from, std::size_t at) {
  return fmt::format(
      R"(<dokumenter><data><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:{}"/></data>)"
      "{}{}{}{}</dokumenter>",
      content_id(at), flag("ekskluderesFraPrint", from.not_printed), element("filnavn", from.file->filename),
      element("mimetype", from.file->mimetype), flag("skalSigneres", false));
}

/// The operation's response element.
Result<formats::XmlElement> response_in(const formats::XmlDocument& document, std::string_view operation) {
  const auto root = document.root();
  const auto body = root.name() == "Envelope" ? root.child("Body") : std::nullopt;
  auto response = body ? body->child(std::string(operation) + "Response") : std::nullopt;
  if (!response) return retry("dpf.answer", fmt::format("SvarUt's answer is not that of {}", operation));
  return *response;
}

Result<formats::XmlDocument> parse(std::string_view xml) {
  auto document = formats::XmlDocument::parse(bytes_of(xml));
  // Not our message is at fault: it may be a proxy's page.
  if (!document) return retry("dpf.answer", "SvarUt's answer is no XML: " + document.error().text());
  return document;
}

std::string text_of(const formats::XmlElement& parent, std::string_view name) {
  const auto child = parent.child(name);
  return child ? child->text() : std::string{};
}

/// A parameter of a Content-Type, quoted or not.
std::string_view parameter(std::string_view content_type, std::string_view name) {
  const auto lower = ops::lower(content_type);
  const auto at = lower.find(std::string(name) + "=");
  if (at == std::string::npos) return {};
  auto value = content_type.substr(at + name.size() + 1);
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return value.substr(0, value.find('"'));
  }
  return ops::trimmed(value.substr(0, value.find(';')));
}

}  // namespace

std::string content_id(std::size_t document) { return fmt::format("document-{}@kanal", document); }

std::string write_send(const Forsendelse& forsendelse) {
  std::string out = "<forsendelse><avgivendeSystem></avgivendeSystem>";
  for (std::size_t i = 0; i < forsendelse.dokumenter.size(); ++i) out += dokument(forsendelse.dokumenter[i], i);
  out += element("eksternref", forsendelse.message_id) +
         optional_element("forsendelseType", forsendelse.forsendelsestype) +
         optional_element("konteringskode", forsendelse.kontering) +
         flag("krevNiva4Innlogging", forsendelse.highest_level) + flag("kryptert", forsendelse.encrypted) +
         flag("kunDigitalLevering", forsendelse.only_digital) + metadata(forsendelse) +
         adresse("mottaker", forsendelse.mottaker) + "<printkonfigurasjon>" + element("brevtype", "BPOST") +
         flag("fargePrint", false) + flag("tosidig", true) + "</printkonfigurasjon>" +
         R"(<signaturtype xsi:nil="true"/><signeringUtloper xsi:nil="true"/>)" +
         optional_element("svarPaForsendelse", forsendelse.answers) + flag("svarPaForsendelseLink", false) +
         adresse("svarSendesTil", forsendelse.svar_sendes_til) + element("tittel", forsendelse.tittel) +
         "</forsendelse>" + element("forsendelsesid", forsendelse.id);
  return envelope("sendForsendelseMedId", out);
}

std::string write_statuses_question(const std::vector<std::string>& ids) {
  std::string out;
  for (const auto& id : ids) out += element("forsendelseider", id);
  return envelope("retrieveForsendelseStatuser", out);
}

std::string write_find(const std::string& message_id) {
  return envelope("retrieveForsendelseIdByEksternRef", element("eksternRef", message_id));
}

std::string write_types_question() { return envelope("retreiveForsendelseTyper", ""); }

std::string_view root_part(std::string_view content_type, std::string_view body) {
  if (!ops::lower(content_type.substr(0, content_type.find(';'))).starts_with("multipart/")) return body;
  const auto boundary = parameter(content_type, "boundary");
  if (boundary.empty()) return body;
  const auto delimiter = "--" + std::string(boundary);
  const auto begin = body.find(delimiter);
  if (begin == std::string_view::npos) return body;
  // CXF writes the root first, as RFC 2387 allows to be assumed without `start`.
  const auto head_end = body.find("\r\n\r\n", begin);
  if (head_end == std::string_view::npos) return body;
  auto part = body.substr(head_end + 4);
  return part.substr(0, part.find("\r\n" + delimiter));
}

std::optional<std::string> fault_in(std::string_view xml) {
  const auto document = parse(xml);
  if (!document) return std::nullopt;
  const auto root = document->root();
  const auto body = root.name() == "Envelope" ? root.child("Body") : std::nullopt;
  const auto fault = body ? body->child("Fault") : std::nullopt;
  if (!fault) return std::nullopt;
  auto text = text_of(*fault, "Reason");
  for (const auto* other : {"faultstring", "Detail", "detail"}) {
    if (const auto more = text_of(*fault, other); !more.empty()) text += (text.empty() ? "" : "; ") + more;
  }
  if (text.size() > longest_fault) text.resize(longest_fault);
  return text;
}

Result<std::vector<std::string>> read_soap_texts(std::string_view xml, std::string_view operation) {
  auto document = parse(xml);
  if (!document) return failed(document);
  const auto response = response_in(*document, operation);
  if (!response) return failed(response);
  std::vector<std::string> texts;
  for (const auto& each : response->children("return")) {
    if (texts.size() == most_lines) return retry("dpf.answer", "SvarUt's answer is too long");
    if (auto text = each.text(); !text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::string> read_soap_sent(std::string_view xml) {
  auto ids = read_soap_texts(xml, "sendForsendelseMedId");
  if (!ids) return failed(ids);
  if (ids->size() != 1 || !is_uuid(ids->front())) {
    return retry("dpf.answer", "SvarUt accepted the forsendelse but told no id");
  }
  return std::move(ids->front());
}

Result<std::vector<ForsendelseStatus>> read_soap_statuses(std::string_view xml) {
  auto document = parse(xml);
  if (!document) return failed(document);
  const auto response = response_in(*document, "retrieveForsendelseStatuser");
  if (!response) return failed(response);
  std::vector<ForsendelseStatus> statuses;
  for (const auto& each : response->children("return")) {
    if (statuses.size() == most_lines) return retry("dpf.answer", "SvarUt's answer is too long");
    const auto at = parse_iso(text_of(each, "sisteStatusEndring"));
    ForsendelseStatus status{text_of(each, "forsendelsesid"), text_of(each, "forsendelseStatus"),
                             at ? std::optional(at->utc) : std::nullopt};
    if (!status.id.empty() && !status.status.empty()) statuses.push_back(std::move(status));
  }
  return statuses;
}

}  // namespace kanal::transports::dpf

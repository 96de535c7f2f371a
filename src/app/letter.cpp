// Documents that the small case system makes.
#include <fmt/format.h>

#include "app/case_system.hpp"
#include "base/ids.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "formats/xml.hpp"

namespace kanal::app {
namespace {

namespace json = boost::json;

json::object party(const std::string& value) {
  return {{"identifier", json::object{{"authority", domain::iso6523_authority}, {"value", value}}}};
}

/// A protocol of Fiks IO is process and document type in one.
std::string standard_of(const Letter& letter) {
  const auto* known = domain::find_message_type(letter.type);
  if (known == nullptr) return {};
  return known->document_type.empty() ? letter.process : std::string(known->document_type);
}

/// The first file that a person reads.
std::string main_document(const Letter& letter) {
  for (const auto& file : letter.files) {
    if (file.name != "arkivmelding.xml") return file.name;
  }
  return {};
}

json::object body_of(const Letter& letter) {
  json::object body;
  if (!letter.body.empty() || letter.type == "fiksio") return letter.body;
  if (const auto main = main_document(letter); !main.empty()) body["hoveddokument"] = main;
  if (!letter.sender_identifier.empty()) body["avsenderId"] = letter.sender_identifier;
  if (letter.type == "print") return body;  // addresses come from the register, the rest has defaults
  if (letter.type == "digital_dpv") {
    body["tittel"] = body["sammendrag"] = body["innhold"] = letter.title;
    return body;
  }
  body["sikkerhetsnivaa"] = 3;
  if (letter.type != "digital") return body;
  body["tittel"] = letter.title;
  body["spraak"] = "NO";
  body["digitalPostInfo"] =
      json::object{{"virkningsdato", "2026-01-01"}, {"aapningskvittering", letter.opening_receipt}};
  body["varsler"] = json::object{{"epostTekst", "Du har mottatt post"}, {"smsTekst", "Du har mottatt post"}};
  return body;
}

}  // namespace

Letter letter_to_resident(std::string type, std::string receiver, std::vector<OutgoingFile> files) {
  Letter letter;
  letter.type = std::move(type);
  letter.receiver = std::move(receiver);
  letter.process = digital_post_process;
  letter.files = std::move(files);
  return letter;
}

Letter letter_to_einnsyn(std::string type, std::string receiver, const std::string& orgnr,
                         std::vector<OutgoingFile> files) {
  Letter letter;
  const bool request = type == "innsynskrav";
  letter.type = std::move(type);
  letter.receiver = std::move(receiver);
  letter.process = request ? innsynskrav_process : journal_process;
  letter.body = json::object{{"orgnr", orgnr}};
  if (request) letter.body["epost"] = "innbygger@example.no";
  letter.files = std::move(files);
  return letter;
}

Letter letter_to_account(std::string protocol, std::string konto_id, std::vector<OutgoingFile> files) {
  Letter letter;
  letter.type = "fiksio";
  letter.receiver = std::move(konto_id);
  letter.process = std::move(protocol);
  letter.files = std::move(files);
  return letter;
}

json::object make_sbd(const Letter& letter) {
  json::object header;
  header["headerVersion"] = "1.0";
  if (!letter.sender.empty()) header["sender"] = json::array{party(letter.sender)};
  header["receiver"] = json::array{party(letter.receiver)};
  json::object document{{"standard", standard_of(letter)},
                        {"typeVersion", letter.type == "arkivmelding" ? "2.0" : "1.0"},
                        {"type", letter.type}};
  if (!letter.message_id.empty()) document["instanceIdentifier"] = letter.message_id;
  header["documentIdentification"] = std::move(document);
  json::object conversation{
      {"type", "ConversationId"},
      {"instanceIdentifier", letter.conversation_id.empty() ? new_uuid() : letter.conversation_id},
      {"identifier", letter.process}};
  if (!letter.lives_until.empty()) {
    conversation["scopeInformation"] = json::array{json::object{{"expectedResponseDateTime", letter.lives_until}}};
  }
  json::array scopes{std::move(conversation)};
  if (!letter.answers.empty()) {
    scopes.push_back(json::object{{"type", "ReceiverRef"}, {"instanceIdentifier", letter.answers}});
  }
  header["businessScope"] = json::object{{"scope", std::move(scopes)}};
  json::object sbd;
  sbd["standardBusinessDocumentHeader"] = std::move(header);
  sbd[letter.type] = body_of(letter);
  return sbd;
}

std::string make_arkivmelding_xml(const Letter& letter) {
  constexpr std::string_view when = "2026-09-01T09:00:00+02:00";
  std::string documents;
  int number = 0;
  for (const auto& file : letter.files) {
    if (file.name == "arkivmelding.xml") continue;
    ++number;
    documents += fmt::format(
        R"(      <dokumentbeskrivelse>
        <systemID>{}</systemID>
        <dokumenttype>Brev</dokumenttype>
        <dokumentstatus>Dokumentet er ferdigstilt</dokumentstatus>
        <tittel>{}</tittel>
        <opprettetDato>{}</opprettetDato>
        <opprettetAv>kanal send</opprettetAv>
        <tilknyttetRegistreringSom>{}</tilknyttetRegistreringSom>
        <dokumentnummer>{}</dokumentnummer>
        <tilknyttetDato>{}</tilknyttetDato>
        <tilknyttetAv>kanal send</tilknyttetAv>
        <dokumentobjekt>
          <versjonsnummer>1</versjonsnummer>
          <variantformat>Arkivformat</variantformat>
          <opprettetDato>{}</opprettetDato>
          <opprettetAv>kanal send</opprettetAv>
          <referanseDokumentfil>{}</referanseDokumentfil>
        </dokumentobjekt>
      </dokumentbeskrivelse>
)",
        new_uuid(), formats::xml_escape(file.name), when, number == 1 ? "Hoveddokument" : "Vedlegg", number, when, when,
        formats::xml_escape(file.name));
  }
  const std::string title = formats::xml_escape(letter.title);
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <system>kanal send</system>
  <meldingId>{0}</meldingId>
  <tidspunkt>{1}</tidspunkt>
  <antallFiler>{2}</antallFiler>
  <mappe xsi:type="saksmappe">
    <systemID>{3}</systemID>
    <tittel>{4}</tittel>
    <opprettetDato>{1}</opprettetDato>
    <opprettetAv>kanal send</opprettetAv>
    <basisregistrering xsi:type="journalpost">
      <systemID>{5}</systemID>
      <opprettetDato>{1}</opprettetDato>
      <opprettetAv>kanal send</opprettetAv>
{6}      <tittel>{4}</tittel>
      <offentligTittel>{4}</offentligTittel>
      <journalaar>2026</journalaar>
      <journalsekvensnummer>1</journalsekvensnummer>
      <journalpostnummer>1</journalpostnummer>
      <journalposttype>Utgående dokument</journalposttype>
      <journalstatus>Journalført</journalstatus>
      <journaldato>2026-09-01</journaldato>
    </basisregistrering>
    <saksaar>2026</saksaar>
    <sakssekvensnummer>1</sakssekvensnummer>
    <saksdato>2026-09-01</saksdato>
    <administrativEnhet>Arkiv</administrativEnhet>
    <saksansvarlig>Arkivar</saksansvarlig>
    <saksstatus>Under behandling</saksstatus>
  </mappe>
</arkivmelding>
)",
      new_uuid(), when, number, new_uuid(), title, new_uuid(), documents);
}

std::string make_pdf(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (c == '(' || c == ')' || c == '\\') shown += '\\';
    shown += static_cast<unsigned char>(c) < 128 ? c : '?';
  }
  const std::string content = fmt::format("BT /F1 18 Tf 72 760 Td ({}) Tj ET", shown);
  const std::string objects[] = {
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
      fmt::format("<< /Length {} >>\nstream\n{}\nendstream", content.size(), content),
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  };
  std::string out = "%PDF-1.4\n";
  std::string table;
  int number = 0;
  for (const auto& object : objects) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", ++number, object);
  }
  const auto start = out.size();
  out += fmt::format("xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n",
                     number + 1, table, number + 1, start);
  return out;
}

}  // namespace kanal::app

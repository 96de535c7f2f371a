// Messages as clients send them over DPF, and who is who. Never included by product code.
#pragma once

#include <list>
#include <map>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "crypto/cms.hpp"
#include "crypto/issue.hpp"
#include "domain/sbd.hpp"
#include "domain/sbd_samples.hpp"
#include "formats/arkivmelding.hpp"
#include "ports/directory.hpp"
#include "ports/memory_testing.hpp"
#include "transports/dpf/dpf_settings.hpp"
#include "transports/dpf/forsendelse.hpp"

namespace kanal::transports::dpf::testing {

namespace json = boost::json;

constexpr const char* own_number = "310700002";
constexpr const char* other_number = "974720760";
constexpr const char* receiver_number = "310701378";
constexpr const char* message_id = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001";
constexpr const char* conversation_id = "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111";
constexpr const char* ks_id = "7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1";
constexpr const char* konto_id = "5d0b3a0e-3f1c-4a43-9b53-0f7f2f7f1c11";
constexpr const char* integrasjon_id = "b7bb0f4e-57d5-4f2b-9a3f-9d1c3ad6d0ab";

/// Keys take long to make, so one process makes them once.
struct DpfKeys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("DPF CA", from, until);
  crypto::Identity own = crypto::issue(ca, {"Own", "Own", own_number, {}, from, until});
  crypto::Identity svarut = crypto::issue(ca, {"SvarUt", "KS", "971032146", {}, from, until});
  static const DpfKeys& get() {
    static const DpfKeys keys;
    return keys;
  }
};

inline Settings dpf_settings(SvarUtType type = SvarUtType::rest) {
  Settings settings;
  settings.organisation = own_number;
  settings.sends = true;
  settings.type = type;
  settings.not_printed = {"png"};
  settings.rest_accounts.emplace(
      own_number, RestAccount{konto_id, integrasjon_id, Secret("hemmelig"), "difi.move.fiks.ut.rest.", false});
  settings.soap_logins.emplace(own_number, SoapLogin{"havna", Secret("hemmelig"), "difi.move.fiks.ut."});
  settings.scopes = {"ks:fiks"};
  return settings;
}

/// `body` replaces the business message; `scope` is the SenderRef or ReceiverRef to add.
inline domain::Sbd dpf_sbd(const std::string& body = R"({"sikkerhetsnivaa":3,"hoveddokument":"brev.pdf"})",
                           const std::string& sender = "0192:310700002") {
  auto value = domain::samples::arkivmelding();
  const std::string header = "/standardBusinessDocumentHeader";
  domain::samples::set(value, header + "/sender/0/identifier/value", "\"" + sender + "\"");
  domain::samples::set(value, header + "/receiver/0/identifier/value", "\"0192:310701378\"");
  domain::samples::set(value, "/arkivmelding", body);
  const auto reading = domain::read_sbd(json::serialize(value));
  return reading ? reading->sbd : domain::Sbd{};
}

inline std::string described_file(const std::string& name, const std::string& as = "Vedlegg") {
  return "<dokumentbeskrivelse><tilknyttetRegistreringSom>" + as +
         "</tilknyttetRegistreringSom><dokumentobjekt><referanseDokumentfil>" + name +
         "</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse>";
}

/// With the title and what is given.
inline std::string arkivmelding_xml(const std::string& inside_journalpost, const std::string& inside_saksmappe = {},
                                    const std::string& title = "Svar på høring om havneplan") {
  return "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
         "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><mappe xsi:type='saksmappe'>" +
         inside_saksmappe + "<basisregistrering xsi:type='journalpost'><offentligTittel>" + title +
         "</offentligTittel>" + inside_journalpost + "</basisregistrering></mappe></arkivmelding>";
}

/// The example of dpf.md 3.4.
inline std::string whole_arkivmelding() {
  return arkivmelding_xml(
      described_file("kart.png") + described_file("brev.pdf", "Hoveddokument") +
          "<virksomhetsspesifikkeMetadata><objektnavn>Havn 7</objektnavn></virksomhetsspesifikkeMetadata>"
          "<journalaar>2026</journalaar><journalsekvensnummer>40211</journalsekvensnummer>"
          "<journalpostnummer>3</journalpostnummer><journalposttype>Utgående dokument</journalposttype>"
          "<journalstatus>Journalført</journalstatus><journaldato>2026-09-01</journaldato>"
          "<dokumentetsDato>2026-01-31</dokumentetsDato><korrespondansepart>"
          "<korrespondanseparttype>Mottaker</korrespondanseparttype><korrespondansepartNavn>M</korrespondansepartNavn>"
          "</korrespondansepart><korrespondansepart><korrespondanseparttype>Avsender</korrespondanseparttype>"
          "<korrespondansepartNavn>Direktoratet for øvelser</korrespondansepartNavn><postadresse>Postboks "
          "12</postadresse>"
          "<postnummer>0032</postnummer><poststed>OSLO</poststed><saksbehandler>Ola Dunk</saksbehandler>"
          "</korrespondansepart>",
      "<saksaar>2026</saksaar><sakssekvensnummer>118</sakssekvensnummer>");
}

inline json::object info(const std::string& orgnr, const std::string& name, const std::string& address = {},
                         const std::string& code = {}, const std::string& place = {}) {
  return {{"identifier", orgnr},
          {"organizationName", name},
          {"postadresse", json::object{{"adresse", address}, {"postnummer", code}, {"poststed", place}}}};
}

inline ports::Attachment attachment(ports::testing::MemoryBlobs& blobs, const std::string& name,
                                    const std::string& mimetype, std::string_view content) {
  ports::Attachment file;
  file.filename = name;
  file.mimetype = mimetype;
  file.blob = blobs.put(content);
  return file;
}

/// arkivmelding.xml and the two files that it names.
inline std::vector<ports::Attachment> whole_files(ports::testing::MemoryBlobs& blobs) {
  return {attachment(blobs, "arkivmelding.xml", "application/xml", whole_arkivmelding()),
          attachment(blobs, "brev.pdf", "application/pdf", "%PDF-1.7 brev"),
          attachment(blobs, "kart.png", "image/png", "PNG kart")};
}

/// What SvarUt sees when it opens a document.
inline std::string decrypted(std::string_view cms) {
  MemorySink plain(1U << 24U);
  auto decryptor = crypto::make_cms_decryptor({DpfKeys::get().svarut}, plain);
  if (auto written = decryptor->write(bytes_of(cms)); !written) return "error: " + written.error().text();
  if (auto finished = decryptor->finish(); !finished) return "error: " + finished.error().text();
  return std::string(text_of(plain.bytes()));
}

/// Everybody is a municipality that is reached over `service`.
class DpfDirectory final : public ports::Directory {
 public:
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery& query) override {
    asked_level = query.security_level;
    ports::ServiceRecord record;
    record.service = ServiceIdentifier(service);
    record.document_types = {"urn:no:difi:arkivmelding:xsd::arkivmelding"};
    record.pem_certificate = certificate_pem;
    return std::vector{record};
  }
  Result<ports::DirectoryEntity> entity(const std::string& identifier) override {
    if (entity_error) return tl::unexpected(*entity_error);
    return ports::DirectoryEntity{info(identifier, "ORG " + identifier, "Rådhusgata 4", "6800", "FØRDE"), {}};
  }
  Result<std::string> certificate(const Orgnr&) override { return certificate_pem; }

  std::string service = "DPF";
  std::string certificate_pem = DpfKeys::get().svarut.certificate.pem();
  std::optional<Error> entity_error;
  std::optional<int> asked_level;
};

}  // namespace kanal::transports::dpf::testing

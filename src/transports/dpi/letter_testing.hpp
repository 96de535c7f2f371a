// Letters as clients send them, and who is who. Never included by product code.
#pragma once

#include <map>
#include <string>

#include <boost/json/parse.hpp>

#include "crypto/issue.hpp"
#include "domain/sbd.hpp"
#include "domain/sbd_samples.hpp"
#include "transports/dpi/dpi_settings.hpp"
#include "transports/dpi/letter.hpp"

namespace kanal::transports::dpi::testing {

constexpr const char* own_number = "310700002";
constexpr const char* supplier_number = "984661185";
/// Synthetic (Tenor): the month has 80 added.
constexpr const char* resident = "17912010058";
constexpr const char* message_id = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001";
constexpr const char* conversation_id = "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111";

/// Keys take long to make, so one process makes them once.
struct LetterKeys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("Letter CA", from, until);
  crypto::Identity own = crypto::issue(ca, {"Own", "Own", own_number, {}, from, until});
  crypto::Identity supplier = crypto::issue(ca, {"Supplier", "Supplier", supplier_number, {}, from, until});
  crypto::Identity stranger = crypto::issue(crypto::make_ca("Other CA", from, until),
                                            {"Supplier", "Supplier", supplier_number, {}, from, until});
  static const LetterKeys& get() {
    static const LetterKeys keys;
    return keys;
  }
};

inline Settings letter_settings() {
  Settings settings(LetterKeys::get().own);
  settings.organisation = own_number;
  settings.channels = {"kanal_a"};
  settings.language = "NO";
  settings.trusted_signers = {LetterKeys::get().ca.certificate};
  return settings;
}

inline domain::Sbd sbd_of(const std::string& type, const std::string& body) {
  auto value = domain::samples::arkivmelding();
  const std::string header = "/standardBusinessDocumentHeader";
  const bool print = type == "print";
  domain::samples::set(value, header + "/sender/0/identifier/value", "\"0192:310700002\"");
  domain::samples::set(value, header + "/receiver/0/identifier/value", "\"" + std::string(resident) + "\"");
  domain::samples::set(value, header + "/documentIdentification/type", "\"" + type + "\"");
  domain::samples::set(
      value, header + "/documentIdentification/standard",
      print ? R"("urn:no:difi:digitalpost:xsd:fysisk::print")" : R"("urn:no:difi:digitalpost:xsd:digital::digital")");
  domain::samples::set(value, header + "/businessScope/scope/0/identifier",
                       R"("urn:no:difi:profile:digitalpost:info:ver1.0")");
  domain::samples::remove(value, "/arkivmelding");
  domain::samples::set(value, "/" + type, body);
  const auto reading = domain::read_sbd(boost::json::serialize(value));
  return reading ? reading->sbd : domain::Sbd{};
}

/// With whatever a client can give.
inline domain::Sbd digital_sbd() {
  return sbd_of("digital", R"({
    "hoveddokument": "vedtak.pdf", "sikkerhetsnivaa": 4, "avsenderId": "byggesak", "fakturaReferanse": "BS-2026-17",
    "tittel": "Svar på søknad", "spraak": "NO",
    "digitalPostInfo": { "virkningsdato": "2026-07-03", "aapningskvittering": "true" },
    "varsler": { "epostTekst": "Du har fått post", "smsTekst": "Post" } })");
}

inline domain::Sbd print_sbd() {
  return sbd_of("print", R"({
    "hoveddokument": "vedtak.pdf", "utskriftsfarge": "FARGE", "posttype": "A_PRIORITERT",
    "mottaker": { "navn": "Ada Exempel", "adresselinje1": "12 Rue du Port", "postnummer": "13002",
                  "poststed": "Marseille", "land": "Frankrike" },
    "retur": { "mottaker": { "navn": "Havna kommune", "adresselinje1": "Postboks 10", "postnummer": "4621",
                             "poststed": "Kristiansand S", "land": "Norge" },
               "returhaandtering": "MAKULERING_MED_MELDING" } })");
}

inline Recipient digital_recipient() {
  return {supplier_number,     LetterKeys::get().supplier.certificate.pem(),
          "kari.nordvik#7QXD", "kari@example.no",
          "+4790000001",       "NN"};
}
inline Recipient print_recipient() {
  return {supplier_number, LetterKeys::get().supplier.certificate.pem(), "", "", "", ""};
}

}  // namespace kanal::transports::dpi::testing

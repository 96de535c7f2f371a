// Forsendelser as SvarInn lists them, and what it gives for download. Never included by product code.
#pragma once

#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "formats/zip_testing.hpp"
#include "transports/dpf/dpf_testing.hpp"
#include "transports/dpf/svarinn_list.hpp"

namespace kanal::transports::dpf::testing {

constexpr const char* inn_id = "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001";
constexpr const char* inn_letter = "%PDF-1.7 krav";
constexpr const char* inn_map = "PNG kart";

/// Everything that an entry may tell, with two files.
inline json::object inn_entry() {
  auto entry = json::parse(R"json({
    "id": "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001", "tittel": "Innsynskrav sak 2026/44", "date": 1788250000000,
    "status": "Klar for mottak", "niva": "4", "eksternRef": "PV-77", "lenker": [], "forsendelseType": null,
    "avsender": {"navn": "KS", "adresselinje1": "Haakon VIIs gate 9", "postnr": "0114", "poststed": "OSLO"},
    "mottaker": {"orgnr": "310701378", "navn": "Direktoratet for øvelser", "postnr": "0032", "poststed": "OSLO"},
    "svarSendesTil": {"orgnr": "974720760", "fnr": null, "navn": "Prøvevik kommune", "adresse1": "Torget 1",
      "adresse2": "Inngang B", "postnr": "6900", "poststed": "FLORØ", "land": null},
    "metadataFraAvleverendeSystem": {"sakssekvensnummer": 44, "saksaar": 2026, "journalaar": 2025,
      "journalsekvensnummer": 910, "journalpostnummer": "1", "journalposttype": "U", "journalstatus": "E",
      "journaldato": 1788213600000, "dokumentetsDato": 1788127200000, "tittel": "Innsynskrav (intern)",
      "saksBehandler": "Eva Nor", "ekstraMetadata": [{"key": "prioritet", "value": "lav & fin"}]},
    "filmetadata": [{"filnavn": "krav.pdf", "mimetype": "application/pdf", "size": 13, "dokumentType": "Brev"},
                    {"filnavn": "kart på norsk.png", "mimetype": "image/png", "size": 8}],
    "svarPaForsendelse": "7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1", "avgivendeSystem": "Sak & arkiv",
    "downloadUrl": "https://ks/tjenester/svarinn/forsendelse/3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001"
})json")
                   .as_object();
  auto& files = entry["filmetadata"].as_array();
  files[0].as_object()["sha256hash"] = to_hex(crypto::sha256(bytes_of(std::string_view(inn_letter))));
  files[1].as_object()["sha256hash"] = to_hex(crypto::sha256(bytes_of(std::string_view(inn_map))));
  return entry;
}

inline std::string list_text(const std::vector<json::object>& entries) {
  json::array list;
  for (const auto& entry : entries) list.push_back(entry);
  return json::serialize(list);
}

/// The one forsendelse of a list.
inline InnForsendelse inn_forsendelse(const json::object& entry = inn_entry()) {
  auto list = read_inn_list(list_text({entry}));
  return list && list->forsendelser.size() == 1 ? list->forsendelser.front() : InnForsendelse{};
}

/// A zip of the two files.
inline std::string inn_zip() {
  return formats::testing::make_zip({{"krav.pdf", inn_letter}, {"kart på norsk.png", inn_map}});
}

/// Encrypted as KS does it.
inline std::string sealed(std::string_view content, const crypto::Identity& recipient = DpfKeys::get().own) {
  MemorySink out(std::uint64_t{1} << 30U);
  auto encryptor = crypto::make_cms_encryptor(recipient.certificate, crypto::KeyTransport::oaep_sha256, out);
  if (!encryptor || !(*encryptor)->write(bytes_of(content)) || !(*encryptor)->finish()) return {};
  return std::string(text_of(out.bytes()));
}

}  // namespace kanal::transports::dpf::testing

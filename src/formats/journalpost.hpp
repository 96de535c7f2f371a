// What letters over DPF and DPV need of the journal post in arkivmelding.xml (dpf.md sections 4.3 to 4.5, dpv.md 4.3).
// Lenient: what cannot be read counts as absent, the schema is not applied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kanal::formats {

class XmlElement;

/// One correspondent.
struct Korrespondansepart {
  std::string type;         ///< `Avsender`, `Mottaker`, ...; as written
  std::string navn;         ///< all texts: empty when absent
  std::string postadresse;  ///< its lines joined by one space
  std::string postnummer;
  std::string poststed;
  std::string saksbehandler;
};

struct Journalpost {
  std::string tittel;                   ///< empty when absent, as all texts
  std::optional<std::int64_t> saksaar;  ///< numbers: absent when missing or no number
  std::optional<std::int64_t> sakssekvensnummer;
  std::optional<std::int64_t> journalaar;
  std::optional<std::int64_t> journalsekvensnummer;
  std::optional<std::int64_t> journalpostnummer;
  std::string journalposttype;  ///< texts as written
  std::string journalstatus;
  std::string journaldato;  ///< `2026-09-01`, with or without a zone
  std::string dokumentets_dato;
  std::vector<Korrespondansepart> korrespondanseparter;
  /// Children of `virksomhetsspesifikkeMetadata` that hold one text: qualified name (with prefix) and text.
  std::vector<std::pair<std::string, std::string>> virksomhetsspesifikke_metadata;
  int skipped_metadata = 0;  ///< children that hold anything else
  std::vector<std::string>
      dokumenter;  ///< `referanseDokumentfil`, those of the Hoveddokument first, else document order
};

[[nodiscard]] Journalpost read_journalpost(const XmlElement& saksmappe, const XmlElement& journalpost);

}  // namespace kanal::formats

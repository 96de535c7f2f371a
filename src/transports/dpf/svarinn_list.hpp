// The list that SvarInn gives of what waits (dpf.md section 7), read with suspicion: bounded depth and counts, unknown
// members ignored, null as good as absent, numbers and dates in whatever form they come. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::transports::dpf {

/// `svarSendesTil`, or `avsender` where that is missing. Texts are empty when absent.
struct InnSender {
  std::string navn;
  std::string adresse;  ///< its lines joined by ", "
  std::string postnummer;
  std::string poststed;
  std::string land;
  std::string orgnr;  ///< nine digits, else empty
  std::string fnr;
};

/// One line of `filmetadata`.
struct InnFile {
  std::string filnavn;
  std::string mimetype;
  std::string sha256;  ///< 64 hexadecimal digits in lower case, else empty: not told
  std::string dokumenttype;
};

/// A forsendelse that waits.
struct InnForsendelse {
  std::string id;  ///< UUID, as written
  std::string tittel;
  std::optional<Time> date;
  std::optional<int> level;  ///< `niva`
  std::string receiver;      ///< `mottaker.orgnr`: nine digits, else empty
  InnSender sender;
  std::string answers;  ///< `svarPaForsendelse`; empty: none
  std::string system;   ///< `avgivendeSystem`
  std::vector<InnFile> files;
  std::string download_url;

  // metadataFraAvleverendeSystem
  std::int64_t saksaar = 0;  ///< numbers: 0 when not set
  std::int64_t sakssekvensnummer = 0;
  std::int64_t journalaar = 0;
  std::int64_t journalsekvensnummer = 0;
  std::int64_t journalpostnummer = 0;
  std::string journalposttype;  ///< a letter
  std::string journalstatus;
  std::optional<Time> journaldato;  ///< from year 1 to 9999
  std::optional<Time> dokumentets_dato;
  std::string noark_tittel;
  std::string saksbehandler;
  std::vector<std::pair<std::string, std::string>> ekstra;  ///< key, which may be no XML name, and value
};

/// How many a list shows at most.
constexpr std::size_t inn_list_window = 200;

struct InnList {
  std::vector<InnForsendelse> forsendelser;
  std::size_t unnamed = 0;  ///< entries that tell no id: nothing can be done about them
};

/// `dpf.answer` (retry) for a body that is no list, or one longer than any list may be.
Result<InnList> read_inn_list(std::string_view body);

}  // namespace kanal::transports::dpf

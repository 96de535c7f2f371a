// A forsendelse as SvarUt knows it (dpf.md section 4), made from the client's arkivmelding, what the Service Registry
// says about both parties, and the configuration. REST and SOAP write the same one. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/sbd.hpp"
#include "formats/arkivmelding.hpp"
#include "ports/records.hpp"
#include "transports/dpf/dpf_settings.hpp"

namespace kanal::transports::dpf {

struct Adresse {
  std::string adresselinje1;
  std::string postnummer;  ///< may be empty
  std::string poststed;
};

/// `mottaker` and `svarSendesTil`.
struct Part {
  std::string navn;
  std::string orgnr;
  std::optional<Adresse> adresse;
};

/// `metadataFraAvleverendeSystem`. Numbers are within the limits of REST, or absent.
struct NoarkMetadata {
  std::optional<std::int64_t> saksaar;
  std::optional<std::int64_t> sakssekvensnummer;
  std::optional<std::int64_t> journalaar;
  std::optional<std::int64_t> journalsekvensnummer;
  std::optional<std::int64_t> journalpostnummer;
  std::string journalposttype;  ///< one letter
  std::string journalstatus;
  std::optional<OffsetTime> journaldato;
  std::optional<OffsetTime> dokumentets_dato;
  std::string saksbehandler;
  std::vector<std::pair<std::string, std::string>> ekstra;
};

struct Dokument {
  const ports::Attachment* file = nullptr;  ///< of the files given to make_forsendelse()
  bool not_printed = false;                 ///< `skalEkskluderesFraUtskrift`
};

struct Forsendelse {
  std::string id;          ///< for SOAP, whose client chooses it
  std::string sender;      ///< organisation number: whose account sends
  std::string message_id;  ///< `eksternReferanse`
  std::string conversation_id;
  std::string tittel;
  std::string forsendelsestype;  ///< empty: none
  std::string answers;           ///< id of the forsendelse that this one answers; empty: none
  std::string kontering;         ///< empty: none
  bool highest_level = false;    ///< level 4
  bool encrypted = true;
  bool only_digital = false;
  bool confidential = false;  ///< `taushetsbelagtPost`
  Part mottaker;
  Part svar_sendes_til;
  NoarkMetadata metadata;
  std::vector<Dokument> dokumenter;    ///< main document first
  std::vector<std::string> remarks{};  ///< what was left out or cut, without any value of the message; for the log
};

/// `infoRecord`s of the Service Registry; empty when it has none.
struct Parties {
  std::string receiver;  ///< organisation numbers
  std::string sender;
  const boost::json::object& receiver_info;
  const boost::json::object& sender_info;
};

/// The whole mapping. Errors (reject): `dpf.title` (no offentligTittel), `dpf.document` (a file that is named and is
/// not there, or whose name SvarUt does not take), `dpf.level` (level 4 without encryption).
Result<Forsendelse> make_forsendelse(const domain::Sbd& sbd, const formats::Arkivmelding& arkivmelding,
                                     const Parties& parties, std::span<const ports::Attachment> files,
                                     const Settings& settings);

/// The sender's organisation number: the one on whose behalf, if there is one. `dpf.sender` (reject).
Result<std::string> sender_of(std::string_view authority, std::string_view value);

/// How a file is to be treated by print (dpf.md 4.4).
enum class Print {
  as_it_is,   ///< PDF
  excluded,   ///< by the configuration
  forbidden,  ///< neither: SvarUt refuses the forsendelse unless it is only digital
};
[[nodiscard]] Print print_of(std::string_view filename, const Settings& settings);

/// 1 to 226 characters, none of `* : " \ / < > | ?`. Gives what is wrong.
[[nodiscard]] std::optional<std::string> wrong_name(std::string_view filename);

}  // namespace kanal::transports::dpf

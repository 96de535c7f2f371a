// What KS SvarUt and SvarInn keep, and how they may be told to behave (dpf.md 3, 7 and 10). Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "sim/temporary_file.hpp"

namespace kanal::sim {

/// An account that forsendelser are sent from, with its REST integration and its SOAP user.
struct SvarUtAccount {
  std::string konto_id;        ///< UUID
  std::string integrasjon_id;  ///< UUID; header `IntegrasjonId`
  std::string integrasjon_passord;
  std::string authorised_orgnr;  ///< the token's consumer must be this one
  std::string username{};        ///< of SOAP; empty: none
  std::string password{};
  std::set<std::string> senders{};  ///< what `svarSendesTil` may name; empty: anything
};

/// A receiving system, which polls SvarInn.
struct Mottakersystem {
  std::string username;
  std::string password;
  std::set<std::string> orgnr;      ///< organisations that it receives for
  crypto::Certificate certificate;  ///< what downloads are encrypted for
  std::set<int> levels{3, 4};
  std::optional<std::string> forsendelsestype{};  ///< only these; absent: all without one of their own
  bool lone_files = false;                        ///< a single document comes as it is, not in a zip
};

/// What E2 says about ids that are not of the account (dpf.md 11: nobody knows).
enum class UnknownIds {
  omit,
  not_found,  ///< 404 for the whole question
  forbidden,  ///< 403 for the whole question
};

struct SvarUtRules {
  std::chrono::milliseconds accept_delay{0};  ///< from MOTTATT to AKSEPTERT
  std::chrono::milliseconds ready_delay{0};   ///< from there to KLAR_FOR_MOTTAK or VARSLET
  std::chrono::milliseconds fate_delay{0};    ///< from there to the fate of the receiver, if it has one
  UnknownIds unknown_ids = UnknownIds::omit;
  bool kvitter_twice_is_404 = true;  ///< a second kvitterMottak; else 200
  std::set<std::string> forsendelsestyper{"havneplan", "byggesak"};
  std::uint64_t max_pdf_bytes = 350'000'000;  ///< of all documents that may be printed
  std::size_t max_list = 200;                 ///< forsendelser in one list of SvarInn
};

struct ForsendelseStatus {
  std::string status;  ///< MOTTATT, AKSEPTERT, KLAR_FOR_MOTTAK, LEST, ...
  Time time{};         ///< from then on
};

struct ForsendelseDokument {
  std::string filnavn;
  std::string mimetype;
  bool excluded_from_print = false;
  std::string cid{};  ///< SOAP: where its bytes are
  // Known when its bytes have come:
  std::uint64_t size = 0;
  std::string sha256{};                            ///< hex, of what was decrypted
  std::shared_ptr<const TemporaryFile> content{};  ///< decrypted; gone when nobody is going to fetch it
};

/// A forsendelse as the service understood it.
struct Forsendelse {
  std::string id;  ///< UUID, lower case
  std::string konto_id;
  std::string ekstern_ref;
  std::string tittel;
  std::string mottaker;  ///< orgnr
  std::string svar_sendes_til;
  std::string forsendelsestype;
  std::string avgivende_system;
  int niva = 3;
  bool kryptert = false;
  bool kun_digital = false;
  std::vector<ForsendelseDokument> dokumenter;
  boost::json::object item;  ///< as SvarInn lists it, without what only the service knows
  // The service's own:
  std::uint64_t number = 0;  ///< in the order of acceptance
  Time accepted{};
  std::vector<ForsendelseStatus> statuses;   ///< by time; those to come are there already
  std::string mottakersystem{};              ///< user name; empty: none receives it
  std::vector<std::string> feilmeldinger{};  ///< from mottakFeilet
};

}  // namespace kanal::sim

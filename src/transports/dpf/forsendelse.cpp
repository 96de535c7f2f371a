#include "transports/dpf/forsendelse.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "domain/message_body.hpp"
#include "domain/partner.hpp"
#include "formats/utf8.hpp"
#include "ops/key_names.hpp"
#include "transports/dpf/noark_codes.hpp"

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_title = 1000;
constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_line = 70;
constexpr std::size_t longest_code = 20;
constexpr std::size_t longest_filename = 226;
constexpr std::size_t longest_mimetype = 127;
constexpr std::size_t most_metadata = 20;
constexpr std::size_t longest_value = 500;
constexpr std::int64_t first_year = 1000;
constexpr std::int64_t last_year = 9999;
constexpr int highest_level = 4;
constexpr std::string_view sending_part = "Avsender";
/// What the reference sends when the register knows no address.
constexpr std::string_view unknown_code = "0192";
constexpr std::string_view unknown_place = "Oslo";

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(ops::trimmed(value->get_string())) : std::string{};
}

/// It becomes a header line.
bool is_content_type(std::string_view text) {
  return !text.empty() && text.size() <= longest_mimetype && !formats::has_control_characters(text);
}

/// The parts of an address as far as they are known.
struct Known {
  std::string navn;
  std::string line;
  std::string code;
  std::string place;
};

Known known_of(const json::object& info) {
  Known known{text_in(info, "organizationName"), {}, {}, {}};
  const auto* value = info.if_contains("postadresse");
  if (value == nullptr || !value->is_object()) return known;
  const auto& address = value->get_object();
  known.line = text_in(address, "adresse");
  known.code = text_in(address, "postnummer");
  known.place = text_in(address, "poststed");
  return known;
}

bool is_whole(const Known& known) { return !known.line.empty() && !known.place.empty(); }

/// Never without what REST requires: a line and a place (dpf.md 4.3).
Part part_of(Known known, const std::string& orgnr) {
  Part part;
  part.orgnr = orgnr;
  part.navn = formats::shortened(known.navn.empty() ? orgnr : known.navn, longest_name);
  if (known.line.empty()) known.line = part.navn;
  if (known.place.empty()) {
    known.code = unknown_code;
    known.place = unknown_place;
  }
  part.adresse = Adresse{formats::shortened(known.line, longest_line), formats::shortened(known.code, longest_code),
                         formats::shortened(known.place, longest_line)};
  return part;
}

const formats::Korrespondansepart* sending_part_of(const formats::Journalpost& post) {
  const auto found = std::ranges::find(post.korrespondanseparter, sending_part, &formats::Korrespondansepart::type);
  return found != post.korrespondanseparter.end() ? &*found : nullptr;
}

Part answer_address(const formats::Korrespondansepart* part, const Parties& parties) {
  auto known = known_of(parties.sender_info);
  if (part == nullptr) return part_of(std::move(known), parties.sender);
  if (!part->navn.empty()) known.navn = part->navn;
  // Line, code and place belong together: they are not mixed with those of the register unless one is missing.
  if (!part->postadresse.empty()) known.line = part->postadresse;
  if (!part->poststed.empty()) {
    known.code = part->postnummer;
    known.place = part->poststed;
  }
  return part_of(std::move(known), parties.sender);
}

std::optional<std::int64_t> year(const std::optional<std::int64_t>& number) {
  return number && *number >= first_year && *number <= last_year ? number : std::nullopt;
}

std::optional<std::int64_t> sequence(const std::optional<std::int64_t>& number) {
  return number && *number >= 1 ? number : std::nullopt;
}

/// Midnight of the day, in the zone that is written or else in Norway's.
std::optional<OffsetTime> day_of(const std::string& text) {
  constexpr std::size_t date_length = 10;
  if (text.size() < date_length || !parse_date(text.substr(0, date_length))) return std::nullopt;
  auto zone = text.substr(date_length);
  if (zone.starts_with('T')) {
    const auto at = zone.find_first_of("Z+-");
    zone = at == std::string::npos ? "" : zone.substr(at);
  }
  return parse_iso(text.substr(0, date_length) + "T00:00:00" + zone);
}

void add_metadata(const formats::Journalpost& post, Forsendelse& into) {
  int left_out = post.skipped_metadata;
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& [name, text] : post.virksomhetsspesifikke_metadata) {
    if (name.empty() || text.empty() || into.metadata.ekstra.size() == most_metadata) {
      ++left_out;
      continue;
    }
    std::pair entry(formats::shortened(name, longest_name), formats::shortened(text, longest_value));
    if (entry.second.size() != text.size()) into.remarks.push_back("extra metadata cut to 500 characters");
    if (seen.insert(entry).second) into.metadata.ekstra.push_back(std::move(entry));
  }
  if (left_out > 0) {
    into.remarks.push_back(fmt::format("{} extra metadata left out: SvarUt takes 20 texts at most", left_out));
  }
}

NoarkMetadata metadata_of(const formats::Journalpost& post, const formats::Korrespondansepart* sender,
                          std::vector<std::string>& remarks) {
  NoarkMetadata metadata;
  metadata.saksaar = year(post.saksaar);
  metadata.sakssekvensnummer = sequence(post.sakssekvensnummer);
  metadata.journalaar = year(post.journalaar);
  metadata.journalsekvensnummer = sequence(post.journalsekvensnummer);
  metadata.journalpostnummer = sequence(post.journalpostnummer);
  metadata.journalposttype = code_of(journalpost_types, post.journalposttype);
  metadata.journalstatus = code_of(journalpost_statuses, post.journalstatus);
  for (const auto& [text, into, name] :
       {std::tuple{&post.journaldato, &metadata.journaldato, "journaldato"},
        std::tuple{&post.dokumentets_dato, &metadata.dokumentets_dato, "dokumentetsDato"}}) {
    *into = day_of(*text);
    if (!text->empty() && !*into) remarks.push_back(std::string(name) + " is no date and is left out");
  }
  if (sender != nullptr) metadata.saksbehandler = formats::shortened(sender->saksbehandler, longest_name);
  return metadata;
}

Result<void> add_documents(const std::vector<std::string>& names, std::span<const ports::Attachment> files,
                           const Settings& settings, Forsendelse& into) {
  std::set<std::string> seen;
  for (const auto& name : names) {
    if (!seen.insert(name).second) {
      into.remarks.push_back("a file that arkivmelding.xml names twice is sent once");
      continue;
    }
    const auto file = std::ranges::find(files, name, &ports::Attachment::filename);
    if (file == files.end()) {
      return reject("dpf.document", fmt::format("arkivmelding.xml names {}, which is not among the files", name));
    }
    if (const auto wrong = wrong_name(name)) return reject("dpf.document", *wrong);
    if (!is_content_type(file->mimetype)) {
      return reject("dpf.document", fmt::format("the content type of {} must have 1 to 127 characters", name));
    }
    into.dokumenter.push_back({&*file, print_of(name, settings) == Print::excluded});
  }
  return {};
}

/// A reference that SvarUt can know: one of its own ids.
std::string uuid_in(const domain::Sbd& sbd, std::string_view scope_type) {
  const auto* scope = sbd.find_scope(scope_type);
  return scope != nullptr && scope->instance_identifier && is_uuid(*scope->instance_identifier)
             ? *scope->instance_identifier
             : std::string{};
}

std::string forsendelsestype_of(const domain::Sbd& sbd) {
  const auto* body = sbd.body.if_object();
  const auto* dpf = body != nullptr ? body->if_contains("dpf") : nullptr;
  return dpf != nullptr && dpf->is_object() ? text_in(dpf->get_object(), "forsendelseType") : std::string{};
}

bool is_highest_level(const domain::Sbd& sbd) {
  const auto* type = domain::find_message_type(sbd.document.type);
  return type != nullptr && domain::security_level(*type, sbd.body) == highest_level;
}

}  // namespace

Print print_of(std::string_view filename, const Settings& settings) {
  const auto dot = filename.rfind('.');
  const auto extension = ops::lower(dot == std::string_view::npos ? filename : filename.substr(dot + 1));
  if (extension == "pdf") return Print::as_it_is;
  return settings.not_printed.contains("*") || settings.not_printed.contains(extension) ? Print::excluded
                                                                                        : Print::forbidden;
}

std::optional<std::string> wrong_name(std::string_view filename) {
  const auto length = formats::characters(filename);
  if (length < 1 || length > longest_filename) {
    return "The name of a file to SvarUt must have 1 to 226 characters: " + formats::shortened(filename, longest_line);
  }
  if (filename.find_first_of(R"(*:"\/<>|?)") != std::string_view::npos) {
    return fmt::format(R"(The name of a file to SvarUt may have none of * : " \ / < > | ? in it: {})", filename);
  }
  if (formats::has_control_characters(filename))
    return "The name of a file to SvarUt may have no control characters in it";
  return std::nullopt;
}

Result<std::string> sender_of(std::string_view authority, std::string_view value) {
  auto partner = domain::parse_partner(authority, value);
  if (!partner || partner->kind != domain::Partner::Kind::organisation) {
    return reject("dpf.sender", "only organisations send over DPF");
  }
  return partner->part_or_primary();
}

Result<Forsendelse> make_forsendelse(const domain::Sbd& sbd, const formats::Arkivmelding& arkivmelding,
                                     const Parties& parties, std::span<const ports::Attachment> files,
                                     const Settings& settings) {
  Forsendelse forsendelse;
  const auto own_reference = uuid_in(sbd, domain::scope_type::sender_ref);
  forsendelse.message_id = sbd.message_id().str();
  forsendelse.id = own_reference.empty() ? forsendelse.message_id : own_reference;
  forsendelse.sender = parties.sender;
  forsendelse.conversation_id = sbd.conversation_id().str();
  forsendelse.tittel = formats::shortened(arkivmelding.offentlig_tittel.value_or(""), longest_title);
  if (forsendelse.tittel.empty()) {
    return reject("dpf.title", "the journalpost in arkivmelding.xml has no offentligTittel, which SvarUt requires");
  }
  if (forsendelse.tittel.size() < arkivmelding.offentlig_tittel->size()) {
    forsendelse.remarks.push_back("offentligTittel is cut to 1000 characters");
  }
  forsendelse.forsendelsestype = forsendelsestype_of(sbd);
  forsendelse.answers = uuid_in(sbd, domain::scope_type::receiver_ref);
  forsendelse.kontering = settings.kontering;
  forsendelse.highest_level = is_highest_level(sbd);
  forsendelse.encrypted = settings.encrypted;
  if (forsendelse.highest_level && !forsendelse.encrypted) {
    return reject("dpf.level", "a message of level 4 must be encrypted, and difi.move.fiks.kryptert is false");
  }
  forsendelse.only_digital = settings.only_digital;
  forsendelse.confidential = settings.confidential_processes.contains(sbd.process());

  const auto& post = arkivmelding.journalpost;
  const auto* sender = sending_part_of(post);
  auto receiver = known_of(parties.receiver_info);
  const bool whole = is_whole(receiver);
  forsendelse.mottaker = part_of(std::move(receiver), parties.receiver);
  // Nothing is printed, so no address is better than an invented one.
  if (settings.only_digital && !whole) forsendelse.mottaker.adresse.reset();
  forsendelse.svar_sendes_til = answer_address(sender, parties);
  forsendelse.metadata = metadata_of(post, sender, forsendelse.remarks);
  add_metadata(post, forsendelse);
  if (auto added = add_documents(post.dokumenter, files, settings, forsendelse); !added) return failed(added);
  return forsendelse;
}

}  // namespace kanal::transports::dpf

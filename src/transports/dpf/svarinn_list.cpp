#include "transports/dpf/svarinn_list.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <boost/json/parse.hpp>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "ops/key_names.hpp"

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 16;
/// Far more than KS promises, so that a change there is no outage here.
constexpr std::size_t most_entries = 10 * inn_list_window;
constexpr std::size_t most_files = 1'000;
constexpr std::size_t most_extra = 1'000;
constexpr std::size_t longest_text = 10'000;
/// The first day of year 1, the last of 9999.
constexpr std::int64_t first_milli = -62'135'596'800'000;
constexpr std::int64_t last_milli = 253'402'214'400'000;
constexpr std::size_t digits_of_sha256 = 64;

const json::object& none() {
  static const json::object empty;
  return empty;
}

const json::object& object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none();
}

const json::array* list_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

/// Texts; numbers as they are written, since senders mix the two.
std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (!value->is_string() || value->get_string().size() > longest_text) return {};
  return std::string(value->get_string());
}

/// Whole numbers, also those written as texts or with a fraction of zero; nothing for all others.
std::optional<std::int64_t> number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_double()) {
    constexpr double largest = 9e15;  // exact in a double
    const double number = value->get_double();
    if (!(number > -largest && number < largest)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  const auto text = text_in(object, name);
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

/// Milliseconds since 1970, or ISO 8601.
std::optional<Time> time_in(const json::object& object, std::string_view name) {
  if (const auto millis = number_in(object, name)) {
    return Time(std::chrono::milliseconds(std::clamp(*millis, first_milli, last_milli)));
  }
  const auto text = text_in(object, name);
  if (const auto time = parse_iso(text)) return time->utc;
  if (const auto day = parse_date(text)) return Time(*day);
  return std::nullopt;
}

std::string orgnr_in(const json::object& object) {
  auto orgnr = text_in(object, "orgnr");
  return domain::is_orgnr(orgnr) ? orgnr : std::string{};
}

std::string sha256_in(const json::object& file) {
  auto digest = ops::lower(text_in(file, "sha256hash"));
  const bool good =
      digest.size() == digits_of_sha256 && digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  return good ? digest : std::string{};
}

/// `adresse1` and the like at svarSendesTil, `adresselinje1` at avsender.
std::string lines_of(const json::object& party) {
  std::string lines;
  for (const char* name : {"adresse1", "adresse2", "adresse3", "adresselinje1", "adresselinje2", "adresselinje3"}) {
    const auto line = text_in(party, name);
    if (line.empty()) continue;
    if (!lines.empty()) lines += ", ";
    lines += line;
  }
  return lines;
}

void fill_missing(std::string& into, std::string text) {
  if (into.empty()) into = std::move(text);
}

InnSender sender_of(const json::object& entry) {
  InnSender sender;
  const auto& answers_to = object_in(entry, "svarSendesTil");
  sender.orgnr = orgnr_in(answers_to);
  sender.fnr = text_in(answers_to, "fnr");
  for (const auto* party : {&answers_to, &object_in(entry, "avsender")}) {
    fill_missing(sender.navn, text_in(*party, "navn"));
    fill_missing(sender.adresse, lines_of(*party));
    fill_missing(sender.postnummer, text_in(*party, "postnr"));
    fill_missing(sender.poststed, text_in(*party, "poststed"));
    fill_missing(sender.land, text_in(*party, "land"));
  }
  return sender;
}

void read_noark(const json::object& noark, InnForsendelse& to) {
  to.saksaar = number_in(noark, "saksaar").value_or(0);
  to.sakssekvensnummer = number_in(noark, "sakssekvensnummer").value_or(0);
  to.journalaar = number_in(noark, "journalaar").value_or(0);
  to.journalsekvensnummer = number_in(noark, "journalsekvensnummer").value_or(0);
  to.journalpostnummer = number_in(noark, "journalpostnummer").value_or(0);
  to.journalposttype = text_in(noark, "journalposttype");
  to.journalstatus = text_in(noark, "journalstatus");
  to.journaldato = time_in(noark, "journaldato");
  to.dokumentets_dato = time_in(noark, "dokumentetsDato");
  to.noark_tittel = text_in(noark, "tittel");
  to.saksbehandler = text_in(noark, "saksBehandler");
  const auto* extra = list_in(noark, "ekstraMetadata");
  if (extra == nullptr) return;
  for (const auto& value : *extra) {
    const auto* pair = value.if_object();
    if (pair == nullptr || to.ekstra.size() == most_extra) continue;
    auto key = text_in(*pair, "key");
    if (!key.empty()) to.ekstra.emplace_back(std::move(key), text_in(*pair, "value"));
  }
}

void read_files(const json::object& entry, InnForsendelse& to) {
  const auto* files = list_in(entry, "filmetadata");
  if (files == nullptr) return;
  for (const auto& value : *files) {
    const auto* file = value.if_object();
    if (file == nullptr || to.files.size() == most_files) continue;
    to.files.push_back(
        {text_in(*file, "filnavn"), text_in(*file, "mimetype"), sha256_in(*file), text_in(*file, "dokumentType")});
  }
}

/// Nothing for an entry without an id.
std::optional<InnForsendelse> read_entry(const json::value& value) {
  const auto* entry = value.if_object();
  if (entry == nullptr) return std::nullopt;
  InnForsendelse to;
  to.id = text_in(*entry, "id");
  if (!is_uuid(to.id)) return std::nullopt;
  to.tittel = text_in(*entry, "tittel");
  to.date = time_in(*entry, "date");
  if (const auto level = number_in(*entry, "niva"); level && (*level == 3 || *level == 4)) {
    to.level = static_cast<int>(*level);
  }
  to.receiver = orgnr_in(object_in(*entry, "mottaker"));
  to.sender = sender_of(*entry);
  to.answers = text_in(*entry, "svarPaForsendelse");
  to.system = text_in(*entry, "avgivendeSystem");
  to.download_url = text_in(*entry, "downloadUrl");
  read_files(*entry, to);
  read_noark(object_in(*entry, "metadataFraAvleverendeSystem"), to);
  return to;
}

}  // namespace

Result<InnList> read_inn_list(std::string_view body) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code error;
  const auto value = json::parse({body.data(), body.size()}, error, {}, options);
  const auto* entries = error ? nullptr : value.if_array();
  if (entries == nullptr || entries->size() > most_entries) {
    return retry("dpf.answer", "SvarInn's list is no JSON array, or was cut off");
  }
  InnList list;
  for (const auto& entry : *entries) {
    auto forsendelse = read_entry(entry);
    if (!forsendelse) {
      ++list.unnamed;
      continue;
    }
    const bool known = std::ranges::count(list.forsendelser, forsendelse->id, &InnForsendelse::id) > 0;
    if (!known) list.forsendelser.push_back(std::move(*forsendelse));
  }
  return list;
}

}  // namespace kanal::transports::dpf

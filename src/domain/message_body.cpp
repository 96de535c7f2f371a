// The members of business messages, one row each (messages.md 4.2 to 4.11). Left out on purpose: `mottaker` and
// `retur.mottaker` of print are checked with their defaults by print_address.hpp; `avsenderId` depends on the
// configuration of its service.
#include "domain/message_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kanal::domain {
namespace json = boost::json;
namespace {

using enum BodyKind;

constexpr std::string_view not_null = "NotNull";
constexpr std::string_view not_empty = "NotEmpty";
constexpr std::string_view notification_kinds = "VarselDPVUtenRevarsel, VarselDPVMedRevarsel";
constexpr std::string_view notification_transports = "Epost, SMS, EpostOgSMS";

constexpr auto arkivmelding = std::to_array<BodyField>({
    {"hoveddokument"},
    {"sikkerhetsnivaa", whole_number},
    {"dpv", object},
    {"dpv.varselType", text, {}, notification_kinds},
    {"dpv.varselTransportType", text, {}, notification_transports},
    {"dpv.varselTekst"},
    {"dpv.taushetsbelagtVarselTekst"},
    {"dpv.dagerTilSvarfrist", whole_number},
    {"dpf", object},
    {"dpf.forsendelseType"},
});
constexpr auto arkivmelding_kvittering = std::to_array<BodyField>({
    {"hoveddokument"},
    {"receiptType"},
    {"relatedToMessageId"},
    {"messages", list_of_objects},
});
constexpr auto avtalt = std::to_array<BodyField>({{"hoveddokument"}, {"identifier"}, {"content", anything}});
constexpr auto digital = std::to_array<BodyField>({
    {"hoveddokument", text, not_null},
    {"sikkerhetsnivaa", whole_number, not_null},
    {"avsenderId"},
    {"fakturaReferanse"},
    {"tittel", text, not_null},
    {"spraak", text, not_null},
    {"digitalPostInfo", object, not_null},
    {"digitalPostInfo.virkningsdato", date, not_null},
    {"digitalPostInfo.aapningskvittering", boolean, not_null},
    {"varsler", object},
    {"varsler.epostTekst"},
    {"varsler.smsTekst"},
    {"metadataFiler", texts_by_name},
});
constexpr auto digital_dpv = std::to_array<BodyField>({
    {"hoveddokument"},
    {"tittel", text, not_null},
    {"sammendrag", text, not_null},
    {"innhold", text, not_null},
    {"dpv", object},
    {"dpv.varselType", text, {}, notification_kinds},
    {"dpv.varselTransportType", text, {}, notification_transports},
    {"dpv.varselTekst"},
    {"dpv.taushetsbelagtVarselTekst"},
    {"dpv.dagerTilSvarfrist", whole_number},
});
constexpr auto print = std::to_array<BodyField>({
    {"hoveddokument", text, not_null},
    {"avsenderId"},
    {"fakturaReferanse"},
    {"utskriftsfarge", text, {}, "SORT_HVIT, FARGE"},
    {"posttype", text, {}, "B_OEKONOMI, A_PRIORITERT"},
    {"mottaker", object},
    {"mottaker.navn"},
    {"mottaker.adresselinje1"},
    {"mottaker.adresselinje2"},
    {"mottaker.adresselinje3"},
    {"mottaker.adresselinje4"},
    {"mottaker.postnummer"},
    {"mottaker.poststed"},
    {"mottaker.land"},
    {"retur", object},
    {"retur.returhaandtering", text, not_null, "DIREKTE_RETUR, MAKULERING_MED_MELDING"},
    {"retur.mottaker", object},
    {"printinstruksjoner", texts_by_name},
});
constexpr auto innsynskrav =
    std::to_array<BodyField>({{"hoveddokument"}, {"orgnr", text, not_null}, {"epost", text, not_null}});
constexpr auto publisering = std::to_array<BodyField>({{"hoveddokument"}, {"orgnr", text, not_null}});
constexpr auto einnsyn_kvittering = std::to_array<BodyField>({
    {"hoveddokument"},
    {"dokumentId", text, not_null},
    {"status", text, not_null},
    {"referanseType", text, not_null, "innsynskrav, publisering"},
});
constexpr auto fiksio = std::to_array<BodyField>({{"hoveddokument"}, {"sikkerhetsnivaa", whole_number}});
constexpr auto dialogmelding = std::to_array<BodyField>({
    {"hoveddokument", text, not_null},
    {"pasient", object, not_null},
    {"pasient.fnr", text, not_null},
    {"pasient.fornavn", text, not_empty},
    {"pasient.mellomnavn"},
    {"pasient.etternavn", text, not_empty},
    {"metadataFiler", object},
});
constexpr auto dialogmelding_kvittering = std::to_array<BodyField>({
    {"relatedToMessageId"},
    {"status", text, {}, "OK, REJECTED, OK_ERROR_IN_MESSAGE_PART"},
    {"messages", list_of_objects},
    {"rawReceipt"},
});

struct Row {
  std::string_view type;
  std::span<const BodyField> fields;
};

constexpr auto rows = std::to_array<Row>({
    {"arkivmelding", arkivmelding},
    {"arkivmelding_kvittering", arkivmelding_kvittering},
    {"avtalt", avtalt},
    {"digital", digital},
    {"digital_dpv", digital_dpv},
    {"print", print},
    {"innsynskrav", innsynskrav},
    {"publisering", publisering},
    {"einnsyn_kvittering", einnsyn_kvittering},
    {"fiksio", fiksio},
    {"dialogmelding", dialogmelding},
    {"dialogmelding_kvittering", dialogmelding_kvittering},
});

/// The type whose metadataFiler names uploaded files by both key and value; a dialogmelding describes them instead.
constexpr std::string_view type_with_metadata_files = "digital";

const json::value* member(const json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// The object that holds the last member of `path`, and that member's name; null when a parent is missing.
std::pair<const json::value*, std::string_view> holder_of(const json::value& body, std::string_view path) {
  const auto* parent = &body;
  for (auto dot = path.find('.'); dot != std::string_view::npos && parent != nullptr; dot = path.find('.')) {
    parent = member(*parent, path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  return {parent, path};
}

bool is_scalar(const json::value& value) { return value.is_string() || value.is_bool() || value.is_number(); }

std::optional<int> number_of(const json::value& value) {
  int number = 0;
  if (value.is_string()) {
    const auto& text = value.get_string();
    const auto* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    return error == std::errc{} && end == last ? std::optional(number) : std::nullopt;
  }
  boost::system::error_code wrong;
  number = value.to_number<int>(wrong);
  return wrong ? std::nullopt : std::optional(number);
}

bool is_allowed(std::string_view allowed, std::string_view value) {
  while (!allowed.empty()) {
    const auto end = std::min(allowed.find(", "), allowed.size());
    if (allowed.substr(0, end) == value) return true;
    allowed.remove_prefix(std::min(end + 2, allowed.size()));
  }
  return false;
}

/// What the value should have been; empty when it is that.
std::string wanted_instead(const BodyField& field, const json::value& value) {
  switch (field.kind) {
    case text:
      if (!field.allowed.empty()) {
        const bool known = value.is_string() && is_allowed(field.allowed, value.get_string());
        return known ? "" : fmt::format("one of {}", field.allowed);
      }
      return is_scalar(value) ? "" : "a text";
    case whole_number:
      return number_of(value) ? "" : "a whole number";
    case boolean:
      if (value.is_string() && (value.get_string() == "true" || value.get_string() == "false")) return "";
      return value.is_bool() ? "" : "true or false";
    case date:
      return value.is_string() && parse_date(value.get_string()) ? "" : "a date (yyyy-MM-dd)";
    case object:
      return value.is_object() ? "" : "an object";
    case texts_by_name: {
      const auto* names = value.if_object();
      const bool good = names != nullptr && std::ranges::all_of(*names, [](const auto& entry) {
                          return entry.value().is_null() || is_scalar(entry.value());
                        });
      return good ? "" : "an object of texts";
    }
    case list_of_objects: {
      const auto* items = value.if_array();
      const bool good =
          items != nullptr && std::ranges::all_of(*items, [](const json::value& item) { return item.is_object(); });
      return good ? "" : "an array of objects";
    }
    case anything:
      return "";
  }
  return "";
}

}  // namespace

std::span<const BodyField> body_fields(const MessageType& type) {
  const auto* const row = std::ranges::find(rows, type.name, &Row::type);
  return row == rows.end() ? std::span<const BodyField>{} : row->fields;
}

Result<void> check_body_readable(const MessageType& type, const json::value& body) {
  for (const auto& field : body_fields(type)) {
    const auto [parent, name] = holder_of(body, field.path);
    const auto* value = parent == nullptr ? nullptr : member(*parent, name);
    if (value == nullptr) continue;
    if (const auto wanted = wanted_instead(field, *value); !wanted.empty()) {
      return reject("sbd.body", fmt::format("{}.{} must be {}", type.name, field.path, wanted));
    }
  }
  return {};
}

std::vector<Violation> check_body_constraints(const MessageType& type, const json::value& body) {
  std::vector<Violation> found;
  for (const auto& field : body_fields(type)) {
    if (field.constraint.empty()) continue;
    const auto [parent, name] = holder_of(body, field.path);
    if (parent == nullptr) continue;  // the parent's own row says whether it may be missing
    const auto* value = member(*parent, name);
    const bool empty = value != nullptr && value->is_string() && value->get_string().empty();
    if (value != nullptr && !(empty && field.constraint == not_empty)) continue;
    found.push_back({fmt::format("{}.{}", type.name, field.path), std::string(field.constraint),
                     field.constraint == not_empty ? "must not be empty" : "must not be null", nullptr});
  }
  return found;
}

std::optional<int> security_level(const MessageType& type, const json::value& body) {
  constexpr std::string_view name = "sikkerhetsnivaa";
  const auto fields = body_fields(type);
  if (std::ranges::find(fields, name, &BodyField::path) == fields.end()) return std::nullopt;
  const auto* value = member(body, name);
  return value == nullptr ? std::nullopt : number_of(*value);
}

std::vector<std::string> missing_metadata_files(const MessageType& type, const json::value& body,
                                                std::span<const std::string> files) {
  std::vector<std::string> missing;
  if (type.name != type_with_metadata_files) return missing;
  const auto* value = member(body, "metadataFiler");
  const auto* names = value == nullptr ? nullptr : value->if_object();
  if (names == nullptr) return missing;
  const auto want = [&](std::string name) {
    if (std::ranges::find(files, name) != files.end() || std::ranges::find(missing, name) != missing.end()) return;
    missing.push_back(std::move(name));
  };
  for (const auto& entry : *names) {
    want(std::string(entry.key()));
    if (entry.value().is_string()) want(std::string(entry.value().get_string()));
  }
  return missing;
}

}  // namespace kanal::domain

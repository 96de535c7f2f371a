#include "domain/message_type.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace kanal::domain {
namespace {

// messages.md section 4. `feil` is no row: the registry knows the name, but there is no such business message.
constexpr std::array<MessageType, 13> rows{{
    {.name = "arkivmelding",
     .document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding",
     .needs_arkivmelding_xml = true},
    {.name = "arkivmelding_kvittering",
     .document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering",
     .is_receipt = true,
     .needs_files = false},
    {.name = "avtalt", .document_type = "urn:no:difi:avtalt:xsd::avtalt", .needs_files = false},
    {.name = "digital", .document_type = "urn:no:difi:digitalpost:xsd:digital::digital", .needs_main_document = true},
    {.name = "digital_dpv", .document_type = "urn:no:difi:digitalpost:xsd:digital::digital_dpv"},
    {.name = "print",
     .document_type = "urn:no:difi:digitalpost:xsd:fysisk::print",
     .service_without_receiver = "DPI",
     .needs_main_document = true,
     .has_addresses = true},
    {.name = "innsynskrav", .document_type = "urn:no:difi:einnsyn:xsd::innsynskrav"},
    {.name = "publisering", .document_type = "urn:no:difi:einnsyn:xsd::publisering"},
    {.name = "einnsyn_kvittering",
     .document_type = "urn:no:difi:einnsyn:xsd::einnsyn_kvittering",
     .is_receipt = true,
     .needs_files = false,
     .names_no_message = true},
    {.name = "status", .document_type = "urn:no:difi:eformidling:xsd::status", .is_status = true, .needs_files = false},
    {.name = "fiksio", .document_type = "", .takes_any_of_service = "DPFIO"},
    {.name = "dialogmelding",
     .document_type = "urn:no:difi:helse:xsd:schema::dialogmelding",
     .needs_main_document = true},
    {.name = "dialogmelding_kvittering",
     .document_type = "urn:no:difi:helse:xsd::dialogmelding_kvittering",
     .is_receipt = true,
     .needs_files = false},
}};

}  // namespace

std::span<const MessageType> message_types() { return rows; }

const MessageType* find_message_type(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(rows, [&](const MessageType& row) { return same_ignoring_case(row.name, name); });
  return found == rows.end() ? nullptr : found;
}

const MessageType* message_type_of_standard(std::string_view standard) {
  const auto separator = standard.rfind("::");
  if (separator == std::string_view::npos) return nullptr;
  const auto* const found = std::ranges::find(rows, standard.substr(separator + 2), &MessageType::name);
  return found == rows.end() ? nullptr : found;
}

const MessageType* message_type_of(std::string_view standard, std::string_view service) {
  if (const auto* named = message_type_of_standard(standard)) return named;
  const auto* const any =
      service.empty() ? rows.end() : std::ranges::find(rows, service, &MessageType::takes_any_of_service);
  return any == rows.end() ? nullptr : any;
}

bool standard_fits(const MessageType& type, std::string_view standard, std::string_view service) {
  const bool any =
      !service.empty() && std::ranges::find(rows, service, &MessageType::takes_any_of_service) != rows.end();
  return any || message_type_of_standard(standard) == &type;
}

std::string expected_type_names() {
  std::string names;
  for (const auto& row : rows) {
    if (row.is_receipt || row.is_status) continue;
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

}  // namespace kanal::domain

// SBD as JSON, messages.md sections 1-2:
//   { "standardBusinessDocumentHeader": header, "<documentIdentification.type as given>": body }
// Absent members and empty arrays are not written; the header always comes first.
#include <boost/json/serialize.hpp>

#include "domain/sbd.hpp"
#include "domain/sbd_rules.hpp"

namespace kanal::domain {
namespace json = boost::json;
namespace {

void put(json::object& into, std::string_view name, const std::string& text) {
  if (!text.empty()) into[name] = text;
}

void put(json::object& into, std::string_view name, const std::optional<std::string>& text) {
  if (text) into[name] = *text;
}

void put(json::object& into, std::string_view name, const std::optional<OffsetTime>& time) {
  if (time) into[name] = format_iso(*time);
}

void put(json::object& into, std::string_view name, json::array items) {
  if (!items.empty()) into[name] = std::move(items);
}

json::object document_json(const DocumentIdentification& document) {
  json::object out;
  put(out, "standard", document.standard);
  put(out, "typeVersion", document.type_version);
  put(out, "instanceIdentifier", document.instance_identifier);
  put(out, "type", document.type);
  if (document.multiple_type) out["multipleType"] = *document.multiple_type;
  put(out, "creationDateAndTime", document.creation);
  return out;
}

json::object information_json(const ScopeInformation& information) {
  json::object out;
  put(out, "expectedResponseDateTime", information.expected_response);
  put(out, "requestingDocumentCreationDateTime", information.requesting_creation);
  put(out, "requestingDocumentInstanceIdentifier", information.requesting_identifier);
  return out;
}

}  // namespace

json::object scope_json(const Scope& scope) {
  json::object out;
  put(out, "type", scope.type);
  put(out, "instanceIdentifier", scope.instance_identifier);
  put(out, "identifier", scope.identifier);
  json::array information;
  for (const auto& entry : scope.information) information.emplace_back(information_json(entry));
  put(out, "scopeInformation", std::move(information));
  return out;
}

json::array participants_json(const std::vector<Participant>& participants) {
  json::array out;
  for (const auto& participant : participants) {
    json::object identifier;
    put(identifier, "authority", participant.authority);
    put(identifier, "value", participant.value);
    json::object entry;
    entry["identifier"] = std::move(identifier);
    put(entry, "contactInformation", participant.contact_information);
    out.emplace_back(std::move(entry));
  }
  return out;
}

json::object to_json(const Sbd& sbd) {
  json::object header;
  put(header, "headerVersion", sbd.header_version);
  put(header, "sender", participants_json(sbd.sender));
  put(header, "receiver", participants_json(sbd.receiver));
  header["documentIdentification"] = document_json(sbd.document);
  if (sbd.manifest) header["manifest"] = *sbd.manifest;
  json::array scopes;
  for (const auto& scope : sbd.scopes) scopes.emplace_back(scope_json(scope));
  if (!scopes.empty()) header["businessScope"] = json::object{{"scope", std::move(scopes)}};
  json::object out;
  out[header_member] = std::move(header);
  // A message without content is an empty object: a null would be a missing member to every reader.
  out[sbd.document.type] = sbd.body.is_null() ? json::value(json::object()) : sbd.body;
  return out;
}

std::string write_sbd(const Sbd& sbd) { return json::serialize(to_json(sbd)); }

}  // namespace kanal::domain

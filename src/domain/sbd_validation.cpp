// Header rules of messages.md section 2 that can be seen in an Sbd, in the words of rest-api.md section 11.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "domain/sbd.hpp"
#include "domain/sbd_rules.hpp"

namespace kanal::domain {
namespace json = boost::json;
namespace {

struct ScopeName {
  std::string_view canonical;
  std::string_view legacy;
};

/// In the order in which the reference lists them.
constexpr std::array<ScopeName, 6> scope_names{{
    {scope_type::journalpost_id, "JOURNALPOST_ID"},
    {scope_type::conversation_id, "CONVERSATION_ID"},
    {scope_type::parent_id, "PARENT_ID"},
    {scope_type::sender_ref, "SENDER_REF"},
    {scope_type::receiver_ref, "RECEIVER_REF"},
    {scope_type::message_channel, "MESSAGE_CHANNEL"},
}};

void check_participants(const std::vector<Participant>& participants, std::string_view name,
                        std::vector<Violation>& found) {
  if (participants.size() > 1) {
    found.push_back({header_path(name), "Size", "size must be between 0 and 1", participants_json(participants)});
  }
  for (const auto& participant : participants) {
    for (const auto& contact : participant.contact_information) {
      const auto* object = contact.if_object();
      const auto* value = object == nullptr ? nullptr : object->if_contains("contact");
      if (value == nullptr || value->is_null()) {
        found.push_back(not_null(header_path(fmt::format("{}[].contactInformation[].contact", name))));
      }
    }
  }
}

void check_document(const DocumentIdentification& document, std::vector<Violation>& found) {
  const auto& id = document.instance_identifier;
  if (!id.empty() && !is_uuid(id)) {
    found.push_back({header_path("documentIdentification.instanceIdentifier"), "UUID",
                     fmt::format("'{}' is not a UUID.", id), json::value(id)});
  }
  if (!document.type.empty() && find_message_type(document.type) == nullptr) {
    found.push_back({header_path("documentIdentification.type"), "MessageType", "Must be a NextMove message type",
                     json::value(document.type)});
  }
}

void check_manifest(const json::object& manifest, std::vector<Violation>& found) {
  const auto* value = manifest.if_contains("manifestItem");
  const auto* items = value == nullptr ? nullptr : value->if_array();
  if (items == nullptr || items->empty()) {
    found.push_back({header_path("manifest.manifestItem"), "NotEmpty", "must not be empty",
                     items == nullptr ? json::value(nullptr) : json::value(json::array())});
    return;
  }
  for (const auto& item : *items) {
    for (const std::string_view name : {"mimeTypeQualifierCode", "uniformResourceIdentifier"}) {
      const auto* object = item.if_object();
      const auto* member = object == nullptr ? nullptr : object->if_contains(name);
      if (member == nullptr || member->is_null()) {
        found.push_back(not_null(header_path(fmt::format("manifest.manifestItem[].{}", name))));
      }
    }
  }
}

void check_scope(const Scope& scope, std::optional<Time> now, std::vector<Violation>& found) {
  if (!scope.type.empty()) {
    if (auto violation = check_scope_type(scope.type)) found.push_back(*std::move(violation));
  }
  const auto id = scope.instance_identifier.value_or("");
  if (scope.type == scope_type::conversation_id && !id.empty() && !is_uuid(id)) {
    const auto dump = scope_json(scope);
    found.push_back({header_path("businessScope.scope[]"), "SbdScopeConditionalInstanceIdentifierUuid",
                     fmt::format("'{}' is not a UUID.", json::serialize(dump)), dump});
  }
  if (!now) return;
  for (const auto& information : scope.information) {
    if (!information.expected_response || information.expected_response->utc > *now) continue;
    found.push_back({header_path("businessScope.scope[].scopeInformation[].expectedResponseDateTime"), "Future",
                     "must be a future date", json::value(format_iso(*information.expected_response))});
  }
}

}  // namespace

std::string header_path(std::string_view rest) { return fmt::format("{}.{}", header_member, rest); }

Violation not_null(std::string path) { return {std::move(path), "NotNull", "must not be null"}; }

std::optional<Violation> check_scope_type(const std::string& type) {
  if (std::ranges::find(scope_names, type, &ScopeName::canonical) != scope_names.end()) return std::nullopt;
  std::string allowed;
  for (const auto& name : scope_names) allowed += (allowed.empty() ? "" : ", ") + std::string(name.canonical);
  return Violation{header_path("businessScope.scope[].type"), "OneOf",
                   fmt::format("'{}' is not expected. Allowed values are: [{}]", type, allowed), json::value(type)};
}

std::optional<Violation> check_sender_value(const std::string& value) {
  if (parse_partner(iso6523_authority, value) || parse_partner(nhn_authority, value)) return std::nullopt;
  // The reference shows its message key unresolved; clients may compare it.
  return Violation{header_path("sender[].identifier.value"), "SenderValue",
                   "{no.difi.meldingsutveksling.validation.IntegrasjonspunktOrganization}", json::value(value)};
}

std::string canonical_scope_type(std::string_view given) {
  const auto* const found = std::ranges::find(scope_names, given, &ScopeName::legacy);
  return std::string(found == scope_names.end() ? given : found->canonical);
}

std::vector<Violation> validate_header(const Sbd& sbd, std::optional<Time> now) {
  std::vector<Violation> found;
  check_participants(sbd.sender, "sender", found);
  for (const auto& sender : sbd.sender) {
    if (sender.value.empty()) continue;
    if (auto violation = check_sender_value(sender.value)) found.push_back(*std::move(violation));
  }
  check_participants(sbd.receiver, "receiver", found);
  check_document(sbd.document, found);
  if (sbd.manifest) check_manifest(*sbd.manifest, found);
  for (const auto& scope : sbd.scopes) check_scope(scope, now, found);
  return found;
}

}  // namespace kanal::domain

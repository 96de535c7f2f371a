// SBD from JSON, messages.md sections 1-2 and dpo.md section 5:
//   sbd       = { "standardBusinessDocumentHeader": header, "<type>": body }     either order, nothing else
//   header    = { headerVersion, sender[], receiver[], documentIdentification, manifest?, businessScope }
//   scope     = { type, instanceIdentifier?, identifier?, scopeInformation[]? }  legacy upper-case types accepted
//   date-time = ISO 8601 text | epoch seconds as a number
// `null` is the same as absent, members of other names are ignored.
#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "base/ascii.hpp"
#include "domain/json_text.hpp"
#include "domain/message_type.hpp"
#include "domain/sbd.hpp"
#include "domain/sbd_rules.hpp"

namespace kanal::domain {
namespace json = boost::json;
namespace {

/// Participants, scopes and the like; real documents have a handful.
constexpr std::size_t max_items = 100;

/// The member, or null when it is absent or JSON null.
const json::value* member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<OffsetTime> from_epoch_seconds(const json::value& number) {
  // Years 1 to 9999: what the text form can say.
  constexpr double first = -62'135'596'800.0;
  constexpr double last = 253'402'300'799.0;
  const double seconds = number.to_number<double>();
  if (!(seconds >= first && seconds <= last)) return std::nullopt;
  const double whole = std::floor(seconds);
  const auto micros = Duration(std::llround((seconds - whole) * 1e6));
  return OffsetTime{Time(std::chrono::seconds(std::llround(whole)) + micros), std::chrono::minutes(0)};
}

/// Reads one header. The first member of a wrong JSON type is remembered, and makes the rest worthless.
class HeaderReader {
 public:
  Result<SbdReading> read(const json::object& header, const json::value& body) {
    reading_.sbd.body = body;
    reading_.sbd.header_version = required_text(header, header_path("headerVersion"), "headerVersion");
    participants(header, "sender", reading_.sbd.sender);
    participants(header, "receiver", reading_.sbd.receiver);
    if (const auto* document = object(header, header_path("documentIdentification"), "documentIdentification")) {
      document_identification(*document);
    }
    if (const auto* manifest = object(header, header_path("manifest"), "manifest")) read_manifest(*manifest);
    business_scope(header);
    if (!fault_.empty()) return reject("sbd.json", fault_);
    return std::move(reading_);
  }

 private:
  void fault(const std::string& path, std::string_view expected) {
    if (fault_.empty()) fault_ = fmt::format("{} must be {}", path, expected);
  }

  void missing(std::string path) { reading_.violations.push_back(not_null(std::move(path))); }

  std::optional<std::string> text(const json::object& from, const std::string& path, std::string_view name) {
    const auto* value = member(from, name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string());
    fault(path, "a string");
    return std::nullopt;
  }

  std::string required_text(const json::object& from, const std::string& path, std::string_view name) {
    auto value = text(from, path, name);
    if (!value) missing(path);
    return value.value_or("");
  }

  std::optional<OffsetTime> time(const json::object& from, const std::string& path, std::string_view name) {
    const auto* value = member(from, name);
    if (value == nullptr) return std::nullopt;
    std::optional<OffsetTime> time;
    if (value->is_string()) time = parse_iso(value->get_string());
    if (value->is_number()) time = from_epoch_seconds(*value);
    if (!time) fault(path, "a date-time such as 2026-09-01T09:15:00+02:00");
    return time;
  }

  const json::object* object(const json::object& from, const std::string& path, std::string_view name) {
    const auto* value = member(from, name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) fault(path, "an object");
    return value->if_object();
  }

  /// An array of objects of bearable length.
  const json::array* objects(const json::object& from, const std::string& path, std::string_view name) {
    const auto* value = member(from, name);
    if (value == nullptr) return nullptr;
    const auto* items = value->if_array();
    const bool good = items != nullptr && items->size() <= max_items &&
                      std::ranges::all_of(*items, [](const json::value& item) { return item.is_object(); });
    if (good) return items;
    fault(path, fmt::format("an array of at most {} objects", max_items));
    return nullptr;
  }

  void participants(const json::object& header, std::string_view name, std::vector<Participant>& into) {
    const std::string path = header_path(name);
    const auto* items = objects(header, path, name);
    if (items == nullptr) return;
    for (const auto& item : *items) {
      const auto& entry = item.get_object();
      Participant participant;
      const std::string identifier_path = path + "[].identifier";
      if (const auto* identifier = object(entry, identifier_path, "identifier")) {
        participant.authority = required_text(*identifier, identifier_path + ".authority", "authority");
        participant.value = required_text(*identifier, identifier_path + ".value", "value");
        empty_sender_value(name, *identifier);
      } else {
        missing(identifier_path);
      }
      if (const auto* contacts = objects(entry, path + "[].contactInformation", "contactInformation")) {
        participant.contact_information = *contacts;
      }
      into.push_back(std::move(participant));
    }
  }

  /// Only here can "" be told from a missing value, which has its own violation.
  void empty_sender_value(std::string_view name, const json::object& identifier) {
    const auto* value = member(identifier, "value");
    if (name != "sender" || value == nullptr || !value->is_string() || !value->get_string().empty()) return;
    if (auto violation = check_sender_value("")) reading_.violations.push_back(*std::move(violation));
  }

  void document_identification(const json::object& from) {
    auto& document = reading_.sbd.document;
    const std::string path = header_path("documentIdentification");
    document.standard = required_text(from, path + ".standard", "standard");
    document.type_version = required_text(from, path + ".typeVersion", "typeVersion");
    document.instance_identifier = text(from, path + ".instanceIdentifier", "instanceIdentifier").value_or("");
    document.type = text(from, path + ".type", "type").value_or("");
    if (const auto* value = member(from, "multipleType")) {
      if (!value->is_bool()) fault(path + ".multipleType", "true or false");
      if (value->is_bool()) document.multiple_type = value->get_bool();
    }
    document.creation = time(from, path + ".creationDateAndTime", "creationDateAndTime");
  }

  void read_manifest(const json::object& from) {
    json::object manifest = from;
    const auto* items = objects(from, header_path("manifest.manifestItem"), "manifestItem");
    if (items != nullptr && member(manifest, "numberOfItems") == nullptr) manifest["numberOfItems"] = items->size();
    reading_.sbd.manifest = std::move(manifest);
  }

  void business_scope(const json::object& header) {
    const std::string path = header_path("businessScope");
    const auto* business_scope = object(header, path, "businessScope");
    if (business_scope == nullptr) return missing(path);
    const auto* items = objects(*business_scope, path + ".scope", "scope");
    if (items == nullptr) return missing(path + ".scope");
    if (items->empty()) {
      reading_.violations.push_back(
          {path + ".scope", "Size", "size must be between 1 and 2147483647", json::value(json::array())});
    }
    for (const auto& item : *items) reading_.sbd.scopes.push_back(scope(item.get_object(), path + ".scope[]"));
  }

  Scope scope(const json::object& from, const std::string& path) {
    Scope scope;
    const auto type = text(from, path + ".type", "type");
    if (!type) missing(path + ".type");
    if (type && type->empty()) reading_.violations.push_back(*check_scope_type(*type));
    scope.type = canonical_scope_type(type.value_or(""));
    scope.instance_identifier = text(from, path + ".instanceIdentifier", "instanceIdentifier");
    scope.identifier = text(from, path + ".identifier", "identifier");
    const std::string information_path = path + ".scopeInformation[]";
    if (const auto* items = objects(from, path + ".scopeInformation", "scopeInformation")) {
      for (const auto& item : *items) scope.information.push_back(information(item.get_object(), information_path));
    }
    return scope;
  }

  ScopeInformation information(const json::object& from, const std::string& path) {
    return {time(from, path + ".expectedResponseDateTime", "expectedResponseDateTime"),
            time(from, path + ".requestingDocumentCreationDateTime", "requestingDocumentCreationDateTime"),
            text(from, path + ".requestingDocumentInstanceIdentifier", "requestingDocumentInstanceIdentifier")};
  }

  SbdReading reading_;
  std::string fault_;
};

/// `documentIdentification.type`, which must be readable before anything else makes sense.
Result<std::string> type_of(const json::object& header) {
  const auto* document = member(header, "documentIdentification");
  const auto* object = document == nullptr ? nullptr : document->if_object();
  const auto* value = object == nullptr ? nullptr : member(*object, "type");
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->empty()) {
    return reject("sbd.type_missing", "the header needs documentIdentification.type, the name of the business message");
  }
  std::string type(*text);
  if (find_message_type(type) == nullptr) {
    return reject("sbd.type_unknown",
                  fmt::format("Unknown NextMove document type {}. Expected one of the following values: {}",
                              excerpt(type), expected_type_names()));
  }
  return type;
}

Result<SbdReading> read_document(const json::value& document) {
  const auto* root = document.if_object();
  if (root == nullptr) return reject("sbd.json", "an SBD must be a JSON object");
  const auto* header = member(*root, header_member);
  if (header == nullptr) return reject("sbd.members", "an SBD needs the member standardBusinessDocumentHeader");
  if (!header->is_object()) return reject("sbd.json", "standardBusinessDocumentHeader must be an object");
  if (root->size() != 2) {
    return reject("sbd.members",
                  fmt::format("an SBD has exactly two members, standardBusinessDocumentHeader and the business "
                              "message; this one has {}",
                              root->size()));
  }
  auto type = type_of(header->get_object());
  if (!type) return failed(type);
  const auto body = std::ranges::find_if(*root, [](const auto& entry) { return entry.key() != header_member; });
  if (!same_ignoring_case(body->key(), *type)) {
    return reject("sbd.members",
                  fmt::format("the business message is named '{}', but documentIdentification.type is '{}'",
                              excerpt(body->key()), *type));
  }
  if (!body->value().is_object())
    return reject("sbd.json", fmt::format("the business message {} must be an object", *type));
  return HeaderReader().read(header->get_object(), body->value());
}

}  // namespace

Result<SbdReading> read_sbd(std::string_view text) {
  try {
    if (text.size() > max_sbd_bytes) {
      return reject("sbd.json",
                    fmt::format("the document has {} bytes; at most {} are read", text.size(), max_sbd_bytes));
    }
    auto document = parse_json(text, max_sbd_depth);
    if (!document) return failed(document);
    return read_document(*document);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return reject("sbd.json", fmt::format("the document cannot be read: {}", error.what()));
  }
}

}  // namespace kanal::domain

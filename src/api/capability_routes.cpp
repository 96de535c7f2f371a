// /api/capabilities/{receiverIdentifier} (rest-api.md section 3).
#include <limits>

#include "api/route_support.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

struct Renamed {
  std::string_view from;
  std::string_view to;
};

/// The members that are texts, under the API's names; empty when there are none.
json::object texts_of(const json::object& record, std::initializer_list<Renamed> names) {
  json::object out;
  for (const auto& name : names) {
    const auto* value = record.if_contains(name.from);
    if (value != nullptr && value->is_string()) out[name.to] = value->get_string();
  }
  return out;
}

void add_address(const json::object& record, std::string_view name, json::object& out) {
  const auto* value = record.if_contains(name);
  const auto* address = value == nullptr ? nullptr : value->if_object();
  if (address == nullptr) return;
  out[name] = texts_of(*address, {{"name", "name"},
                                  {"street", "street"},
                                  {"postalCode", "postalCode"},
                                  {"postalArea", "postalArea"},
                                  {"country", "country"}});
}

json::array document_types(const ports::ServiceRecord& record) {
  json::array types;
  for (const auto& standard : record.document_types) {
    json::object entry;
    if (const auto* type = domain::message_type_of(standard, record.service.str())) entry["type"] = type->name;
    entry["standard"] = standard;
    types.push_back(std::move(entry));
  }
  return types;
}

/// Addresses and mailbox are there when the registry's record has them, whatever the service (service-registry.md 4.2).
json::object capability_json(const ports::ServiceRecord& record) {
  json::object out;
  out["process"] = record.process;
  out["serviceIdentifier"] = record.service.str();
  add_address(record.raw, "postAddress", out);
  add_address(record.raw, "returnAddress", out);
  out["documentTypes"] = document_types(record);
  auto mailbox = texts_of(record.raw, {{"orgnrPostkasse", "supplier"}, {"postkasseAdresse", "address"}});
  if (!mailbox.empty()) out["digitalPostAddress"] = std::move(mailbox);
  return out;
}

net::Response capabilities(const ApiParts& parts, const net::Request& request, const std::string& receiver) {
  ports::DirectoryQuery query;
  query.identifier = domain::without_icd(receiver);
  query.process = request.parameter("process");
  if (query.process && query.process->empty()) query.process.reset();
  if (const auto level = request.parameter("securityLevel"); level && !level->empty()) {
    const auto number = whole_number(*level);
    const bool fits =
        number && *number >= std::numeric_limits<int>::min() && *number <= std::numeric_limits<int>::max();
    if (!fits) return error_response(parts, request, type_mismatch({"securityLevel", *level, "a number"}));
    query.security_level = static_cast<int>(*number);
  }
  const auto records = parts.directory.lookup(query);
  if (!records) return error_response(parts, request, records.error());
  json::array list;
  for (const auto& record : *records) list.push_back(capability_json(record));
  return json_response(200, json::object{{"capabilities", std::move(list)}});
}

}  // namespace

void add_capability_routes(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/api/capabilities/{receiverIdentifier}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return capabilities(parts, *request, variables.front());
             });
}

}  // namespace kanal::api

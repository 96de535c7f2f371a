// service-registry.md 4.2 and 4.3:
//   entity  = {"infoRecord":{...},"serviceRecords":[record...]}
//   record  = {"organisationNumber":text,"pemCertificate":text|null,"process":text,"documentTypes":[text...],
//              "service":{"identifier":text,"endpointUrl":text,"resource":text|null,...},...}
//   error   = {"error_code":text,"error_description":text} | {"message":text} | anything
// Unknown members are kept in `raw` and otherwise ignored.
#include "lookup/registry_records.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "crypto/certificate.hpp"
#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

namespace json = boost::json;

constexpr std::size_t max_json_depth = 32;
constexpr std::size_t max_records = 10'000;
constexpr std::size_t max_document_types = 10'000;
constexpr std::size_t pem_line = 64;
constexpr std::array<std::string_view, 7> national_services = {"DPO", "DPV", "DPI", "DPF", "DPE", "DPH", "DPFIO"};

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return std::nullopt;
  return value;
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

tl::unexpected<Error> no_registry_answer(std::string why) {
  return retry("directory.unavailable", "the answer does not come from the Service Registry: " + std::move(why) +
                                            "; check difi.move.serviceregistryEndpoint");
}

using Services = std::span<const ServiceIdentifier>;

ServiceIdentifier service_identifier(const std::string& text, Services services) {
  const bool known = std::ranges::find(national_services, text) != national_services.end() ||
                     std::ranges::find(services, text, &ServiceIdentifier::str) != services.end();
  return ServiceIdentifier(known ? text : "UNKNOWN");
}

ports::ServiceRecord record_of(const json::object& object, Services services) {
  ports::ServiceRecord record;
  record.organisation_number = text_member(object, "organisationNumber");
  record.process = text_member(object, "process");
  record.pem_certificate = with_pem_lines(text_member(object, "pemCertificate"));
  if (const auto* types = object.if_contains("documentTypes"); types != nullptr && types->is_array()) {
    for (const auto& type : types->get_array()) {
      if (type.is_string() && record.document_types.size() < max_document_types)
        record.document_types.emplace_back(type.get_string());
    }
  }
  record.service = service_identifier("", services);
  const auto* service = object.if_contains("service");
  if (const auto* members = service == nullptr ? nullptr : service->if_object()) {
    record.service = service_identifier(text_member(*members, "identifier"), services);
    record.endpoint_url = text_member(*members, "endpointUrl");
    if (auto resource = text_member(*members, "resource"); !resource.empty()) record.resource = std::move(resource);
  }
  record.raw = object;
  return record;
}

/// The text of an error of whatever shape; empty when it has none.
std::string error_text(std::string_view body) {
  const auto value = parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) return {};
  for (const std::string_view name : {"error_description", "message", "error"}) {
    if (const auto text = text_member(*object, name); !text.empty()) return remote_text(text);
  }
  return remote_text(text_member(*object, "error_code"));
}

}  // namespace

Result<ports::DirectoryEntity> parse_entity(std::string_view text, Services services) {
  const auto value = parse(text);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) return no_registry_answer("it is not a JSON object");
  const auto* listed = object->if_contains("serviceRecords");
  if (listed == nullptr || !listed->is_array()) return no_registry_answer("it has no list serviceRecords");
  const auto& entries = listed->get_array();
  if (entries.size() > max_records) return no_registry_answer("it has too many serviceRecords");
  ports::DirectoryEntity entity;
  if (const auto* info = object->if_contains("infoRecord"); info != nullptr && info->is_object()) {
    entity.info = info->get_object();
  }
  entity.records.reserve(entries.size());
  for (const auto& entry : entries) {
    if (const auto* record = entry.if_object()) entity.records.push_back(record_of(*record, services));
  }
  return entity;
}

Result<std::vector<ports::ServiceRecord>> parse_records(std::string_view text, Services services) {
  auto entity = parse_entity(text, services);
  if (!entity) return failed(entity);
  return std::move(entity->records);
}

std::string with_pem_lines(std::string_view pem) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = pem.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  if (pem.find("-----BEGIN ") != std::string_view::npos) return std::string(pem);
  std::string base64;
  for (const char c : pem) {
    if (space.find(c) == std::string_view::npos) base64 += c;
  }
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < base64.size(); at += pem_line) out += base64.substr(at, pem_line) + '\n';
  return out + "-----END CERTIFICATE-----\n";
}

Result<std::string> parse_certificate(std::string_view body) {
  auto pem = with_pem_lines(body);
  if (!crypto::Certificate::from_pem(pem)) return no_registry_answer("it is not a certificate");
  return pem;
}

Error registry_error(const net::ClientResponse& response, std::string_view subject, Time now) {
  const int status = response.status;
  const auto said = error_text(response.body);
  const auto with = [&](std::string code, Disposition disposition, std::string_view advice) {
    return Error{std::move(code),
                 fmt::format("the Service Registry answered {} for {}{}{}{}", status, subject, said.empty() ? "" : ": ",
                             said, advice),
                 disposition,
                 {},
                 {}};
  };
  if (is_temporary(status) || status < 400) {
    auto error = with("directory.unavailable", Disposition::retry, "");
    error.retry_after = retry_after(response, now);
    return error;
  }
  if (status == 404) return with("directory.not_found", Disposition::reject, "");
  if (status == 401 || status == 403) {
    return with("directory.denied", Disposition::retry,
                " (our own token or its scopes are not accepted: check difi.move.oidc and the scopes of the client)");
  }
  return with("directory.refused", Disposition::reject, "");
}

}  // namespace kanal::lookup

#include "sim/resident_rules.hpp"

#include <algorithm>

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view digital_type = "urn:no:difi:digitalpost:xsd:digital::digital";
constexpr std::string_view digital_dpv_type = "urn:no:difi:digitalpost:xsd:digital::digital_dpv";
constexpr std::string_view print_type = "urn:no:difi:digitalpost:xsd:fysisk::print";
constexpr std::string_view decision_process = "urn:no:difi:profile:digitalpost:vedtak:ver1.0";

json::value or_null(const std::optional<std::string>& text) { return text ? json::value(*text) : json::value(nullptr); }

json::object service(std::string_view identifier, std::string_view endpoint) {
  return {{"identifier", identifier},      {"endpointUrl", endpoint},  {"serviceCode", nullptr},
          {"serviceEditionCode", nullptr}, {"securityLevel", nullptr}, {"resource", nullptr}};
}

json::object address_json(const std::string& name, const PostalAddress& address) {
  std::string street;
  for (const auto& line : address.lines) street += (street.empty() ? "" : ";") + line;
  return {{"name", name},
          {"street", street},
          {"postalCode", address.postal_code},
          {"postalArea", address.postal_area},
          {"country", address.country.empty() ? "Norge" : address.country}};
}

json::object base_record(const Resident& resident, const ProcessEntry& process, std::string_view type) {
  return {{"organisationNumber", resident.id},
          {"pemCertificate", nullptr},
          {"process", process.identifier},
          {"documentTypes", json::array{json::string(type)}}};
}

json::object post_record(const Resident& resident, const ProcessEntry& process, bool physical,
                         const DigitalPostSettings& post) {
  auto out = base_record(resident, process, physical ? print_type : digital_type);
  out["service"] = service("DPI", post.corner2_url);
  out["epostAdresse"] = or_null(resident.email);
  out["mobilnummer"] = or_null(resident.mobile);
  out["kanVarsles"] = resident.notifiable;
  out["fysiskPost"] = physical;
  out["spraak"] = resident.language;
  out["postAddress"] = nullptr;
  out["returnAddress"] = nullptr;
  return out;
}

json::object digital_record(const Resident& resident, const ProcessEntry& process, const DigitalPostSettings& post) {
  auto out = post_record(resident, process, false, post);
  out["orgnrPostkasse"] = resident.mailbox->supplier;
  out["postkasseAdresse"] = resident.mailbox->address;
  const auto certificate = post.mailbox_certificates.find(resident.mailbox->supplier);
  if (certificate != post.mailbox_certificates.end()) out["pemCertificate"] = certificate->second;
  return out;
}

json::object print_record(const Resident& resident, const ProcessEntry& process,
                          const std::optional<Organisation>& sender, const DigitalPostSettings& post) {
  auto out = post_record(resident, process, true, post);
  out["orgnrPostkasse"] = post.print_supplier;
  out["postkasseAdresse"] = nullptr;
  out["pemCertificate"] = post.print_certificate;
  out["postAddress"] = address_json(resident.name, *resident.address);
  if (sender) {
    out["returnAddress"] = address_json(sender->name, {{sender->street}, sender->postal_code, sender->postal_area, {}});
  }
  return out;
}

json::object dpv_record(const Resident& resident, const ProcessEntry& process, const RoutingSettings& routing) {
  auto out = base_record(resident, process, digital_dpv_type);
  auto dpv = service("DPV", routing.correspondence_url);
  if (auto resource = dpv_resource(process, routing); !resource.empty()) dpv["resource"] = resource;
  out["service"] = std::move(dpv);
  return out;
}

}  // namespace

bool is_synthetic_person(std::string_view id) {
  return id.size() == 11 && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; }) &&
         (id[2] == '8' || id[2] == '9');
}

std::string masked_person(std::string_view id) { return std::string(id.substr(0, 6)) + "*****"; }

json::array route_resident(const Resident& resident, const ProcessEntry& process,
                           const std::optional<Organisation>& sender, bool print, const DigitalPostSettings& post,
                           const RoutingSettings& routing) {
  json::array out;
  if (process.category != ProcessCategory::digitalpost) return out;
  const bool must_notify = process.identifier == decision_process;
  const bool on_paper_only = must_notify && (resident.reserved || !resident.notifiable);
  if (!on_paper_only && resident.mailbox && resident.mailbox->active) {
    out.push_back(digital_record(resident, process, post));
    return out;
  }
  if (print && resident.address && !post.print_supplier.empty()) {
    out.push_back(print_record(resident, process, sender, post));
  }
  if (!on_paper_only) out.push_back(dpv_record(resident, process, routing));
  return out;
}

json::object info_record(const Resident& resident) {
  return {{"identifier", resident.id}, {"entityType", json::object{{"name", "citizen"}}}};
}

}  // namespace kanal::sim

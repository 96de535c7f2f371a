#include "sim/registry_rules.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

namespace kanal::sim {
namespace {

namespace json = boost::json;

std::vector<ProcessEntry> make_catalogue() {
  std::vector<ProcessEntry> out;
  for (const std::string name : {"administrasjon", "helseSosialOgOmsorg", "kulturIdrettOgFritid", "naturOgMiljoe",
                                 "naeringsutvikling", "oppvekstOgUtdanning", "planByggOgGeodata", "skatterOgAvgifter",
                                 "tekniskeTjenester", "trafikkReiserOgSamferdsel", "taushetsbelagt"}) {
    out.push_back({"urn:no:difi:profile:arkivmelding:" + name + ":ver1.0",
                   ProcessCategory::arkivmelding,
                   {"urn:no:difi:arkivmelding:xsd::arkivmelding"}});
  }
  const std::string status = "urn:no:difi:eformidling:xsd::status";
  const std::string feil = "urn:no:difi:eformidling:xsd::feil";
  out.push_back({"urn:no:difi:profile:arkivmelding:response:ver1.0",
                 ProcessCategory::arkivmelding,
                 {"urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering", status, feil}});
  const std::string publisering = "urn:no:difi:einnsyn:xsd::publisering";
  const auto einnsyn = ProcessCategory::einnsyn;
  out.push_back({"urn:no:difi:profile:einnsyn:journalpost:ver1.0", einnsyn, {publisering}, "data"});
  out.push_back(
      {"urn:no:difi:profile:einnsyn:innsynskrav:ver1.0", einnsyn, {"urn:no:difi:einnsyn:xsd::innsynskrav"}, "innsyn"});
  out.push_back({"urn:no:difi:profile:einnsyn:meeting:ver1.0", einnsyn, {publisering}, "meeting"});
  out.push_back({"urn:no:difi:profile:einnsyn:response:ver1.0",
                 einnsyn,
                 {"urn:no:difi:einnsyn:xsd::einnsyn_kvittering", status, feil},
                 "innsyn"});
  for (const std::string name : {"avtalt", "response"}) {
    out.push_back({"urn:no:difi:profile:avtalt:" + name + ":ver1.0",
                   ProcessCategory::avtalt,
                   {"urn:no:difi:avtalt:xsd::avtalt"}});
  }
  for (const std::string name : {"info", "vedtak"}) {
    out.push_back({"urn:no:difi:profile:digitalpost:" + name + ":ver1.0",
                   ProcessCategory::digitalpost,
                   {"urn:no:difi:digitalpost:xsd:digital::digital", "urn:no:difi:digitalpost:xsd:digital::digital_dpv",
                    "urn:no:difi:digitalpost:xsd:fysisk::print"}});
  }
  return out;
}

json::value or_null(const std::optional<std::string>& text) { return text ? json::value(*text) : json::value(nullptr); }

json::object record(const Organisation& organisation, const ProcessEntry& process, std::string_view service,
                    std::string_view endpoint, const std::optional<std::string>& certificate) {
  json::array types;
  for (const auto& type : process.document_types) types.emplace_back(type);
  return {{"organisationNumber", organisation.orgnr},
          {"pemCertificate", or_null(certificate)},
          {"process", process.identifier},
          {"documentTypes", std::move(types)},
          {"service", json::object{{"identifier", service},
                                   {"endpointUrl", endpoint},
                                   {"serviceCode", nullptr},
                                   {"serviceEditionCode", nullptr},
                                   {"securityLevel", nullptr},
                                   {"resource", nullptr}}}};
}

json::object& service_of(json::object& record) { return record["service"].get_object(); }

using Route = RegistryResult<std::optional<json::object>>;

Route no_certificate(const Organisation& organisation) {
  return tl::unexpected(
      RegistryError{404, "No certificate found in Virksert for " + organisation.orgnr, "certificate_not_found"});
}

Route dpo(const Organisation& organisation, const ProcessEntry& process, const RoutingSettings& settings) {
  if (!organisation.dpo_certificate) return no_certificate(organisation);
  auto out = record(organisation, process, "DPO", settings.broker_url, organisation.dpo_certificate);
  auto& service = service_of(out);
  service["serviceCode"] = "4192";
  service["serviceEditionCode"] = "270815";
  service["resource"] = settings.dpo_resource;
  return out;
}

Route dpv(const Organisation& organisation, const ProcessEntry& process, const RoutingSettings& settings) {
  auto out = record(organisation, process, "DPV", settings.correspondence_url, std::nullopt);
  if (auto resource = dpv_resource(process, settings); !resource.empty()) service_of(out)["resource"] = resource;
  return out;
}

/// 5.2 rule 2: nothing of this kind in ELMA.
Route unregistered(const Organisation& organisation, const ProcessEntry& process, std::optional<int> level,
                   const RoutingSettings& settings) {
  if (!settings.enable_dpf_dpv) return std::optional<json::object>{};
  const auto& levels = organisation.svarut_levels;
  const std::optional<int> chosen = level ? (levels.contains(*level) ? level : std::nullopt)
                                          : (levels.empty() ? std::nullopt : std::optional<int>(*levels.rbegin()));
  if (chosen) {
    auto out = record(organisation, process, "DPF", settings.svarut_url, settings.svarut_certificate);
    service_of(out)["securityLevel"] = *chosen;
    return out;
  }
  if (level == 4) return tl::unexpected(RegistryError{400, "Receiver has no mailbox at the requested level"});
  return dpv(organisation, process, settings);
}

Route arkivmelding(const Organisation& organisation, const ProcessEntry& process, std::optional<int> level,
                   const RoutingSettings& settings) {
  // The registrations that count are those with the document types of this process.
  const bool any = std::ranges::any_of(process_catalogue(), [&](const ProcessEntry& other) {
    return other.category == ProcessCategory::arkivmelding && other.document_types == process.document_types &&
           organisation.processes.contains(other.identifier);
  });
  if (!any) return unregistered(organisation, process, level, settings);
  if (organisation.processes.contains(process.identifier)) return dpo(organisation, process, settings);
  if (level == 4) return std::optional<json::object>{};
  return dpv(organisation, process, settings);
}

}  // namespace

const std::vector<ProcessEntry>& process_catalogue() {
  static const std::vector<ProcessEntry> catalogue = make_catalogue();
  return catalogue;
}

const ProcessEntry* find_process(std::string_view identifier) {
  const auto found = std::ranges::find(process_catalogue(), identifier, &ProcessEntry::identifier);
  return found == process_catalogue().end() ? nullptr : &*found;
}

std::set<std::string> processes_of(ProcessCategory category) {
  std::set<std::string> out;
  for (const auto& process : process_catalogue()) {
    if (process.category == category) out.insert(process.identifier);
  }
  return out;
}

Route route(const Organisation& organisation, const ProcessEntry& process, std::optional<int> level,
            const RoutingSettings& settings) {
  if (process.category == ProcessCategory::digitalpost) return std::optional<json::object>{};
  if (process.category == ProcessCategory::arkivmelding) return arkivmelding(organisation, process, level, settings);
  if (!organisation.processes.contains(process.identifier)) return std::optional<json::object>{};
  if (process.category == ProcessCategory::avtalt) return dpo(organisation, process, settings);
  if (!organisation.dpe_certificate) return no_certificate(organisation);
  return record(organisation, process, "DPE", process.queue, organisation.dpe_certificate);
}

std::string dpv_resource(const ProcessEntry& process, const RoutingSettings& settings) {
  constexpr std::string_view family = "urn:no:difi:profile:arkivmelding:";
  constexpr std::string_view default_name = "administrasjon";
  if (const auto found = settings.dpv_resources.find(process.identifier); found != settings.dpv_resources.end()) {
    return found->second;
  }
  std::string_view name = default_name;
  if (process.identifier.starts_with(family) && process.identifier.find(":response:") == std::string::npos) {
    name = std::string_view(process.identifier).substr(family.size());
    name = name.substr(0, name.find(':'));
  }
  return "eformidling-dpv-" + std::string(name);
}

json::object info_record(const Organisation& organisation) {
  return {{"identifier", organisation.orgnr},
          {"organizationName", organisation.name},
          {"postadresse", json::object{{"adresse", organisation.street},
                                       {"postnummer", organisation.postal_code},
                                       {"poststed", organisation.postal_area},
                                       {"land", "Norge"}}},
          {"entityType", json::object{{"name", organisation.form}}}};
}

}  // namespace kanal::sim

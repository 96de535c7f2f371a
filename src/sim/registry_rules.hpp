// The national routing rules of the Service Registry for organisations (service-registry.md 5.1-5.3) as pure functions
// over an organisation's registrations. Residents: resident_rules.hpp. Health comes as "not found".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <tl/expected.hpp>

namespace kanal::sim {

enum class ProcessCategory { arkivmelding, einnsyn, avtalt, digitalpost };

struct ProcessEntry {
  std::string identifier;
  ProcessCategory category = ProcessCategory::arkivmelding;
  std::vector<std::string> document_types;
  std::string queue{};  ///< EINNSYN: suffix of the DPE queue
};

/// service-registry.md 5.1, in the order in which endpoint 1 walks them.
[[nodiscard]] const std::vector<ProcessEntry>& process_catalogue();
[[nodiscard]] const ProcessEntry* find_process(std::string_view identifier);
/// Identifiers of all processes of a category: the usual registration of an organisation.
[[nodiscard]] std::set<std::string> processes_of(ProcessCategory category);

/// What ELMA, Virksert, SvarUt and Brreg know about an organisation.
struct Organisation {
  std::string orgnr;
  std::string name;
  std::string form = "ORGL";  ///< ORGL, KOMM, BEDR, ...
  std::string street = "Storgata 1";
  std::string postal_code = "0001";
  std::string postal_area = "OSLO";
  std::set<std::string> processes{};             ///< registered in ELMA
  std::set<int> svarut_levels{};                 ///< receiving systems in KS SvarUt
  std::optional<std::string> dpo_certificate{};  ///< PEM in Virksert's dpo process
  std::optional<std::string> dpe_certificate{};
};

struct RoutingSettings {
  std::string broker_url = "https://platform.sandbox.invalid";
  std::string correspondence_url = "https://correspondence.sandbox.invalid";
  std::string svarut_url = "https://svarut.sandbox.invalid";
  std::string dpo_resource = "eformidling-dpo-meldingsutveksling";
  /// Of processes that have another one than dpv_resource() makes; empty: the record has none.
  std::map<std::string, std::string> dpv_resources{};
  std::optional<std::string> svarut_certificate{};
  bool enable_dpf_dpv = true;
};

/// The Altinn resource of a DPV record (dpv.md 4.2): `eformidling-dpv-<process>`; digital post uses that of the default
/// arkivmelding process. Empty: none.
[[nodiscard]] std::string dpv_resource(const ProcessEntry& process, const RoutingSettings& settings);

/// An error answer of the registry.
struct RegistryError {
  int status = 404;
  std::string description;
  std::string code{};
};
template <class T>
using RegistryResult = tl::expected<T, RegistryError>;

/// The record of one process, if the organisation can be reached with it. Nothing: no record.
[[nodiscard]] RegistryResult<std::optional<boost::json::object>> route(const Organisation& organisation,
                                                                       const ProcessEntry& process,
                                                                       std::optional<int> level,
                                                                       const RoutingSettings& settings);
/// `infoRecord`.
[[nodiscard]] boost::json::object info_record(const Organisation& organisation);

}  // namespace kanal::sim

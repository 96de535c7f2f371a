// The national routing rules of the Service Registry for residents (service-registry.md 5.4, dpi.md 8.2) as pure
// functions over what the contact register (KRR) and Folkeregisteret know.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>

#include "sim/registry_rules.hpp"

namespace kanal::sim {

/// A digital mailbox as KRR knows it.
struct Mailbox {
  std::string supplier;  ///< organisation number, nine digits
  std::string address;   ///< `postkasseadresse`
  bool active = true;    ///< KRR status `AKTIV`
};

struct PostalAddress {
  std::vector<std::string> lines{"Storgata 1"};
  std::string postal_code = "0001";
  std::string postal_area = "OSLO";
  std::string country{};  ///< empty: Norway
};

/// A person of the synthetic population.
struct Resident {
  std::string id;  ///< eleven digits, synthetic: month + 80
  std::string name;
  std::optional<Mailbox> mailbox{};
  bool reserved = false;
  bool notifiable = true;
  std::optional<std::string> email{};
  std::optional<std::string> mobile{};
  std::optional<PostalAddress> address = PostalAddress{};  ///< absent: secret or unknown, so no print
  std::string language = "nb";
};

/// Who receives digital post for residents.
struct DigitalPostSettings {
  std::map<std::string, std::string> mailbox_certificates{};  ///< PEM by the supplier's organisation number
  std::string print_supplier{};                               ///< organisation number; empty: no print
  std::string print_certificate{};                            ///< PEM
  std::string corner2_url{};
};

/// A number of the synthetic population (Tenor: 80 is added to the month). Real persons have no place in a simulator.
[[nodiscard]] bool is_synthetic_person(std::string_view id);
/// The first six digits, then stars: what an audit or a log may show of an eleven-digit number.
[[nodiscard]] std::string masked_person(std::string_view id);

/// The records of a DIGITALPOST process, in order. `sender` is whose address returned letters go to. None for any other
/// process. `print`: is a print record wanted?
[[nodiscard]] boost::json::array route_resident(const Resident& resident, const ProcessEntry& process,
                                                const std::optional<Organisation>& sender, bool print,
                                                const DigitalPostSettings& post, const RoutingSettings& routing);
/// `infoRecord`.
[[nodiscard]] boost::json::object info_record(const Resident& resident);

}  // namespace kanal::sim

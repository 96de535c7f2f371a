#include "transports/dpf/forsendelse_status.hpp"

#include <algorithm>
#include <array>

namespace kanal::transports::dpf {
namespace {

using domain::ReceiptStatus;

/// A status that ends the questions.
struct Final {
  std::string_view name;
  ReceiptStatus status;
  std::string_view description;  ///< for the case worker; empty: none
};

constexpr std::array<Final, 7> finals{{
    {"LEST", ReceiptStatus::lest, ""},
    {"AVVIST", ReceiptStatus::feil, "SvarUt har avvist forsendelsen"},
    {"FEILET_UNDER_MOTTAK", ReceiptStatus::feil, "Forsendelsen feilet under mottak i SvarUt"},
    {"IKKE_LEVERT", ReceiptStatus::feil, "SvarUt kunne ikke levere forsendelsen"},
    {"PRINTET", ReceiptStatus::annet, "Forsendelsen er skrevet ut og sendt på papir"},
    {"MANUELT_HANDTERT", ReceiptStatus::annet, "Forsendelsen er avsluttet manuelt i SvarUt"},
    {"SLETTET", ReceiptStatus::annet, "Forsendelsen er slettet i SvarUt"},
}};

/// On the way, or lying at the receiver: there is more to come.
constexpr std::array<std::string_view, 10> underway{
    "MOTTATT",     "AKSEPTERT",          "KLAR_FOR_MOTTAK",    "VARSLET", "SENDT_DIGITALT", "SENDT_SDP", "LEVERT_SDP",
    "SENDT_PRINT", "SENDT_NHN_MOTTAKER", "LEVERT_NHN_MOTTAKER"};

}  // namespace

Meaning meaning_of(const ForsendelseStatus& status) {
  Meaning meaning;
  const auto found = std::ranges::find(finals, status.status, &Final::name);
  if (found == finals.end()) {
    meaning.known = std::ranges::find(underway, status.status) != underway.end();
    return meaning;
  }
  ports::ReportedStatus reported{found->status, status.at, {}, {}};
  if (!found->description.empty()) reported.description = std::string(found->description);
  meaning.report.statuses.push_back(std::move(reported));
  meaning.report.settled = true;
  meaning.report.taken_by_receiver = found->status == ReceiptStatus::lest;
  return meaning;
}

}  // namespace kanal::transports::dpf

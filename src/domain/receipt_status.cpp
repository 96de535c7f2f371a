#include "domain/receipt_status.hpp"

#include <algorithm>
#include <array>

namespace kanal::domain {
namespace {

struct Row {
  ReceiptStatus status;
  std::string_view name;
  bool finishes;
  bool from_counterpart;
};

// rest-api.md 8.1. What only this gateway can know about its own copy of a message (created, handed over, in its
// incoming queue) is never taken from a counterpart.
constexpr std::array<Row, 10> rows{{
    {ReceiptStatus::opprettet, "OPPRETTET", false, false},
    {ReceiptStatus::sendt, "SENDT", false, false},
    {ReceiptStatus::mottatt, "MOTTATT", false, true},
    {ReceiptStatus::levert, "LEVERT", true, true},
    {ReceiptStatus::lest, "LEST", true, true},
    {ReceiptStatus::feil, "FEIL", true, true},
    {ReceiptStatus::annet, "ANNET", false, true},
    {ReceiptStatus::innkommende_mottatt, "INNKOMMENDE_MOTTATT", false, false},
    {ReceiptStatus::innkommende_levert, "INNKOMMENDE_LEVERT", true, false},
    {ReceiptStatus::levetid_utlopt, "LEVETID_UTLOPT", true, true},
}};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].status) != i) return false;
  }
  return true;
}
static_assert(rows_follow_the_enum());

const Row& row_of(ReceiptStatus status) { return rows.at(static_cast<std::size_t>(status)); }

}  // namespace

std::string_view name_of(ReceiptStatus status) { return row_of(status).name; }

std::optional<ReceiptStatus> receipt_status(std::string_view name) {
  const auto* const found = std::ranges::find(rows, name, &Row::name);
  return found == rows.end() ? std::nullopt : std::optional(found->status);
}

bool finishes(ReceiptStatus status) { return row_of(status).finishes; }

bool allowed_from_counterpart(ReceiptStatus status) { return row_of(status).from_counterpart; }

StatusEffect effect_of(ReceiptStatus added, std::span<const ReceiptStatus> present) {
  if (std::ranges::find(present, added) != present.end()) return StatusEffect::already_there;
  return std::ranges::any_of(present, finishes) ? StatusEffect::after_the_end : StatusEffect::append;
}

ReceiptStatus status_of_receipt(std::string_view receipt_type) {
  return receipt_type == "ERROR" || receipt_type == "NOTSUPPORTED" ? ReceiptStatus::feil : ReceiptStatus::lest;
}

}  // namespace kanal::domain

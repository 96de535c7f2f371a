// The letters by which KS knows types and statuses of journal posts (dpf.md 4.5), both ways. Pure functions; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace kanal::transports::dpf {

/// Letter and the words of Noark.
using NoarkCode = std::pair<std::string_view, std::string_view>;

constexpr std::array<NoarkCode, 5> journalpost_types{{{"I", "Inngående dokument"},
                                                      {"U", "Utgående dokument"},
                                                      {"S", "Saksframlegg"},
                                                      {"N", "Organinternt dokument for oppfølging"},
                                                      {"X", "Organinternt dokument uten oppfølging"}}};
constexpr std::array<NoarkCode, 6> journalpost_statuses{{{"R", "Ferdigstilt fra saksbehandler"},
                                                         {"E", "Ekspedert"},
                                                         {"A", "Arkivert"},
                                                         {"F", "Godkjent av leder"},
                                                         {"J", "Journalført"},
                                                         {"U", "Utgår"}}};

/// The letter of a text; the first one stands for what is missing or unknown, also in code_text().
template <std::size_t size>
[[nodiscard]] constexpr std::string_view code_of(const std::array<NoarkCode, size>& table, std::string_view text) {
  const auto found = std::ranges::find(table, text, &NoarkCode::second);
  return found != table.end() ? found->first : table.front().first;
}

/// The text of a letter.
template <std::size_t size>
[[nodiscard]] constexpr std::string_view code_text(const std::array<NoarkCode, size>& table, std::string_view letter) {
  const auto found = std::ranges::find(table, letter, &NoarkCode::first);
  return found != table.end() ? found->second : table.front().second;
}

}  // namespace kanal::transports::dpf

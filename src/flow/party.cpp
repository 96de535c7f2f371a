#include "flow/party.hpp"

#include <algorithm>

namespace kanal::flow {

std::string shown_party(const std::string& party) {
  constexpr std::size_t person_digits = 11;
  const bool person =
      party.size() == person_digits && std::ranges::all_of(party, [](char c) { return c >= '0' && c <= '9'; });
  return person ? "(person)" : party;
}

}  // namespace kanal::flow

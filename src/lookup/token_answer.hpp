// Reads the answers that carry a token (altinn-auth.md sections 4 and 5) and finds out how long it lives. Pure
// functions, any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::lookup {

struct BearerToken {
  std::string text;           ///< fit for an Authorization header
  std::chrono::seconds life;  ///< from the moment of its issue, 0 when it is used up already
};

/// A token whose life nothing tells is taken for one of Maskinporten's usual life.
constexpr std::chrono::seconds assumed_token_life{120};

/// Maskinporten's JSON. `token.malformed`. `now` serves tokens with `exp` only.
Result<BearerToken> read_maskinporten_token(std::string_view body, Time now);
/// Altinn's answer in any of its three shapes. `token.malformed`.
Result<BearerToken> read_exchanged_token(std::string_view body, Time now);

}  // namespace kanal::lookup

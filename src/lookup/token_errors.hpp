// What a refused or failed token request means and what the operator does about it (altinn-auth.md sections 4, 5 and
// 8). Pure functions, any thread. All errors may be retried: none is the fault of the message that waits for the token.
#pragma once

#include "lookup/token_source.hpp"

namespace kanal::lookup {

/// A larger difference between the clocks makes Maskinporten refuse assertions.
constexpr std::chrono::seconds tolerated_skew{10};

/// An answer of Maskinporten that is not 2xx: `token.unavailable`, `token.scope`, `token.system_user`, `token.clock`,
/// `token.refused`.
Error maskinporten_error(const net::ClientResponse& response, const TokenClient& client, const TokenRequest& request,
                         Time now);
/// An answer of Altinn's exchange that is not 2xx: `token.unavailable`, `token.clock`, `token.refused`.
Error exchange_error(const net::ClientResponse& response, const TokenClient& client, const TokenRequest& request,
                     Time now);
/// No answer at all: `token.unavailable`; `token.refused` for an address that is none, `token.malformed` for an endless
/// answer.
Error no_answer(const Error& cause, std::string_view url);

/// Worth another attempt at once; anything else lasts until someone changes something.
[[nodiscard]] bool is_passing(const Error& error);

}  // namespace kanal::lookup

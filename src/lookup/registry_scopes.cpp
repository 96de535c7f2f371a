#include "lookup/registry_scopes.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kanal::lookup {
namespace {

constexpr Duration left_out_for = std::chrono::minutes(15);

bool is_about_scope(const Error& error) { return error.code == "token.scope"; }

}  // namespace

RegistryScopes::RegistryScopes(std::vector<std::vector<std::string>> sets, TokenSource& tokens, Clock& clock, Log& log)
    : sets_(std::move(sets)), tokens_(tokens), clock_(clock), log_(log), refused_until_(sets_.size()) {}

Result<TokenRequest> RegistryScopes::request() {
  auto all = granted();
  if (all.scopes.empty()) {
    return retry(
        "token.scope",
        "no enabled service has scopes for the Service Registry; enable one, or set difi.move.oidc.enable=false");
  }
  const auto token = tokens_.token(all);
  if (token) return all;
  if (!is_about_scope(token.error()) || sets_.size() == 1) return failed(token);
  return probe();
}

void RegistryScopes::flush() {
  const std::scoped_lock lock(mutex_);
  std::ranges::fill(refused_until_, std::nullopt);
}

/// The scopes of all services that are not left out, each once.
TokenRequest RegistryScopes::granted() const {
  const std::scoped_lock lock(mutex_);
  TokenRequest request;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (refused_until_[i] && clock_.monotonic() < *refused_until_[i]) continue;
    for (const auto& scope : sets_[i]) {
      if (std::ranges::find(request.scopes, scope) == request.scopes.end()) request.scopes.push_back(scope);
    }
  }
  return request;
}

Result<TokenRequest> RegistryScopes::probe() {
  const std::scoped_lock one(probing_);
  std::vector<std::size_t> good;
  std::vector<std::pair<std::size_t, Error>> refused;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (sets_[i].empty()) continue;
    const auto token = tokens_.token({sets_[i]});
    if (token) {
      good.push_back(i);
    } else if (is_about_scope(token.error())) {
      refused.emplace_back(i, token.error());
    } else {
      return failed(token);
    }
  }
  // With nobody left, the token source's own pauses decide when it is tried again.
  if (good.empty()) return tl::unexpected(refused.front().second);
  for (const auto& [set, error] : refused) {
    {
      const std::scoped_lock lock(mutex_);
      const bool known = refused_until_[set] && clock_.monotonic() < *refused_until_[set];
      refused_until_[set] = clock_.monotonic() + left_out_for;
      if (known) continue;
    }
    log_.warning(
        "registry_scope_refused",
        {{"scopes", fmt::format("{}", fmt::join(sets_[set], " "))}, {"code", error.code}, {"reason", error.text()}});
  }
  auto rest = granted();
  if (tokens_.token(rest)) return rest;
  // Granted one by one, but not together: any of them opens the registry.
  return TokenRequest{sets_[good.front()]};
}

}  // namespace kanal::lookup

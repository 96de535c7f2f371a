// altinn-auth.md section 4: a refusal is JSON {"error":code,"error_description":text,"error_uri":text}; the text starts
// with or contains `MP-<number>` for the known causes. The exact form varies, hence search by content, never equality.
#include "lookup/token_errors.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>

#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

namespace json = boost::json;

constexpr std::size_t max_json_depth = 8;

/// The two texts of a refusal, as sent.
struct Refusal {
  std::string error;
  std::string description;

  [[nodiscard]] bool mentions(std::string_view words) const {
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    // No subranges: clang 14, which builds the fuzz targets, cannot compile them with libstdc++.
    const auto found_in = [&](const std::string& text) {
      return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
    };
    return found_in(description) || found_in(error);
  }
  [[nodiscard]] std::string text() const {
    const std::string separator = error.empty() || description.empty() ? "" : ": ";
    return remote_text(error + separator + description);
  }
};

Refusal parse(std::string_view body) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  const auto value = json::parse({body.data(), body.size()}, error, {}, options);
  Refusal refusal;
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return refusal;
  const auto text = [&](std::string_view name) {
    const auto* member = object->if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
  };
  return {text("error"), text("error_description")};
}

Error may_retry(std::string code, std::string message) {
  return {std::move(code), std::move(message), Disposition::retry, {}, {}};
}

struct KnownCause {
  std::string_view words;
  std::string_view advice;
};
constexpr std::array<KnownCause, 4> known_causes = {{
    {"mp-100",
     "the client is unknown or its certificate or JWK does not belong to it; check oidc.clientId, the keystore and the "
     "client's "
     "registration"},
    {"mp-110",
     "the audience is wrong; oidc.audience must be the issuer of the same environment, with its slash at the end"},
    {"mp-120",
     "the certificate is not accepted; it may be revoked, expired or of the other environment (test and production do "
     "not mix)"},
    {"mp-121", "the JWK's registration has expired; register a new key for the client and set oidc.jwk.path"},
}};

bool is_about_scope(const Refusal& refusal) {
  return refusal.mentions("invalid_scope") || refusal.mentions("access to scope") ||
         refusal.mentions("access to the scope");
}

/// The refusal may repeat the requested scopes, whose names hold `altinn:` and say nothing.
bool is_about_system_user(Refusal refusal, const std::vector<std::string>& scopes) {
  for (const auto& scope : scopes) {
    const auto at = refusal.description.find(scope);
    if (at != std::string::npos) refusal.description.erase(at, scope.size());
  }
  constexpr std::array<std::string_view, 6> words = {
      "system user", "systemuser", "system_user", "systembruker", "authorization_details", "altinn"};
  return std::ranges::any_of(words, [&](auto word) { return refusal.mentions(word); });
}

/// The requested scopes that the refusal names; all, when it names none.
std::string refused_scopes(const Refusal& refusal, const std::vector<std::string>& requested) {
  std::vector<std::string> named;
  for (const auto& scope : requested) {
    if (refusal.description.find(scope) != std::string::npos) named.push_back(scope);
  }
  return fmt::format("{}", fmt::join(named.empty() ? requested : named, ", "));
}

std::optional<Error> clock_error(const net::ClientResponse& response, std::string_view who, Time now) {
  const auto skew = clock_skew(response, now);
  if (!skew || std::chrono::abs(*skew) <= tolerated_skew) return std::nullopt;
  return may_retry(
      "token.clock",
      fmt::format("{} refused the token request, and this machine's clock is {} s {} of theirs; check the time "
                  "service (NTP)",
                  who, std::chrono::abs(*skew).count(), skew->count() > 0 ? "ahead" : "behind"));
}

Error unavailable(const net::ClientResponse& response, std::string_view who, Time now) {
  auto error = may_retry("token.unavailable", fmt::format("{} answered {}", who, response.status));
  error.retry_after = retry_after(response, now);
  return error;
}

}  // namespace

Error maskinporten_error(const net::ClientResponse& response, const TokenClient& client, const TokenRequest& request,
                         Time now) {
  if (is_temporary(response.status)) return unavailable(response, "Maskinporten", now);
  const auto refusal = parse(response.body);
  const std::string said = fmt::format("Maskinporten refused a token for client {} ({}{}{})", client.client_id,
                                       response.status, refusal.text().empty() ? "" : " ", refusal.text());
  for (const auto& cause : known_causes) {
    if (refusal.mentions(cause.words)) return may_retry("token.refused", fmt::format("{}: {}", said, cause.advice));
  }
  if (is_about_scope(refusal)) {
    return may_retry("token.scope",
                     fmt::format("{}: scope {} is not granted to the client or the organisation; ask for access "
                                 "and add it to the client",
                                 said, refused_scopes(refusal, request.scopes)));
  }
  if (request.system_user && is_about_system_user(refusal, request.scopes)) {
    return may_retry(
        "token.system_user",
        fmt::format("{}: there is no approved system user \"{}\" of {}; someone of that organisation must approve it "
                    "in Altinn, or the configured name is wrong",
                    said, request.system_user->name, request.system_user->organisation));
  }
  // Each attempt has an assertion of its own: one more is all it takes.
  if (refusal.mentions("jti") || refusal.mentions("already used")) return may_retry("token.unavailable", said);
  if (auto clock = clock_error(response, "Maskinporten", now)) return *clock;
  if (response.status == 404 || response.status == 405) {
    return may_retry("token.refused", fmt::format("{}: oidc.url must be the token endpoint", said));
  }
  return may_retry("token.refused",
                   fmt::format("{}: check oidc.clientId, oidc.audience and the client's registration", said));
}

Error exchange_error(const net::ClientResponse& response, const TokenClient& client, const TokenRequest& request,
                     Time now) {
  if (is_temporary(response.status)) return unavailable(response, "Altinn's token exchange", now);
  if (response.status == 401) {
    if (auto clock = clock_error(response, "Altinn's token exchange", now)) return *clock;
  }
  return may_retry(
      "token.refused",
      fmt::format("Altinn's token exchange answered {} for client {} and scope {}: Maskinporten and Altinn must be of "
                  "the same environment, and Altinn must know the scope and the organisation (altinnTokenExchangeUrl)",
                  response.status, client.client_id, fmt::join(request.scopes, " ")));
}

Error no_answer(const Error& cause, std::string_view url) {
  const std::string said = fmt::format("no answer from {}: {}", url, cause_text(cause));
  if (cause.code == "http.url") return may_retry("token.refused", said);
  if (cause.code == "http.too_large") return may_retry("token.malformed", said);
  const bool network = cause.code == "http.connect" || cause.code == "http.timeout";
  auto error = may_retry("token.unavailable", said + (network ? "; check network, firewall and proxy settings" : ""));
  error.retry_after = cause.retry_after;
  return error;
}

bool is_passing(const Error& error) { return error.code == "token.unavailable"; }

}  // namespace kanal::lookup

// Tokens: Maskinporten JWT grant and Altinn exchange, cached, single-flight (altinn-auth.md sections 3-6, with every
// "BETTER"). Thread-safe; token() may block.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/jose.hpp"
#include "net/http_client.hpp"

namespace kanal::lookup {

/// The organisation to act as and the name of its system user in Altinn (altinn-auth.md 3.3).
struct SystemUser {
  std::string organisation;  ///< `0192:<orgnr>`
  std::string name;          ///< externalRef
};

/// How the assertion is signed: by certificate (x5c) or by a registered JWK. A JWK file is read anew for each
/// assertion.
struct CertificateCredential {
  crypto::Identity identity;
  bool send_chain = true;
};
struct JwkCredential {
  std::string path;
};
using Credential = std::variant<JwkCredential, CertificateCredential>;

struct TokenClient {
  std::string token_url;
  std::string audience;
  std::string client_id;
  Credential credential;
  std::string exchange_url{};  ///< Altinn exchange; empty: the Maskinporten token itself
};

struct TokenRequest {
  /// In the order in which Maskinporten is asked for them; the order makes no other token.
  std::vector<std::string> scopes;
  std::optional<SystemUser> system_user{};
  std::optional<std::string> consumer_org{};
  /// The token must still live so long (before a long upload).
  std::chrono::seconds at_least{0};
};

/// State of one cache entry, for health. No token.
struct TokenHealth {
  std::string scopes;
  std::string organisation;
  std::optional<Time> last_success;
  std::optional<Time> expires;
  std::string last_error;  ///< code and text; empty after a success
  /// End of the signing certificate; absent for a JWK.
  std::optional<Time> certificate_expires{};
};

/// Waits between two attempts; tests put their own in its place.
using Sleeper = std::function<void(std::chrono::milliseconds)>;

class TokenSource {
 public:
  TokenSource(TokenClient client, net::HttpClient& http, Clock& clock, Log& log, Sleeper sleep = {});
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;
  ~TokenSource();

  /// A bearer token. The caller who finds a token of which four fifths are used up renews it; others get the old one
  /// meanwhile. Errors (all may be retried: no message is at fault): `token.unavailable` (retry), `token.refused`
  /// (configuration; with the code of altinn-auth.md section 4 and what to do; kept for a while per key), `token.scope`
  /// (names the scope), `token.system_user`, `token.clock` (names the skew), `token.malformed`.
  Result<std::string> token(const TokenRequest& request);
  /// The service refused `token` with 401: forget it, if it is still the cached one. At most once a minute per key: a
  /// right that is missing does not come with a new token.
  void reject(const TokenRequest& request, const std::string& token);
  [[nodiscard]] std::vector<TokenHealth> health() const;

 private:
  struct Entry;
  struct Fetched;
  Entry& entry_for(const TokenRequest& request);
  void fetch_for(Entry& entry, const TokenRequest& request, bool renewal, std::unique_lock<std::mutex>& lock);
  void store(Entry& entry, Result<Fetched> fetched, bool renewal);
  Result<Fetched> fetch(const TokenRequest& request, int attempts);
  Result<Fetched> attempt(const TokenRequest& request);
  Result<Fetched> grant(const TokenRequest& request);
  void notice_skew(const net::ClientResponse& response);

  const TokenClient client_;
  net::HttpClient& http_;
  Clock& clock_;
  Log& log_;
  const Sleeper sleep_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
  std::optional<Duration> skew_noticed_;
};

/// Sends a request with a bearer token; on a 401 whose body is not a permission problem (`is_permission_problem`),
/// drops the token and tries once more with a new one. A second 401 is the answer. With an upload stream, which cannot
/// be repeated, the first one is.
Result<net::ClientResponse> send_with_token(
    net::HttpClient& http, TokenSource& tokens, const TokenRequest& token, net::ClientRequest request,
    const std::function<bool(const net::ClientResponse&)>& is_permission_problem = {});

}  // namespace kanal::lookup

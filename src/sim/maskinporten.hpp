// A strict Maskinporten: JWT grants only, for registered clients, scopes and approved system users (altinn-auth.md
// sections 3, 4 and 10).
//   POST /token   GET /jwks   GET /.well-known/oauth-authorization-server
//   admin: POST /sim/clients  POST /sim/system-users  POST /sim/rotate-key  GET /sim/state
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/certificate.hpp"
#include "sim/assertion.hpp"
#include "sim/issuer.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

struct MaskinportenOptions {
  SiteOptions site{};
  std::string issuer{};                          ///< `iss` of tokens; empty: the site's URL with a slash
  std::string audience{};                        ///< exact `aud` of assertions; empty: the issuer
  std::vector<crypto::Certificate> anchors{};    ///< CAs whose enterprise certificates are accepted
  std::chrono::seconds clock_tolerance{10};      ///< how far `iat` may lie in the future
  std::chrono::seconds max_assertion_life{120};  ///< longest `exp` - `iat`
  std::chrono::seconds token_life{120};
  std::optional<crypto::PrivateKey> signing_key{};  ///< of tokens; absent: a new one
};

/// A client as its owner registered it.
struct ClientRegistration {
  std::string client_id;
  std::string organisation;  ///< owner, nine digits: whose certificate may sign
  std::set<std::string> scopes;
  std::set<std::string> delegated_by{};  ///< organisations for which `consumer_org` may be used
};

/// A system user of an organisation on the system that a client belongs to.
struct SystemUserRegistration {
  std::string client_id;
  std::string organisation;  ///< nine digits
  std::string external_ref;
  bool approved = true;
};

class Maskinporten {
 public:
  Maskinporten(MaskinportenOptions options, const Environment& environment);

  Result<void> start();
  void stop() { site_.stop(); }
  [[nodiscard]] std::string url() const { return site_.url(); }
  [[nodiscard]] std::string token_url() const { return url() + "/token"; }
  [[nodiscard]] std::string audience() const;
  [[nodiscard]] const Issuer& issuer() const { return issuer_; }

  /// Replaces a registration with the same id; registered keys stay.
  void register_client(ClientRegistration client);
  void register_key(const std::string& client_id, const std::string& kid, crypto::PublicKey key, bool expired = false);
  /// Adds a system user, or changes whether it is approved.
  void set_system_user(const SystemUserRegistration& user);
  void rotate_key() { issuer_.rotate(); }

 private:
  struct Key {
    crypto::PublicKey key;
    bool expired = false;
  };
  struct SystemUser {
    std::string id;
    bool approved = false;
  };
  struct Client {
    ClientRegistration registration;
    std::map<std::string, Key> keys;
    std::map<std::pair<std::string, std::string>, SystemUser> system_users;  ///< by organisation and external reference
  };
  struct GrantedSystemUser {
    std::string id;
    std::string external_ref;
  };

  net::Response token(const net::Request& request, const Bytes& body, Time now);
  OauthResult<std::string> assertion_of(const net::Request& request, const Bytes& body) const;
  OauthResult<boost::json::object> grant(const Assertion& assertion, Time now);
  OauthResult<void> authenticate(const Client& client, const Assertion& assertion) const;
  OauthResult<void> check_certificate(const Client& client, const Assertion& assertion) const;
  OauthResult<void> check_times(const Assertion& assertion, Time now) const;
  OauthResult<void> check_first_use(const Assertion& assertion, Time now);
  OauthResult<void> check_scopes(const Client& client, const Assertion& assertion) const;
  OauthResult<GrantedSystemUser> find_system_user(const Client& client, const SystemUserClaim& claim) const;
  boost::json::object claims_for(const Client& client, const Assertion& assertion,
                                 const std::optional<GrantedSystemUser>& user) const;
  net::Response answer(boost::json::object claims) const;
  void refused(const std::string& client_id, const OauthError& error) const;
  [[nodiscard]] Time now() const;
  void add_routes();
  void add_admin_routes();
  [[nodiscard]] boost::json::object state() const;

  MaskinportenOptions options_;
  Environment environment_;
  Issuer issuer_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Client> clients_;
  std::unordered_map<std::string, Time> used_;  ///< jti to the end of its assertion
  Time next_sweep_{};
  Site site_;
};

}  // namespace kanal::sim

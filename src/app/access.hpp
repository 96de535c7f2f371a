// Who may reach the client API, and where it listens (operations.md section 8).
#pragma once

#include <string>

#include "net/address_rules.hpp"
#include "ops/config.hpp"

namespace kanal::app {

/// The list at `key`; the error names the key.
Result<net::AddressRules> address_rules(const ops::Config& config, std::string_view key);

/// Must clients log in? difi.security.enable, or its other name difi.move.feature.enable-auth.
Result<bool> login_required(const ops::Config& config);

struct Listening {
  std::string address;     ///< `*`: all interfaces
  bool held_back = false;  ///< on loopback only because nothing protects the API
};

/// kanal.http.address when it is set; else all interfaces as the Java version, but loopback alone while neither a login
/// nor kanal.http.allow protects the API.
Result<Listening> listening(const ops::Config& config);

}  // namespace kanal::app

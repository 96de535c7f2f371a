// Keystores of the Java world: PKCS#12 and JKS (asic-cms.md 8.2). Read only, whole in memory, any thread.
// JKS layout (big-endian): magic FEEDFEED, version 1|2, count, then entries {tag 1 private key | 2 certificate,
// alias (modified UTF-8), millis, ...}, SHA-1 over password (UTF-16BE) + "Mighty Aphrodite" + all before it.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "crypto/certificate.hpp"

namespace kanal::crypto {

enum class KeystoreType { pkcs12, jks };

struct KeystoreEntry {
  std::string alias;
  Identity identity;
};

/// Opens a keystore. The type in the configuration is a wish: the bytes decide (a JKS file named PKCS12 is read as
/// JKS and the other way round). Errors: `keystore.password`, `keystore.damaged`, `keystore.unsupported`; none shows
/// the password.
Result<std::vector<KeystoreEntry>> read_keystore(ByteView content, const Secret& password);

/// The entry of an alias, compared case-insensitively. An empty alias takes the only entry. `keystore.alias` lists
/// those there are.
Result<Identity> find_identity(const std::vector<KeystoreEntry>& entries, std::string_view alias);

/// Writes a PKCS#12 file with one entry (AES-256, SHA-256), for sandboxes and tests.
Bytes write_pkcs12(const Identity& identity, std::string_view alias, const Secret& password);

}  // namespace kanal::crypto

#include "crypto/keystore.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "crypto/keystore_formats.hpp"

namespace kanal::crypto {
namespace {

constexpr std::size_t max_keystore = std::size_t{16} * 1024 * 1024;

std::string aliases_of(const std::vector<KeystoreEntry>& entries) {
  if (entries.empty()) return "it holds no RSA key";
  std::string text = "it holds";
  for (const KeystoreEntry& entry : entries) {
    text += text.ends_with("holds") ? " '" : ", '";
    text += entry.alias + "'";
  }
  return text;
}

}  // namespace

Result<std::vector<KeystoreEntry>> read_keystore(ByteView content, const Secret& password) {
  if (content.size() > max_keystore) return damaged_keystore("it is far too large for a keystore");
  if (content.size() < 4) return damaged_keystore("it is empty or was cut");
  const std::string magic = to_hex(content.first(4));
  if (magic == "feedfeed") return read_jks(content, password);
  if (magic == "cececece") {
    return reject("keystore.unsupported",
                  "the keystore is of type JCEKS; convert it to PKCS12 with keytool -importkeystore");
  }
  if (content.front() == std::byte{0x30}) return read_pkcs12(content, password);
  return reject("keystore.unsupported", "the file is neither a PKCS#12 nor a JKS keystore");
}

Result<Identity> find_identity(const std::vector<KeystoreEntry>& entries, std::string_view alias) {
  if (alias.empty()) {
    if (entries.size() == 1) return entries.front().identity;
    return reject("keystore.alias",
                  "no alias is given and the keystore has not exactly one key; " + aliases_of(entries));
  }
  for (const KeystoreEntry& entry : entries) {
    if (same_ignoring_case(entry.alias, alias)) return entry.identity;
  }
  return reject("keystore.alias",
                "the keystore has no key with the alias '" + std::string(alias) + "'; " + aliases_of(entries));
}

}  // namespace kanal::crypto

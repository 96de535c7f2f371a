// The two keystore formats behind read_keystore(). Internal to crypto/.
#pragma once

#include <vector>

#include "crypto/keystore.hpp"

namespace kanal::crypto {

Result<std::vector<KeystoreEntry>> read_jks(ByteView content, const Secret& password);
Result<std::vector<KeystoreEntry>> read_pkcs12(ByteView content, const Secret& password);

inline tl::unexpected<Error> damaged_keystore(const std::string& what) {
  return reject("keystore.damaged", "the keystore is damaged: " + what);
}

}  // namespace kanal::crypto

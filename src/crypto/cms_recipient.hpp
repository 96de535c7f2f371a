// RecipientInfos of a CMS EnvelopedData: whose they are, and the content key inside. Internal to crypto/. Any thread.
#pragma once

#include <vector>

#include "crypto/ber.hpp"
#include "crypto/certificate.hpp"

namespace kanal::crypto {

/// The content key, `key_size` bytes, from the recipient that is one of `keys`. Errors: `cms.malformed`,
/// `cms.recipient`, `cms.algorithm`, `cms.key`. The caller wipes the key.
Result<Bytes> unwrap_content_key(const BerNode& recipient_infos, const std::vector<Identity>& keys,
                                 std::size_t key_size);

}  // namespace kanal::crypto

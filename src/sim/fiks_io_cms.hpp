// The algorithms that an encrypted payload names (dpfio.md 5.4). Pure.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::sim {

/// Looks at the beginning of a CMS: EnvelopedData for one recipient, RSAES-OAEP with SHA-256 and MGF1 over SHA-256,
/// AES-256-CBC. `fiksio.cms` tells what is there instead.
Result<void> check_fiks_io_cms(ByteView beginning);

}  // namespace kanal::sim

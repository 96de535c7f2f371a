// Payloads of Fiks IO (dpfio.md 5): ASiC-E in CMS, made for an account, and opened and judged by a counterpart. Pure
// but for files without names.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "crypto/certificate_cache.hpp"
#include "sim/fiks_io_types.hpp"

namespace kanal::sim {

/// The files signed and encrypted. Errors: those of formats::write_plain_asic() and crypto::make_cms_encryptor(),
/// `sim.file`.
Result<std::shared_ptr<const TemporaryFile>> make_fiks_io_payload(const std::vector<FiksIoDocument>& documents,
                                                                  const crypto::Identity& signer,
                                                                  const crypto::Certificate& recipient, Time now,
                                                                  const std::filesystem::path& folder);
/// Any bytes, encrypted for `recipient`, or as they are when it is null.
Result<std::shared_ptr<const TemporaryFile>> make_fiks_io_payload(ByteView content,
                                                                  const crypto::Certificate* recipient,
                                                                  const std::filesystem::path& folder);

struct FiksIoOpened {
  std::vector<FiksIoReceived> documents;  ///< in their order
  crypto::Certificate signer;
};

/// Opens it as strictly as the format is written: one recipient with RSAES-OAEP over SHA-256 and an empty label,
/// AES-256-CBC; `mimetype` first and stored, `META-INF/manifest.xml` last, everything signed with SHA-256, at least one
/// file. Errors: those of the decryptor and of formats::verify_asic(), `fiksio.cms`, `fiksio.asic`, `sim.file`.
Result<FiksIoOpened> open_fiks_io_payload(const TemporaryFile& payload, const crypto::Identity& receiver,
                                          const std::filesystem::path& folder,
                                          crypto::CertificateCache* known = nullptr);

}  // namespace kanal::sim

// The encrypted spool: blobs as files, AES-256-GCM in 64 KiB frames under a key per blob, which the installation key
// wraps; the installation key itself is kept as CMS for the organisation's certificate (architecture.md, "Store").
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "crypto/aead.hpp"
#include "crypto/certificate.hpp"
#include "ports/blob_store.hpp"

namespace kanal::store {

/// Reads `<folder>/installation.key` (CMS to one of `identities`, current first), or makes it on first start (durably).
/// A key that was wrapped for an earlier certificate is wrapped anew for the current one. `spool.key` when none of the
/// identities opens it.
Result<crypto::Key256> load_installation_key(const std::filesystem::path& folder,
                                             const std::vector<crypto::Identity>& identities);

struct SpoolOptions {
  std::filesystem::path folder;
  crypto::Key256 key;
  std::size_t inline_limit = std::size_t{64} * 1024;  ///< blobs up to this size stay in the BlobRef
};

/// A spool folder with the additional duty to sweep what a crash left behind.
class Spool : public ports::BlobStore {
 public:
  /// Removes scratch files and files whose id `is_known` denies, if they are older than this process. Call once at
  /// start.
  virtual Result<std::size_t> sweep(const std::function<bool(const BlobId&)>& is_known) = 0;
};

/// Opens (and makes) the folder, mode 0700.
Result<std::unique_ptr<Spool>> open_spool(SpoolOptions options);

}  // namespace kanal::store

// The encrypted spool: blobs as files, AES-256-GCM in 64 KiB frames under a key per blob, which the installation key
// wraps; the installation key itself is kept as CMS for the organisation's certificate (architecture.md, "Store").
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "crypto/aead.hpp"
#include "crypto/certificate.hpp"
#include "ports/blob_store.hpp"
#include "store/spool/sealed_bytes.hpp"

namespace kanal::store {

/// Where the wrapped installation key is kept.
class KeyPlace {
 public:
  KeyPlace() = default;
  KeyPlace(const KeyPlace&) = delete;
  KeyPlace& operator=(const KeyPlace&) = delete;
  virtual ~KeyPlace() = default;
  virtual Result<std::optional<Bytes>> read() = 0;
  /// Durably; false when somebody else has put one there meanwhile.
  virtual Result<bool> put_first(ByteView wrapped) = 0;
  virtual Result<void> replace(ByteView wrapped) = 0;
  /// Is something there that was sealed with a key, so that a new one would only hide its loss?
  virtual Result<bool> is_needed() = 0;
  /// For people.
  [[nodiscard]] virtual std::string name() const = 0;
};

/// The key from its place, as CMS to one of `identities` (current first), or a new one on first start (durably). A key
/// that was wrapped for an earlier certificate is wrapped anew for the current one. `spool.key` when none of the
/// identities opens it.
Result<crypto::Key256> load_installation_key(KeyPlace& place, const std::vector<crypto::Identity>& identities);

/// Where the file of a blob lies below the spool's folder.
[[nodiscard]] std::filesystem::path spool_path(const std::filesystem::path& folder, const BlobId& id);

/// The same with `<folder>/installation.key`.
Result<crypto::Key256> load_installation_key(const std::filesystem::path& folder,
                                             const std::vector<crypto::Identity>& identities);

constexpr std::size_t default_inline_limit = std::size_t{64} * 1024;

struct SpoolOptions {
  std::filesystem::path folder;
  crypto::Key256 key;
  std::size_t inline_limit = default_inline_limit;  ///< blobs up to this size stay in the BlobRef
  bool shared = false;                              ///< other nodes use the folder too
};

/// A spool folder with the additional duty to sweep what a crash left behind.
class Spool : public ports::BlobStore {
 public:
  /// The sealed bytes of a blob; null when there are none.
  virtual Result<std::unique_ptr<SealedInput>> find(const BlobId& id) = 0;
  /// Removes scratch files and files whose id `is_known` denies, if they are older than this process; in a shared
  /// spool, if they are two days older. Call once at start.
  virtual Result<std::size_t> sweep(const std::function<bool(const BlobId&)>& is_known) = 0;
};

/// Opens (and makes) the folder, mode 0700.
Result<std::unique_ptr<Spool>> open_spool(SpoolOptions options);

}  // namespace kanal::store

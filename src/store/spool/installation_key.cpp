// installation.key = CMS EnvelopedData (RSA-OAEP, AES-256-CBC) of
// content = key check
// key     = 32 random bytes
// check   = SHA-256("kanal installation key" key)   ; CBC alone would not notice a flipped bit
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "crypto/cms.hpp"
#include "crypto/digest.hpp"
#include "store/spool/files.hpp"
#include "store/spool/sealing.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view key_file = "installation.key";
constexpr std::uint64_t max_key_file = 64 * std::uint64_t{1024};
constexpr std::size_t content_size = sizeof(crypto::Key256) + sizeof(crypto::Sha256Digest);

crypto::Sha256Digest check_of(const crypto::Key256& key) {
  crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
  hasher.update(bytes_of("kanal installation key"));
  hasher.update(key);
  crypto::Sha256Digest check{};
  std::ranges::copy(hasher.finish(), check.begin());
  return check;
}

Result<crypto::Key256> unwrap(ByteView wrapped, const crypto::Identity& identity) {
  MemorySink content(content_size);
  const auto decryptor = crypto::make_cms_decryptor({identity}, content);
  if (auto written = decryptor->write(wrapped); !written) return failed(written);
  if (auto finished = decryptor->finish(); !finished) return failed(finished);
  Bytes bytes = content.take();
  crypto::Key256 key{};
  const bool complete = bytes.size() == content_size;
  if (complete) std::copy_n(bytes.begin(), key.size(), key.begin());
  const bool right = complete && crypto::equal(check_of(key), ByteView(bytes).subspan(key.size()));
  wipe(bytes);
  if (!right) return reject("spool.key", "its content is damaged");
  return key;
}

Result<Bytes> wrap(const crypto::Key256& key, const crypto::Identity& identity) {
  MemorySink wrapped(max_key_file);
  auto encryptor = crypto::make_cms_encryptor(identity.certificate, crypto::KeyTransport::oaep_sha256, wrapped);
  if (!encryptor) return failed(encryptor);
  if (auto written = (*encryptor)->write(key); !written) return failed(written);
  if (auto written = (*encryptor)->write(check_of(key)); !written) return failed(written);
  if (auto finished = (*encryptor)->finish(); !finished) return failed(finished);
  return wrapped.take();
}

/// Puts the file into place durably. A first key never replaces one that another process has made meanwhile: false.
Result<bool> store_key(const fs::path& folder, ByteView wrapped, bool replace) {
  const fs::path target = folder / key_file;
  const fs::path temporary = folder / fmt::format("{}.{}.tmp", key_file, new_uuid());
  auto placed = [&]() -> Result<bool> {
    auto file = File::open(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return failed(file);
    if (auto written = file->write_all(wrapped); !written) return failed(written);
    if (auto synced = file->sync(); !synced) return failed(synced);
    if (replace) {
      if (auto renamed = rename_file(temporary, target); !renamed) return failed(renamed);
    } else if (::link(temporary.c_str(), target.c_str()) != 0) {
      if (errno == EEXIST) return false;
      return io_failure("make", target, errno);
    }
    return true;
  }();
  if (auto removed = remove_file(temporary); !removed && placed) return failed(removed);
  if (!placed) return placed;
  if (auto synced = sync_folder(folder); !synced) return failed(synced);
  return placed;
}

/// A folder with blobs has lost its key: a new one would only hide that.
bool holds_blobs(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto name = entry.path().filename().string();
    if (name.size() != 2 || !from_hex(name) || !entry.is_directory(ignored)) continue;
    if (!fs::is_empty(entry.path(), ignored)) return true;
  }
  return false;
}

Result<std::optional<Bytes>> read_key_file(const fs::path& path) {
  File file;
  auto there = File::open_if_there(path, O_RDONLY, file);
  if (!there) return failed(there);
  if (!*there) return std::optional<Bytes>{};
  auto size = file.size();
  if (!size) return failed(size);
  if (*size > max_key_file)
    return reject("spool.key", fmt::format("{} is no installation key: too large", path.string()));
  Bytes bytes(static_cast<std::size_t>(*size));
  auto count = file.read_at(bytes, 0);
  if (!count) return failed(count);
  bytes.resize(*count);
  return std::optional(std::move(bytes));
}

class FolderPlace final : public KeyPlace {
 public:
  explicit FolderPlace(fs::path folder) : folder_(std::move(folder)) {}
  Result<std::optional<Bytes>> read() override { return read_key_file(folder_ / key_file); }
  Result<bool> put_first(ByteView wrapped) override { return store_key(folder_, wrapped, false); }
  Result<void> replace(ByteView wrapped) override {
    auto stored = store_key(folder_, wrapped, true);
    if (!stored) return failed(stored);
    return {};
  }
  Result<bool> is_needed() override { return holds_blobs(folder_); }
  [[nodiscard]] std::string name() const override { return (folder_ / key_file).string(); }

 private:
  fs::path folder_;
};

Result<crypto::Key256> open_key(KeyPlace& place, ByteView wrapped, const std::vector<crypto::Identity>& identities) {
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < identities.size(); ++i) {
    auto key = unwrap(wrapped, identities[i]);
    if (!key) {
      if (!first_error) first_error = key.error();
      continue;
    }
    if (i == 0) return key;
    auto renewed = wrap(*key, identities.front());
    if (!renewed) return failed(renewed);
    if (auto stored = place.replace(*renewed); !stored) return failed(stored);
    return key;
  }
  Error error{
      "spool.key",
      fmt::format("{} opens with none of the configured keystores; configure the keystore it was made for as a former "
                  "one, or restore it from a backup",
                  place.name()),
      Disposition::reject,
      {},
      {}};
  if (first_error) error.cause = std::make_shared<const Error>(std::move(*first_error));
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace

Result<crypto::Key256> load_installation_key(KeyPlace& place, const std::vector<crypto::Identity>& identities) {
  if (identities.empty()) return reject("spool.key", "no keystore is configured to protect the installation key with");
  auto wrapped = place.read();
  if (!wrapped) return failed(wrapped);
  if (*wrapped) return open_key(place, **wrapped, identities);
  const auto needed = place.is_needed();
  if (!needed) return failed(needed);
  if (*needed) {
    return reject(
        "spool.key",
        fmt::format("{} is missing while there is content sealed with it: restore it from a backup", place.name()));
  }
  crypto::Key256 key{};
  std::ranges::copy(crypto::random_bytes(key.size()), key.begin());
  auto fresh = wrap(key, identities.front());
  if (!fresh) return failed(fresh);
  auto stored = place.put_first(*fresh);
  if (!stored) return failed(stored);
  if (*stored) return key;
  wrapped = place.read();
  if (!wrapped) return failed(wrapped);
  return open_key(place, wrapped->value_or(Bytes{}), identities);
}

Result<crypto::Key256> load_installation_key(const fs::path& folder, const std::vector<crypto::Identity>& identities) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (auto made = make_folder(folder); !made) return failed(made);
  FolderPlace place(folder);
  return load_installation_key(place, identities);
}

}  // namespace kanal::store

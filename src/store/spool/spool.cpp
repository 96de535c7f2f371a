// <folder>/<first two hex digits of the id>/<blob id>   ; complete and durable
// <folder>/<first two hex digits of the id>/<blob id>.tmp ; being written, or left by a crash
// <folder>/scratch/<blob id>[.tmp]                      ; worth nothing after the process
// <folder>/spool.lock                                   ; locked by the process that empties scratch/
#include "store/spool/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <compare>

#include <fmt/format.h>

#include "store/spool/blob_source.hpp"
#include "store/spool/blob_writer.hpp"
#include "store/spool/files.hpp"
#include "store/spool/sealed_files.hpp"
#include "store/spool/sealing.hpp"

namespace kanal::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t scratch_in_memory = std::size_t{1024} * 1024;
constexpr std::string_view unfinished = ".tmp";
/// What another node may still be at work on is younger than this.
constexpr std::chrono::hours shared_grace{48};

std::string sub_folder(const BlobId& id) {
  std::string name = id.str().substr(0, 2);
  for (char& c : name) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

/// Modification time as the file system keeps it.
struct Stamp {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  auto operator<=>(const Stamp&) const = default;
};

/// Nothing when the file is gone.
std::optional<Stamp> modified(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

/// Removes the blob files of one folder that `is_waste` says so of.
Result<std::size_t> sweep_folder(const fs::path& folder,
                                 const std::function<bool(const fs::path&, const std::string&)>& is_waste) {
  std::size_t count = 0;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path path = entries->path();
    const std::string name = path.filename().string();
    // Files that somebody else has put here are not ours to remove.
    if (!is_uuid(name.ends_with(unfinished) ? path.stem().string() : name) || !is_waste(path, name)) continue;
    auto removed = remove_file(path);
    if (!removed) return failed(removed);
    if (*removed) ++count;
  }
  if (error) return io_failure("list", folder, error.value());
  return count;
}

class FolderSpool final : public Spool {
 public:
  explicit FolderSpool(SpoolOptions options) : options_(std::move(options)) {}
  ~FolderSpool() override { wipe(options_.key); }

  Result<void> prepare();

  Result<std::unique_ptr<ports::BlobWriter>> create(ports::BlobOptions options) override;
  Result<std::unique_ptr<SeekableSource>> open(const ports::BlobRef& ref) override;
  Result<std::unique_ptr<SealedInput>> find(const BlobId& id) override;
  Result<void> remove(const BlobId& id) override;
  Bytes seal(ByteView plain, std::string_view context) override {
    return seal_box(options_.key, purpose::text, context, plain);
  }
  Result<Bytes> unseal(ByteView sealed, std::string_view context) override {
    return open_box(options_.key, purpose::text, context, sealed);
  }
  [[nodiscard]] std::uint64_t free_bytes() const override;
  Result<std::size_t> sweep(const std::function<bool(const BlobId&)>& is_known) override;

 private:
  Result<void> make_folders();
  Result<void> note_start();
  [[nodiscard]] fs::path scratch() const { return options_.folder / "scratch"; }
  [[nodiscard]] fs::path path_of(const BlobId& id) const { return spool_path(options_.folder, id); }
  [[nodiscard]] bool is_left_over(const fs::path& path) const;

  SpoolOptions options_;
  File lock_;
  Stamp started_;
};

Result<void> FolderSpool::make_folders() {
  std::error_code error;
  fs::create_directories(options_.folder.parent_path(), error);
  if (auto made = make_folder(options_.folder); !made) return failed(made);
  if (auto made = make_folder(scratch()); !made) return failed(made);
  bool any = false;
  for (int i = 0; i < 256; ++i) {
    auto made = make_folder(options_.folder / fmt::format("{:02x}", i));
    if (!made) return failed(made);
    any = any || *made;
  }
  return any ? sync_folder(options_.folder) : Result<void>{};
}

/// The file system's own clock, so that no file of this process can seem older than the process.
Result<void> FolderSpool::note_start() {
  const auto marker = scratch() / new_uuid();
  auto file = File::open(marker, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return failed(file);
  started_ = modified(marker).value_or(Stamp{});
  auto removed = remove_file(marker);
  if (!removed) return failed(removed);
  return {};
}

Result<void> FolderSpool::prepare() {
  if (auto made = make_folders(); !made) return made;
  if (auto noted = note_start(); !noted) return noted;
  auto lock = File::open(options_.folder / "spool.lock", O_RDWR | O_CREAT);
  if (!lock) return failed(lock);
  lock_ = std::move(*lock);
  // The scratch files of other nodes are left alone; the sweep takes what is old.
  if (options_.shared) return {};
  // A tool that looks into the spool of a running daemon leaves the daemon's scratch files alone.
  if (!lock_.try_lock()) return {};
  auto emptied = sweep_folder(scratch(), [](const fs::path&, const std::string&) { return true; });
  if (!emptied) return failed(emptied);
  return {};
}

Result<std::unique_ptr<ports::BlobWriter>> FolderSpool::create(ports::BlobOptions options) {
  BlobId id(new_uuid());
  BlobPlace place;
  place.open = [folder = options.scratch ? scratch() : options_.folder / sub_folder(id), name = id.str(),
                durable = !options.scratch] { return make_sealed_file(folder, name, durable); };
  place.in_memory = options.scratch ? scratch_in_memory : options_.inline_limit;
  place.describe = options.describe;
  place.md5 = options.md5;
  return std::make_unique<FrameWriter>(std::move(id), options_.key, std::move(place));
}

Result<std::unique_ptr<SealedInput>> FolderSpool::find(const BlobId& id) {
  File file;
  auto there = File::open_if_there(path_of(id), O_RDONLY, file);
  if (there && !*there) there = File::open_if_there(scratch() / id.str(), O_RDONLY, file);
  if (!there) return failed(there);
  return *there ? read_sealed_file(std::move(file)) : nullptr;
}

Result<std::unique_ptr<SeekableSource>> FolderSpool::open(const ports::BlobRef& ref) {
  return open_blob(ref, options_.key, [&] { return find(ref.id); });
}

Result<void> FolderSpool::remove(const BlobId& id) {
  if (!is_uuid(id.str())) return {};
  auto removed = remove_file(path_of(id));
  if (removed && !*removed) removed = remove_file(scratch() / id.str());
  if (!removed) return failed(removed);
  return {};
}

std::uint64_t FolderSpool::free_bytes() const {
  struct statvfs status {};
  if (::statvfs(options_.folder.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

bool FolderSpool::is_left_over(const fs::path& path) const {
  const auto stamp = modified(path);
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(options_.shared ? shared_grace : shared_grace.zero());
  return stamp && *stamp < Stamp{started_.seconds - age.count(), started_.nanoseconds};
}

Result<std::size_t> FolderSpool::sweep(const std::function<bool(const BlobId&)>& is_known) {
  auto total = sweep_folder(scratch(), [this](const fs::path& path, const std::string&) { return is_left_over(path); });
  const auto is_waste = [&](const fs::path& path, const std::string& name) {
    return is_left_over(path) && (name.ends_with(unfinished) || !is_known(BlobId(name)));
  };
  for (int i = 0; i < 256 && total; ++i) {
    auto removed = sweep_folder(options_.folder / fmt::format("{:02x}", i), is_waste);
    if (!removed) return removed;
    *total += *removed;
  }
  return total;
}

}  // namespace

Result<std::unique_ptr<Spool>> open_spool(SpoolOptions options) {
  auto spool = std::make_unique<FolderSpool>(std::move(options));
  if (auto prepared = spool->prepare(); !prepared) return failed(prepared);
  return std::unique_ptr<Spool>(std::move(spool));
}

std::filesystem::path spool_path(const std::filesystem::path& folder, const BlobId& id) {
  return folder / sub_folder(id) / id.str();
}

}  // namespace kanal::store

#include "store/postgres/database_blobs.hpp"

#include <algorithm>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "store/postgres/pool.hpp"
#include "store/spool/blob_source.hpp"
#include "store/spool/blob_writer.hpp"
#include "store/spool/sealing.hpp"

namespace kanal::store::postgres {
namespace {

constexpr std::size_t chunk_size = std::size_t{1024} * 1024;
constexpr std::chrono::hours grace{48};
constexpr int sweep_batch = 500;
/// What to do again when the connection broke; each statement here may be repeated.
constexpr int most_attempts = 4;
constexpr std::chrono::milliseconds between_attempts{250};

/// Runs `work` on a connection, again on another one when it broke.
Result<void> with_connection(Pool& pool, const std::function<Result<void>(Connection&)>& work) {
  for (int attempt = 1;; ++attempt) {
    auto connection = pool.take();
    if (!connection) return failed(connection);
    auto done = work(**connection);
    if (!done) (*connection)->rollback();
    const bool broken = !(*connection)->usable();
    if (done || !broken || attempt == most_attempts) return done;
    std::this_thread::sleep_for(between_attempts * attempt);
  }
}

class ChunkOutput final : public SealedOutput {
 public:
  ChunkOutput(Pool& pool, std::string id) : pool_(pool), id_(std::move(id)) { chunk_.reserve(chunk_size); }
  ~ChunkOutput() override {
    if (finished_) return;
    // Nothing can be done about a failure here: the sweep takes what remains.
    (void)with_connection(pool_, [&](Connection& connection) {
      return connection.run("DELETE FROM blob_content WHERE id = ?", id_);
    }).has_value();
  }

  Result<void> begin(Time now) {
    return with_connection(pool_, [&](Connection& connection) {
      return connection.run("INSERT INTO blob_content (id, started) VALUES (?, ?) ON CONFLICT DO NOTHING", id_, now);
    });
  }

  Result<void> write(ByteView bytes) override {
    length_ += bytes.size();
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min(bytes.size(), chunk_size - chunk_.size()));
      chunk_.insert(chunk_.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (chunk_.size() < chunk_size) continue;
      if (auto put = put_chunk(); !put) return put;
    }
    return {};
  }

  /// The commit of the length waits for the disk, and everything before it is on the disk then too.
  Result<void> finish() override {
    if (!chunk_.empty()) {
      if (auto put = put_chunk(); !put) return put;
    }
    auto done = with_connection(pool_, [&](Connection& connection) -> Result<void> {
      auto set = connection.run("UPDATE blob_content SET length = ? WHERE id = ?", length_, id_);
      if (set && connection.changes() == 0) return retry("spool.io", "a blob was removed while it was written");
      return set;
    });
    finished_ = done.has_value();
    return done;
  }

 private:
  Result<void> put_chunk() {
    auto put = with_connection(pool_, [&](Connection& connection) -> Result<void> {
      if (auto begun = connection.script("BEGIN; SET LOCAL synchronous_commit = off"); !begun) return begun;
      auto inserted = connection.run(
          "INSERT INTO blob_chunk (blob, number, content) VALUES (?, ?, ?) ON CONFLICT (blob, "
          "number) DO UPDATE SET content = excluded.content",
          id_, number_, ByteView(chunk_));
      return inserted ? connection.script("COMMIT") : inserted;
    });
    ++number_;
    chunk_.clear();
    return put;
  }

  Pool& pool_;
  std::string id_;
  Bytes chunk_;
  std::int64_t number_ = 0;
  std::uint64_t length_ = 0;
  bool finished_ = false;
};

class ChunkInput final : public SealedInput {
 public:
  ChunkInput(Pool& pool, std::string id, std::uint64_t length) : pool_(pool), id_(std::move(id)), length_(length) {}

  Result<std::uint64_t> size() override { return length_; }

  Result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) override {
    std::size_t done = 0;
    while (done < into.size() && offset < length_) {
      const auto number = static_cast<std::int64_t>(offset / chunk_size);
      if (auto loaded = load(number); !loaded) return failed(loaded);
      const auto at = static_cast<std::size_t>(offset % chunk_size);
      if (at >= chunk_.size()) break;
      const auto count = std::min(into.size() - done, chunk_.size() - at);
      std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(at), count,
                  into.begin() + static_cast<std::ptrdiff_t>(done));
      done += count;
      offset += count;
    }
    return done;
  }

 private:
  Result<void> load(std::int64_t number) {
    if (number == current_) return {};
    current_ = -1;
    chunk_.clear();
    auto read = with_connection(pool_, [&](Connection& connection) -> Result<void> {
      auto row = connection.query("SELECT content FROM blob_chunk WHERE blob = ? AND number = ?", id_, number);
      auto there = row.step();
      if (!there) return failed(there);
      // A chunk that is not there reads as the end: the frame is found to be cut short.
      if (*there) chunk_ = copy_of(row.bytes(0));
      return {};
    });
    if (read) current_ = number;
    return read;
  }

  Pool& pool_;
  std::string id_;
  std::uint64_t length_;
  Bytes chunk_;
  std::int64_t current_ = -1;
};

class DatabaseBlobs final : public Spool {
 public:
  DatabaseBlobs(DatabaseBlobOptions options, std::unique_ptr<Spool> scratch, Clock& clock)
      : options_(std::move(options)),
        scratch_(std::move(scratch)),
        clock_(clock),
        pool_(options_.connect, options_.connections) {}
  ~DatabaseBlobs() override { wipe(options_.key); }

  Result<std::unique_ptr<ports::BlobWriter>> create(ports::BlobOptions options) override {
    if (options.scratch) return scratch_->create(options);
    BlobId id(new_uuid());
    BlobPlace place;
    place.open = [this, name = id.str()]() -> Result<std::unique_ptr<SealedOutput>> {
      auto output = std::make_unique<ChunkOutput>(pool_, name);
      if (auto begun = output->begin(clock_.now()); !begun) return failed(begun);
      return output;
    };
    place.in_memory = options_.inline_limit;
    place.describe = options.describe;
    place.md5 = options.md5;
    return std::make_unique<FrameWriter>(std::move(id), options_.key, std::move(place));
  }

  Result<std::unique_ptr<SeekableSource>> open(const ports::BlobRef& ref) override {
    return open_blob(ref, options_.key, [&]() -> Result<std::unique_ptr<SealedInput>> {
      auto here = scratch_->find(ref.id);
      if (!here || *here) return here;
      return find(ref.id);
    });
  }

  Result<std::unique_ptr<SealedInput>> find(const BlobId& id) override {
    std::optional<std::uint64_t> length;
    auto looked = with_connection(pool_, [&](Connection& connection) -> Result<void> {
      auto row = connection.query("SELECT length FROM blob_content WHERE id = ? AND length IS NOT NULL", id);
      auto there = row.step();
      if (!there) return failed(there);
      if (*there) length = static_cast<std::uint64_t>(row.integer(0));
      return {};
    });
    if (!looked) return failed(looked);
    if (!length) return std::unique_ptr<SealedInput>();
    return std::make_unique<ChunkInput>(pool_, id.str(), *length);
  }

  Result<void> remove(const BlobId& id) override {
    if (auto removed = scratch_->remove(id); !removed) return removed;
    return with_connection(
        pool_, [&](Connection& connection) { return connection.run("DELETE FROM blob_content WHERE id = ?", id); });
  }

  Bytes seal(ByteView plain, std::string_view context) override { return scratch_->seal(plain, context); }
  Result<Bytes> unseal(ByteView sealed, std::string_view context) override { return scratch_->unseal(sealed, context); }
  /// Of the disk with the scratch files: the database's own disk is the database's to watch.
  [[nodiscard]] std::uint64_t free_bytes() const override { return scratch_->free_bytes(); }

  Result<std::size_t> sweep(const std::function<bool(const BlobId&)>& is_known) override {
    auto total = scratch_->sweep(is_known);
    const Time before = clock_.now() - grace;
    std::string after;
    while (total) {
      auto ids = candidates(before, after);
      if (!ids) return failed(ids);
      if (ids->empty()) break;
      after = ids->back();
      for (const auto& id : *ids) {
        if (is_known(BlobId(id))) continue;
        if (auto removed = remove(BlobId(id)); !removed) return failed(removed);
        ++*total;
      }
    }
    return total;
  }

 private:
  /// Old blobs that no row refers to, in order of id.
  Result<std::vector<std::string>> candidates(Time before, const std::string& after) {
    std::vector<std::string> ids;
    auto looked = with_connection(pool_, [&](Connection& connection) -> Result<void> {
      ids.clear();
      auto rows = connection.query(
          "SELECT c.id FROM blob_content c WHERE c.started < ? AND c.id > ? AND NOT EXISTS (SELECT 1 FROM blob b WHERE "
          "b.id = c.id) ORDER BY c.id LIMIT ?",
          before, after, sweep_batch);
      for (;;) {
        auto there = rows.step();
        if (!there) return failed(there);
        if (!*there) return {};
        ids.push_back(rows.text(0));
      }
    });
    if (!looked) return failed(looked);
    return ids;
  }

  DatabaseBlobOptions options_;
  std::unique_ptr<Spool> scratch_;
  Clock& clock_;
  Pool pool_;
};

}  // namespace

Result<std::unique_ptr<Spool>> open_database_blobs(DatabaseBlobOptions options, std::unique_ptr<Spool> scratch,
                                                   Clock& clock) {
  return std::make_unique<DatabaseBlobs>(std::move(options), std::move(scratch), clock);
}

}  // namespace kanal::store::postgres

#include "store/spool/blob_writer.hpp"

#include <algorithm>
#include <utility>

#include "store/spool/checksum.hpp"
#include "store/spool/frames.hpp"
#include "store/spool/sealing.hpp"

namespace kanal::store {
namespace {

/// From here on a second thread pays off.
constexpr std::uint64_t write_behind_from = 64;  // frames: 4 MiB

}  // namespace

FrameWriter::FrameWriter(BlobId id, const crypto::Key256& installation_key, BlobPlace place)
    : place_(std::move(place)) {
  ref_.id = std::move(id);
  std::ranges::copy(crypto::random_bytes(key_.size()), key_.begin());
  ref_.wrapped_key = seal_box(installation_key, purpose::blob_key, ref_.id.str(), key_);
  if (place_.md5) md5_.emplace(crypto::DigestAlgorithm::md5);
}

FrameWriter::~FrameWriter() {
  behind_.reset();
  wipe(key_);
}

Result<void> FrameWriter::write(ByteView bytes) {
  if (finished_) return bug("spool.finished", "write to a finished blob");
  if (error_) return tl::unexpected<Error>(*error_);
  auto taken = take(bytes);
  if (!taken) error_ = taken.error();
  return taken;
}

Result<void> FrameWriter::take(ByteView bytes) {
  ref_.size += bytes.size();
  if (!output_ && ref_.size > place_.in_memory) {
    if (auto opened = open_output(); !opened) return opened;
  }
  if (!pending_.empty()) {
    const ByteView head = bytes.first(std::min(bytes.size(), frame_size - pending_.size()));
    pending_.insert(pending_.end(), head.begin(), head.end());
    bytes = bytes.subspan(head.size());
    if (pending_.size() < frame_size) return {};
    if (auto sealed = seal(pending_, false); !sealed) return sealed;
    pending_.clear();
  }
  for (; bytes.size() >= frame_size; bytes = bytes.subspan(frame_size)) {
    if (auto sealed = seal(bytes.first(frame_size), false); !sealed) return sealed;
  }
  pending_.assign(bytes.begin(), bytes.end());
  return {};
}

void FrameWriter::digest(ByteView bytes) {
  if (md5_) md5_->update(bytes);
  if (!place_.describe) return;
  sha256_.update(bytes);
  ref_.crc32 = crc32(ref_.crc32, bytes);
}

Result<void> FrameWriter::seal(ByteView plain, bool last) {
  const std::uint64_t number = frames_++;
  if (!output_) {
    digest(plain);
    const std::size_t before = sealed_.size();
    sealed_.resize(before + plain.size() + crypto::gcm_tag_size);
    seal_frame(key_, number, last, plain, std::span(sealed_).subspan(before));
    return {};
  }
  if (!last && frames_ >= write_behind_from) {
    if (!behind_) {
      behind_ = std::make_unique<WriteBehind>(
          frame_size, [this, next = number](ByteView frame) mutable { return write_frame(frame, next++, false); });
    }
    return behind_->push(plain);
  }
  if (behind_) {
    if (auto written = behind_->finish(); !written) return written;
    behind_.reset();
  }
  return write_frame(plain, number, last);
}

Result<void> FrameWriter::write_frame(ByteView plain, std::uint64_t number, bool last) {
  digest(plain);
  sealed_.resize(plain.size() + crypto::gcm_tag_size);
  seal_frame(key_, number, last, plain, sealed_);
  return output_->write(sealed_);
}

Result<void> FrameWriter::open_output() {
  auto output = place_.open();
  if (!output) return failed(output);
  output_ = std::move(*output);
  if (auto written = output_->write(sealed_); !written) return written;
  sealed_ = Bytes{};
  return {};
}

Result<void> FrameWriter::finish() {
  if (finished_) return bug("spool.finished", "a blob is finished twice");
  if (error_) return tl::unexpected<Error>(*error_);
  auto done = seal(pending_, true);
  if (done && output_) done = output_->finish();
  if (!done) {
    error_ = done.error();
    return done;
  }
  if (!output_) ref_.inline_frames = std::move(sealed_);
  finish_digests();
  finished_ = true;
  pending_ = Bytes{};
  sealed_ = Bytes{};
  output_.reset();
  return {};
}

void FrameWriter::finish_digests() {
  if (place_.describe) std::ranges::copy(sha256_.finish(), ref_.sha256.begin());
  if (md5_) std::ranges::copy(md5_->finish(), ref_.md5.begin());
}

}  // namespace kanal::store

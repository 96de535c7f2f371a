#include "store/spool/blob_source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/spool/frames.hpp"
#include "store/spool/sealing.hpp"

namespace kanal::store {
namespace {

tl::unexpected<Error> damaged(const BlobId& id, std::string_view how) {
  return reject("spool.damaged", fmt::format("spool file {} {}: restore it from a backup", id.str(), how));
}

}  // namespace

FrameSource::FrameSource(const ports::BlobRef& ref, const crypto::Key256& key, std::unique_ptr<SealedInput> input)
    : id_(ref.id), size_(ref.size), key_(key), inline_frames_(ref.inline_frames), input_(std::move(input)) {}

FrameSource::~FrameSource() { wipe(key_); }

Result<std::unique_ptr<SeekableSource>> FrameSource::open(const ports::BlobRef& ref, const crypto::Key256& key,
                                                          std::unique_ptr<SealedInput> input) {
  std::uint64_t length = ref.inline_frames.size();
  if (input) {
    auto measured = input->size();
    if (!measured) return failed(measured);
    length = *measured;
  }
  if (sealed_size(ref.size) != length) return damaged(ref.id, "has the wrong length");
  return std::unique_ptr<SeekableSource>(new FrameSource(ref, key, std::move(input)));
}

Result<std::unique_ptr<SeekableSource>> open_blob(const ports::BlobRef& ref, const crypto::Key256& installation_key,
                                                  const std::function<Result<std::unique_ptr<SealedInput>>()>& find) {
  auto unwrapped = open_box(installation_key, purpose::blob_key, ref.id.str(), ref.wrapped_key);
  if (!unwrapped || unwrapped->size() != sizeof(crypto::Key256)) {
    return reject(
        "spool.damaged",
        fmt::format("the key of spool file {} does not open: it is damaged, or the installation key is not the one "
                    "it was sealed with",
                    ref.id.str()));
  }
  crypto::Key256 key{};
  std::ranges::copy(*unwrapped, key.begin());
  wipe(*unwrapped);
  std::unique_ptr<SealedInput> input;
  if (ref.inline_frames.empty()) {
    if (!is_uuid(ref.id.str())) return reject("spool.damaged", "a blob reference without a valid id");
    auto found = find();
    if (!found) return failed(found);
    if (!*found) {
      return reject("spool.damaged", fmt::format("spool file {} is missing: restore it from a backup", ref.id.str()));
    }
    input = std::move(*found);
  }
  auto source = FrameSource::open(ref, key, std::move(input));
  wipe(key);
  return source;
}

Result<std::size_t> FrameSource::read(std::span<std::byte> into) {
  if (position_ == size_) {
    // The last frame proves that this is the end, also when it is empty.
    if (!end_verified_) {
      if (auto loaded = load(last_frame(size_)); !loaded) return failed(loaded);
    }
    return 0;
  }
  if (auto loaded = load(position_ / frame_size); !loaded) return failed(loaded);
  const auto offset = static_cast<std::size_t>(position_ % frame_size);
  const std::size_t count = std::min(into.size(), plain_.size() - offset);
  std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
  position_ += count;
  return count;
}

Result<void> FrameSource::seek(std::uint64_t offset) {
  if (offset > size_) return bug("stream.seek", "seek past the end");
  position_ = offset;
  return {};
}

Result<ByteView> FrameSource::sealed(std::uint64_t number) {
  const bool last = number == last_frame(size_);
  const std::size_t length = (last ? static_cast<std::size_t>(size_ % frame_size) : frame_size) + crypto::gcm_tag_size;
  const std::uint64_t offset = number * sealed_frame_size;
  if (!input_) return ByteView(inline_frames_).subspan(static_cast<std::size_t>(offset), length);
  sealed_.resize(length);
  auto count = input_->read_at(sealed_, offset);
  if (!count) return failed(count);
  if (*count != length) return damaged(id_, "was cut short");
  return ByteView(sealed_);
}

Result<void> FrameSource::load(std::uint64_t number) {
  if (current_ == number) return {};
  current_.reset();
  auto ciphertext = sealed(number);
  if (!ciphertext) return failed(ciphertext);
  const bool last = number == last_frame(size_);
  plain_.resize(ciphertext->size() - crypto::gcm_tag_size);
  if (!open_frame(key_, number, last, *ciphertext, plain_)) {
    plain_.clear();
    return damaged(id_, fmt::format("is damaged in the 64 KiB from byte {} on", number * frame_size));
  }
  current_ = number;
  end_verified_ = end_verified_ || last;
  return {};
}

}  // namespace kanal::store

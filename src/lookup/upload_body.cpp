#include "lookup/upload_body.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "crypto/cms.hpp"

namespace kanal::lookup {
namespace {

/// Holds what the encryption made of one chunk.
class Pending final : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override { return {}; }
  [[nodiscard]] bool empty() const { return taken_ == bytes_.size(); }
  std::size_t take(std::span<std::byte> into) {
    const auto count = std::min(into.size(), bytes_.size() - taken_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    if (empty()) {
      bytes_.clear();
      taken_ = 0;
    }
    return count;
  }

 private:
  Bytes bytes_;
  std::size_t taken_ = 0;
};

}  // namespace

/// One document that is being read.
class UploadBody::Document {
 public:
  static Result<std::unique_ptr<Document>> open(ports::BlobStore& blobs, const ports::BlobRef& ref,
                                                const Recipient& recipient) {
    auto source = blobs.open(ref);
    if (!source) return failed(source);
    auto document = std::make_unique<Document>();
    document->source_ = std::move(*source);
    if (!recipient) return document;
    auto encryptor = crypto::make_cms_encryptor(*recipient, crypto::KeyTransport::oaep_sha256, document->pending_);
    if (!encryptor) return failed(encryptor);
    document->encryptor_ = std::move(*encryptor);
    document->chunk_.resize(stream_chunk);
    return document;
  }

  /// 0 at its end.
  Result<std::size_t> read(std::span<std::byte> into) {
    if (!encryptor_) return source_->read(into);
    while (pending_.empty() && !finished_) {
      auto count = source_->read(chunk_);
      if (!count) return count;
      finished_ = *count == 0;
      auto done = finished_ ? encryptor_->finish() : encryptor_->write(ByteView(chunk_).first(*count));
      if (!done) return failed(done);
    }
    return pending_.take(into);
  }

 private:
  std::unique_ptr<SeekableSource> source_;
  Pending pending_;
  std::unique_ptr<Sink> encryptor_;
  Bytes chunk_;
  bool finished_ = false;
};

UploadBody::UploadBody(ports::BlobStore& blobs, Recipient recipient)
    : blobs_(blobs), recipient_(std::move(recipient)), boundary_("kanal-" + new_uuid()) {}

UploadBody::~UploadBody() = default;

void UploadBody::add(std::string text) {
  if (!text.empty()) pieces_.emplace_back(std::move(text));
}

void UploadBody::add(const ports::BlobRef& document) { pieces_.emplace_back(&document); }

Result<std::size_t> UploadBody::read(std::span<std::byte> into) {
  while (piece_ < pieces_.size()) {
    if (const auto* text = std::get_if<std::string>(&pieces_[piece_])) {
      const auto count = std::min(into.size(), text->size() - offset_);
      std::memcpy(into.data(), text->data() + offset_, count);
      offset_ += count;
      if (offset_ == text->size()) {
        ++piece_;
        offset_ = 0;
      }
      return count;
    }
    if (!document_) {
      auto opened = Document::open(blobs_, *std::get<const ports::BlobRef*>(pieces_[piece_]), recipient_);
      if (!opened) return failed(opened);
      document_ = std::move(*opened);
    }
    auto count = document_->read(into);
    if (!count || *count > 0) return count;
    document_.reset();
    ++piece_;
  }
  return 0;
}

std::string part_head(std::string_view boundary, std::string_view before, std::string_view disposition,
                      std::string_view content_type) {
  return fmt::format("{}--{}\r\nContent-Disposition: form-data; {}\r\nContent-Type: {}\r\n\r\n", before, boundary,
                     disposition, content_type);
}

}  // namespace kanal::lookup

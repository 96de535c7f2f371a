// The body of a call that sends documents: texts and documents in turn, as a Source. A document is encrypted while it
// is read, so nothing of it lies on disk again and no more than a chunk of it is in memory. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/stream.hpp"
#include "crypto/certificate.hpp"
#include "ports/blob_store.hpp"

namespace kanal::lookup {

/// What a document is encrypted with; absent: it goes as it is.
using Recipient = std::optional<crypto::Certificate>;

class UploadBody final : public Source {
 public:
  /// `blobs` outlives it.
  UploadBody(ports::BlobStore& blobs, Recipient recipient);
  ~UploadBody() override;

  void add(std::string text);
  /// The blob is opened when its turn comes. It must outlive the body.
  void add(const ports::BlobRef& document);

  /// Errors are those of the blob store and of the encryption.
  Result<std::size_t> read(std::span<std::byte> into) override;

  /// A boundary for multipart that no document holds, but by a chance of 2^-122.
  [[nodiscard]] const std::string& boundary() const { return boundary_; }

 private:
  class Document;
  using Piece = std::variant<std::string, const ports::BlobRef*>;

  ports::BlobStore& blobs_;
  Recipient recipient_;
  std::string boundary_;
  std::vector<Piece> pieces_;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;  ///< in a text
  std::unique_ptr<Document> document_;
};

/// What stands before a part of multipart/form-data; `before`: what ends the part before it. `disposition` is what
/// follows `form-data; `.
[[nodiscard]] std::string part_head(std::string_view boundary, std::string_view before, std::string_view disposition,
                                    std::string_view content_type);

}  // namespace kanal::lookup

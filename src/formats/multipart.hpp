// multipart/form-data and multipart/related, pushed in pieces of any size (RFC 7578, RFC 2387, RFC 2046 5.1).
// Streaming: a part's bytes are handed on as they come; only headers are collected. One object per request, one thread.
// Limits on header size, part count.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/stream.hpp"
#include "formats/content_disposition.hpp"

namespace kanal::formats {

struct PartHead {
  ContentDisposition disposition;
  std::string content_type;  ///< empty when absent
  std::string content_id{};  ///< multipart/related: without its angle brackets; empty when absent
};

/// Told about parts in order: begin, data..., end.
class PartHandler {
 public:
  PartHandler() = default;
  PartHandler(const PartHandler&) = delete;
  PartHandler& operator=(const PartHandler&) = delete;
  virtual ~PartHandler() = default;
  virtual Result<void> begin_part(const PartHead& head) = 0;
  virtual Result<void> part_data(ByteView bytes) = 0;
  virtual Result<void> end_part() = 0;
};

constexpr std::size_t max_part_head_bytes = 16 * 1024;
constexpr std::size_t max_parts = 2'000;

enum class MultipartKind {
  form_data,  ///< every part has a Content-Disposition with a name
  related,    ///< parts need no header at all (MTOM)
};

/// Boundary of a `multipart/form-data` Content-Type; `multipart.boundary` when it has none or an illegal one.
Result<std::string> multipart_boundary(std::string_view content_type);
/// The same of a `multipart/related` one.
Result<std::string> multipart_related_boundary(std::string_view content_type);

/// A Sink for the body. finish() fails with `multipart.truncated` when the closing boundary has not come.
/// `multipart.malformed`, `multipart.too_many`.
std::unique_ptr<Sink> make_multipart_reader(std::string boundary, PartHandler& handler,
                                            MultipartKind kind = MultipartKind::form_data);

}  // namespace kanal::formats

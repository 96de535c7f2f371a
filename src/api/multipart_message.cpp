#include "api/multipart_message.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "api/file_mimetype.hpp"
#include "domain/sbd.hpp"
#include "formats/multipart.hpp"

namespace kanal::api {
namespace {

constexpr std::string_view sbd_part = "sbd";

/// Collects the SBD and stages the files. Destroyed before the end: what was staged is removed.
class MultipartMessage final : public net::BodyHandler, private formats::PartHandler {
 public:
  MultipartMessage(const ApiParts& parts, RequestPtr request, std::string boundary)
      : parts_(parts),
        request_(std::move(request)),
        reader_(formats::make_multipart_reader(std::move(boundary), *this)) {}
  MultipartMessage(const MultipartMessage&) = delete;
  MultipartMessage& operator=(const MultipartMessage&) = delete;
  ~MultipartMessage() override { drop_files(); }

  std::optional<net::Response> data(ByteView bytes) override {
    received_ += bytes.size();
    if (received_ > parts_.settings.max_multipart_bytes) return refuse(too_large("Maximum upload size exceeded"));
    auto read = reader_->write(bytes);
    if (!read) return refuse(read.error());
    if (bad_sbd_) return refuse(*bad_sbd_);
    return std::nullopt;
  }

  /// In the order of rest-api.md 4.1.
  net::Response finish() override {
    if (auto ended = reader_->finish(); !ended) return refuse(ended.error());
    if (!sbd_) return refuse(missing_part(sbd_part));
    auto reading = domain::read_sbd(text_of(*sbd_));
    if (!reading) return refuse(unreadable_part(sbd_part, reading.error().text()));
    const auto violations = violations_of(parts_, *reading);
    if (!violations) return refuse(unreadable_part(sbd_part, violations.error().text()));
    if (!violations->empty()) return refuse(part_violations(*violations));
    if (oversized_) return refuse(*oversized_);
    if (const auto twice = repeated_names(); !twice.empty()) {
      return refuse(Error{"submit.duplicate_file",
                          fmt::format("Filename already exists in message: {}.", twice),
                          Disposition::reject,
                          {},
                          {}});
    }
    // From here on Submit owns the staged blobs, whatever happens.
    auto sent = parts_.submit.create_and_send(std::move(reading->sbd), std::exchange(files_, {}));
    return sent ? json_response(200, domain::to_json(*sent)) : refuse(sent.error());
  }

 private:
  template <class AnyError>
  [[nodiscard]] net::Response refuse(const AnyError& error) const {
    return error_response(parts_, *request_, error);
  }

  Result<void> begin_part(const formats::PartHead& head) override {
    const std::string name = head.disposition.name.value_or("");
    // The part named `sbd` is the document even when it has a file name (rest-api.md 4.1, "Trap").
    if (name == sbd_part) return begin_sbd();
    if (!head.disposition.filename) return {};
    head_.filename = *head.disposition.filename;
    if (head_.filename.empty())
      return reject("disposition.filename", fmt::format("part '{}' has an empty file name", name));
    const bool blank = name.find_first_not_of(' ') == std::string::npos;
    head_.title = blank ? std::nullopt : std::optional(name);
    head_.mimetype = file_mimetype(head.content_type, head_.filename);
    file_size_ = 0;
    if (auto room = parts_.submit.room_for_message(0); !room) return failed(room);
    auto writer = parts_.blobs.create({});
    if (!writer) return failed(writer);
    writer_ = std::move(*writer);
    return {};
  }

  Result<void> begin_sbd() {
    if (sbd_) bad_sbd_ = unreadable_part(sbd_part, "it comes twice");
    sbd_.emplace();
    in_sbd_ = true;
    return {};
  }

  Result<void> part_data(ByteView bytes) override {
    if (in_sbd_) return sbd_data(bytes);
    if (!writer_) return {};
    file_size_ += bytes.size();
    if (file_size_ <= max_multipart_file_bytes) return writer_->write(bytes);
    writer_.reset();
    if (!oversized_) {
      oversized_ =
          Error{"submit.multipart_too_large",
                fmt::format("The attachment named '{}' is too large. The maximum size for multipart requests is "
                            "5,242,880 bytes. Please use the non-multipart API to avoid such problems.",
                            head_.filename),
                Disposition::reject,
                {},
                {}};
    }
    return {};
  }

  Result<void> sbd_data(ByteView bytes) {
    if (bytes.size() > domain::max_sbd_bytes - sbd_->size()) {
      bad_sbd_ = unreadable_part(sbd_part, "it is larger than 1 MB");
    } else {
      sbd_->insert(sbd_->end(), bytes.begin(), bytes.end());
    }
    return {};
  }

  Result<void> end_part() override {
    in_sbd_ = false;
    if (!writer_) return {};
    if (auto durable = writer_->finish(); !durable) return failed(durable);
    files_.push_back({head_, writer_->ref()});
    writer_.reset();
    return {};
  }

  /// Every occurrence of a name that is there twice, joined by ", ".
  [[nodiscard]] std::string repeated_names() const {
    std::string names;
    for (const auto& file : files_) {
      const auto count =
          std::ranges::count_if(files_, [&](const auto& other) { return other.head.filename == file.head.filename; });
      if (count > 1) names += (names.empty() ? "" : ", ") + file.head.filename;
    }
    return names;
  }

  void drop_files() {
    for (const auto& file : files_) {
      if (auto removed = parts_.blobs.remove(file.blob.id); !removed) {
        parts_.log.warning("blob_not_removed", {{"reason", removed.error().text()}});
      }
    }
    files_.clear();
  }

  const ApiParts& parts_;
  RequestPtr request_;
  std::unique_ptr<Sink> reader_;
  std::optional<Bytes> sbd_;
  bool in_sbd_ = false;
  flow::FileHead head_;
  std::uint64_t file_size_ = 0;
  std::uint64_t received_ = 0;
  std::unique_ptr<ports::BlobWriter> writer_;
  std::vector<flow::StagedFile> files_;
  std::optional<ApiError> bad_sbd_;
  std::optional<Error> oversized_;  ///< told at the end: what is wrong with the document comes first
};

}  // namespace

Answer receive_multipart(const ApiParts& parts, RequestPtr request) {
  const auto type = request->header("Content-Type");
  if (!is_media_type(type, "multipart/form-data")) return error_response(parts, *request, unsupported_media_type(type));
  if (request->content_length.value_or(0) > parts.settings.max_multipart_bytes) {
    return error_response(parts, *request, too_large("Maximum upload size exceeded"));
  }
  if (auto room = parts.submit.room_for_message(request->content_length.value_or(0)); !room) {
    return error_response(parts, *request, room.error());
  }
  auto boundary = formats::multipart_boundary(type);
  if (!boundary) return error_response(parts, *request, boundary.error());
  return std::make_unique<MultipartMessage>(parts, std::move(request), std::move(*boundary));
}

}  // namespace kanal::api

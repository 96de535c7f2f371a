// Files of an outgoing message (rest-api.md 5.2).
#include <algorithm>

#include <fmt/format.h>

#include "flow/room.hpp"
#include "flow/submit.hpp"

namespace kanal::flow {
namespace {

/// A body of unknown length is asked about again after so many bytes.
constexpr std::uint64_t room_interval = std::uint64_t{16} * 1024 * 1024;

Result<void> refuse_over_limit(std::uint64_t total, const ports::Descriptor& service) {
  if (total <= service.upload_size_limit) return {};
  return reject(
      "submit.too_large",
      fmt::format("The combined file size for all attachments ({}) exceeds the maximum allowed upload size for "
                  "the target service ({}, {})",
                  size_text(total), service.service.str(), service.upload_size_text));
}

std::uint64_t total_size(const std::vector<ports::Attachment>& files) {
  std::uint64_t total = 0;
  for (const auto& file : files) total += file.blob.size;
  return total;
}

/// What is known of a file before it is stored.
ports::Attachment attachment_of(const domain::Sbd& sbd, const FileHead& head) {
  ports::Attachment attachment;
  attachment.filename = head.filename;
  attachment.mimetype = head.mimetype;
  attachment.title = head.title;
  attachment.primary = !head.filename.empty() && sbd.body_text("hoveddokument") == head.filename;
  return attachment;
}

}  // namespace

Result<void> Submit::room_for_message(std::uint64_t bytes) const {
  return room_for(bytes, parts_.blobs, parts_.settings);
}

Result<std::optional<ports::ArkivmeldingFacts>> Submit::read_arkivmelding(const std::string& filename,
                                                                          const ports::BlobRef& blob) {
  if (filename != "arkivmelding.xml") return std::optional<ports::ArkivmeldingFacts>{};
  auto content = parts_.blobs.open(blob);
  if (!content) return failed(content);
  auto facts = parts_.arkivmelding.read(**content);
  if (!facts) return failed(facts);
  return std::optional(std::move(*facts));
}

Result<void> Submit::check_file(const ports::Message& message, const domain::Sbd& sbd, const FileHead& head,
                                std::uint64_t size, const std::vector<ports::Attachment>& present) {
  auto* transport = parts_.services.find(message.service);
  if (transport == nullptr) {
    return reject("submit.service_disabled", fmt::format("Service {} is not enabled", message.service.str()));
  }
  if (std::ranges::any_of(present, [&](const auto& other) { return other.filename == head.filename; })) {
    return reject("submit.duplicate_file", fmt::format("Filename already exists in message: {}.", head.filename));
  }
  if (auto fits = refuse_over_limit(total_size(present) + size, transport->descriptor()); !fits) return failed(fits);
  return transport->check_file(sbd, attachment_of(sbd, head));
}

Result<void> Submit::add_file(ports::Txn& txn, ports::Message& message, const domain::Sbd& sbd,
                              const StagedFile& file) {
  const auto present = txn.attachments(message.id);
  if (auto good = check_file(message, sbd, file.head, file.blob.size, present); !good) return failed(good);
  auto attachment = attachment_of(sbd, file.head);
  attachment.message = message.id;
  attachment.number = static_cast<int>(present.size()) + 1;
  attachment.blob = file.blob;
  if (auto inserted = txn.insert(attachment); !inserted) return failed(inserted);
  if (!file.arkivmelding) return {};
  auto conversation = txn.conversation(message.message_id, ports::Direction::outgoing);
  if (!conversation) return {};
  if (file.arkivmelding->title) conversation->message_title = *file.arkivmelding->title;
  if (file.arkivmelding->reference) conversation->message_reference = *file.arkivmelding->reference;
  conversation->last_update = parts_.clock.now();
  return txn.update(*conversation);
}

/// One PUT: counts while streaming, and adds the file to its message in one transaction.
class Submit::FileUpload final : public Upload {
 public:
  FileUpload(Submit& submit, MessageId id, domain::Sbd sbd, FileHead head, std::unique_ptr<ports::BlobWriter> writer,
             std::uint64_t already_there, const ports::Descriptor& service)
      : submit_(submit),
        id_(std::move(id)),
        sbd_(std::move(sbd)),
        head_(std::move(head)),
        writer_(std::move(writer)),
        total_(already_there),
        service_(service) {}

  Result<void> write(ByteView bytes) override {
    total_ += bytes.size();
    if (auto fits = refuse_over_limit(total_, service_); !fits) return failed(fits);
    since_look_ += bytes.size();
    if (since_look_ >= room_interval) {
      since_look_ = 0;
      if (auto room = submit_.room_for_message(0); !room) return room;
    }
    return writer_->write(bytes);
  }

  Result<void> finish() override {
    if (auto durable = writer_->finish(); !durable) return failed(durable);
    submit_.parts_.points.reach("submit.blob_written");
    auto added = add();
    if (!added) submit_.drop(writer_->ref());
    return added;
  }

 private:
  Result<void> add() {
    auto facts = submit_.read_arkivmelding(head_.filename, writer_->ref());
    if (!facts) return failed(facts);
    const StagedFile file{head_, writer_->ref(), std::move(*facts)};
    return submit_.parts_.store.write([&](ports::Txn& txn) -> Result<void> {
      auto message = txn.message(id_, ports::Direction::outgoing);
      if (!message || message->queued) {
        return reject("submit.not_found", fmt::format("Message with messageId = {} was not found", id_.str()));
      }
      return submit_.add_file(txn, *message, sbd_, file);
    });
  }

  Submit& submit_;
  MessageId id_;
  domain::Sbd sbd_;
  FileHead head_;
  std::unique_ptr<ports::BlobWriter> writer_;
  std::uint64_t total_;
  std::uint64_t since_look_ = 0;
  const ports::Descriptor& service_;
};

Result<std::unique_ptr<Upload>> Submit::upload(const MessageId& id, FileHead head,
                                               std::optional<std::uint64_t> expected_size) {
  std::optional<ports::Message> message;
  std::vector<ports::Attachment> present;
  auto looked = parts_.store.read([&](ports::View& view) -> Result<void> {
    message = view.message(id, ports::Direction::outgoing);
    if (message) present = view.attachments(message->id);
    return {};
  });
  if (!looked) return failed(looked);
  if (!message || message->queued) {
    return reject("submit.not_found", fmt::format("Message with messageId = {} was not found", id.str()));
  }
  auto reading = domain::read_sbd(message->sbd);
  if (!reading) return bug("submit.stored_sbd", "a stored SBD cannot be read: " + reading.error().message);
  // Without a size only what is known already; everything is asked again when the file is there.
  if (auto good = check_file(*message, reading->sbd, head, expected_size.value_or(0), present); !good) {
    return failed(good);
  }
  if (auto room = room_for_message(expected_size.value_or(0)); !room) return failed(room);
  auto writer = parts_.blobs.create({});
  if (!writer) return failed(writer);
  return std::make_unique<FileUpload>(*this, id, std::move(reading->sbd), std::move(head), std::move(*writer),
                                      total_size(present), parts_.services.find(message->service)->descriptor());
}

}  // namespace kanal::flow

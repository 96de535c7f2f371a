// Owner of an outgoing message from the client's first byte until `send` was answered (style.md "Who owns one outbound
// message" 1-2; rest-api.md sections 4 and 5). Every call is durable before it returns. Thread-safe; calls may block.
//
// Error codes (the API's table maps each to its exception, status and body):
//   submit.unknown_type, submit.receiver (+ cause: registry text), submit.no_process, submit.exists,
//   certificate.invalid, submit.service_disabled, submit.type_mismatch, submit.message_channel, submit.not_found,
//   submit.duplicate_file, submit.too_large, submit.no_files, submit.expired, submit.no_arkivmelding,
//   submit.missing_files, submit.missing_metadata, submit.no_main_document, submit.address,
//   what a service refuses by itself (ports/transport.hpp, complete() and check_file()), submit.busy,
//   submit.multipart_too_large, submit.partner, xml.*, arkivmelding.*, directory.unavailable (retry), spool.*, store.*
// The message of each of these is the catalogue text of rest-api.md section 11.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "domain/message_type.hpp"
#include "domain/sbd.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "ports/crash_points.hpp"
#include "ports/directory.hpp"
#include "ports/documents.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

/// What the client said about one file.
struct FileHead {
  std::string filename;
  std::optional<std::string> title;
  std::string mimetype;  ///< decided already (rest-api.md 4.3)
};

/// A file that was uploaded but belongs to no message yet.
struct StagedFile {
  FileHead head;
  ports::BlobRef blob;
  /// Read by Submit before the transaction: the store's writer must not wait for an XML parser.
  std::optional<ports::ArkivmeldingFacts> arkivmelding{};
};

/// Tells workers that there is something to do; never required for correctness.
using Hint = std::function<void()>;

struct SubmitParts {
  ports::Store& store;
  ports::BlobStore& blobs;
  ports::Directory& directory;
  ports::OwnCertificate& own_certificate;
  ports::ArkivmeldingReader& arkivmelding;
  ports::CrashPoints& points;
  const Services& services;
  const Settings& settings;
  Clock& clock;
  Log& log;
};

/// A file on its way into a message. Destroyed without finish(): nothing remains.
class Upload {
 public:
  Upload() = default;
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  virtual ~Upload() = default;
  /// Fails at the service's size limit, before the byte that breaks it is stored.
  virtual Result<void> write(ByteView bytes) = 0;
  /// Durable, and part of the message, when it returns.
  virtual Result<void> finish() = 0;
};

class Submit {
 public:
  Submit(SubmitParts parts, Hint work_available);

  /// rest-api.md 5.1 from step 3 on (reading and bean validation are the API's). Gives the completed document.
  Result<domain::Sbd> create(domain::Sbd sbd);

  /// Begins one file of a message (5.2). `expected_size`: the request's Content-Length, when it has one.
  Result<std::unique_ptr<Upload>> upload(const MessageId& id, FileHead head,
                                         std::optional<std::uint64_t> expected_size);

  /// Is there room for a message of so many bytes? `spool.full` otherwise. For who stages files before create_and_send.
  [[nodiscard]] Result<void> room_for_message(std::uint64_t bytes) const;

  /// 5.3; a second call while the message is queued does nothing and succeeds. A message past its time to live ends
  /// here: it gets LEVETID_UTLOPT and is removed.
  Result<void> send(const MessageId& id);

  /// One-shot multipart (4.1): create, add all files, send; all or nothing.
  Result<domain::Sbd> create_and_send(domain::Sbd sbd, std::vector<StagedFile> files);

  /// Cancels: removes message, files and queue entry; the conversation stays (rest-api.md 4.7). Succeeds when there is
  /// none. `submit.busy` while a dispatch is running.
  Result<void> remove(const MessageId& id);

 private:
  struct Draft;
  struct Route;
  Result<Draft> prepare(domain::Sbd sbd);
  Result<Route> route(const domain::Sbd& sbd, const domain::MessageType& type);
  Result<void> store_draft(ports::Txn& txn, Draft& draft);
  Result<void> add_file(ports::Txn& txn, ports::Message& message, const domain::Sbd& sbd, const StagedFile& file);
  Result<void> queue(ports::Txn& txn, ports::Message& message, const domain::Sbd& sbd);
  Result<std::optional<ports::ArkivmeldingFacts>> read_arkivmelding(const std::string& filename,
                                                                    const ports::BlobRef& blob);
  Result<void> check_sendable(const domain::Sbd& sbd, const std::vector<std::string>& names,
                              const std::optional<ports::ArkivmeldingFacts>& arkivmelding);
  Result<void> check_file(const ports::Message& message, const domain::Sbd& sbd, const FileHead& head,
                          std::uint64_t size, const std::vector<ports::Attachment>& present);
  void drop(const ports::BlobRef& blob);
  class FileUpload;

  SubmitParts parts_;
  Hint work_available_;
};

/// Sizes as the API's texts write them: `<n>b` below 1 MB, else whole MB rounded down, `<n>MB`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace kanal::flow

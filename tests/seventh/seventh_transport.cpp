#include "tests/seventh/seventh_transport.hpp"

#include <algorithm>
#include <fstream>

#include "formats/zip_reader.hpp"
#include "formats/zip_writer.hpp"

namespace kanal::transports::seventh {
namespace {

namespace fs = std::filesystem;

/// `0192:310700002` as a folder name.
std::string folder_name(std::string organisation) {
  std::ranges::replace(organisation, ':', '-');
  return organisation;
}

}  // namespace

SeventhTransport::SeventhTransport(fs::path folder, std::string own_organisation)
    : folder_(std::move(folder)), own_(std::move(own_organisation)) {
  descriptor_.service = ServiceIdentifier("DPX");
  descriptor_.title = "Folders, for tests";
  descriptor_.message_types = {"arkivmelding", "arkivmelding_kvittering", "avtalt", "status"};
  descriptor_.isolation = domain::Isolation::by_account;
  descriptor_.isolation_property = "kanal.seventh.folder";
  descriptor_.upload_size_limit = std::uint64_t{10} * 1024 * 1024;
  descriptor_.upload_size_text = "10MB";
  descriptor_.receives = true;
  descriptor_.answers_with_status = true;
  descriptor_.polling_interval = std::chrono::milliseconds(50);
  fs::create_directories(folder_ / folder_name(own_));
}

Result<void> SeventhTransport::complete(domain::Sbd&, const ports::CreateContext&) { return {}; }

Result<ports::Sent> SeventhTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                           std::stop_token) {
  // The name decides: sending again overwrites the same file.
  std::string id = dispatch.remembered();
  if (id.empty()) {
    id = new_uuid();
    if (auto kept = dispatch.remember(id, {}, id); !kept) return failed(kept);
  }
  MemorySink bytes(descriptor_.upload_size_limit * 2);
  formats::ZipWriter zip(bytes);
  if (auto added = zip.add("sbd.json", bytes_of(domain::write_sbd(document.sbd))); !added) return failed(added);
  for (const auto& file : document.files) {
    auto content = dispatch.blobs().open(file.blob);
    if (!content) return failed(content);
    if (auto added = zip.add_stored({"files/" + file.filename, file.blob.size, file.blob.crc32}, **content); !added) {
      return failed(added);
    }
  }
  if (auto ended = zip.finish(); !ended) return failed(ended);
  const auto target = folder_ / folder_name(document.sbd.receiver_value());
  fs::create_directories(target);
  const auto part = target / ("." + id);
  std::ofstream(part, std::ios::binary) << text_of(bytes.bytes());
  fs::rename(part, target / id);
  return ports::Sent{id, false};
}

Result<ports::StatusReport> SeventhTransport::status(const ports::StatusQuestion&) {
  return ports::StatusReport{{}, true, false};
}

std::vector<ports::Inbox> SeventhTransport::inboxes() const { return {{own_, {}}}; }

Result<std::vector<ports::Listed>> SeventhTransport::list(const ports::Inbox& inbox, std::stop_token) {
  std::vector<ports::Listed> listed;
  for (const auto& entry : fs::directory_iterator(folder_ / folder_name(inbox.id))) {
    if (const auto name = entry.path().filename().string(); !name.starts_with('.')) listed.push_back({name, false});
  }
  return listed;
}

Result<ports::RemoteItem> SeventhTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  ports::RemoteItem item;
  item.service = descriptor_.service;
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  return item;
}

Result<void> SeventhTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token) {
  std::ifstream file(folder_ / folder_name(item.inbox) / item.remote_id, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return into.write(bytes_of(bytes));
}

Result<ports::InboundDocument> SeventhTransport::open(const ports::RemoteItem&, const ports::BlobRef& raw,
                                                      ports::OpenContext context) {
  auto source = context.blobs.open(raw);
  if (!source) return failed(source);
  std::optional<Result<domain::SbdReading>> reading;
  auto read =
      formats::for_each_entry(**source, {}, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        if (entry.name != "sbd.json") return {};
        auto text = read_all(content, domain::max_sbd_bytes);
        if (!text) return failed(text);
        reading = domain::read_sbd(text_of(*text));
        return {};
      });
  if (!read) return failed(read);
  if (!reading) return reject("seventh.no_sbd", "no sbd.json");
  if (!*reading) return failed(*reading);
  return ports::InboundDocument{std::move((*reading)->sbd), {}, {}};
}

Result<ports::Acknowledged> SeventhTransport::acknowledge(const ports::RemoteItem& item) {
  const bool removed = fs::remove(folder_ / folder_name(item.inbox) / item.remote_id);
  return removed ? ports::Acknowledged::done : ports::Acknowledged::already_done;
}

}  // namespace kanal::transports::seventh

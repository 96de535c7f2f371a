#include "sim/broker_types.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace kanal::sim {
namespace {

constexpr std::array<std::string_view, file_status_count> file_names = {
    "Initialized", "UploadStarted",          "UploadProcessing", "Published",
    "Cancelled",   "AllConfirmedDownloaded", "Purged",           "Failed"};
constexpr std::array<std::string_view, file_status_count> file_texts = {"Ready for upload",
                                                                        "Upload started",
                                                                        "Processing upload",
                                                                        "Ready for download",
                                                                        "FileTransfer cancelled",
                                                                        "All downloaded",
                                                                        "FileTransfer has been purged",
                                                                        "Upload failed"};
constexpr std::array<std::string_view, recipient_status_count> recipient_names = {"Initialized", "DownloadStarted",
                                                                                  "DownloadConfirmed"};
constexpr std::array<std::string_view, recipient_status_count> recipient_texts = {
    "Initialized", "Recipient has attempted to download fileTransfer", "Recipient has downloaded fileTransfer"};

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

template <class Status, std::size_t count>
std::optional<Status> parse(const std::array<std::string_view, count>& names, std::string_view text) {
  for (std::size_t i = 0; i < count; ++i) {
    if (same_word(names[i], text) || text == std::to_string(i)) return static_cast<Status>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(FileStatus status) { return file_names.at(static_cast<std::size_t>(status)); }
std::string_view name_of(RecipientStatus status) { return recipient_names.at(static_cast<std::size_t>(status)); }
std::string_view default_text(FileStatus status) { return file_texts.at(static_cast<std::size_t>(status)); }
std::string_view text_of_recipient(RecipientStatus status) {
  return recipient_texts.at(static_cast<std::size_t>(status));
}
std::optional<FileStatus> parse_file_status(std::string_view text) { return parse<FileStatus>(file_names, text); }
std::optional<RecipientStatus> parse_recipient_status(std::string_view text) {
  return parse<RecipientStatus>(recipient_names, text);
}

BrokerErrorText describe(int number) {
  switch (number) {
    case 1:
      return {404, "The requested file transfer was not found"};
    case 2:
      return {400, "Service owner is not configured for the resource"};
    case 3:
      return {400, "No file has been uploaded for the file transfer"};
    case 4:
      return {409,
              "A file has already been, or attempted to be, uploaded to this file transfer. Initialize a new one."};
    case 5:
      return {403, "The resource does not exist in Altinn or is not set up for broker use"};
    case 6:
      return {401, "You must use a token with access to the resource on behalf of the party"};
    case 7:
      return {403, "The file transfer is not ready for download"};
    case 8:
      return {500, "Error occurred while uploading the file. See /details for more information."};
    case 9:
      return {400, "The checksum of the uploaded file does not match the checksum given at initialization"};
    case 10:
      return {400,
              "A file transfer can only be confirmed to be downloaded when it is published. See file transfer status."};
    case 16:
      return {400, "The file is larger than the resource or the broker allows"};
    case 19:
      return {400, "The file must be downloaded before the download can be confirmed"};
    case 20:
      return {400, "The virus scan may not be disabled for the resource"};
    case 21:
      return {503, "The storage is not ready yet. Try again later."};
    case 24:
      return {400, "The service owner is not set up"};
    case 25:
      return {400, "The resource is not configured"};
    case 26:
      return {400, "The required party is neither sender nor recipient"};
    case 27:
      return {400, "The file transfer does not fulfil the rules for parties of the resource"};
    case 28:
      return {400, "A recipient is not on the access list of the resource"};
    case 29:
      return {416, "The requested range is not satisfiable"};
    case 30:
      return {503, "Internal error"};
    default:
      return {500, "Unexpected error"};
  }
}

}  // namespace kanal::sim

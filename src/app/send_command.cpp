#include "app/send_command.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/file_mimetype.hpp"
#include "app/case_system.hpp"
#include "app/serve_command.hpp"
#include "domain/partner.hpp"

namespace kanal::app {
namespace {

namespace fs = std::filesystem;

Result<std::vector<OutgoingFile>> files_of(const std::vector<std::string>& paths) {
  std::vector<OutgoingFile> files;
  const auto add = [&](const fs::path& path) {
    OutgoingFile file;
    file.name = path.filename().string();
    file.mimetype = api::file_mimetype("", file.name);
    file.path = path;
    files.push_back(std::move(file));
  };
  for (const auto& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      std::vector<fs::path> entries;
      for (const auto& entry : fs::directory_iterator(path, error)) {
        if (entry.is_regular_file()) entries.push_back(entry.path());
      }
      std::ranges::sort(entries);
      for (const auto& entry : entries) add(entry);
    } else if (fs::is_regular_file(path, error)) {
      add(path);
    } else {
      return reject("client.file", path + " is neither a file nor a folder");
    }
  }
  if (files.empty()) return reject("client.file", "there is no file to send");
  return files;
}

std::string full_identifier(const std::string& text) { return domain::is_orgnr(text) ? "0192:" + text : text; }

bool is_end(const std::string& status) {
  return status == "LEVERT" || status == "LEST" || status == "FEIL" || status == "LEVETID_UTLOPT";
}

/// Prints each status once; gives whether the message was delivered.
Result<bool> follow(CaseSystem& client, const std::string& id, bool json) {
  std::size_t shown = 0;
  for (;;) {
    auto statuses = client.statuses(id);
    if (!statuses) return failed(statuses);
    for (; shown < statuses->size(); ++shown) {
      const auto& status = (*statuses)[shown];
      if (json) {
        std::cout << boost::json::serialize(
                         boost::json::object{{"messageId", id}, {"status", status.status}, {"at", status.at}})
                  << std::endl;
      } else {
        std::cout << "  " << status.at << "  " << status.status
                  << (status.description.empty() ? "" : "  " + status.description) << std::endl;
      }
      if (is_end(status.status)) return status.status == "LEVERT" || status.status == "LEST";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

}  // namespace

int send_files(const SendOptions& options) {
  auto files = files_of(options.paths);
  if (!files) {
    std::cerr << "kanal send: " << files.error().text() << "\n";
    return exit_code::configuration;
  }
  net::HttpClient http({});
  CaseSystem client(options.url, http, options.user.empty() ? std::nullopt : std::optional(options.user));
  Letter letter;
  letter.sender = options.sender.empty() ? "" : full_identifier(options.sender);
  letter.receiver = full_identifier(options.receiver);
  letter.title = options.title;
  letter.type = options.type;
  if (letter.type.empty()) letter.type = domain::is_person_number(letter.receiver) ? "digital" : "arkivmelding";
  letter.process = letter.type == "arkivmelding" ? archive_process : digital_post_process;
  if (!options.process.empty()) letter.process = options.process;
  letter.files = std::move(*files);
  auto id = client.send(letter);
  if (!id) {
    std::cerr << "kanal send: " << id.error().text() << "\n";
    return exit_code::failed;
  }
  if (options.json) {
    std::cout << boost::json::serialize(boost::json::object{{"messageId", *id}}) << std::endl;
  } else {
    std::cout << "sent as " << *id << "; statuses: " << client.url() << "/api/statuses/" << *id << std::endl;
  }
  if (!options.wait) return exit_code::good;
  auto delivered = follow(client, *id, options.json);
  if (!delivered) {
    std::cerr << "kanal send: " << delivered.error().text() << "\n";
    return exit_code::failed;
  }
  return *delivered ? exit_code::good : exit_code::failed;
}

}  // namespace kanal::app

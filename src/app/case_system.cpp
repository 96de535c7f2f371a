#include "app/case_system.hpp"

#include <fstream>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"

namespace kanal::app {
namespace {

namespace json = boost::json;

constexpr std::string_view receipt_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";

/// A file on disk as a Source.
class FileSource final : public Source {
 public:
  explicit FileSource(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  [[nodiscard]] bool is_open() const { return file_.is_open(); }
  Result<std::size_t> read(std::span<std::byte> into) override {
    file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
    if (file_.bad()) return reject("client.file", "the file cannot be read");
    return static_cast<std::size_t>(file_.gcount());
  }

 private:
  std::ifstream file_;
};

std::string text_at(const json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  const auto* found = value.find_pointer(pointer, error);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

Result<json::value> parsed(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error) return reject("client.answer", "the installation's answer is no JSON");
  return value;
}

tl::unexpected<Error> refused(const net::ClientResponse& response, std::string_view what) {
  json::error_code error;
  const auto value = json::parse(response.body, error);
  std::string text = fmt::format("{} was answered {}", what, response.status);
  if (!error) {
    for (const auto* pointer : {"/message", "/description", "/exception"}) {
      if (const auto found = text_at(value, pointer); !found.empty()) text += "; " + found;
    }
  }
  return response.status >= 500 ? retry("client.refused", text) : reject("client.refused", text);
}

std::string header_text(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? '\'' : c;
  return out + '"';
}

/// `attachment; name=..; filename=..`, with RFC 5987 forms so that any script survives.
std::string disposition(const OutgoingFile& file, std::string_view title) {
  return fmt::format("attachment; name*=UTF-8''{}; filename*=UTF-8''{}; filename={}", net::url_encode(title),
                     net::url_encode(file.name), header_text(file.name));
}

}  // namespace

std::vector<OutgoingFile> complete_files(const Letter& letter) {
  if (letter.type != "arkivmelding") return letter.files;
  std::vector<OutgoingFile> files;
  bool has_arkivmelding = false;
  for (const auto& file : letter.files) has_arkivmelding = has_arkivmelding || file.name == "arkivmelding.xml";
  if (!has_arkivmelding) files.push_back({"arkivmelding.xml", "application/xml", make_arkivmelding_xml(letter)});
  files.insert(files.end(), letter.files.begin(), letter.files.end());
  return files;
}

CaseSystem::CaseSystem(std::string url, net::HttpClient& http, std::optional<std::string> basic_auth)
    : url_(std::move(url)), http_(http), basic_auth_(std::move(basic_auth)) {
  while (url_.ends_with('/')) url_.pop_back();
}

net::ClientRequest CaseSystem::request(std::string method, const std::string& path) const {
  net::ClientRequest request;
  request.method = std::move(method);
  request.url = url_ + path;
  if (basic_auth_) request.headers.emplace_back("Authorization", "Basic " + to_base64(bytes_of(*basic_auth_)));
  return request;
}

Result<net::ClientResponse> CaseSystem::call(net::ClientRequest request) {
  const std::string what = request.method + " " + request.url.substr(url_.size());
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (!response->ok()) return refused(*response, what);
  return response;
}

Result<std::string> CaseSystem::create_document(const json::object& sbd) {
  auto post = request("POST", "/api/messages/out");
  post.headers.emplace_back("Content-Type", "application/json");
  post.body = json::serialize(sbd);
  auto created = call(std::move(post));
  if (!created) return failed(created);
  auto answer = parsed(created->body);
  if (!answer) return failed(answer);
  return text_at(*answer, "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier");
}

Result<void> CaseSystem::upload(const std::string& message_id, const OutgoingFile& file, const std::string& title) {
  auto put = request("PUT", "/api/messages/out/" + message_id);
  put.headers.emplace_back("Content-Type", file.mimetype);
  put.headers.emplace_back("Content-Disposition", disposition(file, title));
  std::optional<FileSource> source;
  if (file.path.empty()) {
    put.body = file.content;
  } else {
    source.emplace(file.path);
    if (!source->is_open()) return reject("client.file", file.path.string() + " cannot be opened");
    std::error_code error;
    put.upload = &*source;
    put.upload_size = std::filesystem::file_size(file.path, error);
    put.total_timeout.reset();
  }
  auto stored = call(std::move(put));
  if (!stored) return failed(stored);
  return {};
}

Result<std::string> CaseSystem::create(const Letter& letter) { return create_document(make_sbd(letter)); }

Result<void> CaseSystem::submit(const std::string& message_id) {
  auto sent = call(request("POST", "/api/messages/out/" + message_id));
  if (!sent) return failed(sent);
  return {};
}

Result<std::string> CaseSystem::send(const Letter& letter) {
  auto id = create(letter);
  if (!id) return failed(id);
  for (const auto& file : complete_files(letter)) {
    const bool main = !letter.files.empty() && letter.files.front().name == file.name;
    if (auto stored = upload(*id, file, main ? "Hoveddokument" : file.name); !stored) return failed(stored);
  }
  if (auto sent = submit(*id); !sent) return failed(sent);
  return id;
}

Result<std::string> CaseSystem::send_multipart(const Letter& letter) {
  const std::string boundary = "kanal-" + new_uuid();
  std::string body = fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"sbd\"\r\nContent-Type: application/json\r\n\r\n{}\r\n", boundary,
      json::serialize(make_sbd(letter)));
  for (const auto& file : complete_files(letter)) {
    body += fmt::format("--{}\r\nContent-Disposition: form-data; name={}; filename={}\r\nContent-Type: {}\r\n\r\n",
                        boundary, header_text(file.name), header_text(file.name), file.mimetype);
    body += file.content;
    body += "\r\n";
  }
  body += "--" + boundary + "--\r\n";
  auto post = request("POST", "/api/messages/out/multipart");
  post.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  post.body = std::move(body);
  auto sent = call(std::move(post));
  if (!sent) return failed(sent);
  auto answer = parsed(sent->body);
  if (!answer) return failed(answer);
  return text_at(*answer, "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier");
}

Result<std::string> CaseSystem::send_receipt(const Peeked& about, std::string_view receipt_type) {
  const json::value original(about.sbd);
  const auto receiver = original.at_pointer("/standardBusinessDocumentHeader/sender");
  const auto sender = original.at_pointer("/standardBusinessDocumentHeader/receiver");
  json::object header;
  header["headerVersion"] = "1.0";
  header["sender"] = sender;
  header["receiver"] = receiver;
  header["documentIdentification"] = json::object{{"standard", "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"},
                                                  {"typeVersion", "2.0"},
                                                  {"type", "arkivmelding_kvittering"}};
  header["businessScope"] =
      json::object{{"scope", json::array{json::object{{"type", "ConversationId"},
                                                      {"instanceIdentifier", about.conversation_id},
                                                      {"identifier", receipt_process}}}}};
  json::object sbd{{"standardBusinessDocumentHeader", std::move(header)},
                   {"arkivmelding_kvittering", json::object{{"receiptType", receipt_type},
                                                            {"relatedToMessageId", about.message_id},
                                                            {"messages", json::array{}}}}};
  auto id = create_document(sbd);
  if (!id) return failed(id);
  if (auto sent = submit(*id); !sent) return failed(sent);
  return id;
}

Result<std::optional<Peeked>> CaseSystem::peek() {
  auto response = call(request("GET", "/api/messages/in/peek"));
  if (!response) return failed(response);
  if (response->status == 204) return std::optional<Peeked>{};
  auto answer = parsed(response->body);
  if (!answer) return failed(answer);
  return as_peeked(*answer);
}

Result<std::optional<Peeked>> CaseSystem::waiting() {
  auto response = call(request("GET", "/api/messages/in?size=1"));
  if (!response) return failed(response);
  auto answer = parsed(response->body);
  if (!answer) return failed(answer);
  boost::system::error_code error;
  const auto* first = answer->find_pointer("/content/0", error);
  if (first == nullptr) return std::optional<Peeked>{};
  return as_peeked(*first);
}

Result<std::optional<Peeked>> CaseSystem::as_peeked(const boost::json::value& sbd) {
  if (!sbd.is_object()) return reject("client.answer", "the document is no object");
  Peeked peeked;
  peeked.message_id = text_at(sbd, "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier");
  peeked.type = text_at(sbd, "/standardBusinessDocumentHeader/documentIdentification/type");
  peeked.sender = text_at(sbd, "/standardBusinessDocumentHeader/sender/0/identifier/value");
  peeked.related_to = text_at(sbd, "/" + peeked.type + "/relatedToMessageId");
  boost::system::error_code error;
  const auto* scopes = sbd.find_pointer("/standardBusinessDocumentHeader/businessScope/scope", error);
  if (scopes != nullptr && scopes->is_array()) {
    for (const auto& scope : scopes->get_array()) {
      if (text_at(scope, "/type") == "ConversationId") peeked.conversation_id = text_at(scope, "/instanceIdentifier");
    }
  }
  peeked.sbd = sbd.get_object();
  return std::optional(std::move(peeked));
}

Result<std::optional<std::string>> CaseSystem::pop(const std::string& message_id) {
  auto get = request("GET", "/api/messages/in/pop/" + message_id);
  get.max_response_bytes = std::uint64_t{64} * 1024 * 1024;
  auto response = call(std::move(get));
  if (!response) return failed(response);
  if (response->status == 204) return std::optional<std::string>{};
  return std::optional(std::move(response->body));
}

Result<std::uint64_t> CaseSystem::pop_into(const std::string& message_id, Sink& sink) {
  /// Counts what passes.
  class Counter final : public Sink {
   public:
    explicit Counter(Sink& to) : to_(to) {}
    Result<void> write(ByteView bytes) override {
      count_ += bytes.size();
      return to_.write(bytes);
    }
    Result<void> finish() override { return to_.finish(); }
    [[nodiscard]] std::uint64_t count() const { return count_; }

   private:
    Sink& to_;
    std::uint64_t count_ = 0;
  } counter(sink);
  auto get = request("GET", "/api/messages/in/pop/" + message_id);
  get.total_timeout.reset();
  auto response = http_.send(get, counter);
  if (!response) return failed(response);
  if (!response->ok()) return refused(*response, "pop");
  return counter.count();
}

Result<void> CaseSystem::remove(const std::string& message_id) {
  auto removed = call(request("DELETE", "/api/messages/in/" + message_id));
  if (!removed) return failed(removed);
  return {};
}

Result<std::vector<SeenStatus>> CaseSystem::statuses(const std::string& message_id) {
  auto response = call(request("GET", "/api/statuses/" + message_id + "?size=100"));
  if (!response) return failed(response);
  auto answer = parsed(response->body);
  if (!answer) return failed(answer);
  std::vector<SeenStatus> seen;
  boost::system::error_code error;
  const auto* content = answer->find_pointer("/content", error);
  if (content == nullptr || !content->is_array()) return reject("client.answer", "the statuses have no content");
  for (const auto& entry : content->get_array()) {
    seen.push_back({text_at(entry, "/status"), text_at(entry, "/lastUpdate"), text_at(entry, "/description")});
  }
  return seen;
}

}  // namespace kanal::app

#include "transports/dpv/correspondence_client.hpp"

#include <fmt/format.h>

#include "lookup/upload_body.hpp"
#include "transports/dpv/correspondence_answers.hpp"

namespace kanal::transports::dpv {
namespace {

constexpr std::string_view scope = "eformidling:dpv";
/// A token must outlive the upload.
constexpr std::chrono::seconds token_for_sending{120};
constexpr std::chrono::milliseconds connect_timeout{10'000};
constexpr std::chrono::milliseconds question_timeout{30'000};
/// An upload may take as long as it moves.
constexpr std::chrono::milliseconds upload_idle{120'000};
constexpr std::uint64_t max_answer = std::uint64_t{1024} * 1024;

/// The text parts, then the files in the order of their metadata (5.1).
void fill(lookup::UploadBody& body, const Correspondence& correspondence) {
  std::string texts;
  for (const auto& [name, text] : correspondence.fields) {
    texts += fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\n{}\r\n",
        body.boundary(), name, text);
  }
  body.add(std::move(texts));
  for (const auto* file : correspondence.files) {
    body.add(fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        body.boundary(), file->filename, file->mimetype));
    body.add(file->blob);
    body.add("\r\n");
  }
  body.add(fmt::format("--{}--\r\n", body.boundary()));
}

}  // namespace

CorrespondenceClient::CorrespondenceClient(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log)
    : settings_(settings), http_(http), clock_(clock), tokens_(settings.token_client, http, clock, log) {}

Result<net::ClientResponse> CorrespondenceClient::post(const Correspondence& correspondence, ports::BlobStore& blobs,
                                                       const std::string& token, const std::stop_token& stop) {
  lookup::UploadBody body(blobs, {});
  fill(body, correspondence);
  net::ClientRequest request;
  request.method = "POST";
  request.url = settings_.service + "/correspondence/upload";
  request.headers = {{"Authorization", "Bearer " + token},
                     {"Accept", "application/json"},
                     {"Content-Type", "multipart/form-data; boundary=" + body.boundary()}};
  request.upload = &body;
  request.max_response_bytes = max_answer;
  request.connect_timeout = connect_timeout;
  request.total_timeout.reset();
  request.inactivity_timeout = upload_idle;
  request.stop = stop;
  return http_.send(request);
}

Result<std::string> CorrespondenceClient::upload(const Correspondence& correspondence, ports::BlobStore& blobs,
                                                 const std::stop_token& stop) {
  const lookup::TokenRequest wanted{{std::string(scope)}, {}, {}, token_for_sending};
  auto token = tokens_.token(wanted);
  if (!token) return failed(token);
  auto response = post(correspondence, blobs, *token, stop);
  if (response && response->status == 401) {
    tokens_.reject(wanted, *token);
    auto fresh = tokens_.token(wanted);
    if (fresh && *fresh != *token) response = post(correspondence, blobs, *fresh, stop);
  }
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "the correspondence", clock_.now()));
  return read_created(response->body);
}

Result<net::ClientResponse> CorrespondenceClient::ask(std::string path) {
  net::ClientRequest request;
  request.url = settings_.service + std::move(path);
  request.headers = {{"Accept", "application/json"}};
  request.max_response_bytes = max_answer;
  request.connect_timeout = connect_timeout;
  request.total_timeout = question_timeout;
  return lookup::send_with_token(http_, tokens_, {{std::string(scope)}, {}, {}, {}}, std::move(request));
}

Result<net::ClientResponse> CorrespondenceClient::overview(const std::string& id) {
  return ask("/correspondence/" + net::url_encode(id));
}

Result<std::string> CorrespondenceClient::find(const std::string& message_id, const std::string& resource) {
  const auto about = fmt::format("/correspondence?resourceId={}&role=Sender", net::url_encode(resource));
  // The same look-up by its other name when the first finds nothing (5.4).
  for (const auto* name : {"sendersReference", "idempotentKey"}) {
    auto response = ask(fmt::format("{}&{}={}", about, name, net::url_encode(message_id)));
    if (!response) return failed(response);
    if (!response->ok()) return tl::unexpected(error_of(*response, "the look-up", clock_.now()));
    auto ids = read_ids(response->body);
    if (!ids) return failed(ids);
    if (!ids->empty()) return std::move(ids->front());
  }
  return std::string{};
}

Result<void> CorrespondenceClient::knock(const std::stop_token& stop) {
  if (settings_.health_check.empty()) return {};
  net::ClientRequest request;
  request.url = settings_.health_check;
  request.headers = {{"Accept", "application/json"}};
  request.max_response_bytes = max_answer;
  request.connect_timeout = connect_timeout;
  request.total_timeout = question_timeout;
  request.stop = stop;
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "the health check", clock_.now()));
  return {};
}

}  // namespace kanal::transports::dpv

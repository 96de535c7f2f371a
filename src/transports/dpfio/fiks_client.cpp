#include "transports/dpfio/fiks_client.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "base/ids.hpp"
#include "lookup/remote_answer.hpp"
#include "lookup/upload_body.hpp"

namespace kanal::transports::dpfio {
namespace {

namespace json = boost::json;
using namespace std::chrono;

/// A token must outlive the upload's beginning.
constexpr seconds token_for_sending{45};
constexpr milliseconds question_timeout{30'000};
/// Access comes when somebody grants it.
constexpr minutes patience{5};
constexpr std::string_view catalogue = "/fiks-io/katalog/api/v1/kontoer/";

/// `message` and `errorId` of the platform's error body (section 3): what its operators ask for.
std::string problem_text(const std::string& body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  const auto value = json::parse(body, error, {}, options);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return lookup::remote_text(body);
  const auto text_in = [&](std::string_view name) {
    const auto* member = object->if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string{};
  };
  auto text = text_in("message");
  if (text.empty()) text = text_in("error");
  const auto id = text_in("errorId");
  return lookup::remote_text(text) + (is_uuid(id) ? " (errorId " + id + ")" : "");
}

}  // namespace

FiksClient::FiksClient(const Settings& settings, net::HttpClient& http, lookup::TokenSource& tokens, Clock& clock)
    : settings_(settings), http_(http), tokens_(tokens), clock_(clock) {}

net::ClientRequest FiksClient::request_to(const Account* account, std::string path) const {
  net::ClientRequest request;
  request.url = settings_.api_url + std::move(path);
  request.headers = {{"Accept", "application/json"}};
  if (account != nullptr) {
    request.headers.emplace_back("IntegrasjonId", account->integrasjons_id);
    request.headers.emplace_back("IntegrasjonPassord", account->integrasjons_passord.reveal());
  }
  request.total_timeout = question_timeout;
  return request;
}

Error FiksClient::error_of(const net::ClientResponse& response, std::string_view call, const Account* account) const {
  const auto said = problem_text(response.body);
  const int status = response.status;
  Error error;
  error.message = fmt::format("Fiks IO answered {} to {}{}{}", status, call, said.empty() ? "" : ": ", said);
  error.retry_after = lookup::retry_after(response, clock_.now());
  error.disposition = Disposition::retry;
  const std::string property = account != nullptr ? account->property : "difi.move.fiks.io.";
  if (status == 401 || status == 403) {
    error.code = status == 401 ? "dpfio.credentials" : "dpfio.denied";
    error.message += fmt::format(
        " (check {0}integrasjons-id and {0}integrasjons-passord, that the integration may use {0}konto-id, and that "
        "the "
        "organisation of the Maskinporten token is the one it is authorised for)",
        property);
    if (!error.retry_after) error.retry_after = patience;
  } else if (lookup::is_temporary(status)) {
    error.code = "dpfio.away";
  } else {
    error.code = status == 404 ? "dpfio.unknown_account" : "dpfio.refused";
    error.disposition = Disposition::reject;
  }
  return error;
}

Result<net::ClientResponse> FiksClient::post(const Account& account, const MeldingSpesifikasjon& spesifikasjon,
                                             const ports::BlobRef* payload, ports::BlobStore& blobs,
                                             const std::string& token, const std::stop_token& stop) {
  lookup::UploadBody body(blobs, {});
  body.add(lookup::part_head(body.boundary(), "", R"(name="metadata")", "application/json; charset=UTF-8") +
           write_json(spesifikasjon));
  if (payload != nullptr) {
    body.add(lookup::part_head(body.boundary(), "\r\n", fmt::format(R"(name="data"; filename="{}")", new_uuid()),
                               "application/octet-stream"));
    body.add(*payload);
  }
  body.add(fmt::format("\r\n--{}--\r\n", body.boundary()));
  auto request = request_to(&account, "/fiks-io/api/v1/send");
  request.method = "POST";
  request.headers.emplace_back("Authorization", "Bearer " + token);
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + body.boundary());
  request.upload = &body;
  request.total_timeout.reset();  // as long as it moves
  request.inactivity_timeout = settings_.idle_timeout;
  request.stop = stop;
  return http_.send(request);
}

Result<std::string> FiksClient::send(const Account& account, const MeldingSpesifikasjon& spesifikasjon,
                                     const ports::BlobRef* payload, ports::BlobStore& blobs, std::stop_token stop) {
  auto wanted = fiks_token();
  wanted.at_least = token_for_sending;
  auto token = tokens_.token(wanted);
  if (!token) return failed(token);
  auto response = post(account, spesifikasjon, payload, blobs, *token, stop);
  if (response && response->status == 401) {
    tokens_.reject(wanted, *token);
    auto fresh = tokens_.token(wanted);
    if (fresh && *fresh != *token) response = post(account, spesifikasjon, payload, blobs, *fresh, stop);
  }
  if (!response) return failed(response);
  if (!response->ok()) return tl::unexpected(error_of(*response, "the message", &account));
  return read_sent(response->body);
}

Result<Konto> FiksClient::konto(const Account& account, const std::string& konto_id) {
  auto response = lookup::send_with_token(http_, tokens_, fiks_token(),
                                          request_to(&account, std::string(catalogue) + net::url_encode(konto_id)));
  if (!response) return failed(response);
  if (response->status == 404) {
    return reject("dpfio.unknown_account", fmt::format("the catalogue of Fiks IO knows no account {}", konto_id));
  }
  if (!response->ok()) return tl::unexpected(error_of(*response, "the question for an account", &account));
  return read_konto(response->body, konto_id);
}

Result<std::string> FiksClient::public_key(const std::string& konto_id) {
  auto response =
      http_.send(request_to(nullptr, fmt::format("{}{}/offentligNokkel", catalogue, net::url_encode(konto_id))));
  if (!response) return failed(response);
  if (response->status == 404) {
    return retry("dpfio.no_key",
                 fmt::format("account {} has no public key at Fiks IO: its owner must give it one", konto_id));
  }
  if (!response->ok()) return tl::unexpected(error_of(*response, "the question for a public key", nullptr));
  return read_key(response->body);
}

Result<void> FiksClient::download(const Account& account, const std::string& dokumentlager_id, Sink& into,
                                  std::stop_token stop) {
  auto token = tokens_.token(fiks_token());
  if (!token) return failed(token);
  auto request = request_to(&account, "/dokumentlager/nedlasting/" + net::url_encode(dokumentlager_id));
  request.headers.emplace_back("Authorization", "Bearer " + *token);
  request.total_timeout = hours(1);
  request.inactivity_timeout = minutes(1);
  request.stop = std::move(stop);
  auto response = http_.send(request, into);
  if (!response) return failed(response);
  if (response->status == 401) tokens_.reject(fiks_token(), *token);
  if (response->ok()) return {};
  if (response->status == 404 || response->status == 410) {
    return reject("dpfio.payload_gone",
                  fmt::format("the payload {} is not in Fiks Dokumentlager (any more): the message cannot be read",
                              dokumentlager_id));
  }
  return tl::unexpected(error_of(*response, "the download of a payload", &account));
}

}  // namespace kanal::transports::dpfio

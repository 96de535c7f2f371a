#include "transports/dpf/svarut_rest.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "transports/dpf/forsendelse_json.hpp"
#include "transports/dpf/svarut_errors.hpp"

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;

/// A token must outlive the encryption of what goes before the answer.
constexpr std::chrono::seconds token_for_sending{45};
/// For calls without documents.
constexpr std::chrono::milliseconds question_timeout{60'000};
constexpr std::uint64_t max_answer = std::uint64_t{8} * 1024 * 1024;

Caller caller_of(const RestAccount& account) {
  return {
      fmt::format("konto {}, integrasjon {}", account.konto_id, account.integrasjon_id),
      fmt::format("{0}integrasjon-id and {0}integrasjon-passord, and that the organisation of the Maskinporten token "
                  "is the one that the integration is authorised for",
                  account.property),
      fmt::format("the account of {}, and that the integration has the right to use it", account.property)};
}

/// The JSON first, then the documents in its order (3.3).
void fill(lookup::UploadBody& body, const Forsendelse& forsendelse) {
  body.add(lookup::part_head(body.boundary(), "", R"(name="forsendelse")", "application/json;charset=UTF-8") +
           write_json(forsendelse));
  int number = 0;
  for (const auto& dokument : forsendelse.dokumenter) {
    body.add(lookup::part_head(body.boundary(), "\r\n",
                               fmt::format(R"(name="filer_{}"; filename="{}")", number++, dokument.file->filename),
                               dokument.file->mimetype));
    body.add(dokument.file->blob);
  }
  body.add(fmt::format("\r\n--{}--\r\n", body.boundary()));
}

}  // namespace

SvarUtRest::SvarUtRest(const Settings& settings, net::HttpClient& http, Clock& clock, Log& log)
    : settings_(settings), http_(http), clock_(clock), tokens_(*settings.token_client, http, clock, log) {}

Result<const RestAccount*> SvarUtRest::account_of(const std::string& sender) const {
  const auto account = settings_.rest_accounts.find(sender);
  if (account != settings_.rest_accounts.end()) return &account->second;
  return retry("dpf.no_account", fmt::format("SvarUt credentials not configured for orgnr {}", sender));
}

lookup::TokenRequest SvarUtRest::token_request(const RestAccount& account, const std::string& sender) const {
  lookup::TokenRequest request{settings_.scopes, {}, {}, {}};
  if (account.as_consumer) request.consumer_org = sender;
  return request;
}

net::ClientRequest SvarUtRest::request_to(const RestAccount& account, std::string path) const {
  net::ClientRequest request;
  request.url = settings_.rest_url + std::move(path);
  request.headers = {{"IntegrasjonId", account.integrasjon_id},
                     {"IntegrasjonPassord", account.integrasjon_passord.reveal()},
                     {"Accept", "application/json"}};
  request.max_response_bytes = max_answer;
  return request;
}

Error SvarUtRest::error_of(const net::ClientResponse& response, const RestAccount& account,
                           std::string_view call) const {
  return error_of_answer(response, call, problem_text(response.body), caller_of(account), clock_.now());
}

Result<net::ClientResponse> SvarUtRest::post(const RestAccount& account, const Forsendelse& forsendelse,
                                             const lookup::Recipient& recipient, ports::BlobStore& blobs,
                                             const std::string& token, const std::stop_token& stop) {
  lookup::UploadBody body(blobs, recipient);
  fill(body, forsendelse);
  auto request = request_to(account, fmt::format("/api/v3/kontoer/{}/forsendelser/organisasjon", account.konto_id));
  request.method = "POST";
  request.headers.emplace_back("Authorization", "Bearer " + token);
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + body.boundary());
  request.upload = &body;
  request.total_timeout.reset();  // as long as it moves
  request.inactivity_timeout = settings_.idle_timeout;
  request.stop = stop;
  return http_.send(request);
}

Result<std::string> SvarUtRest::send(const Forsendelse& forsendelse, const lookup::Recipient& recipient,
                                     ports::BlobStore& blobs, std::stop_token stop) {
  auto account = account_of(forsendelse.sender);
  if (!account) return failed(account);
  auto wanted = token_request(**account, forsendelse.sender);
  wanted.at_least = token_for_sending;
  auto token = tokens_.token(wanted);
  if (!token) return failed(token);
  auto response = post(**account, forsendelse, recipient, blobs, *token, stop);
  if (response && response->status == 401) {
    tokens_.reject(wanted, *token);
    auto fresh = tokens_.token(wanted);
    if (fresh && *fresh != *token) response = post(**account, forsendelse, recipient, blobs, *fresh, stop);
  }
  if (!response) return failed(response);
  if (response->status != 200) return tl::unexpected(error_of(*response, **account, "the forsendelse"));
  return read_sent(response->body);
}

Result<std::string> SvarUtRest::ask(const std::string& sender, const RestAccount& account, net::ClientRequest request,
                                    std::string_view call) {
  request.total_timeout = question_timeout;
  auto response = lookup::send_with_token(http_, tokens_, token_request(account, sender), std::move(request));
  if (!response) return failed(response);
  if (response->status != 200) return tl::unexpected(error_of(*response, account, call));
  return std::move(response->body);
}

Result<std::vector<ForsendelseStatus>> SvarUtRest::statuses(const std::string& sender,
                                                            const std::vector<std::string>& ids) {
  auto account = account_of(sender);
  if (!account) return failed(account);
  auto request = request_to(**account, fmt::format("/api/v3/kontoer/{}/forsendelser/status/sok", (*account)->konto_id));
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = json::serialize(json::object{{"id", json::array(ids.begin(), ids.end())}});
  auto body = ask(sender, **account, std::move(request), "the question for statuses");
  if (!body) return failed(body);
  return read_statuses(*body);
}

Result<std::string> SvarUtRest::find(const std::string& sender, const std::string& message_id) {
  auto account = account_of(sender);
  if (!account) return failed(account);
  const auto query = "?eksternRef=" + net::url_encode(message_id);
  const auto path = fmt::format("/api/v2/kontoer/{}/forsendelser", (*account)->konto_id);
  constexpr std::string_view call = "the look-up of our reference";
  auto body = ask(sender, **account, request_to(**account, path + query), call);
  if (!body) return failed(body);
  auto ids = read_ids(*body);
  if (!ids) return failed(ids);
  if (ids->size() < 2) return ids->empty() ? std::string{} : std::move(ids->front());
  auto dated = ask(sender, **account, request_to(**account, path + "/metadata" + query), call);
  if (!dated) return failed(dated);
  auto newest = read_newest(*dated);
  return newest && newest->empty() ? std::move(ids->front()) : newest;
}

Result<std::vector<std::string>> SvarUtRest::types(const std::string& sender, std::stop_token stop) {
  auto account = account_of(sender);
  if (!account) return failed(account);
  auto request = request_to(**account, "/api/v2/forsendelsestyper");
  request.stop = std::move(stop);
  auto body = ask(sender, **account, std::move(request), "the question for types");
  if (!body) return failed(body);
  return read_types(*body);
}

std::set<std::string> SvarUtRest::senders() const {
  std::set<std::string> senders;
  for (const auto& [organisation, account] : settings_.rest_accounts) senders.insert(organisation);
  return senders;
}

std::vector<std::string> SvarUtRest::problems() const {
  std::vector<std::string> problems;
  for (const auto& token : tokens_.health()) {
    if (!token.last_error.empty()) {
      problems.push_back(fmt::format("{} ({}): {}", token.organisation, token.scopes, token.last_error));
    }
  }
  return problems;
}

}  // namespace kanal::transports::dpf

#include "transports/dpf/svarut_soap.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lookup/remote_answer.hpp"
#include "transports/dpf/svarut_envelope.hpp"
#include "transports/dpf/svarut_errors.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::chrono::milliseconds question_timeout{60'000};
constexpr std::uint64_t max_answer = std::uint64_t{8} * 1024 * 1024;
constexpr std::string_view soap_type = "application/soap+xml";

/// Texts of faults that no second attempt gets rid of.
constexpr std::array<std::string_view, 3> final_faults{"Ugyldig innhold", "Feil under lesing av",
                                                       "Kan ikke lagre tomt dokument"};
constexpr std::array<std::string_view, 2> duplicate_faults{"Duplikat", "Forsendelse med samme mottaker"};

template <std::size_t size>
bool has_one_of(const std::string& text, const std::array<std::string_view, size>& words) {
  return std::ranges::any_of(words, [&](auto word) { return text.find(word) != std::string::npos; });
}

Caller caller_of(const SoapLogin& login) {
  return {"user " + login.username,
          fmt::format("{0}username and {0}password: a new password may have been generated at KS", login.property),
          fmt::format("the rights of the account of {}username", login.property)};
}

void fill(lookup::UploadBody& body, const Forsendelse& forsendelse) {
  body.add(
      fmt::format("--{}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"{}\"\r\n"
                  "Content-Transfer-Encoding: binary\r\nContent-ID: <root@kanal>\r\n\r\n{}",
                  body.boundary(), soap_type, write_send(forsendelse)));
  for (std::size_t i = 0; i < forsendelse.dokumenter.size(); ++i) {
    body.add(
        fmt::format("\r\n--{}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
                    "Content-ID: <{}>\r\n\r\n",
                    body.boundary(), content_id(i)));
    body.add(forsendelse.dokumenter[i].file->blob);
  }
  body.add(fmt::format("\r\n--{}--\r\n", body.boundary()));
}

}  // namespace

SvarUtSoap::SvarUtSoap(const Settings& settings, net::HttpClient& http, Clock& clock)
    : settings_(settings), http_(http), clock_(clock) {}

Result<const SoapLogin*> SvarUtSoap::login_of(const std::string& sender) const {
  const auto login = settings_.soap_logins.find(sender);
  if (login != settings_.soap_logins.end()) return &login->second;
  return retry("dpf.no_account", fmt::format("SvarUt credentials not configured for orgnr {}", sender));
}

net::ClientRequest SvarUtSoap::request_as(const SoapLogin& login) const {
  net::ClientRequest request;
  request.method = "POST";
  request.url = settings_.soap_url;
  request.headers = {{"Authorization", "Basic " + to_base64(bytes_of(login.username + ":" + login.password.reveal()))},
                     {"Accept", "application/soap+xml, multipart/related"}};
  request.max_response_bytes = max_answer;
  return request;
}

Result<std::string> SvarUtSoap::call(const net::ClientRequest& request, const SoapLogin& login, std::string_view what) {
  auto response = http_.send(request);
  if (!response) return failed(response);
  const auto root = root_part(response->header("Content-Type"), response->body);
  if (response->status == 200) return std::string(root);
  const bool may_be_fault = response->status == 400 || response->status == 500;
  const auto fault = may_be_fault ? fault_in(root) : std::nullopt;
  if (!fault) return tl::unexpected(error_of_answer(*response, what, {}, caller_of(login), clock_.now()));
  const auto said = fmt::format("SvarUt answered {} with a fault: {}", what, lookup::remote_text(*fault));
  if (has_one_of(*fault, duplicate_faults)) return reject("dpf.duplicate", said);
  if (has_one_of(*fault, final_faults)) return reject("dpf.refused", said);
  return retry("dpf.away", said);
}

Result<std::string> SvarUtSoap::ask(const std::string& sender, std::string envelope, std::string_view what,
                                    std::stop_token stop) {
  auto login = login_of(sender);
  if (!login) return failed(login);
  auto request = request_as(**login);
  request.headers.emplace_back("Content-Type", "application/soap+xml; charset=UTF-8");
  request.body = std::move(envelope);
  request.total_timeout = question_timeout;
  request.stop = std::move(stop);
  return call(request, **login, what);
}

Result<std::string> SvarUtSoap::send(const Forsendelse& forsendelse, const lookup::Recipient& recipient,
                                     ports::BlobStore& blobs, std::stop_token stop) {
  auto login = login_of(forsendelse.sender);
  if (!login) return failed(login);
  lookup::UploadBody body(blobs, recipient);
  fill(body, forsendelse);
  auto request = request_as(**login);
  request.headers.emplace_back("Content-Type",
                               fmt::format(R"(multipart/related; type="application/xop+xml"; start="<root@kanal>"; )"
                                           R"(start-info="{}"; boundary="{}")",
                                           soap_type, body.boundary()));
  request.upload = &body;
  request.total_timeout.reset();  // as long as it moves
  request.inactivity_timeout = settings_.idle_timeout;
  request.stop = std::move(stop);
  auto answer = call(request, **login, "the forsendelse");
  if (!answer) return failed(answer);
  return read_soap_sent(*answer);
}

Result<std::vector<ForsendelseStatus>> SvarUtSoap::statuses(const std::string& sender,
                                                            const std::vector<std::string>& ids) {
  auto answer = ask(sender, write_statuses_question(ids), "the question for statuses");
  if (!answer) return failed(answer);
  return read_soap_statuses(*answer);
}

Result<std::string> SvarUtSoap::find(const std::string& sender, const std::string& message_id) {
  auto answer = ask(sender, write_find(message_id), "the look-up of our reference");
  if (!answer) return failed(answer);
  auto ids = read_soap_texts(*answer, "retrieveForsendelseIdByEksternRef");
  if (!ids) return failed(ids);
  // The id is the one we chose, so there are several only where somebody else sends under the same account.
  return ids->empty() ? std::string{} : std::move(ids->front());
}

Result<std::vector<std::string>> SvarUtSoap::types(const std::string& sender, std::stop_token stop) {
  auto answer = ask(sender, write_types_question(), "the question for types", std::move(stop));
  if (!answer) return failed(answer);
  return read_soap_texts(*answer, "retreiveForsendelseTyper");
}

std::set<std::string> SvarUtSoap::senders() const {
  std::set<std::string> senders;
  for (const auto& [organisation, login] : settings_.soap_logins) senders.insert(organisation);
  return senders;
}

}  // namespace kanal::transports::dpf

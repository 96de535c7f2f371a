#include "transports/dpf/svarinn_client.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "formats/content_disposition.hpp"
#include "formats/utf8.hpp"
#include "lookup/remote_answer.hpp"
#include "net/url.hpp"
#include "transports/dpf/svarut_errors.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::uint64_t max_list = std::uint64_t{32} * 1024 * 1024;
constexpr std::uint64_t max_said = std::uint64_t{64} * 1024;
/// What a case worker at the sender can read in one go.
constexpr std::size_t longest_failure = 500;

}  // namespace

SvarInnClient::SvarInnClient(const InnSettings& settings, net::HttpClient& http, Clock& clock, Log& log)
    : settings_(settings),
      http_(http),
      clock_(clock),
      log_(log),
      origin_(net::url_origin(settings.root).value_or(std::string{})) {}

net::ClientRequest SvarInnClient::request_as(const InnAccount& account, std::string url) const {
  net::ClientRequest request;
  request.url = std::move(url);
  request.headers = {
      {"Authorization", "Basic " + to_base64(bytes_of(account.username + ":" + account.password.reveal()))}};
  request.connect_timeout = settings_.connect_timeout;
  request.total_timeout = settings_.connect_timeout + settings_.read_timeout;
  request.inactivity_timeout = settings_.read_timeout;
  request.max_response_bytes = max_said;
  return request;
}

Error SvarInnClient::error_of(const net::ClientResponse& response, const InnAccount& account,
                              std::string_view call) const {
  const Caller caller{
      "user " + account.username,
      fmt::format("{0}username and {0}password; a new password at KS makes the old one useless", account.property),
      "difi.move.fiks.inn.baseUrl, and the rights of the receiving system at KS"};
  // Pages of a proxy tell nothing.
  const bool plain = response.header("Content-Type").starts_with("text/plain");
  return error_of_answer(response, call, plain ? lookup::remote_text(response.body) : std::string{}, caller,
                         clock_.now(), "SvarInn");
}

Result<InnList> SvarInnClient::list(const InnAccount& account, std::stop_token stop) {
  auto request = request_as(account, settings_.root + "/mottaker/hentNyeForsendelser");
  request.headers.emplace_back("Accept", "application/json");
  request.max_response_bytes = max_list;
  request.stop = std::move(stop);
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (response->status != 200) return tl::unexpected(error_of(*response, account, "the question for new forsendelser"));
  auto list = read_inn_list(response->body);
  if (list && list->unnamed > 0) {
    log_.warning("svarinn_entry_without_id",
                 {{"organisation", account.organisation}, {"count", std::to_string(list->unnamed)}});
  }
  return list;
}

/// Where the content is. The password goes to the configured host only: when KS names another one (or a proxy stands
/// between), the content is asked for where the list came from.
std::string SvarInnClient::address_of(const InnForsendelse& forsendelse) const {
  const auto& told = forsendelse.download_url;
  const auto origin = net::url_origin(told);
  if (origin && *origin == origin_) return told;
  if (origin) {
    log_.warning("svarinn_download_elsewhere",
                 {{"remote_id", forsendelse.id},
                  {"reason", "the download address is not at difi.move.fiks.inn.baseUrl: asked for there instead"}});
  }
  return fmt::format("{}/forsendelse/{}", settings_.root, forsendelse.id);
}

Result<InnDownload> SvarInnClient::download(const InnAccount& account, const InnForsendelse& forsendelse, Sink& into,
                                            std::stop_token stop) {
  auto request = request_as(account, address_of(forsendelse));
  request.total_timeout.reset();  // as long as it moves
  request.stop = std::move(stop);
  auto response = http_.send(request, into);
  if (!response) return failed(response);
  if (response->status != 200) return tl::unexpected(error_of(*response, account, "a download"));
  InnDownload download{std::string(response->header("Content-Type")), {}};
  if (const auto text = response->header("Content-Disposition"); !text.empty()) {
    if (auto disposition = formats::parse_content_disposition(text)) {
      download.filename = disposition->filename.value_or("");
    }
  }
  return download;
}

Result<ports::Acknowledged> SvarInnClient::tell(const InnAccount& account, net::ClientRequest request,
                                                std::string_view call) {
  request.method = "POST";
  const auto response = http_.send(request);
  if (!response) return failed(response);
  if (response->ok()) return ports::Acknowledged::done;
  // What KS answers to an id that waits no more is (unverified): the only such code its contract has is 404.
  if (response->status == 404) return ports::Acknowledged::already_done;
  return tl::unexpected(error_of(*response, account, call));
}

Result<ports::Acknowledged> SvarInnClient::acknowledge(const InnAccount& account, const std::string& id) {
  return tell(account, request_as(account, fmt::format("{}/kvitterMottak/forsendelse/{}", settings_.root, id)),
              "the acknowledgement");
}

Result<ports::Acknowledged> SvarInnClient::report_failure(const InnAccount& account, const std::string& id,
                                                          const std::string& text) {
  auto request = request_as(account, fmt::format("{}/mottakFeilet/forsendelse/{}", settings_.root, id));
  request.headers.emplace_back("Content-Type", "application/json");
  // Never permanent: KS would print it and send it on paper, which is a person's decision (8.2).
  request.body = boost::json::serialize(
      boost::json::object{{"feilmelding", formats::shortened(text, longest_failure)}, {"permanent", false}});
  return tell(account, std::move(request), "the report of a failure");
}

}  // namespace kanal::transports::dpf

#include "transports/dpi/print_certificate.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;
using namespace std::chrono;

constexpr minutes fresh_for{5};
constexpr hours usable_for{24};
constexpr milliseconds total_timeout{10'000};
constexpr seconds pause_after_failure{15};

}  // namespace

PrintCertificate::PrintCertificate(std::string url, net::HttpClient& http, Clock& clock)
    : url_(std::move(url)), http_(http), clock_(clock) {}

Result<PrintService> PrintCertificate::fetch() {
  net::ClientRequest request;
  request.url = url_;
  request.headers = {{"Accept", "application/json"}};
  request.total_timeout = total_timeout;
  auto response = http_.send(request);
  if (!response) return retry("dpi.print_service", "the print certificate API: " + response.error().text());
  if (!response->ok()) {
    return retry(
        "dpi.print_service",
        fmt::format("the print certificate API answered {}; check difi.move.dpi.krr-print-url", response->status));
  }
  json::error_code error;
  const auto value = json::parse(response->body, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto text = [&](std::string_view name) {
    const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string{};
  };
  PrintService service{text("postkasseleverandoerAdresse"), text("x509Sertifikat")};
  if (service.organisation.empty() || service.pem_certificate.empty()) {
    return retry("dpi.print_service", "the print certificate API named no supplier or no certificate");
  }
  return service;
}

Result<PrintService> PrintCertificate::get() {
  // Held while fetching: many letters at once ask once.
  const std::scoped_lock lock(mutex_);
  const Time now = clock_.now();
  if (known_ && now - fetched_ < fresh_for) return *known_;
  const bool usable = known_ && now - fetched_ < usable_for;
  if (usable && now < next_try_) return *known_;
  auto fetched = fetch();
  if (fetched) {
    known_ = *fetched;
    fetched_ = now;
    return fetched;
  }
  next_try_ = now + pause_after_failure;
  return usable ? Result<PrintService>(*known_) : fetched;
}

}  // namespace kanal::transports::dpi

#include "transports/dpf/svarut_certificate.hpp"

#include <fmt/format.h>

namespace kanal::transports::dpf {
namespace {

constexpr std::uint64_t max_certificate = std::uint64_t{64} * 1024;
constexpr lookup::CacheTerms terms{std::chrono::hours(1), std::chrono::minutes(1), std::chrono::hours(24)};

}  // namespace

SvarUtCertificate::SvarUtCertificate(std::string root, net::HttpClient& http, Clock& clock)
    : root_(std::move(root)), http_(http), clock_(clock), fetched_(clock, 1, [](const Error&) { return true; }) {}

Result<std::string> SvarUtCertificate::fetch() {
  net::ClientRequest request;
  request.url = root_ + "/forsendelse/publickey/hent";
  request.max_response_bytes = max_certificate;
  auto response = http_.send(request);
  if (!response) return failed(response);
  if (response->status != 200) {
    return retry("dpf.certificate", fmt::format("SvarUt answered {} to the question for its key", response->status));
  }
  return std::move(response->body);
}

Result<crypto::Certificate> SvarUtCertificate::get(const std::string& pem) {
  std::string text = pem;
  if (text.empty()) {
    auto fetched = fetched_.get("", terms, [this] { return fetch(); });
    if (!fetched) return failed(std::move(fetched).error(), "SvarUt's certificate, which the Service Registry lacks");
    text = *fetched->value;
  }
  auto certificate = read_.from_pem(text);
  if (!certificate) return retry("dpf.certificate", "SvarUt's certificate: " + certificate.error().text());
  if (!certificate->is_rsa()) return retry("dpf.certificate", "SvarUt's certificate is not RSA");
  if (!certificate->valid_at(clock_.now())) {
    return retry("dpf.certificate",
                 fmt::format("SvarUt's certificate is valid from {} to {} only", format_iso(certificate->not_before()),
                             format_iso(certificate->not_after())));
  }
  return certificate;
}

}  // namespace kanal::transports::dpf

#include "sim/krr_print.hpp"

#include "crypto/issue.hpp"

namespace kanal::sim {

namespace json = boost::json;

KrrPrint::KrrPrint(SiteOptions site, crypto::Identity ca, crypto::Certificate print, const Environment& environment)
    : environment_(environment),
      ca_(std::move(ca)),
      print_(std::move(print)),
      site_("krr", std::move(site), environment) {
  site_.routes().add("GET", "/rest/v2/printSertifikat",
                     [this](const std::shared_ptr<const net::Request>&, const auto&) -> Answer { return answer(); });
}

crypto::Certificate KrrPrint::expired() const {
  const auto now = environment_.clock.now();
  const auto owner = print_.organisation().value_or(Orgnr{}).str();
  return crypto::issue(ca_, {"Print", "Print", owner, {}, now - std::chrono::days(30), now - std::chrono::days(1)})
      .certificate;
}

net::Response KrrPrint::answer() const {
  auto& faults = environment_.faults;
  environment_.audit.record({.simulator = "krr",
                             .organisation = {},
                             .vendor = {},
                             .action = "print_certificate",
                             .subject = {},
                             .detail = {}});
  if (faults.consume("krr.down")) return empty_answer(503);
  if (faults.consume("krr.hang")) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (faults.consume("krr.reset")) return lost_answer();
  const auto certificate = faults.consume("krr.expired_certificate") ? expired() : print_;
  json::object out{{"postkasseleverandoerAdresse", print_.organisation().value_or(Orgnr{}).str()},
                   {"x509Sertifikat", certificate.pem()}};
  if (faults.consume("krr.unknown_fields")) out["somethingNew"] = json::array{1, nullptr};
  return json_answer(200, out);
}

}  // namespace kanal::sim

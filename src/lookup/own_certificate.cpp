#include "lookup/own_certificate.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::lookup {

OwnCertificate::OwnCertificate(Orgnr organisation, const std::vector<crypto::Identity>& identities,
                               ports::Directory& directory, Clock& clock, Log& log)
    : organisation_(std::move(organisation)),
      identities_(identities),
      directory_(directory),
      clock_(clock),
      log_(log) {}

Result<void> OwnCertificate::check(bool against_register) {
  const auto& own = identities_.front().certificate;
  if (!own.valid_at(clock_.now())) {
    return reject(
        "certificate.invalid",
        fmt::format("the certificate of {} (serial number {}) is valid from {} to {} only; renew it and set "
                    "difi.move.org.keystore",
                    organisation_.str(), own.serial(), format_iso(own.not_before()), format_iso(own.not_after())));
  }
  if (!against_register) return {};
  const auto pem = directory_.certificate(organisation_);
  if (!pem) {
    log_.warning("own_certificate_not_compared", {{"code", pem.error().code}, {"reason", pem.error().text()}});
    return {};
  }
  const auto registered = read_.from_pem(*pem);
  if (!registered) return {};
  const bool ours =
      std::ranges::any_of(identities_, [&](const auto& identity) { return identity.certificate.same_as(*registered); });
  if (ours) return {};
  return reject(
      "certificate.invalid",
      fmt::format("Virksert knows the certificate with serial number {} for {}, the keystore holds {}: receivers "
                  "would encrypt for another key; register the new certificate with Digdir or set the right keystore",
                  registered->serial(), organisation_.str(), own.serial()));
}

}  // namespace kanal::lookup

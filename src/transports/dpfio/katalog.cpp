#include "transports/dpfio/katalog.hpp"

#include <fmt/format.h>

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;

constexpr std::size_t most_accounts = 1000;
/// An unknown account may be made any moment: it is asked about again soon.
constexpr lookup::CacheTerms account_terms{minutes(5), seconds(0), hours(24)};

}  // namespace

Katalog::Katalog(const Settings& settings, FiksClient& client, Clock& clock, Log& log)
    : settings_(settings),
      client_(client),
      clock_(clock),
      log_(log),
      accounts_(clock, most_accounts, [](const Error&) { return true; }),
      // Who rotates a key reads what was encrypted with the old one for a week (section 6).
      keys_(clock, most_accounts, [](const Error&) { return false; }) {}

Result<Konto> Katalog::konto(const std::string& konto_id) {
  auto answer =
      accounts_.get(konto_id, account_terms, [&] { return client_.konto(settings_.accounts.front(), konto_id); });
  if (!answer) return failed(answer);
  if (answer->stale_because) {
    log_.warning("fiksio_catalogue_stale", {{"account", konto_id}, {"reason", answer->stale_because->text()}});
  }
  return *answer->value;
}

Result<Konto> Katalog::konto_now(const Account& own) { return client_.konto(own, own.konto_id); }

Result<crypto::Certificate> Katalog::key(const std::string& konto_id) {
  auto answer =
      keys_.get(konto_id, {settings_.key_cache, seconds(0), seconds(0)}, [&]() -> Result<crypto::Certificate> {
        auto pem = client_.public_key(konto_id);
        if (!pem) return failed(pem);
        auto certificate = crypto::Certificate::from_pem(*pem);
        if (!certificate) {
          return retry("dpfio.no_key", fmt::format("the public key of account {} at Fiks IO cannot be read: {}",
                                                   konto_id, certificate.error().text()));
        }
        return certificate;
      });
  if (!answer) return failed(answer);
  const auto& certificate = *answer->value;
  if (!certificate.is_rsa()) return reject("dpfio.key", "the receiver's public key at Fiks IO is not RSA");
  if (!certificate.valid_at(clock_.now())) {
    return retry("dpfio.no_key",
                 fmt::format("the public key of account {} is valid from {} to {} only: its owner must "
                             "give it a new one",
                             konto_id, format_iso(certificate.not_before()), format_iso(certificate.not_after())));
  }
  return certificate;
}

}  // namespace kanal::transports::dpfio

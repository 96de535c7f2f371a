#include "app/preflight.hpp"

#include "app/access.hpp"
#include "app/identities.hpp"
#include "app/mail.hpp"

namespace kanal::app {
namespace {

class Faults {
 public:
  explicit Faults(const ops::Config& config) : config_(config) {}

  template <class T>
  void add(std::string_view key, const Result<T>& result) {
    if (result) return;
    const auto origin = config_.origin(key).value_or(ops::Origin{"not set", 0});
    found.push_back(
        {ops::ConfigRemark::Level::error, std::string(key), "", origin, "cannot be used: " + result.error().text()});
  }
  /// Set to something, so that a fault in it is not already told.
  [[nodiscard]] bool given(std::string_view key) const { return config_.file(key).has_value(); }

  std::vector<ops::ConfigRemark> found;

 private:
  const ops::Config& config_;
};

}  // namespace

std::vector<ops::ConfigRemark> preflight(const ops::Config& config) {
  Faults faults(config);
  const SystemClock clock;
  if (faults.given("difi.move.org.keystore.path")) faults.add("difi.move.org.keystore.path", read_identities(config));
  if (faults.given("difi.move.oidc.keystore.path") && has_own_oidc_keystore(config)) {
    faults.add("difi.move.oidc.keystore.path", read_identity(config, "difi.move.oidc.keystore"));
  }
  if (config.boolean("difi.ssl.enabled").value_or(false) && faults.given("difi.ssl.key-store")) {
    faults.add("difi.ssl.key-store", read_server_identity(config));
  }
  for (const auto* key : {"kanal.http.allow", "kanal.manage.allow", "kanal.webhooks.allow", "kanal.webhooks.deny"}) {
    faults.add(key, address_rules(config, key));
  }
  // Half a mail configuration matters only to who wants mail.
  if (config.boolean("difi.move.feature.mailErrorStatus").value_or(false)) {
    faults.add("difi.move.mail.smtpHost", make_mailer(config, clock));
  }
  return std::move(faults.found);
}

}  // namespace kanal::app

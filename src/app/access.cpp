#include "app/access.hpp"

namespace kanal::app {

Result<net::AddressRules> address_rules(const ops::Config& config, std::string_view key) {
  auto rules = net::AddressRules::parse(config.list(key));
  if (!rules) return failed(std::move(rules).error(), std::string(key));
  return rules;
}

Result<bool> login_required(const ops::Config& config) { return config.boolean("difi.move.feature.enable-auth"); }

Result<Listening> listening(const ops::Config& config) {
  auto address = config.text_or("kanal.http.address", "");
  if (!address.empty()) return Listening{std::move(address), false};
  auto login = login_required(config);
  if (!login) return failed(login);
  auto allowed = address_rules(config, "kanal.http.allow");
  if (!allowed) return failed(std::move(allowed));
  if (*login || !allowed->empty()) return Listening{"*", false};
  return Listening{"127.0.0.1", true};
}

}  // namespace kanal::app

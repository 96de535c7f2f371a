#include "transports/dpf/on_behalf_accounts.hpp"

#include "domain/partner.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::transports::dpf {

Result<std::set<std::string>> on_behalf_organisations(const ops::Config& config, std::string_view prefix) {
  const auto wanted = ops::canonical(prefix) + ".";
  std::set<std::string> organisations;
  for (const auto& shown : config.show()) {
    const auto name = ops::canonical(shown.key);
    if (!name.starts_with(wanted)) continue;
    const auto orgnr = name.substr(wanted.size(), name.find('.', wanted.size()) - wanted.size());
    if (!domain::is_orgnr(orgnr)) {
      return ops::wrong_value(config, shown.key, orgnr, "must name an organisation by its nine digits");
    }
    organisations.insert(orgnr);
  }
  return organisations;
}

}  // namespace kanal::transports::dpf

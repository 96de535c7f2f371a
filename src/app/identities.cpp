#include "app/identities.hpp"

#include "crypto/keystore.hpp"

namespace kanal::app {

Result<crypto::Identity> read_identity(const ops::Config& config, const std::string& prefix) {
  auto content = config.file(prefix + ".path");
  if (!content) return failed(content);
  const auto where = [&](std::string_view name) {
    const auto origin = config.origin(prefix + "." + std::string(name));
    return (origin ? origin->text() + ": " : "") + prefix + "." + std::string(name);
  };
  auto entries = crypto::read_keystore(*content, config.secret(prefix + ".password"));
  if (!entries) {
    const bool password = entries.error().code == "keystore.password";
    return failed(std::move(entries).error(), where(password ? "password" : "path"));
  }
  auto identity = crypto::find_identity(*entries, config.text_or(prefix + ".alias", ""));
  if (!identity) return failed(std::move(identity).error(), where("alias"));
  if (!identity->certificate.is_rsa()) return reject("config.value", where("path") + ": the key must be RSA");
  return identity;
}

bool has_own_oidc_keystore(const ops::Config& config) {
  const auto origin = config.origin("difi.move.oidc.keystore.path");
  return origin && origin->source != ops::default_source;
}

Result<std::vector<crypto::Identity>> read_identities(const ops::Config& config) {
  std::vector<crypto::Identity> identities;
  auto current = read_identity(config, "difi.move.org.keystore");
  if (!current) return failed(current);
  identities.push_back(std::move(*current));
  for (std::size_t i = 0; i < config.count("kanal.former-keystores"); ++i) {
    auto former = read_identity(config, "kanal.former-keystores[" + std::to_string(i) + "]");
    if (!former) return failed(former);
    identities.push_back(std::move(*former));
  }
  return identities;
}

Result<crypto::Identity> read_server_identity(const ops::Config& config) {
  auto content = config.file("difi.ssl.key-store");
  if (!content) {
    return failed(std::move(content).error(),
                  "difi.ssl.enabled is true: set difi.ssl.key-store, or difi.ssl.enabled=false for plain HTTP");
  }
  auto entries = crypto::read_keystore(*content, config.secret("difi.ssl.key-store-password"));
  if (!entries) return failed(std::move(entries).error(), "difi.ssl.key-store");
  auto identity = crypto::find_identity(*entries, config.text_or("difi.ssl.key-alias", ""));
  if (!identity) return failed(std::move(identity).error(), "difi.ssl.key-alias");
  return identity;
}

}  // namespace kanal::app

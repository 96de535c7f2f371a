#include "lookup/token_settings.hpp"

#include "crypto/keystore.hpp"
#include "ops/key_names.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::lookup {
namespace {

Result<Credential> read_credential(const ops::Config& config, const std::string& prefix, const crypto::Identity& own) {
  const std::string type_key = prefix + "authenticationType";
  const auto given = config.text_or(type_key, "CERTIFICATE");
  const auto type = ops::lower(given);
  if (type == "jwk") {
    const std::string path_key = prefix + "jwk.path";
    auto path = config.required(path_key);
    if (!path) return failed(path);
    if (path->starts_with("vault:") || path->starts_with("base64:")) {
      return ops::wrong_value(config, path_key, "...", "must be a path: the file is read again when the key changes");
    }
    std::filesystem::path file = path->starts_with("file:") ? path->substr(5) : *path;
    if (file.is_relative()) file = config.folder() / file;
    return Credential(JwkCredential{file.string()});
  }
  if (type != "certificate") return ops::wrong_value(config, type_key, given, "must be CERTIFICATE or JWK");
  auto identity = read_service_identity(config, prefix, own);
  if (!identity) return failed(identity);
  return Credential(CertificateCredential{std::move(*identity)});
}

}  // namespace

Result<crypto::Identity> read_service_identity(const ops::Config& config, std::string_view prefix,
                                               const crypto::Identity& own) {
  const std::string store = std::string(prefix) + "keystore.";
  const auto origin = config.origin(store + "path");
  if (!origin || origin->source == "default") return own;
  auto content = config.file(store + "path");
  if (!content) return failed(content);
  auto entries = crypto::read_keystore(*content, config.secret(store + "password"));
  if (!entries) return failed(std::move(entries).error(), store + "path");
  auto identity = crypto::find_identity(*entries, config.text_or(store + "alias", ""));
  if (!identity) return failed(std::move(identity).error(), store + "alias");
  return identity;
}

Result<TokenClient> read_token_client(const ops::Config& config, std::string_view prefix, const crypto::Identity& own) {
  TokenClient client{{}, {}, {}, JwkCredential{}};
  const std::string oidc = std::string(prefix) + "oidc.";
  for (const auto& [name, into] : {std::pair{"url", &client.token_url}, std::pair{"audience", &client.audience},
                                   std::pair{"clientId", &client.client_id}}) {
    auto value = config.required(oidc + name);
    if (!value) return failed(value);
    *into = *value;
  }
  auto credential = read_credential(config, oidc, own);
  if (!credential) return failed(credential);
  client.credential = std::move(*credential);
  return client;
}

}  // namespace kanal::lookup

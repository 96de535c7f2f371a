// altinn-auth.md 3.1 to 3.3:
//   header  = {"x5c":[base64(DER of the certificate), base64(DER of an intermediate)...],"alg":"RS256"}
//           | {"kid":text,"alg":"RS256"}
//   payload = {"aud":text,"iss":text,"scope":"a b","jti":uuid,"iat":seconds,"exp":iat+120
//              [,"consumer_org":orgnr]
//              [,"authorization_details":[{"type":"urn:altinn:systemuser",
//                                          "systemuser_org":{"authority":"iso6523-actorid-upis","ID":"0192:orgnr"},
//                                          "externalRef":text}]]}
// Maskinporten refuses claims it does not know.
#include "lookup/assertion.hpp"

#include <algorithm>
#include <fstream>

#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "base/secret.hpp"

namespace kanal::lookup {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds assertion_life{120};
constexpr std::size_t max_jwk_file = std::size_t{64} * 1024;

std::string joined(const std::vector<std::string>& scopes) {
  std::string out;
  for (const auto& scope : scopes) out += (out.empty() ? "" : " ") + scope;
  return out;
}

json::object system_user_detail(const SystemUser& user) {
  json::object detail{{"type", "urn:altinn:systemuser"},
                      {"systemuser_org", {{"authority", "iso6523-actorid-upis"}, {"ID", user.organisation}}}};
  if (!user.name.empty()) detail["externalRef"] = user.name;
  return detail;
}

json::object claims_of(const TokenClient& client, const TokenRequest& request, const std::string& id, Time now) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  json::object claims{{"aud", client.audience},          {"iss", client.client_id},
                      {"scope", joined(request.scopes)}, {"jti", id},
                      {"iat", issued.count()},           {"exp", (issued + assertion_life).count()}};
  if (request.consumer_org) claims["consumer_org"] = *request.consumer_org;
  if (request.system_user) claims["authorization_details"] = json::array{system_user_detail(*request.system_user)};
  return claims;
}

/// The leaf, then the intermediates; a root belongs to the receiver's trust, not to the message.
json::object certificate_header(const CertificateCredential& credential) {
  json::array chain{to_base64(credential.identity.certificate.der())};
  if (credential.send_chain) {
    for (const auto& issuer : credential.identity.chain) {
      if (issuer.subject() != issuer.issuer()) chain.emplace_back(to_base64(issuer.der()));
    }
  }
  return {{"x5c", std::move(chain)}};
}

Result<crypto::PrivateJwk> read_jwk(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Bytes content(max_jwk_file + 1);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  const auto size = static_cast<std::size_t>(in.gcount());
  if (!in.is_open() || in.bad() || size > max_jwk_file) {
    return retry("token.refused", "the file " + path + " cannot be read; oidc.jwk.path must name a private RSA JWK");
  }
  Secret text(std::string(reinterpret_cast<const char*>(content.data()), size));
  std::fill(content.begin(), content.end(), std::byte{0});
  auto jwk = crypto::parse_private_jwk(text.reveal());
  if (!jwk)
    return retry("token.refused", "the file " + path + " of oidc.jwk.path cannot be used: " + jwk.error().text());
  return jwk;
}

}  // namespace

Result<Assertion> make_assertion(const TokenClient& client, const TokenRequest& request, Time now) {
  std::string id = new_uuid();
  const std::string payload = json::serialize(claims_of(client, request, id, now));
  if (const auto* certificate = std::get_if<CertificateCredential>(&client.credential)) {
    return Assertion{crypto::sign_jws(certificate->identity.key, certificate_header(*certificate), payload),
                     std::move(id), now + assertion_life};
  }
  const auto jwk = read_jwk(std::get<JwkCredential>(client.credential).path);
  if (!jwk) return failed(jwk);
  return Assertion{crypto::sign_jws(jwk->key, {{"kid", jwk->kid}}, payload), std::move(id), now + assertion_life};
}

}  // namespace kanal::lookup

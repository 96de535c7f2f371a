// Compact JWS (RFC 7515 section 3.1) and RSA keys as JWK (RFC 7517, RFC 7518 section 6.3); altinn-auth.md 3.1,
// service-registry.md 4.1.
//
//   jws     = b64url(header) "." b64url(payload) "." b64url(signature)      header: a JSON object with "alg":"RS256"
//   key     = {"kty":"RSA","n":b64url,"e":b64url [,"use":"sig"] [,"alg":"RS256"] [,"kid":text]
//              [,"d":b64url [,"p","q","dp","dq","qi": b64url]]}             numbers: unsigned, big endian
//   key set = {"keys":[key...]}
//   b64url  = base64 with the URL-safe alphabet, without padding (RFC 4648 section 5)
#include "crypto/jose.hpp"

#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

namespace json = boost::json;

constexpr std::size_t max_jws_header_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_jwk_bytes = std::size_t{256} * 1024;
constexpr std::size_t max_jwk_set_keys = 100;
constexpr std::size_t max_json_depth = 8;
constexpr int min_modulus_bits = 2048;
constexpr int max_modulus_bits = 8192;
/// OpenSSL refuses longer exponents with large moduli as well; a long one only costs time.
constexpr int max_exponent_bits = 64;

using Number = Owned<BIGNUM, BN_clear_free>;
using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using SharedKey = std::shared_ptr<EVP_PKEY>;

SharedKey owned(EVP_PKEY* key) { return key == nullptr ? SharedKey() : SharedKey(key, &EVP_PKEY_free); }

std::string_view text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// The JSON object in `text`; nothing for anything else.
std::optional<json::object> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// A member as a number in memory that is wiped; null when it is absent or no number.
Number number(const json::object& jwk, std::string_view name) {
  const auto text = text_member(jwk, name);
  if (text.empty() || text.size() > max_modulus_bits / 4) return nullptr;
  auto bytes = from_base64url(text);
  if (!bytes) return nullptr;
  Number value(BN_secure_new());
  const bool read = value && BN_bin2bn(input(*bytes), static_cast<int>(bytes->size()), value.get()) != nullptr;
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return read ? std::move(value) : nullptr;
}

bool sane_public_part(const Number& n, const Number& e) {
  if (!n || !e) return false;
  const int bits = BN_num_bits(n.get());
  return bits >= min_modulus_bits && bits <= max_modulus_bits && BN_is_odd(n.get()) != 0 && BN_is_odd(e.get()) != 0 &&
         BN_is_one(e.get()) == 0 && BN_num_bits(e.get()) <= max_exponent_bits;
}

SharedKey key_from(OSSL_PARAM* parameters, int selection) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || parameters == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters) != 1) {
    return {};
  }
  return owned(key);
}

/// Only the public half of any RSA key; null for other kinds.
SharedKey public_half(const EVP_PKEY* key) {
  const QuietErrors quiet;
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return {};
  OSSL_PARAM* exported = nullptr;
  if (EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &exported) != 1) return {};
  const Parameters parameters(exported);
  return key_from(parameters.get(), EVP_PKEY_PUBLIC_KEY);
}

/// The private members in pairs of JWK and OpenSSL name; all but `d` may be absent together.
constexpr std::array<std::pair<std::string_view, const char*>, 6> private_members = {{
    {"d", OSSL_PKEY_PARAM_RSA_D},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
}};

/// Null when a number is missing, out of bounds or not accepted.
SharedKey rsa_key(const json::object& jwk, bool with_private_part) {
  const QuietErrors quiet;
  std::vector<Number> numbers;  // the builder keeps pointers to them
  numbers.push_back(number(jwk, "n"));
  numbers.push_back(number(jwk, "e"));
  if (!sane_public_part(numbers[0], numbers[1])) return {};
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, numbers[0].get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, numbers[1].get()) != 1) {
    return {};
  }
  const std::size_t wanted = !with_private_part ? 0 : jwk.contains("p") ? private_members.size() : 1;
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto& [name, parameter] = private_members.at(i);
    numbers.push_back(number(jwk, name));
    if (!numbers.back() || OSSL_PARAM_BLD_push_BN(builder.get(), parameter, numbers.back().get()) != 1) return {};
  }
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return key_from(parameters.get(), with_private_part ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

/// Signs and verifies; OpenSSL's own check of the pair needs the primes, which a JWK may leave out.
bool halves_belong_together(EVP_PKEY* key) {
  const QuietErrors quiet;
  constexpr std::array<unsigned char, 4> probe = {'t', 'e', 's', 't'};
  const DigestContext context(EVP_MD_CTX_new());
  std::array<unsigned char, max_modulus_bits / 8> signature{};
  std::size_t size = signature.size();
  return context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestSign(context.get(), signature.data(), &size, probe.data(), probe.size()) == 1 &&
         EVP_MD_CTX_reset(context.get()) == 1 &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), size, probe.data(), probe.size()) == 1;
}

std::string number_text(const EVP_PKEY* key, const char* name) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &read) != 1) return {};
  const Number value(read);
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value.get())));
  BN_bn2bin(value.get(), output(bytes));
  return to_base64url(bytes);
}

bool says(const json::object& jwk, std::string_view name, std::string_view expected) {
  return !jwk.contains(name) || text_member(jwk, name) == expected;
}

/// A member that is absent says nothing against the key.
bool is_rsa_signature_key(const json::object& jwk) {
  return text_member(jwk, "kty") == "RSA" && says(jwk, "use", "sig") && says(jwk, "alg", "RS256");
}

/// An RSA signature of RFC 7518 section 3.1.
struct RsaAlgorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
  bool pss;
};
constexpr std::array<RsaAlgorithm, 6> rsa_algorithms{{{"RS256", &EVP_sha256, false},
                                                      {"RS384", &EVP_sha384, false},
                                                      {"RS512", &EVP_sha512, false},
                                                      {"PS256", &EVP_sha256, true},
                                                      {"PS384", &EVP_sha384, true},
                                                      {"PS512", &EVP_sha512, true}}};

const RsaAlgorithm* find_algorithm(std::string_view name) {
  for (const auto& algorithm : rsa_algorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

/// RFC 7515 section 4.1.11: what is critical must be understood, and we understand no extension.
Result<void> check_signature(const Jws& jws, const PublicKey& key, std::string_view algorithm) {
  if (jws.header.contains("crit")) return reject("jws.algorithm", "the JWS asks for extensions that are not supported");
  if (!key.verify(algorithm, bytes_of(jws.signing_input), jws.signature)) {
    return reject("jws.signature", "the signature of the JWS does not fit its content and key");
  }
  return {};
}

}  // namespace

std::string sign_jws(const PrivateKey& key, json::object header, std::string_view payload) {
  header["alg"] = "RS256";
  std::string out = to_base64url(bytes_of(json::serialize(header))) + '.' + to_base64url(bytes_of(payload));
  const Bytes signature = key.sign_rs256(bytes_of(out));
  return out + '.' + to_base64url(signature);
}

Result<Jws> parse_jws(std::string_view compact) {
  const auto malformed = [](std::string why) {
    return reject("jws.malformed", "not a compact JWS: " + std::move(why));
  };
  if (compact.size() > max_jws_bytes) return malformed("it is longer than " + std::to_string(max_jws_bytes) + " bytes");
  const auto first = compact.find('.');
  const auto second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) {
    return malformed("it does not have three parts");
  }
  if (first > max_jws_header_bytes) return malformed("its header is too long");
  const auto header = from_base64url(compact.substr(0, first));
  const auto payload = from_base64url(compact.substr(first + 1, second - first - 1));
  auto signature = from_base64url(compact.substr(second + 1));
  if (!header || !payload || !signature) return malformed("a part is not base64url");
  if (signature->empty()) return malformed("it has no signature");
  auto object = parse_object(text_of(*header));
  if (!object) return malformed("its header is not a JSON object");
  return Jws{std::move(*object), std::string(text_of(*payload)), std::string(compact.substr(0, second)),
             std::move(*signature)};
}

PublicKey::PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

PublicKey::PublicKey(const Certificate& certificate) : key_(public_half(X509_get0_pubkey(certificate.get()))) {}

PublicKey::PublicKey(const PrivateKey& key) : key_(public_half(key.get())) {}

Result<PublicKey> PublicKey::from_jwk(const json::object& jwk) {
  if (text_member(jwk, "kty") != "RSA") return reject("jwk.malformed", "the JWK is not an RSA key");
  auto key = rsa_key(jwk, false);
  if (!key) return reject("jwk.malformed", "`n` and `e` of the JWK are not an RSA key of 2048 to 8192 bits");
  return PublicKey(std::move(key));
}

bool PublicKey::verify_rs256(ByteView data, ByteView signature) const { return verify("RS256", data, signature); }

bool PublicKey::verify(std::string_view algorithm, ByteView data, ByteView signature) const {
  const QuietErrors quiet;
  const auto* const found = find_algorithm(algorithm);
  if (!key_ || found == nullptr) return false;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // the context's own
  if (!context || EVP_DigestVerifyInit(context.get(), &parameters, found->digest(), nullptr, key_.get()) != 1) {
    return false;
  }
  // RFC 7518 section 3.5: the salt is as long as the digest.
  if (found->pss && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), input(signature), signature.size(), input(data), data.size()) == 1;
}

json::object PublicKey::jwk(std::string_view kid) const {
  json::object out;
  if (!key_) return out;
  out["kty"] = "RSA";
  out["use"] = "sig";
  out["alg"] = "RS256";
  if (!kid.empty()) out["kid"] = kid;
  out["n"] = number_text(key_.get(), OSSL_PKEY_PARAM_RSA_N);
  out["e"] = number_text(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  return out;
}

std::string PublicKey::thumbprint() const {
  if (!key_) return {};
  // RFC 7638 section 3: the required members only, in this order, without white space.
  const std::string canonical = R"({"e":")" + number_text(key_.get(), OSSL_PKEY_PARAM_RSA_E) +
                                R"(","kty":"RSA","n":")" + number_text(key_.get(), OSSL_PKEY_PARAM_RSA_N) + R"("})";
  return to_base64url(sha256(bytes_of(canonical)));
}

bool PublicKey::same_as(const PublicKey& other) const {
  const QuietErrors quiet;
  return key_ && other.key_ && EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

const PublicKey* JwkSet::find(std::string_view kid) const {
  for (const auto& [name, key] : keys) {
    if (name == kid) return &key;
  }
  return nullptr;
}

Result<JwkSet> parse_jwk_set(std::string_view text) {
  if (text.size() > max_jwk_bytes) return reject("jwk.malformed", "the JWK set is too large");
  const auto object = parse_object(text);
  const auto* listed = object ? object->if_contains("keys") : nullptr;
  if (listed == nullptr || !listed->is_array()) {
    return reject("jwk.malformed", "the JWK set is not a JSON object with a list `keys`");
  }
  const auto& entries = listed->get_array();
  if (entries.size() > max_jwk_set_keys) return reject("jwk.malformed", "the JWK set has too many keys");
  JwkSet set;
  for (const auto& entry : entries) {
    const auto* jwk = entry.if_object();
    if (jwk == nullptr || !is_rsa_signature_key(*jwk)) continue;
    auto key = PublicKey::from_jwk(*jwk);
    if (!key) continue;
    std::string kid(text_member(*jwk, "kid"));
    if (kid.empty()) kid = key->thumbprint();
    set.keys.emplace_back(std::move(kid), std::move(*key));
  }
  return set;
}

Result<PrivateJwk> parse_private_jwk(std::string_view text) {
  if (text.size() > max_jwk_bytes) return reject("jwk.malformed", "the JWK is too large");
  const auto jwk = parse_object(text);
  if (!jwk) return reject("jwk.malformed", "the JWK is not a JSON object");
  if (!is_rsa_signature_key(*jwk)) return reject("jwk.malformed", "the JWK is not an RSA key for RS256 signatures");
  const std::string kid(text_member(*jwk, "kid"));
  if (kid.empty()) {
    return reject("jwk.no_kid", "the JWK has no `kid`: add the key id under which it is registered in Maskinporten");
  }
  const auto loaded = rsa_key(*jwk, true);
  if (!loaded) {
    return reject(
        "jwk.malformed",
        "the JWK is not a private RSA key of 2048 to 8192 bits: it needs `n`, `e`, `d`, and `p`, `q`, `dp`, `dq` and "
        "`qi` all or none");
  }
  if (!halves_belong_together(loaded.get())) {
    return reject("jwk.malformed", "the private members of the JWK do not belong to its `n` and `e`");
  }
  return PrivateJwk{PrivateKey(loaded.get()), kid};
}

Result<std::vector<Certificate>> certificates_of(const Jws& jws, CertificateCache* known) {
  constexpr std::size_t most = 10;
  const auto refuse = [](std::string why) { return reject("jws.certificate", "the JWS " + std::move(why)); };
  const auto* chain = jws.header.if_contains("x5c");
  const auto* entries = chain != nullptr ? chain->if_array() : nullptr;
  if (entries == nullptr || entries->empty()) return refuse("carries no certificate (x5c)");
  if (entries->size() > most) return refuse("carries too many certificates (x5c)");
  std::vector<Certificate> certificates;
  for (const auto& entry : *entries) {
    const auto* text = entry.if_string();
    const auto der = text != nullptr ? from_base64({text->data(), text->size()}) : std::nullopt;
    if (!der || der->empty()) return refuse("carries a certificate (x5c) that is no base64 text");
    auto certificate = read_certificate(*der, known);
    if (!certificate) return refuse("carries a certificate (x5c) that cannot be read");
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

Result<void> verify_any_rsa_jws(const Jws& jws, const PublicKey& key) {
  const auto algorithm = text_member(jws.header, "alg");
  if (find_algorithm(algorithm) == nullptr) {
    return reject("jws.algorithm", "the JWS is not signed with RSA and SHA-2");
  }
  return check_signature(jws, key, algorithm);
}

Result<void> verify_jws(const Jws& jws, const PublicKey& key) {
  if (text_member(jws.header, "alg") != "RS256") {
    return reject("jws.algorithm", "the JWS is not signed with RS256, the only algorithm accepted");
  }
  return check_signature(jws, key, "RS256");
}

}  // namespace kanal::crypto

// RecipientInfos ::= SET OF CHOICE { ktri KeyTransRecipientInfo, [1] kari, [2] kekri, [3] pwri, [4] ori }
// KeyTransRecipientInfo ::= SEQUENCE { version, rid CHOICE { SEQUENCE { issuer Name, serialNumber INTEGER },
//   [0] subjectKeyIdentifier OCTET STRING }, keyEncryptionAlgorithm, encryptedKey OCTET STRING }    (RFC 5652 6.2,
//   asic-cms.md 6.1)
// RSAES-OAEP-params ::= SEQUENCE { [0] hash DEFAULT sha1, [1] mgf DEFAULT mgf1-sha1, [2] pSource DEFAULT empty }   (RFC
// 4055)
#include "crypto/cms_recipient.hpp"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedAlgorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using OwnedOaepParameters = Owned<RSA_OAEP_PARAMS, RSA_OAEP_PARAMS_free>;
using OwnedName = Owned<X509_NAME, X509_NAME_free>;
using OwnedInteger = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;

tl::unexpected<Error> malformed(const char* what) {
  return reject("cms.malformed", std::string("the encrypted package is damaged: ") + what);
}

/// A private key operation is expensive; a package that repeats our name does not get more of them.
constexpr int max_attempts = 8;

/// How a content key was encrypted.
struct Transport {
  bool oaep = false;
  const EVP_MD* hash = nullptr;
  const EVP_MD* mask_hash = nullptr;
  Bytes label{};
};

/// Hash identifiers come with NULL parameters or none; both are the same to us.
Result<const EVP_MD*> oaep_hash(const X509_ALGOR* algorithm) {
  if (algorithm == nullptr) return EVP_sha1();
  switch (OBJ_obj2nid(algorithm->algorithm)) {
    case NID_sha1:
      return EVP_sha1();
    case NID_sha224:
      return EVP_sha224();
    case NID_sha256:
      return EVP_sha256();
    case NID_sha384:
      return EVP_sha384();
    case NID_sha512:
      return EVP_sha512();
    default:
      return reject("cms.algorithm", "the package's key is encrypted with RSA-OAEP over an unknown hash");
  }
}

Result<const EVP_MD*> mask_hash(const X509_ALGOR* generator) {
  if (generator == nullptr) return EVP_sha1();
  if (OBJ_obj2nid(generator->algorithm) != NID_mgf1) {
    return reject("cms.algorithm", "the package's key is encrypted with RSA-OAEP and an unknown mask function");
  }
  if (generator->parameter == nullptr) return malformed("the mask function names no hash");
  const OwnedAlgorithm hash(
      static_cast<X509_ALGOR*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), generator->parameter)));
  if (!hash) return malformed("the mask function's hash cannot be read");
  return oaep_hash(hash.get());
}

Result<Bytes> oaep_label(const X509_ALGOR* source) {
  if (source == nullptr) return Bytes();
  if (OBJ_obj2nid(source->algorithm) != NID_pSpecified) {
    return reject("cms.algorithm", "the package's key is encrypted with RSA-OAEP and an unknown label source");
  }
  if (source->parameter == nullptr || source->parameter->type != V_ASN1_OCTET_STRING) {
    return malformed("the label of RSA-OAEP cannot be read");
  }
  const ASN1_OCTET_STRING* label = source->parameter->value.octet_string;
  return copy_of(view_of(ASN1_STRING_get0_data(label), static_cast<std::size_t>(ASN1_STRING_length(label))));
}

Result<Transport> oaep_transport(const X509_ALGOR& algorithm) {
  OwnedOaepParameters parameters;
  if (algorithm.parameter != nullptr && algorithm.parameter->type != V_ASN1_NULL) {
    parameters.reset(
        static_cast<RSA_OAEP_PARAMS*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_OAEP_PARAMS), algorithm.parameter)));
    if (!parameters) return malformed("the parameters of RSA-OAEP cannot be read");
  }
  auto hash = oaep_hash(parameters ? parameters->hashFunc : nullptr);
  if (!hash) return failed(hash);
  auto mask = mask_hash(parameters ? parameters->maskGenFunc : nullptr);
  if (!mask) return failed(mask);
  auto label = oaep_label(parameters ? parameters->pSourceFunc : nullptr);
  if (!label) return failed(label);
  return Transport{true, *hash, *mask, std::move(*label)};
}

Result<Transport> transport_of(const BerNode& node) {
  const auto algorithm = from_der<X509_ALGOR, X509_ALGOR_free>(d2i_X509_ALGOR, node.der());
  if (!algorithm) return malformed("the key encryption algorithm cannot be read");
  switch (OBJ_obj2nid(algorithm->algorithm)) {
    case NID_rsaEncryption:
      return Transport{};
    case NID_rsaesOaep:
      return oaep_transport(*algorithm);
    default:
      return reject("cms.algorithm", "the package's key is encrypted with an unknown algorithm; RSA-OAEP is expected");
  }
}

bool prepare(EVP_PKEY_CTX* context, const Transport& transport) {
  if (context == nullptr || EVP_PKEY_decrypt_init(context) != 1) return false;
  if (!transport.oaep) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context, transport.hash) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context, transport.mask_hash) != 1) {
    return false;
  }
  if (transport.label.empty()) return true;
  void* label = OPENSSL_memdup(transport.label.data(), transport.label.size());
  if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, static_cast<int>(transport.label.size())) == 1) return true;
  OPENSSL_free(label);
  return false;
}

/// A wrong key shows as a failure (OAEP) or, with PKCS#1 v1.5 and implicit rejection, as random bytes of another
/// length; when these happen to have the right length, the content's padding shows it.
Result<Bytes> decrypt_key(const PrivateKey& key, const Transport& transport, ByteView encrypted, std::size_t key_size) {
  const auto wrong = [] {
    return reject("cms.key",
                  "the package's key cannot be decrypted: our private key does not belong to the "
                  "certificate that the sender used, or the package is damaged");
  };
  const OwnedKeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!prepare(context.get(), transport)) return wrong();
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = out.size();
  const int good = EVP_PKEY_decrypt(context.get(), output(out), &size, input(encrypted), encrypted.size());
  Bytes content_key;
  if (good == 1 && size == key_size) content_key = copy_of(ByteView(out).first(size));
  OPENSSL_cleanse(out.data(), out.size());
  if (content_key.empty()) return wrong();
  return content_key;
}

bool names(const BerNode& rid, const Certificate& certificate) {
  if (rid.tag.is_context(0)) {
    const ASN1_OCTET_STRING* own = X509_get0_subject_key_id(certificate.get());
    return own != nullptr &&
           std::ranges::equal(rid.octets(),
                              view_of(ASN1_STRING_get0_data(own), static_cast<std::size_t>(ASN1_STRING_length(own))));
  }
  if (!rid.tag.is_sequence() || rid.children.size() != 2) return false;
  const auto serial = from_der<ASN1_INTEGER, ASN1_INTEGER_free>(d2i_ASN1_INTEGER, rid.children[1].der());
  if (!serial || ASN1_INTEGER_cmp(serial.get(), X509_get0_serialNumber(certificate.get())) != 0) return false;
  const auto issuer = from_der<X509_NAME, X509_NAME_free>(d2i_X509_NAME, rid.children[0].der());
  return issuer && X509_NAME_cmp(issuer.get(), X509_get_issuer_name(certificate.get())) == 0;
}

/// The first recipient, for the operator who must find out whom the sender meant.
std::string first_recipient(const BerNode& infos) {
  for (const BerNode& info : infos.children) {
    if (!info.tag.is_sequence() || info.children.size() < 2 || info.children[1].children.size() != 2) continue;
    const Bytes& serial = info.children[1].children[1].content;
    if (serial.size() > 20) continue;
    const OwnedNumber number(BN_bin2bn(input(serial), static_cast<int>(serial.size()), nullptr));
    const auto digits = decimal_of(number);
    if (digits) return " (it names the certificate with serial number " + *digits + ")";
  }
  return "";
}

}  // namespace

Result<Bytes> unwrap_content_key(const BerNode& recipient_infos, const std::vector<Identity>& keys,
                                 std::size_t key_size) {
  const QuietErrors quiet;
  std::optional<Error> failure;
  int attempts = 0;
  for (const Identity& identity : keys) {
    for (const BerNode& info : recipient_infos.children) {
      if (!info.tag.is_sequence()) continue;
      if (info.children.size() != 4) return malformed("a recipient cannot be read");
      if (!names(info.children[1], identity.certificate) || ++attempts > max_attempts) continue;
      auto transport = transport_of(info.children[2]);
      auto key = transport ? decrypt_key(identity.key, *transport, info.children[3].octets(), key_size)
                           : Result<Bytes>(failed(transport));
      if (key) return key;
      if (!failure) failure = key.error();
    }
  }
  if (failure) return tl::unexpected<Error>(std::move(*failure));
  return reject("cms.recipient",
                "the package is encrypted for somebody else: none of our certificates is among its "
                "recipients" +
                    first_recipient(recipient_infos));
}

}  // namespace kanal::crypto

// ContentInfo ::= SEQUENCE { 1.2.840.113549.1.7.2, [0] SignedData }, DER, without eContent         (asic-cms.md 3.2)
//   one SignerInfo by issuer and serial number; signed attributes contentType, messageDigest, signingTime,
//   signingCertificateV2
#include "crypto/cades.hpp"

#include <openssl/ess.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "crypto/openssl.hpp"
#include "crypto/signed_data.hpp"

namespace kanal::crypto {
namespace {

using OwnedTime = Owned<ASN1_TIME, ASN1_TIME_free>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using OwnedEss = Owned<ESS_SIGNING_CERT, ESS_SIGNING_CERT_free>;
using OwnedEssV2 = Owned<ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free>;

/// A signature file holds some certificates and one signature.
constexpr std::size_t max_signature = std::size_t{1024} * 1024;

OwnedX509Stack stack_of(const std::vector<Certificate>& certificates) {
  OwnedX509Stack stack(sk_X509_new_null());
  require(stack != nullptr, "certificate stack");
  for (const Certificate& certificate : certificates) {
    require(X509_up_ref(certificate.get()) == 1 && sk_X509_push(stack.get(), certificate.get()) > 0,
            "certificate stack");
  }
  return stack;
}

time_t seconds_of(Time when) {
  return static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count());
}

tl::unexpected<Error> malformed(const char* what) {
  return reject("cades.malformed", std::string("the signature file cannot be read: ") + what);
}

struct Algorithms {
  int digest = NID_undef;
  int signature = NID_undef;
};

Algorithms algorithms_of(CMS_SignerInfo* signer) {
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, &signature);
  return {OBJ_obj2nid(digest->algorithm), OBJ_obj2nid(signature->algorithm)};
}

bool allowed(const Algorithms& used) {
  constexpr std::array digests = {NID_sha1, NID_sha256, NID_sha384, NID_sha512};
  constexpr std::array signatures = {NID_rsaEncryption,           NID_sha1WithRSAEncryption,
                                     NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption,
                                     NID_sha512WithRSAEncryption, NID_rsassaPss};
  if (std::ranges::find(digests, used.digest) == digests.end()) return false;
  if (std::ranges::find(signatures, used.signature) == signatures.end()) return false;
  int digest_of_signature = NID_undef;
  // rsaEncryption and PSS name no digest of their own; the others must name the same one.
  const bool named = OBJ_find_sigid_algs(used.signature, &digest_of_signature, nullptr) == 1;
  return !named || digest_of_signature == NID_undef || digest_of_signature == used.digest;
}

/// The SEQUENCE of a signed attribute, empty when it is absent.
ByteView attribute(const CMS_SignerInfo* signer, int nid) {
  const int at = CMS_signed_get_attr_by_NID(signer, nid, -1);
  if (at < 0) return {};
  const ASN1_TYPE* value = X509_ATTRIBUTE_get0_type(CMS_signed_get_attr(signer, at), 0);
  if (value == nullptr || value->type != V_ASN1_SEQUENCE) return {};
  const ASN1_STRING* sequence = value->value.sequence;
  return view_of(ASN1_STRING_get0_data(sequence), static_cast<std::size_t>(ASN1_STRING_length(sequence)));
}

/// A SignedData with its certificates beside it.
struct SignedData {
  OwnedCms cms;
  std::vector<Certificate> certificates;
};

Result<SignedData> read_signed_data(ByteView signature, CertificateCache* known) {
  if (auto parts = take_certificates(signature, known)) {
    OwnedCms cms = from_der<CMS_ContentInfo, CMS_ContentInfo_free>(d2i_CMS_ContentInfo, parts->rest);
    if (!cms) return malformed("it is no CMS");
    return SignedData{std::move(cms), std::move(parts->certificates)};
  }
  SignedData whole{from_der<CMS_ContentInfo, CMS_ContentInfo_free>(d2i_CMS_ContentInfo, signature), {}};
  if (!whole.cms) return malformed("it is no CMS");
  const OwnedX509Stack all(CMS_get1_certs(whole.cms.get()));
  for (int i = 0; i < sk_X509_num(all.get()); ++i) whole.certificates.emplace_back(sk_X509_value(all.get(), i));
  return whole;
}

/// The certificates that came along, without the signer's own.
std::vector<Certificate> others_of(const X509* signer, const std::vector<Certificate>& all) {
  std::vector<Certificate> others;
  std::ranges::copy_if(all, std::back_inserter(others),
                       [&](const Certificate& other) { return X509_cmp(other.get(), signer) != 0; });
  return others;
}

/// A signing-certificate attribute, where there is one, must mean the certificate that was used (RFC 5035).
bool names_signer(const CMS_SignerInfo* info, X509* signer, const std::vector<Certificate>& all) {
  const ByteView v1 = attribute(info, NID_id_smime_aa_signingCertificate);
  const ByteView v2 = attribute(info, NID_id_smime_aa_signingCertificateV2);
  if (v1.empty() && v2.empty()) return true;
  const auto ess = from_der<ESS_SIGNING_CERT, ESS_SIGNING_CERT_free>(d2i_ESS_SIGNING_CERT, v1);
  const auto ess_v2 = from_der<ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free>(d2i_ESS_SIGNING_CERT_V2, v2);
  if ((!v1.empty() && !ess) || (!v2.empty() && !ess_v2)) return false;
  std::vector<Certificate> certificates = others_of(signer, all);
  certificates.insert(certificates.begin(), Certificate(signer));
  return OSSL_ESS_check_signing_certs(ess.get(), ess_v2.get(), stack_of(certificates).get(), 1) == 1;
}

/// The only signer of a detached SignedData.
Result<CMS_SignerInfo*> only_signer(CMS_ContentInfo* cms) {
  if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) return malformed("it is no SignedData");
  ASN1_OCTET_STRING** embedded = CMS_get0_content(cms);
  if (embedded == nullptr || *embedded != nullptr) return malformed("it is not detached from its content");
  auto* signers = CMS_get0_SignerInfos(cms);
  if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
    return reject("cades.signers", "the signature file has not exactly one signer");
  }
  return sk_CMS_SignerInfo_value(signers, 0);
}

void add_signing_time(CMS_SignerInfo* signer, Time when) {
  const OwnedTime time(ASN1_TIME_set(nullptr, seconds_of(when)));
  require(time && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type, time.get(), -1) == 1,
          "signing time");
}

}  // namespace

Result<Bytes> sign_detached(const Identity& signer, ByteView content, Time signing_time) {
  const QuietErrors quiet;
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_CADES;
  const OwnedX509Stack chain = stack_of(signer.chain);
  const OwnedCms cms(CMS_sign(nullptr, nullptr, chain.get(), nullptr, flags));
  require(cms != nullptr, "CMS");
  CMS_SignerInfo* info = CMS_add1_signer(cms.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), flags);
  if (info == nullptr) {
    return reject("cades.key", "the signing key does not belong to the certificate " + signer.certificate.subject());
  }
  add_signing_time(info, signing_time);
  const OwnedBio data = reader_of(content);
  require(CMS_final(cms.get(), data.get(), nullptr, flags) == 1, "signature");
  return to_der(cms.get(), i2d_CMS_ContentInfo);
}

Result<SignatureCheck> verify_detached(ByteView signature, ByteView content, CertificateCache* known) {
  const QuietErrors quiet;
  if (signature.size() > max_signature) return malformed("it is far too large");
  const auto data = read_signed_data(signature, known);
  if (!data) return failed(data);
  auto info = only_signer(data->cms.get());
  if (!info) return failed(info);
  const Algorithms used = algorithms_of(*info);
  if (!allowed(used)) return reject("cades.algorithm", "the signature uses an algorithm that is not accepted");
  // CMS_verify copies a plain memory BIO and loses the copy when a foreign digest algorithm makes it fail: not behind a
  // filter.
  const OwnedBio signed_content(BIO_new(BIO_f_null()));
  require(signed_content != nullptr, "filter BIO");
  BIO_push(signed_content.get(), reader_of(content).release());
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
  if (CMS_verify(data->cms.get(), stack_of(data->certificates).get(), nullptr, signed_content.get(), nullptr, flags) !=
      1) {
    return reject("cades.signature", "the signature does not fit the content: one of them was changed");
  }
  X509* signer = nullptr;
  CMS_SignerInfo_get0_algs(*info, nullptr, &signer, nullptr, nullptr);
  if (signer == nullptr || !names_signer(*info, signer, data->certificates)) {
    return reject("cades.signature", "the signature was made with another certificate than it names");
  }
  const bool sha1 = used.digest == NID_sha1;
  return SignatureCheck{Certificate(signer), sha1, others_of(signer, data->certificates)};
}

Result<void> verify_chain(const Certificate& certificate, const std::vector<Certificate>& intermediates,
                          const std::vector<Certificate>& anchors, Time when) {
  const QuietErrors quiet;
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  require(store && context, "certificate store");
  for (const Certificate& anchor : anchors) {
    require(X509_STORE_add_cert(store.get(), anchor.get()) == 1, "certificate store");
  }
  const OwnedX509Stack untrusted = stack_of(intermediates);
  require(X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), untrusted.get()) == 1, "store context");
  // An anchor may be an intermediate CA: it is trusted as it stands.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_time(context.get(), 0, seconds_of(when));
  if (X509_verify_cert(context.get()) == 1) return {};
  const int code = X509_STORE_CTX_get_error(context.get());
  const std::string why = X509_verify_cert_error_string(code);
  if (code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID) {
    return reject("certificate.expired", "the certificate " + certificate.subject() +
                                             " or one above it is not valid at "
                                             "that time: " +
                                             why);
  }
  return reject("certificate.untrusted",
                "the certificate " + certificate.subject() + " was not issued by anybody we trust: " + why);
}

}  // namespace kanal::crypto
